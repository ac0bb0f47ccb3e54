"""The pool of connections, and the line of those who wait for one.

`databases` owns the pool. Where somebody waits, who is done hands the connection over without giving it back first, and a read transaction
is then ended in the round trip that opens the next one. That saves a busy process one round trip of three.
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
import databases
from databases.core import Connection

from db.outages import DatabaseUnavailable, cause_of, outage_of

logger = logging.getLogger("portico.db")

# How long the end of a transaction may take whose result nobody waits for.
ENDING_SECONDS = 1.0


# How many statements stay prepared on each connection. Each is a plan in Postgres' memory: 30 kB to 1.3 MB for what the portal itself asks for,
# 5 MB at most (`docs/decisions/0033-plans-are-bounded.md`).
PREPARED = 100
# What asking a connection raises that asyncpg has taken back, or whose transport is gone.
CONNECTION_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError, AttributeError, AssertionError)


@dataclass(frozen=True, slots=True)
class Pool:
    """How the pool behaves; times in seconds."""

    max_size: int = 10
    acquire_seconds: float = 1.0
    connect_seconds: float = 5.0
    command_seconds: float = 8.0


class Database(databases.Database):
    """One database and its pool, not yet open. `server_settings` are session defaults, such as the role to take on.

    Connections are opened as they are needed, so a process starts and lives on while Postgres is away.
    """

    def __init__(self, url: str, pool: Pool, *, server_settings: Mapping[str, str]) -> None:
        super().__init__(
            url,
            # Without it `databases` passes on host, user, password and name alone, and `sslmode` of the URL is lost.
            dsn=url,
            min_size=0,
            max_size=pool.max_size,
            timeout=pool.connect_seconds,
            command_timeout=pool.command_seconds,
            statement_cache_size=PREPARED,
            max_cacheable_statement_size=0,
            max_cached_statement_lifetime=0,
            max_queries=1_000_000_000,
            init=_check_role,
            reset=_noop,
            server_settings={"application_name": "portico", **server_settings},
        )
        self._line = _WaitQueue(pool.max_size)
        # How many connections units of work were given so far.
        self.taken = 0

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    @property
    def seconds_without_place(self) -> float:
        """For how long no connection has been free, nor passed on to anybody; 0.0 while one is free.

        A pool that is busy passes connections on all the time; one that has lost them does not.
        """
        return self._line.seconds_without_place

    async def take(self, *, seconds: float) -> "Lease":
        """A connection for one unit of work. Raises TimeoutError when none was free for so long, and what connecting raises."""
        self.taken += 1
        async with asyncio.timeout(seconds):
            return await self._line.slot() or await self._from_pool()

    async def _from_pool(self) -> "Lease":
        connection = Connection(self, self._backend)
        try:
            await connection.__aenter__()
        except BaseException:  # cancelled or refused: the place is the next one's
            self._line.release()
            raise
        return Lease(connection, self._line)


class Lease:
    """One unit of work's use of a connection. It ends exactly once, by `end`, after which the connection belongs to somebody else or to the pool.

    `is_reading` while a read transaction is open in it.
    """

    def __init__(self, connection: Connection, line: "_WaitQueue", *, is_reading: bool = False) -> None:
        self._connection, self._line, self.is_reading = connection, line, is_reading
        self._has_ended = False

    @property
    def raw(self) -> Any:
        """asyncpg's connection."""
        return self._connection.raw_connection

    async def end(self, *, is_sound: bool) -> int:
        """The only way out for the connection: passed on to the longest waiting caller, or back to the pool with nothing open, or terminated.

        `is_sound` says that its last statement succeeded: nothing is open, or a read transaction, which whoever takes the connection over ends. Otherwise
        what is open is rolled back first. Whatever goes wrong here, cancellation included, terminates the connection; its place is free in any case. Returns how many statements it took.
        """
        if self._has_ended:
            raise RuntimeError("a connection leaves its unit of work once")
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
        """Run statements without parameters. Raises DatabaseUnavailable, and what asyncpg raises."""
        try:
            await self.raw.execute(sql)
        except (Exception, asyncio.CancelledError) as error:
            self._raise_if_lost(error)
            raise

    async def fetch(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True) -> list[Any]:
        """Run one statement and return its rows. Raises as `execute`. What is not to stay prepared is Postgres' unnamed statement, which the next one replaces."""
        try:
            if is_prepared:
                return list(await self.raw.fetch(sql, *arguments))
            statement = await self.raw.prepare(sql, name="")
            return list(await statement.fetch(*arguments))
        except (Exception, asyncio.CancelledError) as error:
            self._raise_if_lost(error)
            raise

    def _raise_if_lost(self, error: BaseException) -> None:
        """Raises DatabaseUnavailable for what a statement fails with because its connection is lost, and asyncpg does not say so.

        Its own state is broken then: it answers None in place of rows, reaches into a transport that is gone, or cancels who waits.
        What Postgres says and what is known as an outage passes as it is.
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
        except Exception as error:  # a connection that cannot end its transaction is of no use; what was to be read has been read
            logger.info("a transaction could not be ended, so its connection is terminated", extra={"cause": cause_of(error)})
            self.terminate()
        except BaseException:
            self.terminate()
            raise

    def _passed_on(self) -> bool:
        """Whether somebody waited for the connection and has it now."""
        return self._line.is_awaited and not self._is_lost() and self._line.pass_on(Lease(self._connection, self._line, is_reading=self.is_reading))

    def _is_lost(self) -> bool:
        try:
            return bool(self.raw.is_closed())
        except CONNECTION_ERRORS:
            return True

    async def _give_back(self) -> None:
        try:
            await self._connection.__aexit__()
        finally:
            self._line.release()


class _WaitQueue:
    """As many places as the pool has connections, and who waits for one, in order."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._moved_at = monotonic()
        self._waiting: deque[asyncio.Future[Lease | None]] = deque()

    @property
    def seconds_without_place(self) -> float:
        return 0.0 if self._places else monotonic() - self._moved_at

    @property
    def is_awaited(self) -> bool:
        return bool(self._waiting)

    async def slot(self) -> Lease | None:
        """A place, with the connection of who had it before, or None where the pool has one."""
        if self._places:
            self._places -= 1
            self._moved_at = monotonic()
            return None
        turn: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except BaseException:
            if not turn.done() or turn.cancelled():
                with suppress(ValueError):  # it was passed over already
                    self._waiting.remove(turn)
            elif lease := turn.result():  # it came in the moment in which its owner gave up
                await lease.end(is_sound=True)
            else:
                self.release()
            raise

    def pass_on(self, lease: Lease | None) -> bool:
        """Whether somebody took it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(lease)
                self._moved_at = monotonic()
                return True
        return False

    def release(self) -> None:
        """Somebody's connection is back in the pool."""
        if not self.pass_on(None):
            self._places += 1


async def _noop(_: object) -> None:
    """Sessions set only what is LOCAL to their transaction, so a returned connection has nothing to reset."""


async def _check_role(connection: asyncpg.Connection) -> None:
    """Refuse to work as somebody who could look past row security."""
    if await connection.fetchval("select rolsuper or rolbypassrls from pg_roles where rolname = current_user"):
        raise PermissionError("Portico must not run as a superuser or with BYPASSRLS; let it take on the role portico_app.")
