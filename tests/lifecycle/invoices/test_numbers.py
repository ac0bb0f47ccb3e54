"""Numbers of invoices and credit notes: one series of the issuer for all customers, without a gap, beside numbers that came from outside."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from billing.money.numbers import Numbering
from billing.states import Actor
from db.builtin import embedded
from db.deployment.roles import APP
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from jobs.clock import Billing, ClockPassResult, tick
from tests.conftest import Portal
from tests.lifecycle.books import assert_books, assert_numbers
from tests.lifecycle.conftest import LINE, Life, end_life, living, new_id, new_life, price
from tests.lifecycle.payments.test_paying import invoice

# Numbers that a merchant may have: of other forms, empty, almost ours, too long to be a whole number, and ours of another year.
OUTSIDE = [
    "R-17",
    "2026-0001",
    "RE-0042",
    "0A1B2C3D-0007",
    "",
    "-",
    "--",
    "INV",
    "INV-",
    "INV-2027",
    "INV-2027-",
    "INV-x-y",
    "INV-2027-0001",
    "INV-2027-00000\N{ARABIC-INDIC DIGIT ONE}",
    "INV-2027-" + "9" * 400,
    "INV-1999-000007",
    "ZZZ-9999-999999",
    "{year}-{number}",
    "o'Brien\\ %s $1",
    "Nº 42 発票",
]


async def ticked(life: Life) -> ClockPassResult:
    return await tick(Billing(life.database, {"sandbox": life.sandbox}, numbering=life.numbering), life.now)


async def from_outside(life: Life, number: str) -> str:
    """An invoice that the merchant wrote by SQL."""
    return await invoice(life, 100, number=number)


async def issued(*lives: Life) -> list[asyncpg.Record]:
    """What the gateway issued, in the order of the numbers."""
    rows = [row for life in lives for row in await life.rows("invoice") if row["sequence"] is not None]
    return sorted(rows, key=lambda row: (row["issued_at"].year, row["sequence"]))


async def last_of(life: Life, series: str = "INV-{year}-{number}", year: int = 2027) -> int:
    return await life.admin.fetchval("select coalesce(max(last), 0) from invoice_series where series = $1 and year = $2", series, year)


async def test_a_number_names_one_invoice_of_the_merchant(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    """Case 06: the first invoice of every customer had the same number."""
    before = await last_of(life)
    async with living(portal, pool, owner) as other:
        for one in (life, other, life):
            await one.subscribe("storage")
        rows = await issued(life, other)
        assert [row["number"] for row in rows] == [f"INV-2027-{before + n:06}" for n in (1, 2, 3)]
        assert [row["customer_id"] for row in rows] == [life.customer_id, other.customer_id, life.customer_id]
    await assert_numbers(owner)


async def test_invoices_with_numbers_of_ones_own_stop_nothing_and_stay_as_they_are(life: Life) -> None:
    """Case 07: one invoice numbered `R-17` stopped the clock for its customer, and orders and changes too."""
    subscription = await life.subscribe("storage")
    outside = {await from_outside(life, number): number for number in OUTSIDE}
    before = await last_of(life)
    life.now += timedelta(days=29)
    done = await ticked(life)
    assert (done.failures, done.steps) == (0, 1)
    payload = await life.do("addPlan", priceId=price("storage"), more="invoice { number }")
    assert (payload["userErrors"], payload["invoice"]["number"]) == ([], f"INV-2027-{before + 2:06}")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), more="invoice { number }")
    assert (payload["userErrors"], payload["invoice"]["number"]) == ([], f"INV-2027-{before + 3:06}")
    rows = {row["id"]: row for row in await life.rows("invoice")}
    assert {row: rows[row]["number"] for row in outside} == outside
    assert [row["sequence"] for row in await issued(life)][-3:] == [before + 1, before + 2, before + 3]
    await assert_numbers(life.admin)


async def test_the_answer_of_a_mutation_has_the_number(life: Life) -> None:
    await life.subscribe("storage")
    subscription = await life.subscribe("business")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"), when="NOW", more="invoice { id number }")
    (row,) = [row for row in await life.rows("invoice") if row["id"] == payload["invoice"]["id"]]
    assert payload["invoice"]["number"] == row["number"] == f"INV-2027-{row['sequence']:06}"


async def test_a_number_that_came_from_outside_is_passed_over(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    """Whosever invoice it is on. The series has no gap: what was passed over names an invoice."""
    before = await last_of(life)
    async with living(portal, pool, owner) as other:
        for ahead in (1, 2, 4):
            await from_outside(other, f"INV-2027-{before + ahead:06}")
        await life.subscribe("storage")
        await life.subscribe("storage")
        assert [row["sequence"] for row in await issued(life)] == [before + 3, before + 5]
        await assert_numbers(owner)


async def test_a_number_that_was_issued_is_not_taken_from_outside(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    await life.subscribe("storage")
    (row,) = await issued(life)
    async with living(portal, pool, owner) as other:
        with pytest.raises(asyncpg.UniqueViolationError, match="issued for another document"):
            await from_outside(other, row["number"])
        mine = await from_outside(other, "MY-1")
        with pytest.raises(asyncpg.UniqueViolationError, match="issued for another document"):
            await owner.execute("update invoice set number = $2 where id = $1", mine, row["number"])
        await owner.execute("update invoice set number = 'MY-2' where id = $1", mine)
        await from_outside(life, "MY-2")  # numbers from outside may repeat
        await assert_numbers(owner)


@pytest.mark.parametrize(("pattern", "written"), [("N{number}", "N{}"), ("{number:04}/{year}", "{:04}/{year}"), ("RE-{year}-{number:03}", "RE-{year}-{:03}")])
async def test_the_merchants_pattern_is_used_whole(life: Life, pattern: str, written: str) -> None:
    """Without {year} it is one series, whatever the year."""
    life.numbering = Numbering(pattern)
    await life.subscribe("storage")
    for _ in range(12):
        life.now += timedelta(days=31)
        assert (await ticked(life)).failures == 0
    rows = await issued(life)
    assert len(rows) == 13
    counts: dict[int, int] = {}
    for row in rows:
        year = row["issued_at"].year if "{year}" in pattern else 0
        # The clock may bill a customer of another test in between.
        assert row["sequence"] > counts.get(year, 0)
        counts[year] = row["sequence"]
        assert row["number"] == written.format(counts[year], year=year)
    assert len(counts) == (2 if "{year}" in pattern else 1)
    await assert_numbers(life.admin)


async def test_changes_at_one_instant_take_each_others_unused_time_whatever_their_numbers_look_like(life: Life) -> None:
    """N10 stands before N9 where texts are ordered: the newest invoice is not the one with the greatest text for a number."""
    life.numbering = Numbering("Q{number}")
    subscription = await life.subscribe("storage")
    for quantity in range(2, 15):
        payload = await life.do("updateQuantity", subscriptionId=subscription, quantity=quantity, when="NOW")
        assert payload["userErrors"] == []
    rows = await issued(life)
    assert [row["sequence"] for row in rows] == list(range(1, 15))
    assert len({row["issued_at"] for row in rows}) == 1
    totals = [row["total_minor"] for row in rows]
    assert max(totals) - min(totals) <= 1, "each change costs one more unit for the whole period, as nothing of it is over"
    await assert_books(life)


async def test_a_charge_that_is_decided_next_year_is_issued_and_numbered_next_year(
    life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    # Years that no random history of this database reaches.
    life.now = datetime(2090, 12, 31, 23, 50, tzinfo=UTC)
    await life.card("slow")
    assert (await life.do("addPlan", priceId=price("storage")))["userErrors"] == []
    assert await life.rows("invoice") == []
    async with living(portal, pool, owner) as other:
        other.now = datetime(2091, 1, 1, 0, 1, tzinfo=UTC)
        await other.subscribe("storage")
        life.now = datetime(2091, 1, 1, 0, 5, tzinfo=UTC)
        await ticked(life)
        rows = await issued(life, other)
        assert [(row["customer_id"], row["number"], row["issued_at"]) for row in rows] == [
            (other.customer_id, "INV-2091-000001", other.now),
            (life.customer_id, "INV-2091-000002", life.now),
        ]
        await assert_numbers(owner)


async def test_a_charge_that_was_begun_by_the_version_before_gets_a_number_of_the_series(life: Life) -> None:
    """Its changes have a number of the old form, which others may have by now."""
    subscription = await life.subscribe("storage")
    await life.card("slow")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    await life.admin.execute(
        """update charge set changes = jsonb_set(jsonb_set(changes::jsonb, '{invoice,0}', (changes::jsonb #> '{invoice,0}') - 'place'),
                                                 '{invoice,0,number}', '"INV-2027-000001"')::json where customer_id = $1 and settled_at is null""",
        life.customer_id,
    )
    before = await last_of(life)
    life.now += timedelta(minutes=5)
    assert (await ticked(life)).failures == 0
    assert [row["sequence"] for row in await issued(life)] == [before, before + 1]
    await assert_books(life)


@asynccontextmanager
async def crowd(portal: Portal, pool: Database, owner: asyncpg.Connection, count: int) -> AsyncIterator[list[Life]]:
    lives = [await new_life(portal, pool, owner) for _ in range(count)]
    try:
        yield lives
    finally:
        for life in lives:
            await end_life(owner, life.customer_id)


async def broken_off(work: Iterable[Any], after: random.Random) -> list[Any]:
    """Some of the work is canceled in the middle, wherever that is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    for task in after.sample(tasks, len(tasks) // 3):
        asyncio.get_running_loop().call_later(after.uniform(0, 0.4), task.cancel)
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("seed", range(3))
async def test_many_who_issue_at_once_leave_no_gap_and_no_number_twice(
    seed: int, place: embedded.Urls, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    """Several workers and many calls at once, a third of them broken off at some await; and then the clock once more."""
    after = random.Random(seed)
    async with crowd(portal, pool, owner, 12) as lives:
        changed = {}
        for life in lives:
            changed[life.customer_id] = await life.subscribe("enterprise-support")
            await life.subscribe("storage")
            life.now += timedelta(days=29)
        sandbox = lives[0].sandbox
        for life in lives:
            life.sandbox = sandbox
        async with Database(place.app, Pool(max_size=6), server_settings={}) as other:
            workers = [tick(Billing(database, {"sandbox": sandbox}), lives[0].now) for database in (pool, pool, other)]
            calls = [life.do("addPlan", priceId=price(code)) for life in lives for code in ("storage", "business")]
            notes = [life.do("changePlan", subscriptionId=changed[life.customer_id], priceId=price("storage"), when="NOW") for life in lives]
            outcomes = await broken_off([*workers, *calls, *notes], after)
        assert {type(each) for each in outcomes if isinstance(each, BaseException)} <= {asyncio.CancelledError}
        await assert_numbers(owner)
        before = len(await issued(*lives))
        assert any([await life.rows("credit_note") for life in lives])
        lives[0].now += timedelta(minutes=5)
        assert (await tick(Billing(pool, {"sandbox": sandbox}), lives[0].now)).failures == 0
        assert before >= 24
        await assert_numbers(owner)


async def test_the_number_is_taken_with_the_commit_and_not_before(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    """A transaction that has written its invoice and is not yet committed keeps nobody from issuing theirs; rolled back, it leaves no gap."""
    before = await last_of(life)
    async with living(portal, pool, owner) as other:
        session = UnitOfWork(life.database, Caller(life.customer_id, Actor.SYSTEM, life.now))
        for is_committed in (False, True):
            with nullcontext() if is_committed else pytest.raises(RuntimeError):
                async with session.write() as transaction:
                    row = await _written(transaction, life)
                    async with asyncio.timeout(5):
                        await other.subscribe("storage")
                    if not is_committed:
                        raise RuntimeError
        await session.close()
        rows = await issued(life, other)
        assert [(row["customer_id"], row["sequence"]) for row in rows] == [
            (other.customer_id, before + 1),
            (other.customer_id, before + 2),
            (life.customer_id, before + 3),
        ]
        assert rows[-1]["id"] == row
        await assert_numbers(owner)


async def _written(transaction: Any, life: Life) -> str:
    identifier = new_id("inv")
    await transaction._lease.fetch(
        """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
           values ($1, $2, $2, 'MANUAL', 'OPEN', 'USD', $3, $4, 100, 100, $3)""",
        [life.customer_id, identifier, life.now, life.now.date()],
    )
    await transaction._lease.fetch(LINE, [life.customer_id, identifier])
    place = life.numbering.place(life.now)
    transaction.at_commit(
        "invoices.issue_number", key=identifier, series=place.series, year=place.year, prefix=place.prefix, digits=place.digits, suffix=place.suffix
    )
    return identifier


async def downgraded(life: Life) -> asyncpg.Record:
    """A credit note over what is left of a period at a higher price."""
    subscription = await life.subscribe("enterprise-support")
    assert (await life.do("changePlan", subscriptionId=subscription, priceId=price("storage"), when="NOW"))["userErrors"] == []
    return max(await life.rows("credit_note"), key=lambda row: row["sequence"])


async def test_credit_notes_have_a_series_of_their_own_over_all_customers(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    before = await last_of(life, "CN-{year}-{number}")
    async with living(portal, pool, owner) as other:
        rows = [await downgraded(each) for each in (life, other, life)]
    assert [row["number"] for row in rows] == [f"CN-2027-{before + n:06}" for n in (1, 2, 3)]
    await assert_numbers(owner)


async def test_with_one_pattern_invoices_and_credit_notes_are_one_series(life: Life) -> None:
    life.numbering = Numbering("D{number}", credit_note_pattern="D{number:04}")
    note = await downgraded(life)
    rows = await issued(life)
    assert sorted([note["sequence"], *(row["sequence"] for row in rows)]) == [1, 2, 3]
    assert note["number"] == f"D{note['sequence']:04}"
    assert await life.admin.fetchval("select last from invoice_series where series = 'D{number}'") == 3
    await assert_numbers(life.admin)


async def test_no_number_names_an_invoice_and_a_credit_note(life: Life) -> None:
    """A number that one of them has is passed over, or refused from outside, for the other."""
    before = await last_of(life, "CN-{year}-{number}")
    await from_outside(life, f"CN-2027-{before + 1:06}")
    note = await downgraded(life)
    assert note["sequence"] == before + 2
    with pytest.raises(asyncpg.UniqueViolationError, match="issued for another document"):
        await from_outside(life, note["number"])
    (first, *_) = await issued(life)
    with pytest.raises(asyncpg.UniqueViolationError, match="issued for another document"):
        await life.admin.execute(
            """insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, granted_minor, created_at)
               values ($1, $2, $3, 'CORRECTION', 'USD', $4, $5, 1, 0, 1, 1, $5)""",
            life.customer_id, new_id("cn"), first["number"], first["id"], life.now,
        )  # fmt: skip


async def test_documents_are_numbered_in_the_same_order_whatever_was_written_first(life: Life) -> None:
    """Otherwise two transactions that issue both could wait for each other."""
    session, place = UnitOfWork(life.database, Caller(life.customer_id, Actor.SYSTEM, life.now)), asdict(life.numbering.place(life.now))
    orders = []
    for names in (["invoices.issue_number", "credit_notes.issue_number"], ["credit_notes.issue_number", "invoices.issue_number"]):
        with suppress(asyncpg.RaiseError):  # there are no such documents
            async with session.write() as transaction:
                for name in names:
                    transaction.at_commit(name, key="x", **place)
                orders.append(transaction.closing)
    await session.close()
    assert orders[0] == orders[1]
    assert len(orders[0]) == 2


async def test_the_database_writes_numbers_as_python_does(life: Life) -> None:
    session = UnitOfWork(life.database, Caller(life.customer_id, Actor.SYSTEM, life.now))
    for pattern in ("PY-{number:015}", "{year}{number}'\\", "Ü {number:02} €", "{number}%s$1"):
        life.numbering = Numbering(pattern)
        async with session.write() as transaction:
            row = await _written(transaction, life)
        number, sequence = await life.admin.fetchrow("select number, sequence from invoice where id = $1", row)
        assert number == life.numbering.place(life.now).number(sequence)
    await session.close()


ISSUE = "select issue_number($1, 'INV-{year}-{number}', 2027, 'INV-2027-', 6, '')"


async def test_the_series_belongs_to_nobody_and_the_application_only_counts_up(
    life: Life, place: embedded.Urls, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    await life.subscribe("storage")
    (numbered,) = await issued(life)
    before = await last_of(life)
    async with living(portal, pool, owner) as other:
        theirs = new_id("inv")
        await owner.execute(
            """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
               values ($1, $2, $2, 'MANUAL', 'OPEN', 'USD', $3, $4, 100, 100, $3)""",
            other.customer_id, theirs, life.now, life.now.date(),
        )  # fmt: skip
        await owner.execute(LINE, other.customer_id, theirs)
        app = await asyncpg.connect(place.app, server_settings={"search_path": "portico"})
        await app.execute(f"set role {APP}; set app.customer_id = '{life.customer_id}'; set app.actor = 'SYSTEM'")
        for table in ("invoice_series", "invoice_number"):
            for statement in (f"select * from {table}", f"delete from {table}", f"update {table} set year = 1", f"insert into {table} default values"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await app.execute(statement)
        for statement in (
            "update invoice set number = 'x'",
            "update invoice set sequence = 1",
            "insert into invoice (sequence) values (1)",
            "update credit_note set number = 'x'",
            "insert into credit_note (sequence) values (1)",
            "select take_number('s', 2027, '', 1, '')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
        for identifier in (theirs, numbered["id"], "inv_none"):
            with pytest.raises(asyncpg.RaiseError, match="needs a number"):
                await app.execute(f"begin; select issue_number('{identifier}', 'INV-{{year}}-{{number}}', 2027, 'INV-2027-', 6, ''); commit")
            await app.execute("rollback")
        assert await last_of(life) == before
        await app.execute(f"set app.customer_id = '{other.customer_id}'")
        await app.fetch(ISSUE, theirs)
        await app.close()
        assert [row["sequence"] for row in await issued(other)] == [before + 1]
    await assert_numbers(owner)
