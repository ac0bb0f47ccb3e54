"""Against a cluster of Citus: the feed of all events, whose positions workers commit one after the other. A reader passes no event that is not seen yet."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from secrets import token_hex

import asyncpg
import pytest

from db.builtin import embedded
from tests.conftest import ADA, BIG, STAFF, Portal, demo_customer
from tests.faults.site import administrator
from tests.template import DATABASE

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
GRETA = demo_customer("greta@example.com")
ANNOUNCE = "select announce_events(5000)"
CHANGE = "update customer set metadata = json_build_object('changed', cast($2 as text)) where id = $1"
FEED = "query ($after: String) { events(first: 100, after: $after) { pageInfo { endCursor } nodes { customer { id } } } }"
NEWEST = "{ events(last: 1) { pageInfo { endCursor } } }"
READ = "select coalesce(max(position), $1), count(*) from event where position > $1 and position <= (select last_position from event_feed)"
SET_POSITION = "update event set position = $2 where customer_id = $1 and seq = $3"


async def test_events_are_in_the_feed_once_the_workers_show_all_of_those_before(portal: Portal, admin: asyncpg.Connection) -> None:
    """The worker of one of them commits its place in the feed later than the other."""
    while await admin.fetchval(ANNOUNCE):
        pass
    cursor = (await portal.execute(NEWEST, STAFF)).data["events"]["pageInfo"]["endCursor"]
    for viewer in (ADA, BIG):
        await admin.execute(CHANGE, viewer.customer_id, cursor)
    before = await admin.fetchval("select last_position from event_feed")
    assert await admin.fetchval(ANNOUNCE) == 2
    position, seq = await admin.fetchrow("select position, seq from event where customer_id = $1 and position > $2", ADA.customer_id, before)
    await admin.execute(SET_POSITION, ADA.customer_id, None, seq)
    for _ in range(2):
        assert await admin.fetchval(ANNOUNCE) == 0
        assert await customers_after(portal, cursor) == []
    await admin.execute(SET_POSITION, ADA.customer_id, position, seq)
    await admin.fetchval(ANNOUNCE)
    assert sorted(await customers_after(portal, cursor)) == sorted([ADA.customer_id, BIG.customer_id])
    assert (await portal.execute(FEED, STAFF, after=(await portal.execute(NEWEST, STAFF)).data["events"]["pageInfo"]["endCursor"])).data["events"][
        "nodes"
    ] == []


async def customers_after(portal: Portal, cursor: str) -> list[str]:
    answer = await portal.execute(FEED, STAFF, after=cursor)
    assert not answer.errors
    return [node["customer"]["id"] for node in answer.data["events"]["nodes"]]


async def test_a_reader_of_the_feed_passes_no_event(urls: embedded.Urls) -> None:
    """While customers of all shards change, and their events are announced."""
    ends_at, passed = asyncio.get_running_loop().time() + 4, 0

    async def repeat(work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
        async with administrator(urls.admin) as connection:
            while asyncio.get_running_loop().time() < ends_at:
                await work(connection)

    async def announce(connection: asyncpg.Connection) -> None:
        await connection.fetchval(ANNOUNCE)
        await asyncio.sleep(0.01)

    async def change(connection: asyncpg.Connection) -> None:
        for viewer in (ADA, BIG, GRETA):
            await connection.execute(CHANGE, viewer.customer_id, token_hex(4))

    async def read(connection: asyncpg.Connection) -> None:
        nonlocal passed
        last, events = await connection.fetchrow(READ, passed)
        assert events == last - passed
        passed = last

    async with administrator(urls.admin) as connection:
        passed = await connection.fetchval("select last_position from event_feed")
        before = passed
    await asyncio.gather(repeat(announce), repeat(read), *(repeat(change) for _ in range(3)))
    assert passed > before + 20
