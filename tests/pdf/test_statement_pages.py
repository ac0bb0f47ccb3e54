"""A statement that is read page by page is the one that would be read at once: its order, its sums, its opening balance, in one snapshot."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.rows.money.owed import StatementEntry
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from pdf.layout import Merchant
from pdf.statement import AccountStatement, EntryKind, LedgerEntry
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, StatementTooLong, statement
from tests.conftest import ADA, BIG, NOW, demo_customer

LAST = date(2030, 12, 31)
# (viewer, currency): with entries of all kinds, with many on one day, with few.
ACCOUNTS = [(ADA, "USD"), (ADA, "EUR"), (demo_customer("greta@example.com"), "EUR"), (BIG, "USD")]


def asking(database: Database, viewer: Viewer) -> DocumentRequest:
    assert viewer.customer_id
    return DocumentRequest(UnitOfWork(database, Caller(viewer.customer_id, Actor.CUSTOMER, NOW)), viewer.customer_id, Merchant("Acme"))


async def history(database: Database, viewer: Viewer, currency: str) -> list[StatementEntry]:
    """All entries there are, read at once and put in order here."""
    request = asking(database, viewer)
    try:
        rows: list[StatementEntry] = await request.rows("papers.entries", currency=currency, until_on=LAST)
    finally:
        await request.session.close()
    return sorted(rows, key=lambda row: (row.happened_on, row.rank, row.id))


def cut(rows: Sequence[StatementEntry], period: StatementPeriod) -> AccountStatement:
    """What the statement of a period is, by its definition."""
    opening = sum(row.amount_minor for row in rows if row.happened_on < period.starts_on)
    within = [row for row in rows if period.starts_on <= row.happened_on <= period.ends_on]
    entries = [LedgerEntry(row.happened_on, EntryKind(row.kind), row.reference, row.amount_minor) for row in within]
    return AccountStatement(period.currency, period.starts_on, period.ends_on, opening, entries)


async def read(database: Database, viewer: Viewer, period: StatementPeriod, **bounds: int) -> AccountStatement:
    request = asking(database, viewer)
    try:
        return await statement(request, period, **{"max_entries": 100_000} | bounds)
    finally:
        await request.session.close()


@pytest.mark.parametrize(("viewer", "currency"), ACCOUNTS, ids=["Ada USD", "Ada EUR", "Greta EUR", "Big USD"])
async def test_pages_of_any_size_make_the_same_statement(database: Database, viewer: Viewer, currency: str) -> None:
    rows = await history(database, viewer, currency)
    days = sorted({row.happened_on for row in rows})
    chance = random.Random(34)
    busiest, most = Counter(row.happened_on for row in rows).most_common(1)[0]
    first, last = sorted(chance.choice(days) for _ in range(2))
    last = min(last, first + timedelta(days=4000 // most))
    # Pages that end within a day, with a day, and with the statement.
    for size in sorted({1, 2, 3, 7, most - 1, most, most + 1} - {0} if most < 30 else {most - 1, most, 997}):
        for period in (StatementPeriod(currency, first, last), StatementPeriod(currency, busiest - timedelta(days=1), busiest + timedelta(days=1))):
            expected = cut(rows, period)
            assert await read(database, viewer, period, page_rows=size) == expected
            if expected.entries:
                assert await read(database, viewer, period, page_rows=len(expected.entries)) == expected
    whole = await read(database, viewer, StatementPeriod(currency, days[0], LAST))
    assert (whole.opening_minor, whole.closing_minor) == (0, sum(row.amount_minor for row in rows))


async def test_the_accounts_have_ties_and_every_kind_of_entry(database: Database) -> None:
    """Otherwise the test above would say little."""
    rows = [row for viewer, currency in ACCOUNTS for row in await history(database, viewer, currency)]
    assert {row.kind for row in rows} == set(EntryKind)
    days = Counter(row.happened_on for row in await history(database, BIG, "USD"))
    assert max(days.values()) > 30


async def test_before_and_after_all_entries_there_are_none_and_the_balance_is_carried(database: Database) -> None:
    rows = await history(database, ADA, "USD")
    early, late = StatementPeriod("USD", date(1990, 1, 1), date(1990, 12, 31)), StatementPeriod("USD", date(2030, 1, 1), LAST)
    assert await read(database, ADA, early) == AccountStatement("USD", early.starts_on, early.ends_on, 0, [])
    assert await read(database, ADA, late) == AccountStatement("USD", late.starts_on, late.ends_on, sum(row.amount_minor for row in rows), [])


async def test_a_limit_counts_the_entries_of_the_period_only(database: Database) -> None:
    rows = await history(database, ADA, "USD")
    period = StatementPeriod("USD", rows[len(rows) // 2].happened_on, LAST)
    expected = cut(rows, period)
    assert 0 < len(expected.entries) < len(rows)
    assert await read(database, ADA, period, max_entries=len(expected.entries)) == expected
    with pytest.raises(StatementTooLong, match=f"has {len(expected.entries)} entries; at most {len(expected.entries) - 1} ") as refused:
        await read(database, ADA, period, max_entries=len(expected.entries) - 1)
    assert refused.value.allowed == len(expected.entries) - 1


class Interrupted(UnitOfWork):
    """A session in which something happens elsewhere after its first statement."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def fetch(self, sql: str, arguments: Sequence[object], **options: Any) -> list[Any]:
        records = await super().fetch(sql, arguments, **options)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        return records


async def test_what_is_booked_while_pages_are_read_is_not_in_some_of_them(database: Database, admin: asyncpg.Connection) -> None:
    period = StatementPeriod("USD", date(2020, 1, 1), LAST)
    expected = cut(await history(database, ADA, "USD"), period)
    booking = "insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, created_at) values ($1, 'bal_meanwhile', 'USD', 700, 'ADJUSTMENT', 'x', $2)"
    session = Interrupted(database, Caller(ADA.customer_id, Actor.CUSTOMER, NOW))
    session.meanwhile = lambda: admin.execute(booking, ADA.customer_id, NOW - timedelta(days=400))
    try:
        assert await statement(DocumentRequest(session, str(ADA.customer_id), Merchant("Acme")), period, max_entries=100_000, page_rows=5) == expected
        await session.close()
        after = await read(database, ADA, period)
        assert len(after.entries) == len(expected.entries) + 1, "the next statement has it"
    finally:
        await session.close()
        await admin.execute("delete from balance_entry where customer_id = $1 and id = 'bal_meanwhile'", ADA.customer_id)
