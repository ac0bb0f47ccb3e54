"""Of several processes one announces events. Another takes over when it ends, and one that hangs stops nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from gateway.live.relay import EventRelay, run_relay
from tests.gateway.live.streaming import add_customer
from tests.servers.pooler import pooled
from tests.template import create_database
from tests.waiting import until

pytestmark = pytest.mark.slow  # relays wait for each other

LEADERS = """select a.application_name from pg_locks l join pg_stat_activity a using (pid)
              where l.locktype = 'advisory' and l.objid::bigint = hashtext('portico.event_relay')::bigint & 4294967295
                and l.database = (select oid from pg_database where datname = current_database())"""
STATEMENTS = "select application_name, query_start from pg_stat_activity where application_name like 'relay %'"


@pytest.fixture(scope="module")
async def place(urls: embedded.Urls) -> embedded.Urls:
    """A database of its own: a lock is of a database, and servers of other tests lead in theirs."""
    return await create_database(urls, "relay")


@pytest.fixture
async def owner(place: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    yield connection
    await connection.close()


@asynccontextmanager
async def relay(place: embedded.Urls, name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(run_relay(EventRelay(place.app, {"application_name": name})))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def leaders(owner: asyncpg.Connection) -> list[str]:
    return [row["application_name"] for row in await owner.fetch(LEADERS)]


async def announced(owner: asyncpg.Connection) -> None:
    """Cause an event, and wait until it has its place in the feed."""
    grace = await add_customer(owner)

    async def has_position() -> bool:
        return bool(await owner.fetchval("select position is not null from event where customer_id = $1", grace.customer_id))

    await until(has_position)


async def test_one_process_announces_and_the_others_do_nothing(place: embedded.Urls, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.live.relay.OTHER_SECONDS", 3600.0)
    async with AsyncExitStack() as stack:
        for number in range(3):
            await stack.enter_async_context(relay(place, f"relay {number}"))

        async def only_the_leader_works() -> bool:
            before = {row["application_name"]: row["query_start"] for row in await owner.fetch(STATEMENTS)}
            for _ in range(5):
                await announced(owner)
            after = {row["application_name"]: row["query_start"] for row in await owner.fetch(STATEMENTS)}
            active = [name for name in after if after[name] != before.get(name)]
            return len(after) == 3 and active == await leaders(owner)

        # Not at once: the others announce once when they have connected.
        assert True in [await only_the_leader_works() for _ in range(3)]


async def test_another_process_leads_when_the_first_ends(place: embedded.Urls, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.live.relay.OTHER_SECONDS", 0.2)

    async def leads(name: str) -> None:
        async def is_alone() -> bool:
            return await leaders(owner) == [name]

        await until(is_alone)

    async with relay(place, "relay second"):
        await leads("relay second")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(AsyncExitStack())
        await first.enter_async_context(relay(place, "relay first"))
        await leads("relay first")
        await stack.enter_async_context(relay(place, "relay second"))
        await announced(owner)
        await leads("relay first")
        await first.aclose()
        await leads("relay second")
        await announced(owner)


async def test_a_leader_that_hangs_does_not_stop_events(place: embedded.Urls, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.live.relay.OTHER_SECONDS", 0.2)
    assert await owner.fetchval("select pg_try_advisory_lock(hashtext('portico.event_relay'))")
    async with relay(place, "relay 1"):
        await announced(owner)
        await announced(owner)
        assert len(await leaders(owner)) == 1
    await owner.execute("select pg_advisory_unlock_all()")


async def test_behind_a_pooler_of_transactions_events_are_announced_and_no_process_leads(
    place: embedded.Urls, owner: asyncpg.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A lock would be of a connection of the pooler, and stay with it. A statement that was prepared on one of its connections is missing on the next."""
    async with pooled(place.app, tmp_path) as url, relay(replace(place, app=url), "relay pooled"), relay(replace(place, app=url), "relay other"):
        for _ in range(8):
            await announced(owner)
            assert await leaders(owner) == []
    assert [record.getMessage() for record in caplog.records if record.name == "portico.live"] == []
