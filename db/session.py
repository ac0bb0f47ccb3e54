"""The unit of work: one operation, one connection, one snapshot. Nothing else opens a connection to serve a request.

`databases` owns the pool. A session holds an explicit Connection, because `databases` otherwise binds connections to asyncio tasks,
and sibling fields of a GraphQL query run in different tasks: children would leave the transaction and its row security.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
from databases import Database
from databases.core import Connection

from billing import rows
from billing.states import Actor
from db.blocks import blocks, positional

logger = logging.getLogger("portico.db")

# What assert_session raises; a code of our own, so that a wrong password of the application role is not taken for it.
SESSION_ENDED = "PO401"

READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "ISOLATION LEVEL READ COMMITTED READ WRITE"

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


class DatabaseUnavailable(Exception):
    """Postgres cannot be asked right now. Whoever called may try again shortly."""


class AlreadyTaken(Exception):
    """Somebody else has what a unique index lets only one have."""


class SessionEnded(Exception):
    """The token's session was ended, however long the token itself would still be good."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How the pool behaves; times in seconds."""

    max_size: int = 10
    acquire_seconds: float = 1.0
    connect_seconds: float = 5.0
    command_seconds: float = 8.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose rows a session sees, and when it is."""

    customer_id: str | None
    actor: Actor
    now: datetime
    session_id: str | None = None


async def _nothing(_: object) -> None:
    """Sessions set only what is LOCAL to their transaction, so a returned connection has nothing to reset."""


def database(url: str, pool: Pool, *, server_settings: Mapping[str, str]) -> Database:
    """The pool, not yet open. It opens connections as they are needed, so a process starts and lives on while Postgres is away.

    `server_settings` are session defaults, such as the role to take on.
    """
    return Database(
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


async def _check_role(connection: asyncpg.Connection) -> None:
    """Refuse to work as somebody who could look past row security."""
    if await connection.fetchval("select rolsuper or rolbypassrls from pg_roles where rolname = current_user"):
        raise PermissionError("Portico must not run as a superuser or with BYPASSRLS; let it take on the role portico_app.")


class Session:
    """The unit of work of one operation: reads in one REPEATABLE READ READ ONLY transaction that the first of them opens; writes in one of their own."""

    def __init__(self, database: Database, caller: Caller, *, acquire_seconds: float = 1.0) -> None:
        self.caller = caller
        self.statements = 0
        self._database = database
        self._acquire_seconds = acquire_seconds
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    def of(self, caller: Caller) -> "Session":
        """Another unit of work on the same database."""
        return Session(self._database, caller, acquire_seconds=self._acquire_seconds)

    async def fetch(self, sql: str, arguments: Sequence[object]) -> list[Any]:
        """Run one reading statement with positional parameters. Raises DatabaseUnavailable, SessionEnded."""
        async with self._turn:
            with outages():
                connection = self._connection or await self._open(READ)
                self._connection = connection
                self.statements += 1
                return list(await connection.raw_connection.fetch(sql, *map(storable, arguments)))

    @asynccontextmanager
    async def write(self) -> AsyncIterator["Transaction"]:
        """One write transaction, committed at the end of the context. Reads after it see what it wrote."""
        await self.close()
        with outages():
            connection = await self._open(WRITE)
            try:
                yield Transaction(connection, self.caller, self._count)
                self.statements += 1
                await connection.raw_connection.execute("COMMIT")
            except BaseException:  # when it is cancelled too, nothing of it may stay
                await _give_up(connection)
                raise
            finally:
                await connection.__aexit__()

    def _count(self) -> None:
        self.statements += 1

    async def close(self) -> None:
        """End the reads and give their connection back. A connection that cannot even commit is thrown away."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            self.statements += 1
            await connection.raw_connection.execute("COMMIT")
        except Exception:  # whatever broke it, all that was to be read has been read
            logger.info("a transaction could not be ended; its connection is dropped", exc_info=True)
            connection.raw_connection.terminate()
        finally:
            await connection.__aexit__()

    async def _open(self, mode: str) -> Connection:
        connection = Connection(self._database, self._database._backend)
        async with asyncio.timeout(self._acquire_seconds):
            await connection.__aenter__()
        try:
            self.statements += 1
            await connection.raw_connection.execute(begin(self.caller, mode))
        except BaseException:
            # Without its transaction a connection must not be used.
            await _give_up(connection)
            await connection.__aexit__()
            raise
        return connection


class Transaction:
    """What a write transaction offers: named blocks, and naming who acts and which secret was presented."""

    def __init__(self, connection: Connection, caller: Caller, count: Callable[[], None]) -> None:
        self._connection = connection
        self.caller = caller
        self._count = count

    async def run(self, name: str, /, **values: Any) -> list[Any]:
        """Run a block; its rows. `now` and `customer_id` are the caller's."""
        block = blocks()[name]
        sql, names = positional(block.sql)
        given = values | {"now": self.caller.now, "customer_id": values.get("customer_id", self.caller.customer_id)}
        self._count()
        found = await self._connection.raw_connection.fetch(sql, *(storable(given[parameter]) for parameter in names))
        return [getattr(rows, block.returns)(*record) for record in found] if block.returns != "nothing" else []

    async def first(self, name: str, /, **values: Any) -> Any:
        """The first row of a block, or None."""
        found = await self.run(name, **values)
        return found[0] if found else None

    async def present(self, setting: str, value: str) -> None:
        """Show a secret's hash or an address to row security, which then shows the row that belongs to it."""
        await self._connection.raw_connection.execute(f"SET LOCAL app.{setting} = {literal(value)}")

    async def act_as(self, customer_id: str) -> None:
        """From here on this is the customer who acts. Only for who has just proved to be that customer."""
        self.caller = replace(self.caller, customer_id=customer_id)
        await self._connection.raw_connection.execute(f"SET LOCAL app.customer_id = {literal(customer_id)}")


@contextmanager
def outages() -> Iterator[None]:
    """What Postgres says in words of ours: that it is away, or that the session has ended."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise AlreadyTaken(error.constraint_name) from error
    except ValueError:
        raise  # asyncpg's DataError, an InterfaceError too: a wrong argument is our bug, not an outage.
    except UNAVAILABLE as error:
        raise DatabaseUnavailable from error
    except asyncpg.PostgresError as error:
        if error.sqlstate == SESSION_ENDED:
            raise SessionEnded from error
        raise


async def _give_up(connection: Connection) -> None:
    """Roll back; a connection that cannot even do that is thrown away."""
    with suppress(Exception):
        await connection.raw_connection.execute("ROLLBACK", timeout=1)
        return
    connection.raw_connection.terminate()


def storable(value: Any) -> Any:
    """Postgres' text cannot hold NUL, so a text with one equals nothing there. It is looked for with a character that nobody types."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [storable(item) for item in value] if isinstance(value, list | tuple) else value


def begin(caller: Caller, mode: str) -> str:
    """One round trip that opens the snapshot and says who is asking. SET LOCAL and not set_config(): a distributed Postgres forwards only the first."""
    return (
        f"BEGIN {mode}; "
        f"SET LOCAL app.customer_id = {literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {literal(caller.actor)}; "
        f"SET LOCAL app.now = {literal(caller.now.isoformat())}" + (f"; SELECT assert_session({literal(caller.session_id)})" if caller.session_id else "")
    )


def literal(text: str) -> str:
    """A SQL string literal; SET takes no parameters."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
