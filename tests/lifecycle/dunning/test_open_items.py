"""Open items are what customers owe: their sums are the totals of each customer, and pages in every order have each item once."""

from collections import Counter
from random import Random
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.pool import Database
from tests.conftest import STAFF, Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.dunning.items import day, open_items
from tests.lifecycle.invoicing.staff import create, done
from tests.lifecycle.models.histories import IS_LONG, Catalogue, History, for_sale
from tests.lifecycle.payments.test_paying import invoice, schedule

HISTORIES = 100 if IS_LONG else 5
STEPS = 40 if IS_LONG else 24
STRIDE = 8
TOTALS = "{ customer { summary { balance { currency minorUnits } totalDue { currency minorUnits } totalOverdue { currency minorUnits } } } }"
ORDERS = ("OVERDUE_DAYS", "DUE_ON", "AMOUNT")


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_their_sums_are_the_totals_of_the_customer(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(7_000 + seed), catalogue)
        await history.begin()
        await invoice(life, 4_711, currency="EUR", due_in=-40)
        seen = set[str]()
        for number in range(STEPS):
            await history.step()
            if number % STRIDE == STRIDE - 1:
                items = await open_items(life)
                seen.update(item["kind"] for item in items)
                await sums_are_totals(life, items)
                await pages_are_complete(life, items)
        assert seen
        await owner.execute("delete from client_key where owner_id = $1", life.customer_id)


async def sums_are_totals(life: Life, items: list[dict[str, Any]]) -> None:
    """What is owed on the account is no item, and never overdue."""
    summary = (await life.ask(TOTALS))["customer"]["summary"]
    balance, due, overdue = (Counter({one["currency"]: int(one["minorUnits"]) for one in summary[name]}) for name in ("balance", "totalDue", "totalOverdue"))
    opened, late = Counter[str](), Counter[str]()
    for item in items:
        opened[item["currency"]] += int(item["amountOpen"]["minorUnits"])
        late[item["currency"]] += int(item["amountOverdue"]["minorUnits"])
    on_account = Counter({currency: max(-minor, 0) for currency, minor in balance.items()})
    assert +opened + +on_account == +due
    assert +late == +overdue


async def pages_are_complete(life: Life, items: list[dict[str, Any]]) -> None:
    for sort in ORDERS:
        pages = await open_items(life, sort=sort, first=2)
        assert sorted(item["id"] for item in pages) == sorted(item["id"] for item in items)
        assert [key(item, sort) for item in pages] == sorted((key(item, sort) for item in pages), reverse=sort != "OVERDUE_DAYS")


def key(item: dict[str, Any], sort: str) -> tuple[Any, ...]:
    return (item["currency"], int(item["amountOpen"]["minorUnits"]), item["id"]) if sort == "AMOUNT" else (item["dueOn"], item["id"])


@pytest.mark.parametrize(("zone", "later"), [("Pacific/Kiritimati", 1), ("UTC", 0)])
async def test_each_says_how_late_it_is_where_the_customer_lives_and_who_owes_it(life: Life, zone: str, later: int) -> None:
    await life.admin.execute("update customer set time_zone = $2 where id = $1", life.customer_id, zone)
    days = (0, 1, 30, 31, 60, 61, 90, 91)
    identifiers = [await invoice(life, due_in=-one) for one in days]
    by_id = {item["id"]: item for item in await open_items(life)}
    assert [by_id[one]["daysOverdue"] for one in identifiers] == [one + later for one in days]
    assert [by_id[one]["ageing"] for one in identifiers] == [bucket(one + later) for one in days]
    assert {item["customer"]["id"] for item in by_id.values()} == {life.customer_id}
    for name in {item["ageing"] for item in by_id.values()}:
        chosen = await open_items(life, filter={"ageing": [name]})
        assert {item["id"] for item in chosen} == {item["id"] for item in by_id.values() if item["ageing"] == name}


