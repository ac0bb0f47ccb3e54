"""What `demo` says when it is ready."""

import json
from datetime import UTC, datetime, timedelta

from graphql import strip_ignored_characters
from rich.console import Console

from auth.tokens import Issuer, sign
from auth.viewer import Viewer
from billing.states import Actor
from db.demo import SHOWN
from db.demo.passwords import PASSWORD
from gateway.documents import first_party

LIFETIME = timedelta(days=30)


def show(console: Console, url: str, issuer: Issuer) -> None:
    """URLs, demo customers with their tokens, a curl line to paste, and READY as the last line."""
    console.print(f"\n[bold]Portico[/]  {url}/graphql\n[bold]GraphiQL[/] {url}/graphiql\n", highlight=False)
    for person in SHOWN:
        console.print(f"[bold]{person.email}[/]  {person.name}: {person.about}", highlight=False)
        console.print(f"[dim]Authorization: Bearer {_token(person.id, issuer)}[/]", highlight=False)
    console.print(f"\nThey sign in with the password [bold]{PASSWORD}[/].", highlight=False)
    console.print("\nThe Summary page of Ada Lovelace:\n", highlight=False)
    print(curl(url, _token(SHOWN[0].id, issuer)))
    print(f"\nREADY {url}/graphql", flush=True)


def curl(url: str, token: str) -> str:
    """A line for a shell that asks for the Summary page."""
    body = json.dumps({"query": strip_ignored_characters(first_party()["Summary"])})
    return f"curl -s {url}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' -d '{body}'"


def _token(customer_id: str, issuer: Issuer) -> str:
    viewer = Viewer(Actor.CUSTOMER, customer_id, ("portal",), "portico-demo")
    return sign(viewer, issuer, now=datetime.now(UTC), lifetime=LIFETIME)
