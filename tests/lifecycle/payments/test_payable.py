"""`summary.payable` is what the next `payAllDue` charges, and has no currency in which that is refused."""

from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
import pytest

import demo
from db.pool import Database
from payments.sandbox import Sandbox
from tests.conftest import NOW, Portal, demo_customer
from tests.depth import by_depth
from tests.lifecycle.conftest import Life, NoThrottle, living
from tests.lifecycle.invoices.test_owed import charged
from tests.lifecycle.models.copies import copies_of
from tests.lifecycle.models.histories import Catalogue, History, for_sale
from tests.lifecycle.payments.test_paying import credit, invoice, schedule

HISTORIES = by_depth(6, 100)
STEPS = by_depth(10, 40)
SUMMARY = "{ customer { summary { payable { minorUnits currency } totalDue { minorUnits currency } } } }"
PAY = "mutation M($i: PayAllDueInput!) { payAllDue(input: $i) { payment { amount { minorUnits } } userErrors { code } } }"

# How often the histories met a charge, a payment by credit alone, and each refusal.
outcomes: Counter[str] = Counter()
seeds: set[int] = set()


async def figures(life: Life) -> tuple[dict[str, int], dict[str, int]]:
    """Return what is payable and what is due, in minor units by currency."""
    summary = (await life.ask(SUMMARY))["customer"]["summary"]
    payable, due = ({one["currency"]: int(one["minorUnits"]) for one in summary[name]} for name in ("payable", "totalDue"))
    return payable, due


async def charges_what_is_payable(life: Life, note: Any = None) -> None:
    """Pay all in each currency, and restore all rows after each payment."""
    payable, due = await figures(life)
    assert list(payable) == sorted(payable)
    copies = await copies_of(life.admin, life.customer_id)
    for currency in due | {"SEK": 0}:
        rows, sandbox, life.sandbox = await copies.read(), life.sandbox, Sandbox("secret")
        try:
            await life.card()
            outcome = await pay_all(life, currency)
        finally:
            await copies.put_back(rows)
            life.sandbox = sandbox
        assert outcome == payable.get(currency, "IN_PROGRESS" if due.get(currency) else "ALREADY_PAID"), (currency, payable, note)
        outcomes[outcome if isinstance(outcome, str) else "CHARGED" if outcome else "CREDIT"] += 1
    assert await figures(life) == (payable, due)


async def pay_all(life: Life, currency: str) -> int | str:
    """Return the charged amount in minor units, 0 for a payment by credit alone, or the code of the refusal."""
    life.keys += 1
    payload = (await life.ask(PAY, i={"currency": currency, "idempotencyKey": f"all {life.keys}"}))["payAllDue"]
    if payload["userErrors"]:
        return str(payload["userErrors"][0]["code"])
    return int(payload["payment"]["amount"]["minorUnits"]) if payload["payment"] else 0


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


async def live_through(history: History, check: Callable[[History], Awaitable[None]]) -> None:
    """Run the steps of a random history with credit, debts on account and payments in flight, and the check after every second one."""
    await history.begin()
    await invoice(history.life, 4_000, currency="EUR")
    for number in range(STEPS):
        await history.step()
        if number % 3 == 2:
            await history.tick()
        if history.chance.random() < 0.5:
            await history.chance.choice([credit, credit, charged])(history.life, history.chance.choice([1, 700, 40_000]))
        if history.chance.random() < 0.4:
            await history.be_in_flight()
        if number % 2:
            await check(history)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_the_figure_of_random_histories(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue) -> None:
    async with living(portal, pool, owner) as life:
        await live_through(History(life, Random(5_000 + seed), catalogue), lambda history: charges_what_is_payable(history.life, history.log))
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        assert {"CHARGED", "IN_PROGRESS", "ALREADY_PAID"} <= outcomes.keys()


@pytest.mark.parametrize("email", [person.email for person in demo.PERSONAS])
async def test_the_figure_of_the_customers_of_the_demo(email: str, portal: Portal, database: Database, admin: asyncpg.Connection) -> None:
    life = Life(database, admin, portal.schema, portal.documents, Sandbox("secret"), str(demo_customer(email).customer_id), NOW)
    life.identity = type("Identity", (), {"throttle": NoThrottle()})()
    await charges_what_is_payable(life)


async def test_credit_that_pays_all_is_a_figure_of_zero_and_a_payment_without_a_charge(life: Life) -> None:
    await invoice(life, 1_000)
    await schedule(life, 500, 600)
    await credit(life, 2_000)
    assert (await figures(life))[0] == {"USD": 0}
    await charges_what_is_payable(life)
    assert await pay_all(life, "USD") == 0
    assert ((await figures(life))[0], await life.rows("payment")) == ({}, [])


async def test_credit_is_counted_once_beside_a_charge_under_way(life: Life) -> None:
    """The figures are computed by hand."""
    await credit(life, 1_500)
    await invoice(life, 2_000)
    await life.card("slow")
    assert await pay_all(life, "USD") == 500
    assert (await figures(life))[0] == {}
    await invoice(life, 700)
    assert (await figures(life))[0] == {"USD": 700}
    await credit(life, 300)
    assert (await figures(life))[0] == {"USD": 400}
    await charges_what_is_payable(life)
