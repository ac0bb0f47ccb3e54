"""After each mutation document of the portal, a cache that the documents of its pages filled shows what the server answers to those pages: in Apollo Client and urql."""

import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.documents.document_cache import first_party, first_party_actions
from tests.callers.posting import attach
from tests.conftest import copied_project, token
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.payments.test_paying import invoice, schedule
from tests.samples import png

pytestmark = pytest.mark.in_turns(3)

PROJECT = Path(__file__).parents[2] / "clients" / "caches"


@dataclass(frozen=True)
class Customer:
    """A customer with a card, a subscription, two invoices and a schedule, on a running server."""

    life: Life
    http: httpx.AsyncClient
    subscription: str
    invoices: tuple[str, str]
    installment: str
    schedule: str
    other_card: str

    async def send(self, name: str, **arguments: Any) -> Any:
        body = {"query": first_party_actions()[name], "variables": {"input": arguments}}
        answer = (await self.http.post("/graphql", json=body)).json()
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        assert payload["userErrors"] == [], payload
        return payload


@pytest.fixture
async def customer(life: Life, place: Any, start_server: Callable[..., str]) -> AsyncIterator[Customer]:
    life.now = datetime.now(UTC)
    owed = await invoice(life, 1_500), await invoice(life, 2_500)
    installment, _ = await schedule(life, 700, 800)
    (row,) = await life.rows("payment_schedule")
    headers = {"Authorization": f"Bearer {token(life.viewer)}"}
    async with httpx.AsyncClient(base_url=start_server(place.app), headers=headers, timeout=60) as client:
        made = Customer(life, client, "", owed, installment, row["id"], await life.card("mastercard", is_default=False))
        added = await made.send("AddPlan", priceId=price("storage"), idempotencyKey="first")
        yield Customer(life, client, added["subscription"]["id"], owed, installment, row["id"], made.other_card)


@dataclass(frozen=True)
class Case:
    """A mutation with the pages that show its effect. `prepare` comes before the pages are read, and returns further arguments."""

    pages: tuple[str, ...]
    arguments: Callable[[Customer], dict[str, Any]]
    prepare: Callable[[Customer], Awaitable[dict[str, Any]]] | None = None


def of_subscription(**arguments: Any) -> Callable[[Customer], dict[str, Any]]:
    return lambda customer: {"subscriptionId": customer.subscription, "idempotencyKey": "once", **arguments}


def after(name: str, **arguments: Any) -> Callable[[Customer], Awaitable[dict[str, Any]]]:
    async def prepare(customer: Customer) -> dict[str, Any]:
        await customer.send(name, subscriptionId=customer.subscription, idempotencyKey="before", **arguments)
        return {}

    return prepare


async def attached(customer: Customer) -> dict[str, Any]:
    payload = await attach(customer.http, customer.invoices[0], ("scan.png", png(2_000)), viewer=customer.life.viewer)
    return {"attachmentId": payload["attachments"][0]["id"]}


async def entered(customer: Customer) -> dict[str, Any]:
    """A card was entered in the processor's form."""
    payload = await customer.send("StartAddPaymentMethod")
    return {"reference": f"{payload['setup']['reference']}.visa"}


async def linked(customer: Customer) -> dict[str, Any]:
    await customer.send("CreateCalendarLink")
    return {}


