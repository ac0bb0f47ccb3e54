"""Waiting for a condition in another process, or after an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from db.builtin.embedded import Urls


async def until(reached: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.02)):
        if await reached():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the condition was not fulfilled in time")


async def count_lock_waits(admin: asyncpg.Connection) -> int:
    """Return the number of statements of servers that wait for a lock. Call it outside of a transaction, which would see the same snapshot each time."""
    count: int = await admin.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'portico'")
    return count


@asynccontextmanager
async def locked(urls: Urls) -> AsyncIterator[None]:
    """Lock the table of customers within the context, so that every query waits."""
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    try:
        async with connection.transaction():
            await connection.execute("lock table customer in access exclusive mode")
            yield
    finally:
        await connection.close()
