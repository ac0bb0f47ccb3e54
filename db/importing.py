"""The transactions of an import: as the owner of the tables, who may load rows without events, for one customer at a time."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from db.blocks import blocks, positional
from db.callers import in_blocks
from db.connections import TRANSIENT_ERRORS, Connection, is_distributed, reason_of
from db.deployment.roles import OWNER
from db.literals import literal
from db.sharding.statements import routed
from db.sharding.tables import SHARDED
from db.transaction import PREFIX, in_order, statement_of

IMPORT = "IMPORT"
# A commit that is not on the disk when the server stops is lost with its line of the ledger, so the next run writes it again.
SESSION = f"SET ROLE {OWNER}; SET search_path = portico; SET jit = off; SET synchronous_commit = off; SET statement_timeout = '60s'; SET plan_cache_mode = force_generic_plan"
# What has to be over before the rest is written.
EARLY = ("imported_redemption_end",)
# The row whose shard the other rows of a new customer are written to.
CUSTOMER = "imported_customer"
# Documents with numbers of their own, which a trigger registers: on Citus one that does not reach the register.
NUMBERED = ("imported_invoice", "imported_credit_note")
WRITTEN = re.compile(r"\b(?:insert into|update) (\w+)")
# Errors that are about the rows of one customer.
REFUSALS = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError, asyncpg.DeadlockDetectedError)
# How many customers a transaction of a dry run has.
MAX_REHEARSED = 50
# The first number of the advisory locks of imports; the second is the hash of the source.
LOCK_CLASS = 0x696D70


class ImportLost(Exception):
    """The database was lost, or its disk is full. Nothing of the customer under way was written; the message says what to do."""


class RowsRefused(Exception):
    """The database refused the rows of a customer, of which none was written. `constraint` is what they break."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Stale(Exception):
    """A row was changed since the plan read it. Nothing was written."""


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """The rows of a customer, by the block `saving.…` that writes them. `writes_events`: changes of rows that exist write their events."""

    customer_id: str | None
    by_kind: Mapping[str, Sequence[Mapping[str, Any]]]
    writes_events: bool = False


