"""The examples that GraphiQL offers for each demo customer: the portal's documents, with that customer's variables."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auth.viewer import Viewer
from billing.states import Actor
from db.outages import DatabaseUnavailable
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import first_party, first_party_actions
from gateway.http.graphql.execution import run
from gateway.http.graphql.state import AppState
from gateway.http.requests import GraphQLRequest
from resolvers.context import Context

# A preview, and its mutation. Their subscription is chosen by `availableActions`.
PREVIEW, MUTATION = "PreviewPauseSubscription", "PauseSubscription"
# As in the portal's menu; other documents follow.
ORDER = ("Summary", "Subscriptions", "Subscription", PREVIEW, MUTATION, "PaymentSchedules", "PaymentSchedule", "Payments", "Invoice", "Profile")

EXAMPLES = """
query GraphiQLExamples {
  customer {
    subscriptions(first: 1) { nodes { id } }
    active: subscriptions(first: 50, filter: { status: [ACTIVE] }) { nodes { id version availableActions { action allowed } } }
    paymentSchedules(first: 1) { nodes { id } }
    invoices(first: 1) { nodes { id currency issuedAt } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A demo customer, or the demo's staff, as whom GraphiQL may send requests. With a password, the portal offers to sign in as this customer."""

    id: str
    name: str
    about: str
    token: str = field(repr=False)
    email: str = ""
    password: str = field(default="", repr=False)
    is_staff: bool = False

    @property
    def viewer(self) -> Viewer:
        return Viewer(Actor.CUSTOMER, self.id, ("portal",), "graphiql")


def documents() -> dict[str, str]:
    """Return the text of each tab by its title: the portal's pages, and an action after the page where it is offered."""
    texts = first_party() | {name: first_party_actions()[name] for name in (PREVIEW, MUTATION)}
    return {name: texts[name] for name in ORDER} | texts


async def variables_of(app: AppState, login: Login) -> dict[str, str]:
    """Return the variables, as formatted JSON, of each tab for which the customer has data. Without a database, only tabs without variables."""
    try:
        data = await _examples(app, login)
    except DatabaseUnavailable:
        data = {}
    return {name: json.dumps(variables, indent=2) for name in documents() if (variables := VARIABLES.get(name, _no_variables)(data)) is not None}


async def _examples(app: AppState, login: Login) -> Mapping[str, Any]:
    """Read the data for the variables, as the customer."""
    session = UnitOfWork(app.database, Caller(login.id, Actor.CUSTOMER, app.clock()), acquire_seconds=app.policy.acquire_seconds)
    try:
        result = await run(app.schema, app.documents.prepare(EXAMPLES), GraphQLRequest(EXAMPLES, {}, None, False), Context(login.viewer, session))
    finally:
        await session.close()
    return (result.data or {}).get("customer") or {}


def _no_variables(_: Mapping[str, Any]) -> dict[str, Any] | None:
    return {}


def _subscription(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the id of the subscription that may be paused, so that its page shows the effect of the mutation; else of the first one."""
    pausable = _pausable(data)
    return _identified(pausable) if pausable else _identified(*_nodes(data, "subscriptions"))


def _schedule(data: Mapping[str, Any]) -> dict[str, Any] | None:
    return _identified(*_nodes(data, "paymentSchedules"))


def _invoice(data: Mapping[str, Any]) -> dict[str, Any] | None:
    return _identified(*_nodes(data, "invoices"))


def _statement(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the month of the newest invoice, up to the day on which it was issued."""
    invoices = _nodes(data, "invoices")
    if not invoices:
        return None
    day = invoices[0]["issuedAt"][:10]
    return {"currency": invoices[0]["currency"], "startsOn": f"{day[:8]}01", "endsOn": day}


def _downloads(data: Mapping[str, Any]) -> dict[str, Any] | None:
    invoices = _nodes(data, "invoices")
    return {"ids": [invoice["id"] for invoice in invoices]} if invoices else None


def _pause(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the input of the pause. Its key depends on the version, so that a later use pauses again instead of getting the stored result."""
    subscription = _pausable(data)
    if subscription is None:
        return None
    identifier, version = subscription["id"], subscription["version"]
    key = f"graphiql-{identifier}-{version}"
    return {"input": {"subscriptionId": identifier, "expectedVersion": version, "when": "PERIOD_END", "idempotencyKey": key}}


def _pausable(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    pause = {"action": "PAUSE", "allowed": True}
    return next((subscription for subscription in _nodes(data, "active") if pause in subscription["availableActions"]), None)


def _nodes(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return data[name]["nodes"] if name in data else []


def _identified(*nodes: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"id": nodes[0]["id"]} if nodes else None


# The functions for documents with required variables; the others have none.
VARIABLES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]] = {
    "Subscription": _subscription,
    "PaymentSchedule": _schedule,
    "Invoice": _invoice,
    "Statement": _statement,
    "Downloads": _downloads,
    PREVIEW: _pause,
    MUTATION: _pause,
}
