"""The connection pool, and the queue of units of work that wait for a connection.

`databases` owns the pool. A unit of work that ends passes its connection directly to the first one in the queue, and an open read transaction
is then ended in the round trip that opens the next transaction. That saves a busy process one round trip of three.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self

import asyncpg

from db.callers import in_blocks
from db.observing.statements import UNTRACED, PoolUsage, StatementTrace
from db.outages import CONNECTION_ERRORS, DatabaseUnavailable, cause_of, outage_of
from db.pipelining.protocol import connect, install, send_ahead
from db.sharding.detection import inspect
from db.sharding.statements import routed
from db.without_sqlalchemy import without_sqlalchemy

with without_sqlalchemy():
    import databases
    import databases.backends.postgres
    from databases.core import Connection

logger = logging.getLogger("portico.db")

# The timeout for ending a transaction of which no result is expected.
ENDING_SECONDS = 1.0

# The number of statements that stay prepared on each connection. Each is a plan in Postgres' memory: 30 kB to 1.3 MB for the portal's own documents,
# 5 MB at most (`docs/decisions/0033-plans-are-bounded.md`).
PREPARED = 100
OPTIONS: dict[str, Any] = {"max_cacheable_statement_size": 0, "max_cached_statement_lifetime": 0, "max_queries": 1_000_000_000, "connect": connect}


@dataclass(frozen=True, slots=True)
class Pool:
    """Settings of the pool; times in seconds. Without `is_prepared` every statement is Postgres' unnamed one, as a pooler that does not know prepared statements needs."""

    max_size: int = 10
    acquire_seconds: float = 1.0
    connect_seconds: float = 5.0
    command_seconds: float = 8.0
    is_prepared: bool = True


class Database(databases.Database):
    """One database and its pool, not yet open. `server_settings` are session defaults, such as the role. A group of shards has a `guard`, with which each transaction begins.

    Connections are opened on demand, so a process starts and continues to run while Postgres is unavailable.
    """

    def __init__(self, url: str, pool: Pool, *, server_settings: Mapping[str, str], guard: str = "") -> None:
        super().__init__(
            url,
            # Without it `databases` passes only host, user, password and name, and `sslmode` of the URL is lost.
            dsn=url,
            min_size=0,
            max_size=pool.max_size,
            timeout=pool.connect_seconds,
            command_timeout=pool.command_seconds,
            statement_cache_size=PREPARED if pool.is_prepared else 0,
            **OPTIONS,
            init=self._set_up,
            reset=_noop,
            server_settings={"application_name": "portico", **server_settings},
        )
        self._queue, self._max_size = _WaitQueue(pool.max_size), pool.max_size
        self.taken, self.is_distributed, self.guard = 0, False, guard  # by units of work so far; known once a connection was opened
        self.trace: StatementTrace | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    @property
    def seconds_without_place(self) -> float:
        """Return for how many seconds no connection has been free or passed on, as they are in a busy pool but not in one that lost them; 0.0 while one is free."""
        return self._queue.seconds_without_place

    @property
    def usage(self) -> PoolUsage:
        pool: Any = getattr(self._backend, "_pool", None)
        opened, idle = (pool.get_size(), pool.get_idle_size()) if pool else (0, 0)
        return PoolUsage(self._max_size, opened, idle, self._queue.length, self._queue.waits, self._queue.waited_seconds)

    @property
    def has_free_place(self) -> bool:
        return self._queue.has_slot

    def terminate(self) -> None:
        """Close all connections without waiting for Postgres. Statements that run on them fail as those of a lost connection, and no connection is opened any more."""
        if (pool := getattr(self._backend, "_pool", None)) is not None:
            pool.terminate()

    async def take(self, *, seconds: float) -> "Lease":
        """Return a connection for one unit of work. Raises TimeoutError if none was free in time, and the errors of connecting."""
        self.taken += 1
        async with asyncio.timeout(seconds):
            lease = await self._queue.slot() or await self._from_pool()
        lease.trace, lease.is_distributed = self.trace, self.is_distributed
        return lease

    async def _set_up(self, connection: asyncpg.Connection) -> None:
        """Let statements be sent ahead, and refuse a role that can bypass row security. Raises PermissionError."""
        install(connection)
        self.is_distributed = await inspect(connection) and not self.guard  # to Postgres, shards are plain tables

    async def _from_pool(self) -> "Lease":
        connection = Connection(self, self._backend)
        try:
            await connection.__aenter__()
        except BaseException:  # cancelled or refused: the slot is free for the next unit of work
            self._queue.release()
            raise
        return Lease(connection, self._queue)


