"""`payable` of an invoice is what the next `payInvoice` charges, of an installment what `payInstallment` does; null exactly where that is refused."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg
import pytest

import demo
from db.pool import Database
from payments.sandbox import Sandbox
from tests.conftest import NOW, STAFF, Portal, demo_customer
from tests.depth import by_depth
from tests.lifecycle.conftest import Life, NoThrottle, living
from tests.lifecycle.invoices.test_owed import charged
from tests.lifecycle.models.copies import copies_of
from tests.lifecycle.models.histories import Catalogue, History, for_sale
from tests.lifecycle.payments.test_payable import HISTORIES, live_through
from tests.lifecycle.payments.test_paying import credit, invoice, schedule

DOCUMENTS = """query ($id: ID) { customer(id: $id) {
  summary { payable { minorUnits currency } }
  invoices(first: 100) { nodes { id payable { minorUnits currency } remaining: amountRemaining { minorUnits currency } availableActions { action allowed } } }
  paymentSchedules(first: 20) { nodes { installments(first: 30) {
    nodes { id payable { minorUnits currency } remaining { minorUnits currency } availableActions { action allowed } } } } } } }"""
PAY = """mutation M($i: {kind}Input!) {{ {name}(input: $i) {{ payment {{ amount {{ minorUnits currency }} }} userErrors {{ code }} }} }}"""
MUTATIONS = {"inv": ("payInvoice", "invoiceId"), "ins": ("payInstallment", "installmentId")}
SAMPLE = by_depth(6, 40)
REFUSALS = {"ALREADY_PAID", "NOT_PAYABLE", "IN_PROGRESS"}

# How often the histories met each outcome of each mutation: a refusal, and where it is not refused, how much of it credit pays.
outcomes: Counter[tuple[str, str]] = Counter()
seeds: set[int] = set()


@dataclass(frozen=True)
class Document:
    """An invoice or an installment, as the gateway shows it. Amounts in minor units."""

    id: str
    currency: str
    payable: int | None
    remaining: int
    is_offered: bool

    @property
    def paid_by(self) -> str:
        """Which of credit and the payment method pays, as `payable` says."""
        return "CREDIT" if self.payable == 0 else "CHARGE" if self.payable == self.remaining else "BOTH"


async def documents(life: Life) -> list[Document]:
    """Return what the customer sees, which staff see too."""
    customer = (await life.ask(DOCUMENTS))["customer"]
    assert _amounts((await life.ask(DOCUMENTS, STAFF, id=life.customer_id))["customer"]) == _amounts(customer)
    nodes = customer["invoices"]["nodes"] + [node for one in customer["paymentSchedules"]["nodes"] for node in one["installments"]["nodes"]]
    return [_document(node) for node in nodes]


def _amounts(value: Any) -> Any:
    """Return an answer without `availableActions`, of which staff have more."""
    if isinstance(value, list):
        return [_amounts(one) for one in value]
    return {name: _amounts(one) for name, one in value.items() if name != "availableActions"} if isinstance(value, dict) else value


def _document(node: dict[str, Any]) -> Document:
    payable, remaining = node["payable"], node["remaining"]
    assert payable is None or payable["currency"] == remaining["currency"]
    (is_offered,) = (one["allowed"] for one in node["availableActions"] if one["action"] == "PAY")
    return Document(node["id"], remaining["currency"], int(payable["minorUnits"]) if payable else None, int(remaining["minorUnits"]), is_offered)


async def pay_all_of(life: Life, identifier: str) -> int | str:
    """Pay what remains. Return the charged amount in minor units, 0 for a payment by credit alone, or the code of the refusal."""
    name, argument = MUTATIONS[identifier[:3]]
    life.keys += 1
    payload = (await life.ask(PAY.format(kind=name[0].upper() + name[1:], name=name), i={argument: identifier, "idempotencyKey": f"one {life.keys}"}))[name]
    if payload["userErrors"]:
        return str(payload["userErrors"][0]["code"])
    return int(payload["payment"]["amount"]["minorUnits"]) if payload["payment"] else 0


async def charges_what_is_payable(life: Life, note: Any = None, *, chance: Random | None = None) -> None:
    """Pay each invoice and each installment, or SAMPLE of them by chance, and restore all rows after each payment."""
    before = await documents(life)
    copies = await copies_of(life.admin, life.customer_id)
    rows, sandbox = await copies.read(), life.sandbox
    for document in chance.sample(before, min(SAMPLE, len(before))) if chance else before:
        try:
            life.sandbox = Sandbox("secret")
            await life.card()
            outcome = await pay_all_of(life, document.id)
        finally:
            await copies.put_back(rows)
            life.sandbox = sandbox
        assert (document.payable is not None) is document.is_offered, document
        if document.payable is None:
            assert outcome in REFUSALS, (outcome, document, note)
        else:
            assert outcome == document.payable, (outcome, document, note)
        outcomes[MUTATIONS[document.id[:3]][0], outcome if isinstance(outcome, str) else document.paid_by] += 1
    assert await documents(life) == before


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_the_amounts_of_random_histories(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue) -> None:
    async with living(portal, pool, owner) as life:
        await live_through(History(life, Random(7_000 + seed), catalogue), lambda history: charges_what_is_payable(history.life, history.log))
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        expected = {(name, outcome) for name, _ in MUTATIONS.values() for outcome in (*REFUSALS, "CHARGE", "CREDIT", "BOTH")}
        assert expected <= outcomes.keys(), outcomes


@pytest.mark.parametrize("email", [person.email for person in demo.PERSONAS])
async def test_the_amounts_of_the_customers_of_the_demo(email: str, portal: Portal, database: Database, admin: asyncpg.Connection) -> None:
    life = Life(database, admin, portal.schema, portal.documents, Sandbox("secret"), str(demo_customer(email).customer_id), NOW)
    life.identity = type("Identity", (), {"throttle": NoThrottle()})()
    await charges_what_is_payable(life, email, chance=Random(email))


async def test_credit_is_counted_once_beside_a_charge_under_way(life: Life) -> None:
    """The amounts are computed by hand."""
    await credit(life, 1_500)
    first, second = await invoice(life, 2_000), await invoice(life, 700)
    (installment, later) = await schedule(life, 900, 100)
    assert await payables(life) == {first: 500, second: 0, installment: 0, later: 0}
    await life.card("slow")
    assert await pay_all_of(life, first) == 500
    assert await payables(life) == {first: None, second: 700, installment: 900, later: 100}
    await credit(life, 300)
    assert await payables(life) == {first: None, second: 400, installment: 600, later: 0}
    await charges_what_is_payable(life)


async def test_credit_in_another_currency_and_a_debt_on_the_account_change_nothing(life: Life) -> None:
    await credit(life, 1_500)
    euros = await invoice(life, 2_000, currency="EUR")
    assert await payables(life) == {euros: 2_000}
    await charged(life, 3_000, "EUR")
    assert await payables(life) == {euros: 2_000}
    await charges_what_is_payable(life)


async def payables(life: Life) -> dict[str, int | None]:
    return {document.id: document.payable for document in await documents(life)}
