"""Copy the demo into the database, as the owner of its tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from random import Random

from billing.periods import add_months
from db.connections import Connection, connect
from demo.customers.crowd import generate
from demo.customers.stories import STORIES
from demo.own import refuse_others
from demo.passwords import give
from demo.personas import HOMES, PERSONAS, DemoCustomer
from demo.records.account import open_account
from demo.records.addresses import ADDRESSES
from demo.records.catalogue import catalogue_rows
from demo.records.contents import content
from demo.records.documents import name_corrected, snapshots
from demo.records.issued import SeedDocumentSnapshot
from demo.records.money import SeedCreditNote
from demo.records.numbers import Numbers, registered
from demo.records.periods import whole_seconds
from demo.records.rows import SeedCustomer, SeedInvoice
from demo.records.tables import CATALOGUE_TABLES, CUSTOMER_TABLES, Rows, columns, no_rows, record_of

BATCH = 500
SCHEMA = "portico"
OWNER = "portico_owner"
APP = "portico_app"

REFERENCES = f"""
  select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    from pg_constraint where contype = 'f' and connamespace = '{SCHEMA}'::regnamespace and conrelid::regclass::text = any($1)"""

Make = Callable[[Rows], None]
File = tuple[str, str, bytes]  # its key, media type and bytes
Put = Callable[[list[File]], Awaitable[None]]


async def is_empty(admin_url: str) -> bool:
    """Whether there is no customer yet. Asked as staff, since row security hides every row from the owner."""
    connection = await connect(admin_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local role {APP}; set local app.actor = 'STAFF'")
            return not await connection.fetchval(f"select exists (select from {SCHEMA}.customer)")
    finally:
        await connection.close()


async def files(connection: Connection) -> list[File]:
    """Every file that the named customers have. As the application, in a transaction."""
    await connection.execute("set local app.actor = 'STAFF'")
    rows = await connection.fetch(
        "select object_key, content_type, id, file_name, size_bytes from attachment where status = 'STORED' and object_key = 'customer/' || customer_id || '/' || id "
        "and customer_id = any($1)",
        [shown.id for shown in PERSONAS],
    )
    return [(row["object_key"], row["content_type"], content(row["id"], row["file_name"], row["size_bytes"])) for row in rows]


async def seed(admin_url: str, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    """Add what is missing of the named customers and of so many generated ones. All or nothing; the portal waits meanwhile, for the tables are locked."""
    async with _loading(admin_url) as connection:
        await _fill(connection, customers=customers, now=whole_seconds(now), progress=progress)


async def load_demo(admin_url: str, *, password_hash: str, now: datetime, put: Put) -> None:
    """The named customers with a password and their files. All or nothing: files that were put before a failure are put again the next time."""
    async with _loading(admin_url) as connection:
        await _fill(connection, customers=0, now=whole_seconds(now), progress=lambda _: None)
        await _become(connection, APP)
        await give(connection, password_hash, now=now)
        await put(await files(connection))
        await _become(connection, OWNER)


@asynccontextmanager
async def _loading(admin_url: str) -> AsyncIterator[Connection]:
    """A transaction as the owner of the tables, who sees all rows in it. Nothing remains of one that fails."""
    connection = await connect(admin_url)
    try:
        async with connection.transaction():
            await connection.execute(f"set local synchronous_commit = off; set local search_path = {SCHEMA}")
            await _become(connection, OWNER)
            await _force_row_security(connection, "no force")
            async with _checking_references_at_once(connection):
                yield connection
                await connection.execute("set constraints all immediate")
            await _force_row_security(connection, "force")
        await _analyze(connection)
    finally:
        await connection.close()


async def _become(connection: Connection, role: str) -> None:
    await connection.execute(f"set local role {role}")


@asynccontextmanager
async def _checking_references_at_once(connection: Connection) -> AsyncIterator[None]:
    """Check foreign keys of empty tables once for all rows at the end, which takes half the time; where there are customers, Postgres checks each new row."""
    references = (
        []
        if await connection.fetchval("select exists (select from customer)")
        else await connection.fetch(REFERENCES, list((CATALOGUE_TABLES | CUSTOMER_TABLES).values()))
    )
    for child, name, _ in references:
        await connection.execute(f"alter table {child} drop constraint {name}")
    yield
    for child, name, definition in references:
        await connection.execute(f"alter table {child} add constraint {name} {definition}")


async def _force_row_security(connection: Connection, force: str) -> None:
    """COPY is not allowed under row security, not to the owner either while it is forced."""
    for table in CUSTOMER_TABLES.values():
        await connection.execute(f"alter table {table} {force} row level security")


async def _fill(connection: Connection, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    await refuse_others(connection)
    if not await connection.fetchval("select exists (select from plan)"):
        await _copy(connection, catalogue_rows(), CATALOGUE_TABLES)
    known = {record["id"] for record in await connection.fetch("select id from customer where id = any($1)", [shown.id for shown in PERSONAS])}
    generated = await connection.fetchval("select count(*) from customer") - len(known)
    makes: list[Make] = [partial(run_story, shown, now) for shown in PERSONAS if shown.id not in known]
    makes += [partial(_generate, number, now) for number in range(generated + 1, customers + 1)]
    await _copy_all(connection, _batches(makes, await Numbers.following(connection)), progress)
    await connection.execute("update coupon c set redeemed_count = (select count(*) from coupon_redemption r where r.coupon_id = c.id)")


def run_story(shown: DemoCustomer, now: datetime, rows: Rows) -> None:
    """Add the rows of a named customer."""
    home = HOMES[shown.email]
    customer = SeedCustomer(
        id=shown.id,
        name=shown.name,
        email=shown.email,
        locale=home.locale,
        time_zone=home.time_zone,
        currency=home.currency,
        tax_rate_ppm=home.tax_rate_ppm,
        created_at=datetime.combine(add_months(now.date(), -home.months_ago), now.timetz()),
        **ADDRESSES.get(shown.email, {}),
    )
    account = open_account(customer, Random(shown.email), now=now, rows=rows)
    STORIES[shown.email](account)


def _generate(number: int, now: datetime, rows: Rows) -> None:
    generate(number, now=now, rows=rows)


async def _copy_all(connection: Connection, batches: Iterator[Rows], progress: Callable[[int], None]) -> None:
    """The next batch is made in a thread while Postgres takes in the last one."""
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    done = 0
    while (batch := await coming) is not None:
        coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
        await registered(connection, [*batch[SeedInvoice], *batch[SeedCreditNote]])
        await _copy(connection, batch, CUSTOMER_TABLES)
        done += len(batch[SeedCustomer])
        progress(done)


def _batches(makes: list[Make], numbers: Numbers) -> Iterator[Rows]:
    for start in range(0, len(makes), BATCH):
        rows = no_rows()
        for make in makes[start : start + BATCH]:
            make(rows)
        numbers.number([*rows[SeedInvoice], *rows[SeedCreditNote]])
        name_corrected(rows)
        rows[SeedDocumentSnapshot] += snapshots(rows)
        yield rows


async def _copy(connection: Connection, rows: Rows, tables: dict[type, str]) -> None:
    for kind, table in tables.items():
        await connection.copy_records_to_table(table, schema_name=SCHEMA, columns=columns(kind), records=map(record_of(kind), rows[kind]))


async def _analyze(connection: Connection) -> None:
    """As the owner, outside of the transaction, where alone it counts for everybody at once."""
    await connection.execute(f"set role {OWNER}")
    await connection.execute("analyze " + ", ".join(f"{SCHEMA}.{table}" for table in (CATALOGUE_TABLES | CUSTOMER_TABLES).values()))
