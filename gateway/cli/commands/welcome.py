"""The output of `demo` when it is ready."""

import json
from datetime import UTC, datetime, timedelta

from graphql import strip_ignored_characters
from rich.console import Console
from rich.text import Text

from auth.jwt.tokens import OwnIssuer, sign
from auth.viewer import Viewer
from billing.states import Actor
from demo import PERSONAS
from demo.passwords import PASSWORD
from gateway.cli.commands.console import bold
from gateway.documents.document_cache import first_party
from gateway.routes.examples import Login

LIFETIME = timedelta(days=30)


def show(console: Console, url: str, issuer: OwnIssuer) -> None:
    """Print URLs, demo customers with their tokens, a curl command, and READY as the last line."""
    console.print(Text.assemble("\n", bold("Portal"), f"   {url}/\n", bold("GraphiQL"), f" {url}/graphiql\n", bold("GraphQL"), f"  {url}/graphql\n"))
    for person in PERSONAS:
        console.print(Text.assemble(bold(person.email), f"  {person.name}: {person.about}"))
        console.print(bold(f"Authorization: Bearer {_token(person.id, issuer)}", "dim"))
    console.print(Text.assemble("\nAll of them sign in with the password: ", bold(PASSWORD)))
    console.print("\nThe Summary page of Ada Lovelace:\n")
    print(curl(url, _token(PERSONAS[0].id, issuer)))
    print(f"\nREADY {url}/graphql", flush=True)


def logins(issuer: OwnIssuer) -> tuple[Login, ...]:
    """Return the demo customers, as whom the portal may be entered and GraphiQL may send requests, and the staff, for GraphiQL alone."""
    customers = (Login(person.id, person.name, person.about, _token(person.id, issuer), person.email, PASSWORD) for person in PERSONAS)
    return (*customers, Login("staff", "Staff", "the merchant's staff, with all scopes", _staff_token(issuer), is_staff=True))


def curl(url: str, token: str) -> str:
    """Return a shell command that requests the Summary page."""
    body = json.dumps({"query": strip_ignored_characters(first_party()["Summary"])})
    return f"curl -s {url}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' -d '{body}'"


def _token(customer_id: str, issuer: OwnIssuer) -> str:
    viewer = Viewer(Actor.CUSTOMER, customer_id, ("portal",), "portico-demo")
    return sign(viewer, issuer, now=datetime.now(UTC), lifetime=LIFETIME)


def _staff_token(issuer: OwnIssuer) -> str:
    viewer = Viewer(Actor.STAFF, None, ("staff",), "portico-demo", subject="demo-staff")
    return sign(viewer, issuer, now=datetime.now(UTC), lifetime=LIFETIME)
