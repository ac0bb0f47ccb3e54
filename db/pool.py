"""The pool of connections, and the line of those who wait for one.

`databases` owns the pool. Where somebody waits, who is done hands the connection over without giving it back first, and a read transaction
is then ended in the round trip that opens the next one. That saves a busy process one round trip of three.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import asyncpg
import databases
from databases.core import Connection

logger = logging.getLogger("portico.db")


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
            min_size=0,
            max_size=pool.max_size,
            timeout=pool.connect_seconds,
            command_timeout=pool.command_seconds,
            statement_cache_size=1000,
            max_cacheable_statement_size=0,
            max_cached_statement_lifetime=0,
            max_queries=1_000_000_000,
            init=_check_role,
            reset=_nothing,
            server_settings={"application_name": "portico", **server_settings},
        )
        self._line = _Line(pool.max_size)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def take(self, *, seconds: float) -> "Held":
        """A connection for one unit of work. Raises TimeoutError when none was free for so long, and what connecting raises."""
        async with asyncio.timeout(seconds):
            if held := await self._line.place():
                return held
            connection = Connection(self, self._backend)
            try:
                await connection.__aenter__()
            except BaseException:  # cancelled or refused: the place is the next one's
                self._line.leave()
                raise
            return Held(connection, self._line)


class Held:
    """A connection in the hands of one unit of work. `is_reading` while a read transaction is open that nobody needs any more."""

    def __init__(self, connection: Connection, line: "_Line") -> None:
        self._connection, self._line, self.is_reading = connection, line, False

    @property
    def raw(self) -> Any:
        """asyncpg's connection."""
        return self._connection.raw_connection

    def hand_over(self) -> bool:
        """To whoever waits longest, if somebody does and the connection still lives. They end what it was reading."""
        try:
            is_lost = self.raw.is_closed()
        except asyncpg.InterfaceError:  # asyncpg has taken it back already
            is_lost = True
        return not is_lost and self._line.hand_over(self)

    async def give_back(self) -> None:
        """To whoever waits, or to the pool; then with nothing open."""
        if self.hand_over():
            return
        try:
            if self.is_reading:
                await self.end()
        finally:
            try:
                await self._connection.__aexit__()
            finally:
                self._line.leave()

    async def end(self) -> None:
        """End what is read. A connection that cannot even commit is thrown away."""
        try:
            await self.raw.execute("COMMIT")
        except Exception:  # whatever broke it, all that was to be read has been read
            logger.info("a transaction could not be ended; its connection is dropped", exc_info=True)
            self.drop()
        self.is_reading = False

    def drop(self) -> None:
        """Close the connection without a word to Postgres."""
        with suppress(asyncpg.InterfaceError):  # asyncpg has taken it back already
            self.raw.terminate()


class _Line:
    """As many places as the pool has connections, and who waits for one, in order."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: deque[asyncio.Future[Held | None]] = deque()

    async def place(self) -> Held | None:
        """A place, with the connection of who had it before, or None where the pool has one."""
        if self._places:
            self._places -= 1
            return None
        turn: asyncio.Future[Held | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except BaseException:
            if not turn.done() or turn.cancelled():
                with suppress(ValueError):  # it was passed over already
                    self._waiting.remove(turn)
            elif held := turn.result():  # it came in the moment in which its owner gave up
                await held.give_back()
            else:
                self.leave()
            raise

    def hand_over(self, held: Held | None) -> bool:
        """Whether somebody took it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(held)
                return True
        return False

    def leave(self) -> None:
        """Somebody's connection is back in the pool."""
        if not self.hand_over(None):
            self._places += 1


async def _nothing(_: object) -> None:
    """Sessions set only what is LOCAL to their transaction, so a returned connection has nothing to reset."""


async def _check_role(connection: asyncpg.Connection) -> None:
    """Refuse to work as somebody who could look past row security."""
    if await connection.fetchval("select rolsuper or rolbypassrls from pg_roles where rolname = current_user"):
        raise PermissionError("Portico must not run as a superuser or with BYPASSRLS; let it take on the role portico_app.")
