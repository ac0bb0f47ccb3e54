"""Copy the demo into the database, as the owner of its tables."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from random import Random
from typing import TypeAlias

import asyncpg

from billing.periods import add_months
from db.demo.account import close_account, open_account
from db.demo.catalogue import catalogue_rows
from db.demo.contents import content
from db.demo.crowd import generate
from db.demo.own import refuse_others
from db.demo.periods import whole_seconds
from db.demo.rows import Customer
from db.demo.shown import HOMES, SHOWN, DemoCustomer
from db.demo.stories import STORIES
from db.demo.tables import CATALOGUE_TABLES, CUSTOMER_TABLES, Rows, columns, no_rows, record_of

BATCH = 500
SCHEMA = "portico"
OWNER = "portico_owner"
APP = "portico_app"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Make = Callable[[Rows], None]


async def is_empty(admin_url: str) -> bool:
    """Whether there is no customer yet. Asked as staff, since row security hides every row from the owner."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local role {APP}; set local app.actor = 'STAFF'")
            return not await connection.fetchval(f"select exists (select from {SCHEMA}.customer)")
    finally:
        await connection.close()


async def files(admin_url: str) -> list[tuple[str, str, bytes]]:
    """Key, media type and bytes of every file that the named customers have."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local role {APP}; set local app.actor = 'STAFF'")
            found = await connection.fetch(
                f"select object_key, content_type, id, file_name, size_bytes from {SCHEMA}.attachment where status = 'STORED' and object_key = 'customer/' || customer_id || '/' || id "
                "and customer_id = any($1)",
                [shown.id for shown in SHOWN],
            )
    finally:
        await connection.close()
    return [(row["object_key"], row["content_type"], content(row["id"], row["file_name"], row["size_bytes"])) for row in found]


async def seed(admin_url: str, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    """Add what is missing of the named customers and of so many generated ones. All or nothing; the portal waits meanwhile, for the tables are locked."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            await _become_owner(connection)
            await _force_row_security(connection, "no force")
            await _fill(connection, customers=customers, now=whole_seconds(now), progress=progress)
            await connection.execute("set constraints all immediate")
            await _force_row_security(connection, "force")
        await _analyze(connection)
    finally:
        await connection.close()


async def _become_owner(connection: Connection) -> None:
    """A superuser may skip the triggers that check foreign keys, which halves the time; everybody else checks them."""
    await connection.execute("set local synchronous_commit = off")
    if await connection.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        await connection.execute("set local session_replication_role = replica")
    await connection.execute(f"set local role {OWNER}; set local search_path = {SCHEMA}")


async def _force_row_security(connection: Connection, force: str) -> None:
    """COPY is not allowed under row security, not to the owner either while it is forced."""
    for table in CUSTOMER_TABLES.values():
        await connection.execute(f"alter table {table} {force} row level security")


async def _fill(connection: Connection, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    await refuse_others(connection)
    if not await connection.fetchval("select exists (select from plan)"):
        await _copy(connection, catalogue_rows(), CATALOGUE_TABLES)
    known = {record["id"] for record in await connection.fetch("select id from customer where id = any($1)", [shown.id for shown in SHOWN])}
    generated = await connection.fetchval("select count(*) from customer") - len(known)
    makes: list[Make] = [partial(tell_story, shown, now) for shown in SHOWN if shown.id not in known]
    makes += [partial(_generate, number, now) for number in range(generated + 1, customers + 1)]
    await _copy_all(connection, makes, progress)
    await connection.execute("update coupon c set redeemed_count = (select count(*) from coupon_redemption r where r.coupon_id = c.id)")


def tell_story(shown: DemoCustomer, now: datetime, rows: Rows) -> None:
    """Add the rows of a named customer."""
    home = HOMES[shown.email]
    customer = Customer(
        id=shown.id,
        name=shown.name,
        email=shown.email,
        locale=home.locale,
        time_zone=home.time_zone,
        currency=home.currency,
        tax_rate_ppm=home.tax_rate_ppm,
        created_at=datetime.combine(add_months(now.date(), -home.months_ago), now.timetz()),
    )
    account = open_account(customer, Random(shown.email), now=now, rows=rows)
    STORIES[shown.email](account)
    close_account(account)


def _generate(number: int, now: datetime, rows: Rows) -> None:
    generate(number, now=now, rows=rows)


async def _copy_all(connection: Connection, makes: list[Make], progress: Callable[[int], None]) -> None:
    """The next batch is made in a thread while Postgres takes in the last one."""
    batches = _batches(makes)
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    done = 0
    while (batch := await coming) is not None:
        coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
        await _copy(connection, batch, CUSTOMER_TABLES)
        done += len(batch[Customer])
        progress(done)


def _batches(makes: list[Make]) -> Iterator[Rows]:
    for start in range(0, len(makes), BATCH):
        rows = no_rows()
        for make in makes[start : start + BATCH]:
            make(rows)
        yield rows


async def _copy(connection: Connection, rows: Rows, tables: dict[type, str]) -> None:
    for kind, table in tables.items():
        await connection.copy_records_to_table(table, schema_name=SCHEMA, columns=columns(kind), records=map(record_of(kind), rows[kind]))


async def _analyze(connection: Connection) -> None:
    """As the owner, outside of the transaction, where alone it counts for everybody at once."""
    await connection.execute(f"set role {OWNER}")
    await connection.execute("analyze " + ", ".join(f"{SCHEMA}.{table}" for table in (CATALOGUE_TABLES | CUSTOMER_TABLES).values()))
