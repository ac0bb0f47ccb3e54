"""Connections outside of the pool, each for one purpose, and the errors of the driver. Only `db/` imports asyncpg."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import TypeAlias

import asyncpg

from db.outages import CONNECTION_LOST_ERRORS
from db.sharding.detection import IS_DISTRIBUTED

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Errors of Postgres.
REFUSED = asyncpg.PostgresError
# Errors of Postgres and of the driver.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError)
# Errors of a database that cannot be reached, or of a URL that cannot be used.
FAILURES = (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS, ValueError)
# Those of them that are temporary. A wrong password, role or name of the database is not.
TRANSIENT_ERRORS = (
    *CONNECTION_LOST_ERRORS,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
REASONS = {
    "28P01": "the password is wrong",
    "28000": "it does not accept this user; `./portico migrate` creates portico_app",
    "08P01": "it is a pooler that refuses the password or session settings; name it in PORTICO_APP_DATABASE_URL, with the user portico_app",
    "3D000": "it has no database of this name",
    "22023": "it has no role portico_app, which `./portico migrate` creates",
    "42501": "this user may not do that",
    "42P01": "it has no tables yet",
    "42704": "a parameter of the URL is unknown",
    "53300": "it has no connection left",
    "55P03": "another transaction holds a lock for too long",
    "57P03": "it is starting or stopping",
}

# How long a connection that looks for prepared statements may take, and how many of them look for the server connection that has one.
PROBE_SECONDS = 5.0
PROBES = 4
# A pooler with few server connections lets a transaction wait while the others have them.
OCCUPIED_SECONDS = 1.0
BACKEND = "select pg_backend_pid()"
NOT_PREPARED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


async def connect(url: str, *, seconds: float = 60, command_seconds: float | None = None, server_settings: Mapping[str, str] | None = None) -> Connection:
    """Open one connection; the caller closes it. Raises FAILURES.

    It caches no prepared statements: a pooler of transactions may run the next transaction on another connection of its own, which does not have them.
    """
    settings = dict(server_settings or {})
    return await asyncpg.connect(url, timeout=seconds, command_timeout=command_seconds, server_settings=settings, statement_cache_size=0)


async def is_migrated(connection: Connection) -> bool:
    """Return whether the tables of the portal exist and this user may use them."""
    return bool(await connection.fetchval("select to_regclass('portico.customer') is not null"))


async def is_distributed(connection: Connection) -> bool:
    """Return whether the tables of the portal are distributed over workers of Citus."""
    return bool(await connection.fetchval(IS_DISTRIBUTED))


async def server_pid(connection: Connection) -> int:
    """Return the process of Postgres that runs the statement. A pooler has announced another number when the connection was opened."""
    return int(await connection.fetchval(BACKEND))


async def keeps_prepared(url: str) -> bool:
    """Return whether a statement that was prepared on a connection can be run on it later, while others have the server connections. Raises FAILURES.

    A pooler of transactions that does not know prepared statements then runs it on a server connection that does not have it.
    """
    async with AsyncExitStack() as stack:
        connection = await _opened(url, stack)
        try:
            statement = await connection.prepare(BACKEND, name="portico_probe")
            pid = await statement.fetchval()
            with suppress(TimeoutError):
                async with asyncio.timeout(OCCUPIED_SECONDS):
                    await _occupied(url, pid, stack)
                    await statement.fetchval()
        except NOT_PREPARED:
            return False
        return True


async def _occupied(url: str, pid: int, stack: AsyncExitStack) -> None:
    """Open transactions on other connections until one of them has the server connection `pid`."""
    for _ in range(PROBES):
        other = await _opened(url, stack)
        await other.execute("BEGIN")
        if await other.fetchval(BACKEND) == pid:
            return


async def _opened(url: str, stack: AsyncExitStack) -> Connection:
    connection = await connect(url, seconds=PROBE_SECONDS, command_seconds=PROBE_SECONDS)
    stack.callback(connection.terminate)
    return connection


async def find_customer(connection: Connection, *, identifier: str | None = None, email: str | None = None) -> str | None:
    """Return the id of the customer with this id or external id, or with this e-mail address; None if there is none. Reads as staff."""
    async with connection.transaction():
        await connection.execute("set local app.actor = 'STAFF'")
        sql = (
            "select id from customer where id = $1 or external_id = $1 order by id <> $1 limit 1"
            if email is None
            else "select id from customer where email_key = lower($1)"
        )
        customer_id: str | None = await connection.fetchval(sql, identifier if email is None else email)
        return customer_id


def reason_of(error: Exception) -> str:
    """Return the cause in our own words: a driver's message may repeat a part of the URL, which is a part of the password if the password was not encoded."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{REASONS.get(error.sqlstate, type(error).__name__)} (SQLSTATE {error.sqlstate})"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, socket.gaierror):
        return "its host is not known"
    if isinstance(error, ssl.SSLError):
        return "a TLS connection cannot be made"
    # These two have neither a code nor a class of their own in asyncpg.
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return "it does not support TLS"
    if isinstance(error, asyncpg.InterfaceError) and str(error).startswith("root certificate file"):
        return "the root certificate for sslmode is missing: put it at ~/.postgresql/root.crt, or name it with sslrootcert="
    if isinstance(error, FileNotFoundError):
        return f"{os.strerror(errno.ENOENT)}: its socket, or a certificate that its URL names"
    if isinstance(error, EOFError | asyncpg.InternalClientError | asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return "the connection was lost"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else "it cannot be reached"
    return "its URL cannot be used"
