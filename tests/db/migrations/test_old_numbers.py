"""What becomes of the numbers of invoices from before there was one series: they stay, and the series goes on after them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from billing.money.numbers import Numbering
from db.blocks import blocks, with_literals
from db.builtin import embedded
from db.deployment.roles import APP
from tests.db.migrations.old_database import migrated_from_before

ISSUED_AT = datetime(2027, 2, 1, tzinfo=UTC)
# Of each customer: counted from 1 for each, across years, and some that the merchant wrote.
OLD = {
    "cus_a": ["INV-2025-000001", "INV-2025-000002", "INV-2026-000003", "INV-2026-000004"],
    "cus_b": ["INV-2025-000001", "INV-2026-000002", "INV-2026-1000007"],
    "cus_c": ["R-17", "INV-2026-000001", "INV-2026-9999999999999999", "INV-2026-9", "INV-2028-x"],
    "cus_d": ["R-17", ""],
}
INSERT = """
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
values ($1, $2, $3, 'MANUAL', 'OPEN', 'USD', $4, $4::timestamptz::date, 100, 100, $4)"""


@pytest.fixture
async def admin(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A database of the version before, with invoices, that was migrated then."""
    async with migrated_from_before("0016", urls, "old_numbers", fill) as old:
        yield old


async def fill(connection: asyncpg.Connection) -> None:
    for customer in OLD:
        await connection.execute(
            "insert into customer (id, name, email, time_zone, currency, tax_rate_ppm, created_at) values ($1, 'Old', $1 || '@example.com', 'UTC', 'USD', 0, $2)",
            customer,
            ISSUED_AT,
        )
    for row in old_rows():
        await connection.execute(INSERT, *row, ISSUED_AT)


def old_rows() -> list[tuple[str, str, str]]:
    return [(customer, f"inv_{customer}{position}", number) for customer, numbers in OLD.items() for position, number in enumerate(numbers)]


async def issue(admin: asyncpg.Connection, customer: str, year: int) -> str:
    """The number of one more invoice, issued as the application."""
    identifier = f"inv_new{await admin.fetchval('select count(*) from invoice')}"
    async with admin.transaction():
        await admin.execute(f"set local role {APP}; set local app.customer_id = '{customer}'")
        await admin.execute(INSERT, customer, identifier, identifier, ISSUED_AT)
        place = Numbering().place(datetime(year, 6, 1, tzinfo=UTC))
        values: dict[str, str | int] = {name: getattr(place, name) for name in ("series", "year", "prefix", "digits", "suffix")}
        await admin.execute(with_literals(blocks()["invoices.issue_number"].sql, values | {"key": identifier}))
    return await admin.fetchval("select number from invoice where id = $1", identifier)


async def test_old_numbers_stay_and_the_series_goes_on_after_the_highest_of_each_year(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select customer_id, id, number, sequence from invoice order by customer_id, id")
    assert [tuple(row) for row in rows] == sorted((*row, None) for row in old_rows())
    flags = await admin.fetchrow("select relrowsecurity, relforcerowsecurity from pg_class where oid = 'invoice'::regclass")
    assert tuple(flags) == (True, True)
    assert [await issue(admin, customer, year) for customer, year in (("cus_a", 2025), ("cus_b", 2026), ("cus_a", 2026), ("cus_c", 2027), ("cus_d", 2027))] == [
        "INV-2025-000003",
        "INV-2026-1000008",
        "INV-2026-1000009",
        "INV-2027-000001",
        "INV-2027-000002",
    ]
    # The version before, which still runs, may write such numbers as it did, but none that was issued since.
    await admin.execute(INSERT, "cus_d", "inv_d8", "INV-2026-000005", ISSUED_AT)
    await admin.execute(INSERT, "cus_c", "inv_c8", "INV-2026-000005", ISSUED_AT)
    with pytest.raises(asyncpg.UniqueViolationError):
        await admin.execute(INSERT, "cus_c", "inv_c9", "INV-2025-000003", ISSUED_AT)
