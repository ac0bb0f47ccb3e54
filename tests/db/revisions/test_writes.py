"""Each transaction that writes a row of a customer, or of the catalog, gives a new revision: with and without events, also where the values stay the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from db.revisions.coverage import CATALOG
from tests.db.revisions.test_coverage import tracked

NEW = "cus_01J0000000000000000000NEW0"
REVISION = """select (select revision from event_counter where owner_id = $1)::text, (select revision from shared_revision where name = 'all')::text,
  (select revision from shared_revision where name = 'catalog')::text"""


@pytest.mark.parametrize("events", ["on", "off"])
async def test_each_write_of_a_row_gives_its_customer_a_new_revision(admin: asyncpg.Connection, events: str) -> None:
    written = set()
    for table in sorted((await tracked(admin))["customer"]):
        column = "id" if table == "customer" else "customer_id"
        owner = await admin.fetchval(f"select {column} from {table} limit 1")
        if owner is None:
            continue
        transaction = admin.transaction()
        await transaction.start()
        with suppress(asyncpg.RaiseError, asyncpg.RestrictViolationError):  # some tables refuse each update
            await admin.execute(f"set local app.events = {events}")
            before = tuple(await admin.fetchrow(REVISION, owner))
            await admin.execute(f"update {table} set {column} = {column} where {column} = $1", owner)
            await admin.execute("set constraints all immediate")
            after = tuple(await admin.fetchrow(REVISION, owner))
            assert (after[0] != before[0]) or (events == "off" and after[1] != before[1]), table
            assert after[2] == before[2]
            written.add(table)
        await transaction.rollback()
    assert {"customer", "subscription", "invoice", "payment", "payment_method", "installment", "payment_schedule", "attachment"} <= written


async def test_each_write_of_the_catalog_gives_it_a_new_revision(admin: asyncpg.Connection) -> None:
    for table in (await tracked(admin))[CATALOG] - {"coupon"}:
        async with admin.transaction():
            before = await admin.fetchrow(REVISION, "")
            await admin.execute(f"update {table} set id = id")
            await admin.execute("set constraints all immediate")
            assert (await admin.fetchrow(REVISION, ""))[2] != before[2], table


async def test_a_coupon_has_a_new_revision_unless_it_was_only_redeemed(admin: asyncpg.Connection) -> None:
    for change, is_new in (("redeemed_count = redeemed_count + 1", False), ("name = name || '.'", True), ("max_redemptions = redeemed_count + 1", True)):
        transaction = admin.transaction()
        await transaction.start()
        before = await admin.fetchrow(REVISION, "")
        await admin.execute(f"update coupon set {change} where id = (select min(id) from coupon where max_redemptions is null)")
        await admin.execute("set constraints all immediate")
        assert ((await admin.fetchrow(REVISION, ""))[2] != before[2]) is is_new, change
        await transaction.rollback()


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "deleted before"])
async def test_a_new_customer_without_events_changes_no_shared_revision(admin: asyncpg.Connection, is_known: bool) -> None:
    """So the transactions of an import do not wait for each other. One of a customer who was there before changes `all`, since there is no counter to write; so does a later change."""
    insert = "insert into customer (id, name, email, currency, created_at) values ($1, 'New', 'new@example.org', 'EUR', now())"
    async with _rolled_back(admin):
        await admin.execute("set local app.events = off")
        before = await _revisions(admin)
        if is_known:
            await admin.execute(insert, NEW)
            await admin.execute("delete from customer where id = $1", NEW)
        await admin.execute(insert, NEW)
        await admin.execute("update customer set name = 'Newer' where id = $1", NEW)
        assert ((await _revisions(admin)) == before) is not is_known
        await admin.execute("set local app.new_customer = ''; set local app.revised = ''")  # as in the next transaction
        before = await _revisions(admin)
        await admin.execute("update customer set name = 'Newest' where id = $1", NEW)
        assert (await _revisions(admin))[1] != before[1] or is_known  # a transaction changes it once


@asynccontextmanager
async def _rolled_back(admin: asyncpg.Connection) -> AsyncIterator[None]:
    transaction = admin.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def _revisions(admin: asyncpg.Connection) -> tuple[str | None, ...]:
    """Return the revisions that the open transaction leaves."""
    await admin.execute("set constraints all immediate; set constraints all deferred")
    return tuple(await admin.fetchrow(REVISION, NEW))
