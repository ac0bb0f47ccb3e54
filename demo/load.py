"""Copy the demo data into the database, as the owner of its tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from random import Random

from billing.periods import add_months
from db.connections import Connection, connect, is_distributed
from demo.customers.crowd import generate
from demo.customers.stories import STORIES
from demo.own import NotTheDemo, refuse_others
from demo.passwords import set_passwords
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
File = tuple[str, str, bytes]  # object key, media type and bytes
Put = Callable[[list[File]], Awaitable[None]]


async def is_empty(admin_url: str) -> bool:
    """Return whether there is no customer yet. The query runs as staff, because row security hides all rows from the owner."""
    connection = await connect(admin_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local role {APP}; set local app.actor = 'STAFF'")
            return await connection.fetchval(f"select id from {SCHEMA}.customer limit 1") is None
    finally:
        await connection.close()


async def files(connection: Connection) -> list[File]:
    """Return all files of the named customers. Must run in a transaction as the application role."""
    await connection.execute("set local app.actor = 'STAFF'")
    rows = await connection.fetch(
        "select object_key, content_type, id, file_name, size_bytes from attachment where status = 'STORED' and object_key = 'customer/' || customer_id || '/' || id "
        "and customer_id = any($1)",
        [person.id for person in PERSONAS],
    )
    return [(row["object_key"], row["content_type"], content(row["id"], row["file_name"], row["size_bytes"])) for row in rows]


async def seed(admin_url: str, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    """Add the missing ones of the named customers and of `customers` generated ones, in one transaction. It locks the tables, so the portal's requests wait for it."""
    async with _loading(admin_url) as connection:
        await _fill(connection, customers=customers, now=whole_seconds(now), progress=progress)


async def load_demo(admin_url: str, *, password_hash: str, now: datetime, put: Put) -> None:
    """Add the named customers with passwords and files, in one transaction. After a failure, the next run puts the same files again."""
    async with _loading(admin_url) as connection:
        await _fill(connection, customers=0, now=whole_seconds(now), progress=lambda _: None)
        await _set_role(connection, APP)
        await set_passwords(connection, password_hash, now=now)
        await put(await files(connection))
        await _set_role(connection, OWNER)


@asynccontextmanager
async def _loading(admin_url: str) -> AsyncIterator[Connection]:
    """Open a transaction as the owner of the tables, with row security off for the owner, of which no events are written. A failure rolls everything back."""
    connection = await connect(admin_url)
    try:
        if await is_distributed(connection):
            raise NotTheDemo(
                "The database is distributed, and demo customers are loaded before that: by `./portico seed`, and then `./portico migrate --distribute`."
            )
        async with connection.transaction():
            await connection.execute(f"set local synchronous_commit = off; set local app.events = off; set local search_path = {SCHEMA}")
            await _set_role(connection, OWNER)
            await _force_row_security(connection, "no force")
            async with _checking_references_at_once(connection):
                yield connection
                await connection.execute("set constraints all immediate")
            await _force_row_security(connection, "force")
        await _analyze(connection)
    finally:
        await connection.close()


async def _set_role(connection: Connection, role: str) -> None:
    await connection.execute(f"set local role {role}")


@asynccontextmanager
async def _checking_references_at_once(connection: Connection) -> AsyncIterator[None]:
    """Check the foreign keys of empty tables once for all rows at the end, which takes half the time. With existing customers Postgres checks each new row."""
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
    """Force row security on the owner, or do not. COPY is refused under row security, also to the owner while it is forced."""
    for table in (*CUSTOMER_TABLES.values(), "subscription_state"):
        await connection.execute(f"alter table {table} {force} row level security")


async def _fill(connection: Connection, *, customers: int, now: datetime, progress: Callable[[int], None]) -> None:
    await refuse_others(connection)
    if not await connection.fetchval("select exists (select from plan)"):
        await _copy(connection, catalogue_rows(), CATALOGUE_TABLES)
    known = {record["id"] for record in await connection.fetch("select id from customer where id = any($1)", [person.id for person in PERSONAS])}
    generated = await connection.fetchval("select count(*) from customer") - len(known)
    makes: list[Make] = [partial(run_story, person, now) for person in PERSONAS if person.id not in known]
    makes += [partial(_generate, number, now) for number in range(generated + 1, customers + 1)]
    await _copy_all(connection, _batches(makes, await Numbers.following(connection)), progress)
    await connection.execute("call add_subscription_states()")
    await connection.execute("update coupon c set redeemed_count = (select count(*) from coupon_redemption r where r.coupon_id = c.id)")


def run_story(person: DemoCustomer, now: datetime, rows: Rows) -> None:
    """Add the rows of a named customer."""
    home = HOMES[person.email]
    customer = SeedCustomer(
        id=person.id,
        name=person.name,
        email=person.email,
        locale=home.locale,
        time_zone=home.time_zone,
        currency=home.currency,
        tax_rate_ppm=home.tax_rate_ppm,
        created_at=datetime.combine(add_months(now.date(), -home.months_ago), now.timetz()),
        **ADDRESSES.get(person.email, {}),
    )
    account = open_account(customer, Random(person.email), now=now, rows=rows)
    STORIES[person.email](account)


def _generate(number: int, now: datetime, rows: Rows) -> None:
    generate(number, now=now, rows=rows)


async def _copy_all(connection: Connection, batches: Iterator[Rows], progress: Callable[[int], None]) -> None:
    """Copy all batches. The next batch is made in a thread while Postgres stores the current one."""
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
    """Analyze the tables as their owner, outside the transaction, so that all connections see the statistics at once."""
    await connection.execute(f"set role {OWNER}")
    await connection.execute("analyze " + ", ".join(f"{SCHEMA}.{table}" for table in (CATALOGUE_TABLES | CUSTOMER_TABLES).values()))
