"""Waiting for a condition in another process, or after an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from db.builtin.embedded import Urls
from db.connections import is_distributed
from db.workers.routing import located


async def until(reached: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.02)):
        if await reached():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the condition was not fulfilled in time")


WAITS = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name ~ '^(portico|citus_internal gpid=.*)$'"
ON_WORKERS = "select coalesce(sum(cast(result as integer)), 0) from run_command_on_workers($1)"
WORKERS = "select groupid, nodename, nodeport from pg_dist_node where groupid > 0 and noderole = 'primary' order by groupid"
SHARDS = """
select 'portico.customer_' || s.shardid from pg_dist_shard s join pg_dist_placement p on p.shardid = s.shardid
 where s.logicalrelid = 'portico.customer'::regclass and p.groupid = $1 order by s.shardid"""


async def count_lock_waits(admin: asyncpg.Connection) -> int:
    """Return the number of statements of servers that wait for a lock, on any node of a cluster. Call it outside of a transaction, which would see the same snapshot each time."""
    count: int = await admin.fetchval(WAITS)
    return count + (await admin.fetchval(ON_WORKERS, WAITS) if await is_distributed(admin) else 0)


@asynccontextmanager
async def locked(urls: Urls) -> AsyncIterator[None]:
    """Lock the table of customers within the context, so that every query waits. On a cluster its rows are in shards."""
    async with AsyncExitStack() as stack:
        admin = await _in_transaction(stack, urls.admin)
        if not await is_distributed(admin):
            await admin.execute("lock table portico.customer in access exclusive mode")
        for group, host, port in await admin.fetch(WORKERS) if await is_distributed(admin) else ():
            worker = await _in_transaction(stack, located(urls.admin, (host, port)))
            await worker.execute("set local citus.enable_manual_changes_to_shards = on")
            for shard in await admin.fetch(SHARDS, group):
                await worker.execute(f"lock table {shard[0]} in access exclusive mode")
        yield


async def _in_transaction(stack: AsyncExitStack, url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    await stack.enter_async_context(connection.transaction())
    return connection