class ImportConnection:
    """A connection of an import, to be closed by its opener."""

    def __init__(self, connection: Connection, *, is_distributed: bool = False) -> None:
        self._connection, self.is_distributed = connection, is_distributed
        # The customers in the open transaction of a dry run.
        self._rehearsed = 0

    async def read(self, name: str, **values: Any) -> Any:
        """Return the JSON of a block that reads. Raises ImportLost."""
        sql, names = positional(blocks()[name].sql)
        with _losses():
            body = await self._read(sql, [values[each] for each in names])
        return orjson.loads(body)

    async def _read(self, sql: str, values: list[Any]) -> Any:
        if not self.is_distributed:
            return await self._connection.fetchval(sql, *values)
        async with self._connection.transaction():  # in which alone the workers learn the actor
            await self._execute(f"SET LOCAL app.actor = {literal(IMPORT)}; SET LOCAL app.customer_id = {literal('')}")
            return await self._connection.fetchval(sql, *values)

    async def _execute(self, statements: str) -> None:
        await self._connection.execute(in_blocks(statements) if self.is_distributed else statements)

    async def write(self, rows: CustomerRows, *, now: datetime) -> None:
        """Write the rows of a customer in one transaction. Raises ImportLost, RowsRefused, Stale."""
        with _losses():
            try:
                await self._execute(f"BEGIN; {_settings(rows, now)}")
                await self._write_parts(rows)
                await self._connection.execute("COMMIT")
            except (*REFUSALS, Stale) as error:
                await self._connection.execute("ROLLBACK")
                raise _refusal(error) from error

    async def rehearse(self, rows: CustomerRows, *, now: datetime) -> None:
        """Write the rows of a customer, with all checks of a commit, in a transaction that is rolled back, together with those of other customers. Raises ImportLost, RowsRefused,
        Stale."""
        with _losses():
            if not self._rehearsed:
                await self._execute(f"BEGIN; {_settings(CustomerRows(None, {}), now)}")
            try:
                await self._execute(f"SAVEPOINT customer; {_settings(rows, now)}")
                await self._write_parts(rows)
                await self._connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE customer")
            except (*REFUSALS, Stale) as error:
                await self._connection.execute("ROLLBACK TO customer")
                raise _refusal(error) from error
            finally:
                self._rehearsed += 1
            # A coupon is locked by all who redeem it, until the transaction ends.
            if self._rehearsed == MAX_REHEARSED or rows.by_kind.get("imported_coupon_use"):
                await self.end_rehearsal()

    async def end_rehearsal(self) -> None:
        """Roll back what was rehearsed. Raises ImportLost."""
        with _losses():
            if self._rehearsed:
                await self._connection.execute("ROLLBACK")
            self._rehearsed = 0

    async def _write_parts(self, rows: CustomerRows) -> None:
        kinds = [kind for kind, of_kind in rows.by_kind.items() if of_kind]
        early = [kind for kind in kinds if kind in EARLY]
        first = [kind for kind in kinds if self.is_distributed and kind == CUSTOMER]
        for part in (early, first, [kind for kind in kinds if kind not in (*early, *first)]):
            if part:
                await self._write(rows.customer_id, part, rows.by_kind)
        if self.is_distributed and (numbers := [row["number"] for kind in NUMBERED for row in rows.by_kind.get(kind, ())]):
            await self._register(numbers)

    async def _register(self, numbers: Sequence[str]) -> None:
        sql, _ = positional(blocks()["imports.register"].sql)
        if await self._connection.fetchval(sql, numbers):
            raise asyncpg.UniqueViolationError("the number was issued for another document")

    async def _write(self, customer_id: str | None, kinds: Sequence[str], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        sql, names = statement_of(parents_first(in_order(kinds)) if self.is_distributed else in_order(kinds))
        values = {f"rows_{kind}": _json(rows[kind]) for kind in kinds} | {"customer_id": customer_id}
        counts = await self._connection.fetchrow(routed(sql) if self.is_distributed else sql, *(values[name] for name in names))
        if counts is not None and any(counts[kind] != len(rows[kind]) for kind in kinds if kind in counts):
            raise Stale

    async def begin_run(self, source: str, run_id: str, *, now: datetime) -> bool:
        """Take the lock of the source and write the run. Returns whether no other import of the source runs. The lock is that of this connection."""
        with _losses():
            if not await self._connection.fetchval("select pg_try_advisory_lock($1, hashtext($2))", LOCK_CLASS, source):
                return False
            await self._connection.execute(f"BEGIN; {_settings(CustomerRows(None, {}), now)}")
            await self._connection.execute("insert into import_run (id, source, started_at) values ($1, $2, $3)", run_id, source, now)
            await self._connection.execute("COMMIT")
            return True

    async def end_run(self, run_id: str, *, now: datetime) -> None:
        """Write the end of a run, which is an event."""
        with _losses():
            await self._connection.execute(f"BEGIN; {_settings(CustomerRows(None, {}), now)}")
            await self._connection.execute("update import_run set finished_at = $2 where id = $1", run_id, now)
            await self._connection.execute("COMMIT")


@asynccontextmanager
async def importing(url: str, *, cached: int = 200) -> AsyncIterator[ImportConnection]:
    """Open a connection as the owner of the tables, by the URL of the administrator. Raises ImportLost."""
    with _losses():
        connection = await asyncpg.connect(url, timeout=30, statement_cache_size=cached)
        await connection.execute(f"{SESSION}; SET app.actor = {literal(IMPORT)}")
        imports = ImportConnection(connection, is_distributed=await is_distributed(connection))
        if imports.is_distributed:
            await connection.execute("SET plan_cache_mode = force_custom_plan")
    try:
        yield imports
    finally:
        connection.terminate() if connection.is_closed() else await connection.close(timeout=5)


def parents_first(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return kinds so that what rows refer to is written before them: Citus runs the parts of a statement one after the other, and checks the keys of each."""
    places = {table.name: place for place, table in enumerate(SHARDED)}
    return tuple(sorted(kinds, key=lambda kind: places.get(WRITTEN.findall(blocks()[PREFIX + kind].sql)[0], len(places))))


def _settings(rows: CustomerRows, now: datetime) -> str:
    """Return the statements that set the caller of the open transaction."""
    return (
        f"SET LOCAL app.actor = {literal(IMPORT)}; SET LOCAL app.customer_id = {literal(rows.customer_id or '')}; SET LOCAL app.client = {literal('import')}; "
        f"SET LOCAL app.now = {literal(now.isoformat())}; SET LOCAL app.events = {literal('on' if rows.writes_events else 'off')}"
    )


def _refusal(error: Exception) -> Exception:
    """Return what the plan of the customer is told. A deadlock is over once one of the two starts again."""
    if isinstance(error, Stale | asyncpg.DeadlockDetectedError):
        return Stale()
    return RowsRefused(getattr(error, "constraint_name", None) or str(error))


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


class _losses:
    """Turns errors of a lost database or a full disk into ImportLost."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, asyncpg.DiskFullError):
            raise ImportLost("The database's disk is full. Make room there, and run the same command again: it goes on where it stopped.") from error
        if isinstance(error, (*TRANSIENT_ERRORS, asyncpg.InterfaceError)):
            raise ImportLost(
                f"The database was lost: {reason_of(error)}. When it answers again, run the same command again: it goes on where it stopped."
            ) from error