COUPON = "LOYAL5"
SUBSCRIPTION = ("Subscription", "Subscriptions")
CASES = {
    "PauseSubscription": Case(SUBSCRIPTION, of_subscription()),
    "SuspendSubscription": Case(SUBSCRIPTION, of_subscription()),
    "CancelSubscription": Case(SUBSCRIPTION, of_subscription(reason="UNUSED", comment="Thanks")),
    "WithdrawPendingChange": Case(SUBSCRIPTION, of_subscription(), after("PauseSubscription")),
    "ResumeSubscription": Case(SUBSCRIPTION, of_subscription(), after("SuspendSubscription")),
    "ChangePlan": Case(SUBSCRIPTION, of_subscription(priceId=price("business"))),
    "UpdateQuantity": Case(SUBSCRIPTION, of_subscription(quantity=3)),
    "ApplyCoupon": Case(SUBSCRIPTION, of_subscription(code=COUPON)),
    "RemoveCoupon": Case(SUBSCRIPTION, of_subscription(), after("ApplyCoupon", code=COUPON)),
    "AddPlan": Case(("Subscriptions",), lambda _: {"priceId": price("business"), "idempotencyKey": "second"}),
    "PayInvoice": Case(("Invoice",), lambda customer: {"invoiceId": customer.invoices[0], "idempotencyKey": "once"}),
    "PayInstallment": Case(("PaymentSchedule",), lambda customer: {"installmentId": customer.installment, "idempotencyKey": "once"}),
    "PayAllDue": Case(("Summary",), lambda _: {"currency": "USD", "idempotencyKey": "once"}),
    "SetDefaultPaymentMethod": Case(("Payments",), lambda customer: {"paymentMethodId": customer.other_card}),
    "DeletePaymentMethod": Case(("Payments",), lambda customer: {"paymentMethodId": customer.other_card}),
    "CompleteAddPaymentMethod": Case(("Payments",), lambda _: {"makeDefault": True}, entered),
    "UpdateProfile": Case(("Profile",), lambda _: {"name": "Another Name", "timeZone": "Asia/Tokyo", "taxIds": ["DE123456789"]}),
    "CreateCalendarLink": Case(("Payments",), lambda _: {}),
    "RevokeCalendarLink": Case(("Payments",), lambda _: {}, linked),
    "DeleteAttachment": Case(("Invoice",), lambda _: {}, attached),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_cache_shows_what_the_server_answers(customer: Customer, graphql_schema: GraphQLSchema, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    more = await case.prepare(customer) if case.prepare else {}
    arguments = case.arguments(customer) | more
    result = checked(customer, graphql_schema, tmp_path, name, arguments)
    (payload,) = (value for key, value in result["payload"].items() if key != "__typename")
    assert payload["userErrors"] == []
    for client in ("apollo", "urql"):
        assert len(result["again"][client]) == len(case.pages)
        assert result["before"][client] != result["again"][client]  # the mutation changes what the pages show
        for page, cached, fresh in zip(case.pages, result["cached"][client], result["again"][client], strict=True):
            assert cached is not None, (client, page)
            assert differences(cached, fresh) == [], (client, page)


def checked(customer: Customer, graphql_schema: GraphQLSchema, folder: Path, name: str, arguments: dict[str, Any]) -> Any:
    """Run the clients with the documents as they are shipped."""
    kinds = [kind for kind in graphql_schema.type_map.values() if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")]
    interfaces = [kind for kind in graphql_schema.type_map.values() if isinstance(kind, GraphQLInterfaceType)]
    objects = {"Subscription": customer.subscription, "Invoice": customer.invoices[0], "PaymentSchedule": customer.schedule}
    case = {
        "url": str(customer.http.base_url.join("/graphql")),
        "token": token(customer.life.viewer),
        "pages": [{"text": first_party()[page], "variables": {"id": objects[page]} if page in objects else {}} for page in CASES[name].pages],
        "mutation": {"name": name, "text": first_party_actions()[name], "variables": {"input": arguments}},
        "valueTypes": [kind.name for kind in kinds if "id" not in kind.fields],
        "possibleTypes": {kind.name: [item.name for item in graphql_schema.get_possible_types(kind)] for kind in interfaces},
    }
    project = copied_project(PROJECT, folder / "caches")
    run = subprocess.run(["node", "check.mjs"], cwd=project, input=json.dumps(case), capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def differences(cached: Any, fresh: Any, path: str = "") -> list[str]:
    """Return the paths at which two answers differ, with both values."""
    if isinstance(cached, dict) and isinstance(fresh, dict):
        names = sorted(cached.keys() | fresh.keys())
        return [line for name in names for line in differences(cached.get(name), fresh.get(name), f"{path}.{name}")]
    if isinstance(cached, list) and isinstance(fresh, list) and len(cached) == len(fresh):
        return [line for number, pair in enumerate(zip(cached, fresh, strict=True)) for line in differences(*pair, f"{path}[{number}]")]
    return [] if cached == fresh else [f"{path}: {cached} in the cache, {fresh} from the server"]
