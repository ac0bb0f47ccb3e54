"""The audit of the customers whose rows a module of tests has written."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest

from db.audit import audit
from demo import PERSONAS
from tests.template import DATABASE

# Later than the clock of every test, so an invoice that was overdue in a test is overdue in the audit.
AUDITED_AT = datetime(2100, 1, 1, tzinfo=UTC)
TABLES = ("subscription", "invoice", "payment", "balance_entry", "installment", "charge", "idempotency_key", "refund", "credit_note")
# The profiles of the demo's named customers: tests of other modules rely on them, as the format of amounts follows from them.
PROFILES = "select email, name, locale, time_zone, currency from portico.customer where id = any($1::text[]) order by id"
CHANGED = " union ".join(f"select customer_id from portico.{table} where xmin::text::bigint >= $1" for table in TABLES)

# The test of each customer, and the customers whose rows a test leaves inconsistent on purpose.
TEST_OF: dict[str, str] = {}
INCONSISTENT: set[str] = set()


def belongs_to_this_test(customer_id: str) -> None:
    TEST_OF[customer_id] = os.environ.get("PYTEST_CURRENT_TEST", "")


@asynccontextmanager
async def audited(admin_url: str, *, is_whole: bool = False) -> AsyncIterator[None]:
    """Audit the customers whose rows were written in the context. `is_whole` adds rows of no customer, such as coupons and series of numbers.

    No connection is open within the context, because a module may restart its Postgres.
    """
    if DATABASE in os.environ:  # an audit reads all shards at once, which Citus refuses for some invariants
        yield
        return
    async with _connected(admin_url) as connection:
        started = int(await connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text"))
        profiles = await _profiles(connection)
    yield
    async with _connected(admin_url) as connection:
        assert await _profiles(connection) == profiles, "a test of this module has left a named customer of the demo changed"
        changed = {record[0] for record in await connection.fetch(CHANGED, started)}
        if problems := await violations(connection, changed - INCONSISTENT, is_whole=is_whole):
            pytest.fail("the money does not agree:\n" + "\n".join(problems), pytrace=False)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _profiles(connection: asyncpg.Connection) -> list[tuple[str, ...]]:
    return [tuple(record) for record in await connection.fetch(PROFILES, [person.id for person in PERSONAS])]


async def violations(connection: asyncpg.Connection, customers: set[str], *, is_whole: bool = False) -> list[str]:
    """Return a line for each violation of an invariant."""
    if not customers:
        return []
    invariants = await audit(connection, now=AUDITED_AT, customers=None if is_whole else sorted(customers))
    return [
        f"{invariant.name} of {row.customer_id} ({TEST_OF.get(row.customer_id, '')}), {row.object_id}: {row.expected} expected, not {row.actual}"
        for invariant in invariants
        for row in invariant.violations
        if row.customer_id in customers | {""}
    ]