def bucket(days: int) -> str:
    """The buckets, written a second time."""
    if days == 0:
        return "CURRENT"
    return next((f"DAYS_{first}_{first + 29}" for first in (1, 31, 61) if first <= days < first + 30), "DAYS_OVER_90")


async def test_filters_narrow_the_items(life: Life) -> None:
    small, large, promised = await create(life, "1.00"), await create(life, "500.00"), await create(life, "2.00")
    euro = await invoice(life, 700, currency="EUR")
    (first, *_) = await schedule(life, 300, 400)
    await done(life, "promiseToPay", invoiceId=promised, on=day(life, 3))
    for sent, expected in (
        ({"currency": "EUR"}, {euro}),
        ({"minimumMinorUnits": "50000"}, {large}),
        ({"isPromised": True}, {promised}),
        ({"isPromised": False}, {small, large, euro, first}),
        ({"collection": ["DUE"]}, set()),
        ({"collection": ["NONE"]}, {small, large, promised, euro, first}),
    ):
        assert {item["id"] for item in await open_items(life, filter=sent)} == expected, sent


async def test_what_is_written_off_is_owed_and_in_no_bucket(life: Life) -> None:
    identifier = await create(life, dueOn=day(life, -50), backdated=True)
    await done(life, "writeOffInvoice", invoiceId=identifier)
    (item,) = await open_items(life)
    assert (item["isWrittenOff"], item["ageing"], item["daysOverdue"], item["amountOverdue"]["minorUnits"]) == (True, None, 0, "0")
    assert await open_items(life, filter={"ageing": ["CURRENT", "DAYS_31_60"]}) == []


async def test_totals_are_the_sums_of_the_items_by_currency_and_bucket(life: Life) -> None:
    text = "{ openItemTotals { currency ageing itemCount amountOpen { minorUnits } } }"

    async def totals() -> dict[tuple[str, str | None], tuple[int, int]]:
        rows = (await life.ask(text, STAFF))["openItemTotals"]
        return {(row["currency"], row["ageing"]): (row["itemCount"], int(row["amountOpen"]["minorUnits"])) for row in rows}

    before = await totals()
    await invoice(life, 1_000, currency="ISK", due_in=-5)
    await invoice(life, 2_000, currency="ISK", due_in=-7)
    await invoice(life, 4_000, currency="ISK", due_in=7)
    assert {key: value for key, value in (await totals()).items() if before.get(key) != value} == {
        ("ISK", "CURRENT"): (1, 4_000),
        ("ISK", "DAYS_1_30"): (2, 3_000),
    }


async def test_a_cursor_of_another_order_and_bad_sizes_are_refused(life: Life) -> None:
    for _ in range(3):
        await create(life)
    text = "query O($after: String, $first: Int, $sort: OpenItemOrder!) { openItems(first: $first, after: $after, sort: $sort) { pageInfo { endCursor } } }"
    cursor = (await life.ask(text, STAFF, first=1, sort="AMOUNT"))["openItems"]["pageInfo"]["endCursor"]
    for sent in ({"after": cursor, "sort": "OVERDUE_DAYS"}, {"first": 0, "sort": "AMOUNT"}, {"first": 101, "sort": "AMOUNT"}, {"after": "x", "sort": "DUE_ON"}):
        with pytest.raises(AssertionError, match=r"BadUserInput|cursor|first must be"):
            await life.ask(text, STAFF, **sent)


async def test_who_may_not_read_all_customers_sees_no_items(life: Life) -> None:
    await create(life)
    for viewer in (life.viewer, Viewer(Actor.STAFF, None, ("read", "invoices:write"), "tests")):
        for text in ("{ openItems(first: 1) { nodes { id } } }", "{ openItemTotals { currency } }"):
            with pytest.raises(AssertionError, match=r"customers:read|STAFF tokens"):
                await life.ask(text, viewer)
    reader = Viewer(Actor.STAFF, None, ("customers:read",), "tests")
    assert (await life.ask("{ openItems(first: 1) { nodes { id } } }", reader))["openItems"]["nodes"]
