"""The unit of work: one operation, one connection, one snapshot. Nothing else opens a connection to serve a request.

`databases` owns the pool. A session holds an explicit Connection, because `databases` otherwise binds connections to asyncio tasks,
and sibling fields of a GraphQL query run in different tasks: children would leave the transaction and its row security.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from databases import Database
from databases.core import Connection

from billing.states import Actor

logger = logging.getLogger("portico.db")

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class DatabaseUnavailable(Exception):
    """Postgres cannot be asked right now. Whoever called may try again shortly."""


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
    """The reads of one operation, in one REPEATABLE READ READ ONLY transaction that its first read opens."""

    def __init__(self, database: Database, caller: Caller, *, acquire_seconds: float = 1.0) -> None:
        self.caller = caller
        self.statements = 0
        self._database = database
        self._acquire_seconds = acquire_seconds
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def fetch(self, sql: str, arguments: Sequence[object]) -> list[Any]:
        """Run one statement with positional parameters. Raises DatabaseUnavailable."""
        async with self._turn:
            try:
                connection = self._connection or await self._open()
                self.statements += 1
                return list(await connection.raw_connection.fetch(sql, *map(_storable, arguments)))
            except ValueError:
                raise  # asyncpg's DataError, an InterfaceError too: a wrong argument is our bug, not an outage.
            except UNAVAILABLE as error:
                raise DatabaseUnavailable from error

    async def close(self) -> None:
        """Commit and give the connection back. A connection that cannot even commit is thrown away."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            self.statements += 1
            await connection.raw_connection.execute("COMMIT")
        except Exception:
            logger.info("a transaction could not be ended; its connection is dropped", exc_info=True)
            connection.raw_connection.terminate()
        finally:
            await connection.__aexit__()

    async def _open(self) -> Connection:
        connection = Connection(self._database, self._database._backend)
        async with asyncio.timeout(self._acquire_seconds):
            await connection.__aenter__()
        try:
            self.statements += 1
            await connection.raw_connection.execute(_begin(self.caller))
        except BaseException:
            # Without its transaction a connection must not be read from.
            connection.raw_connection.terminate()
            await connection.__aexit__()
            raise
        self._connection = connection
        return connection


def _storable(value: Any) -> Any:
    """Postgres' text cannot hold NUL, so a text with one equals nothing there. It is looked for with a character that nobody types."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _begin(caller: Caller) -> str:
    """One round trip that opens the snapshot and says who is asking. SET LOCAL and not set_config(): a distributed Postgres forwards only the first."""
    return (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        f"SET LOCAL app.customer_id = {_literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {_literal(caller.actor)}; "
        f"SET LOCAL app.now = {_literal(caller.now.isoformat())}"
    )


def _literal(text: str) -> str:
    """A SQL string literal; SET takes no parameters."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
