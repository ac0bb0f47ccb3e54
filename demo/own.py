"""The check that all customers and the whole catalogue of a database are demo data, or were made in a demo."""

from datetime import UTC, datetime

from db.connections import Connection, connect
from demo.customers.crowd import generated_id
from demo.personas import PERSONAS
from demo.records.catalogue import catalogue_rows
from demo.records.tables import CATALOGUE_TABLES

SCHEMA = "portico"
APP = "portico_app"
# The length of the random end of an id: 60 of its bits. The rest contains the time at which the customer was created.
CHANCE_CHARACTERS = 12
ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class NotTheDemo(Exception):
    """The database has rows that are not demo data, or is distributed, so nothing is added. The message has the tables and the number of rows, or what to do."""


async def check_own(admin_url: str) -> None:
    """Check a database that may have no tables yet. Where all named customers are, the demo was loaded before, and what else is there was made in it.

    The queries run as staff, because row security hides all customers from the owner. Raises NotTheDemo.
    """
    connection = await connect(admin_url)
    try:
        if await connection.fetchval(f"select to_regclass('{SCHEMA}.customer') is not null"):
            async with connection.transaction():
                await connection.execute(f"set local role {APP}; set local search_path = {SCHEMA}; set local app.actor = 'STAFF'")
                if not await _has_named_customers(connection):
                    await refuse_others(connection)
    finally:
        await connection.close()


async def _has_named_customers(connection: Connection) -> bool:
    count: int = await connection.fetchval("select count(*) from customer where id = any($1)", [person.id for person in PERSONAS])
    return count == len(PERSONAS)


async def refuse_others(connection: Connection) -> None:
    """Raise NotTheDemo if a customer, plan, price, coupon or offer is not demo data. Must run in a transaction that sees all rows."""
    counts = {table: await _others(connection, table, {row.id for row in catalogue_rows()[kind]}) for kind, table in CATALOGUE_TABLES.items()}
    counts = {"customer": await _other_customers(connection)} | counts
    if any(counts.values()):
        parts = ", ".join(f"{count} in {table}" for table, count in counts.items() if count)
        raise NotTheDemo(f"The database has rows that are not the demo's ({parts}). Demo customers are added to no other data: use a database of their own.")


async def _others(connection: Connection, table: str, own: set[str]) -> int:
    """Return the number of rows with other ids; 0 for a table that does not exist, because a later migration makes it."""
    if not await connection.fetchval("select to_regclass($1) is not null", table):
        return 0
    count: int = await connection.fetchval(f"select count(*) from {table} where id <> all($1)", list(own))
    return count


async def _other_customers(connection: Connection) -> int:
    """Return the number of customers that are neither named nor generated. A generated one is recognised by the end of its id, which depends only on its number."""
    rows = await connection.fetch("select id from customer where id <> all($1)", [person.id for person in PERSONAS])
    generated = {generated_id(number, ANY_DAY)[-CHANCE_CHARACTERS:] for number in range(1, len(rows) + 1)}
    return sum(row["id"][-CHANCE_CHARACTERS:] not in generated for row in rows)