class Lease:
    """One unit of work's use of a connection. It ends exactly once, by `end`, after which the connection belongs to another unit of work or to the pool.

    `is_reading` is true while a read transaction is open on the connection.
    """

    def __init__(self, connection: Connection, queue: "_WaitQueue", *, is_reading: bool = False) -> None:
        self._connection, self._queue, self.is_reading = connection, queue, is_reading
        self._has_ended = self.is_distributed = False
        self.trace: StatementTrace | None = None

    @property
    def raw(self) -> Any:
        return self._connection.raw_connection

    async def end(self, *, is_sound: bool) -> int:
        """End the lease: pass the connection to the unit of work that has waited longest, or return it to the pool without an open transaction, or terminate it.

        `is_sound`: the last statement succeeded, so no transaction is open, or a read transaction, which the next unit of work ends. Otherwise an open transaction
        is rolled back first. Any exception here, cancellation included, terminates the connection; its slot is free in any case. Returns the number of statements
        that were run.
        """
        if self._has_ended:
            raise RuntimeError("a lease can be ended only once")
        self._has_ended = True
        if is_sound and self._passed_on():
            return 0
        is_open = self.is_reading or not is_sound
        try:
            if is_open:
                await self._close_transaction("COMMIT" if is_sound else "ROLLBACK")
        finally:
            if not self._passed_on():
                await self._give_back()
        return int(is_open)

    async def execute(self, sql: str) -> None:
        """Run statements without parameters. Raises DatabaseUnavailable, and asyncpg's exceptions."""
        with self.trace(sql) if self.trace else UNTRACED:
            try:
                await self.raw.execute(in_blocks(sql) if self.is_distributed else sql)
            except (Exception, asyncio.CancelledError) as error:
                self._raise_if_lost(error)
                raise

    async def fetch(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True) -> list[Any]:
        """Run one statement and return its rows. Raises as `execute`. With `is_prepared` false, or distributed and without parameters, it is Postgres' unnamed statement."""
        with self.trace(sql) if self.trace else UNTRACED:
            try:
                sql, is_prepared = (routed(sql), is_prepared and bool(arguments)) if self.is_distributed else (sql, is_prepared)
                if is_prepared:
                    return list(await self.raw.fetch(sql, *arguments))
                statement = await self.raw.prepare(sql, name="")
                return list(await statement.fetch(*arguments))
            except (Exception, asyncio.CancelledError) as error:
                self._raise_if_lost(error)
                raise

    def send_ahead(self, sql: str) -> bool:
        """Send statements without parameters in one packet with the next statement, which raises their error. Returns false if that is not possible."""
        return send_ahead(self.raw, in_blocks(sql) if self.is_distributed else sql, self.trace)

    def _raise_if_lost(self, error: BaseException) -> None:
        """Raise DatabaseUnavailable for the error of a statement whose connection is lost, if asyncpg does not report the loss.

        asyncpg's own state is broken then: it returns None in place of rows, uses a transport that is closed, or cancels the waiting task.
        Errors of Postgres and errors that are known as outages pass unchanged.
        """
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            is_leaked = task is not None and not task.cancelling()
        else:
            is_leaked = not isinstance(error, asyncpg.PostgresError) and outage_of(error) is None
        if is_leaked and self._is_lost():
            raise DatabaseUnavailable(f"connection lost ({type(error).__name__})") from error

    def terminate(self) -> None:
        """Close the connection without waiting for Postgres."""
        with suppress(*CONNECTION_ERRORS):
            self.raw.terminate()

    async def _close_transaction(self, statement: str) -> None:
        try:
            await self.raw.execute(statement, timeout=ENDING_SECONDS)
            self.is_reading = False
        except Exception as error:  # a connection that cannot end its transaction is not used again; the result has been read already
            logger.info("a transaction could not be ended, so its connection is terminated", extra={"cause": cause_of(error)})
            self.terminate()
        except BaseException:
            self.terminate()
            raise

    def _passed_on(self) -> bool:
        """Pass the connection to a waiting unit of work, and return whether there was one."""
        return self._queue.length > 0 and not self._is_lost() and self._queue.pass_on(Lease(self._connection, self._queue, is_reading=self.is_reading))

    def _is_lost(self) -> bool:
        try:
            return bool(self.raw.is_closed())
        except CONNECTION_ERRORS:
            return True

    async def _give_back(self) -> None:
        try:
            await self._connection.__aexit__()
        except CONNECTION_ERRORS:  # a terminated pool has taken its connections back already
            if not self._is_lost():
                raise
        finally:
            self._queue.release()


class _WaitQueue:
    """The slots of the pool, one for each connection, and the units of work that wait for a slot, in order."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._moved_at = monotonic()
        self._waiting: deque[asyncio.Future[Lease | None]] = deque()
        # How many units of work have waited so far, and for how many seconds in all.
        self.waits, self.waited_seconds = 0, 0.0

    @property
    def length(self) -> int:
        return len(self._waiting)

    @property
    def seconds_without_place(self) -> float:
        return 0.0 if self._slots else monotonic() - self._moved_at

    @property
    def has_slot(self) -> bool:
        return self._slots > 0

    async def slot(self) -> Lease | None:
        """Wait for a slot. Returns the lease of a connection that was passed on, or None if the pool has a free connection."""
        if self._slots:
            self._slots -= 1
            self._moved_at = monotonic()
            return None
        turn: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        began = monotonic()
        try:
            return await turn
        except BaseException:
            if not turn.done() or turn.cancelled():
                with suppress(ValueError):  # it was skipped already
                    self._waiting.remove(turn)
            elif lease := turn.result():  # the lease arrived while the waiting task was cancelled
                await lease.end(is_sound=True)
            else:
                self.release()
            raise
        finally:
            self.waits += 1
            self.waited_seconds += monotonic() - began

    def pass_on(self, lease: Lease | None) -> bool:
        """Give a lease, or with None a free slot, to the next waiting unit of work. Returns whether there was one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(lease)
                self._moved_at = monotonic()
                return True
        return False

    def release(self) -> None:
        """Free the slot of a connection that is back in the pool."""
        if not self.pass_on(None):
            self._slots += 1


async def _noop(_: object) -> None:
    """Reset nothing: units of work use only settings that are LOCAL to a transaction."""
