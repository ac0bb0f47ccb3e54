"""Reads customers as the files of an import have them, as the owner of the tables, in one snapshot, some customers at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from db.audit import begin_reading
from db.blocks import blocks, positional
from db.connections import Connection
from db.deployment.roles import AUDIT, OWNER
from db.literals import literal
from db.sharding.copies import copy_rows

PREFIX = "customer_files."
KINDS = ("customers", "payment_methods", "subscriptions", "payment_schedules", "invoices", "payments", "credits", "skipped")
AT_ONCE = 200


class CustomerFiles:
    """One snapshot of all customers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self) -> int:
        """Return how many customers there are."""
        return int(await self._connection.fetchval("select count(*) from customer"))

    async def batches(self) -> AsyncIterator[list[str]]:
        """Return the ids of all customers in their order, AT_ONCE at a time."""
        after = ""
        while ids := [str(row[0]) for row in await self._fetch("next", after=after, limit=AT_ONCE)]:
            yield ids
            after = ids[-1]

    async def lines(self, kind: str, customers: list[str]) -> list[str]:
        """Return the lines of one kind, each a JSON object."""
        return [str(row[0]) for row in await self._fetch(kind, customers=customers)]

    async def _fetch(self, name: str, **values: object) -> list[tuple[object, ...]]:
        sql, names = positional(blocks()[f"{PREFIX}{name}"].sql)
        return [tuple(row) for row in await self._connection.fetch(sql, *(values[each] for each in names))]


@asynccontextmanager
async def snapshot(connection: Connection, *, now: datetime) -> AsyncIterator[CustomerFiles]:
    """Open a snapshot on a connection of the administrator. Instants are written with the offset of UTC. Rows of a distributed database are copied to the coordinator."""
    is_distributed = await begin_reading(connection)
    try:
        await connection.execute(
            f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = portico; SET LOCAL jit = off; SET LOCAL timezone = 'UTC'; "
            f"SET LOCAL app.actor = {literal(AUDIT)}; SET LOCAL app.now = {literal(now.isoformat())}"
        )
        if is_distributed:
            await copy_rows(connection, None)
        yield CustomerFiles(connection)
    finally:
        await connection.execute("ROLLBACK")
