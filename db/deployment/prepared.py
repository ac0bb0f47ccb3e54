"""Whether prepared statements work on the connections of a URL. A pooler of transactions that does not know them runs a statement where it was not prepared."""

import asyncio
from contextlib import AsyncExitStack, suppress

import asyncpg

from db.connections import Connection, connect

SECONDS = 5.0
# The number of connections that are asked for the server connection on which a statement was prepared.
CONNECTIONS = 4
# A pooler with few server connections lets a transaction wait while the others have them.
WAIT_SECONDS = 1.0
STATEMENT = "select pg_backend_pid()"
LOST = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


async def keeps_prepared(url: str) -> bool:
    """Return whether a statement that was prepared on a connection can be run on it later, while others have the server connections. Raises FAILURES."""
    async with AsyncExitStack() as stack:
        connection = await _opened(url, stack)
        try:
            statement = await connection.prepare(STATEMENT, name="portico_probe")
            pid = await statement.fetchval()
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await _occupied(url, pid, stack)
                    await statement.fetchval()
        except LOST:
            return False
        return True


async def _occupied(url: str, pid: int, stack: AsyncExitStack) -> None:
    """Open transactions on other connections until one of them has the server connection `pid`."""
    for _ in range(CONNECTIONS):
        other = await _opened(url, stack)
        await other.execute("BEGIN")
        if await other.fetchval(STATEMENT) == pid:
            return


async def _opened(url: str, stack: AsyncExitStack) -> Connection:
    connection = await connect(url, seconds=SECONDS, command_seconds=SECONDS)
    stack.callback(connection.terminate)
    return connection
