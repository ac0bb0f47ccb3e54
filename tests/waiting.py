"""Waiting for what happens elsewhere: in another process, or after an answer."""

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
    raise AssertionError("it did not come to that")


async def held_up(admin: asyncpg.Connection) -> int:
    """How many statements of servers wait for a lock. Not to be asked within a transaction, which sees what it saw first."""
    count: int = await admin.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'portico'")
    return count


@asynccontextmanager
async def locked(urls: Urls) -> AsyncIterator[None]:
    """As long as the context, nobody reads customers: every query waits."""
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    try:
        async with connection.transaction():
            await connection.execute("lock table customer in access exclusive mode")
            yield
    finally:
        await connection.close()
