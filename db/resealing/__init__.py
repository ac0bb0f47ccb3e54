"""Seal again what was sealed with the previous secret of the portal. Runs as the owner of the tables, in short transactions, while servers and workers run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from db.deployment.roles import OWNER, RESEAL
from db.literals import literal

BATCH = 500
POLICIES = (
    "select count(*) from pg_policy where polname = 'resealed' and polrelid = any(select oid from pg_class where relnamespace = to_regnamespace('portico'))"
)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
# Takes the purpose of a seal, a sealed text, and the id of its row. Returns the text sealed with the new secret, None if it is already; raises ValueError for an unknown secret.
Renew: TypeAlias = Callable[[str, bytes, str], bytes | None]


class CannotReseal(Exception):
    """The database cannot be changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed texts. `key` is the column with the id to which a text is bound. `is_hexadecimal`: the column is text instead of bytes."""

    table: str
    column: str
    key: str
    purpose: str
    is_hexadecimal: bool = False


COLUMNS = (
    SealedColumn("letter", "sealed", "id", "letters"),
    SealedColumn("calendar_link", "sealed", "customer_id", "calendars", is_hexadecimal=True),
    SealedColumn("webhook_endpoint", "sealed", "id", "webhooks"),
    SealedColumn("webhook_endpoint", "previous_sealed", "id", "webhooks"),
)


@dataclass(slots=True)
class ResealedRows:
    """How many texts a column has: sealed again, sealed with the new secret before, and sealed with neither secret."""

    renewed: int = 0
    current: int = 0
    unknown: int = 0


async def reseal(connection: Connection, renew: Renew) -> dict[SealedColumn, ResealedRows]:
    """Seal every text with the new secret, BATCH rows in a transaction. The connection is one of the administrator. Raises CannotReseal.

    A text that is changed meanwhile keeps the change. A run that ends early leaves the rest readable with the previous secret, and the next run goes on.
    """
    if await connection.fetchval(POLICIES) < len({column.table for column in COLUMNS}):
        raise CannotReseal("The database lacks migrations. Run `./portico migrate` first.")
    return {column: await _reseal_column(connection, column, renew) for column in COLUMNS}


async def _reseal_column(connection: Connection, column: SealedColumn, renew: Renew) -> ResealedRows:
    counts, last = ResealedRows(), ""
    while rows := await _reseal_batch(connection, column, renew, counts, last):
        last = rows[-1][0]
    return counts


async def _reseal_batch(connection: Connection, column: SealedColumn, renew: Renew, counts: ResealedRows, after: str) -> list[asyncpg.Record]:
    """Seal the texts of the next rows by key, and add to the counts. Returns these rows."""
    table, key, sealed = column.table, column.key, column.column
    async with connection.transaction():
        await connection.execute(
            f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = portico; SET LOCAL lock_timeout = '3s'; SET LOCAL app.actor = {literal(RESEAL)}"
        )
        rows = await connection.fetch(f"select {key}, {sealed} from {table} where {key} > $1 and {sealed} is not null order by {key} limit {BATCH}", after)
        changes = [(identifier, text, renewed) for identifier, text in rows if (renewed := _renewed(column, identifier, text, renew, counts))]
        await connection.executemany(f"update {table} set {sealed} = $3 where {key} = $1 and {sealed} = $2", changes)
    counts.renewed += len(changes)
    return rows


def _renewed(column: SealedColumn, identifier: str, stored: bytes | str, renew: Renew, counts: ResealedRows) -> bytes | str | None:
    """Return what is stored instead, None if it stays."""
    try:
        renewed = renew(column.purpose, bytes.fromhex(stored) if isinstance(stored, str) else stored, identifier)
    except ValueError:
        counts.unknown += 1
        return None
    if renewed is None:
        counts.current += 1
        return None
    return renewed.hex() if column.is_hexadecimal else renewed
