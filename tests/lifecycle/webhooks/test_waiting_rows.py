"""What a pass reads of the deliveries: those that it is about, however many others wait, also by a connection whose plans were made while the table was empty."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest

from db.builtin import embedded
from tests.lifecycle.webhooks.conftest import Hooks
from tests.webhooks.sinks import sink

WAITING = 3_000
# More than a pass of one event reads, and much less than all that wait.
ROWS_OF_A_PASS = 100
FAN_OUT = "select fan_out_webhooks($1, 1000)"
FINISH = "select count(*) from finish_webhooks($1, interval '5 days')"
CUSTOMERS = """
insert into customer (id, name, email, currency, created_at)
select 'cus_' || lpad(cast($1::integer + n as text), 26, '0'), 'Other', $1::integer + n || '@waiting.example.com', 'EUR', now() from generate_series(1, $2::integer) n"""
CLAIMED = "update webhook_delivery set next_at = next_at + interval '1 minute' where endpoint_id = $1 and status = 'PENDING' and step = 0 returning id"
ROWS_READ = """
select pg_stat_get_xact_tuples_returned(o.oid) + pg_stat_get_xact_tuples_fetched(o.oid) + coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)
  from pg_class o join pg_index i on i.indrelid = o.oid where o.oid = 'webhook_delivery'::regclass group by o.oid"""


@pytest.fixture
async def worker(place: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the application's role, which acts for the system."""
    connection = await asyncpg.connect(place.app, server_settings={"search_path": "portico", "app.actor": "SYSTEM", "app.now": datetime.now(UTC).isoformat()})
    yield connection
    await connection.close()


@pytest.fixture
async def empty(hooks: Hooks) -> AsyncIterator[None]:
    """Leave the deliveries without rows and without statistics, and collect none until the end of the test.

    Statistics of a time when nothing waited, such as those of an earlier test, are of other plans.
    """
    admin = hooks.life.admin
    await admin.execute("alter table webhook_delivery set (autovacuum_enabled = false)")
    await admin.execute("truncate webhook_delivery cascade")
    await admin.execute("delete from pg_statistic where starelid = 'webhook_delivery'::regclass")
    await admin.execute("vacuum analyze webhook_delivery")
    yield
    await admin.execute("alter table webhook_delivery reset (autovacuum_enabled)")


@asynccontextmanager
async def rows_read(worker: asyncpg.Connection) -> AsyncIterator[list[int]]:
    """Open a transaction; the list has afterwards how many rows and entries of indexes it read of the deliveries."""
    count: list[int] = []
    async with worker.transaction():
        # What a connection has read is reported now and then, so the counter begins anywhere.
        before = await worker.fetchval(ROWS_READ)
        yield count
        count.append(int(await worker.fetchval(ROWS_READ) - before))


async def add_events(hooks: Hooks, first: int, count: int) -> None:
    """Add so many customers, each with an event."""
    await hooks.life.admin.execute(CUSTOMERS, first, count)
    await hooks.announce()


async def rows_of_a_pass(hooks: Hooks, worker: asyncpg.Connection, endpoint: str, first: int) -> dict[str, int]:
    """Deliver one new event, of the customer with the number, and return how many rows and entries of indexes were read for reading the feed on, and for recording the result."""
    await add_events(hooks, first, 1)
    async with rows_read(worker) as read_on:
        assert await worker.fetchval(FAN_OUT, endpoint) == 1
    (delivery,) = await hooks.life.admin.fetch(CLAIMED, endpoint)
    result = {
        "id": delivery["id"],
        "started_at": hooks.now.isoformat(),
        "milliseconds": 1,
        "status_code": 204,
        "error": "",
        "answer": "",
        "outcome": "DELIVERED",
    }
    async with rows_read(worker) as finished:
        await worker.fetchval(FINISH, json.dumps([result]))
    return {"fan_out": sum(read_on), "finish": sum(finished)}


@pytest.mark.parametrize("has_statistics", [False, True], ids=["without statistics", "with those of a time when none waited"])
@pytest.mark.usefixtures("empty")
async def test_a_pass_reads_only_what_it_is_about(hooks: Hooks, worker: asyncpg.Connection, has_statistics: bool) -> None:
    first = 2 * WAITING * has_statistics  # customers of its own
    async with sink() as target:
        endpoint = (await hooks.endpoint(target))["id"]
        for number in range(7):  # from the sixth time on a connection keeps its plans
            few = await rows_of_a_pass(hooks, worker, endpoint, first + number)
        if has_statistics:
            await hooks.life.admin.execute("analyze webhook_delivery")
        await add_events(hooks, first + 10, WAITING)
        while await worker.fetchval(FAN_OUT, endpoint):
            pass
        await hooks.life.admin.execute("update webhook_delivery set next_at = next_at + interval '1 day', step = 1 where status = 'PENDING'")
        many = await rows_of_a_pass(hooks, worker, endpoint, first + 10 + WAITING)
        assert await worker.fetchval("select count(*) from webhook_delivery where status = 'PENDING'") >= WAITING
        assert many["fan_out"] < few["fan_out"] + ROWS_OF_A_PASS, (few, many)
        assert many["finish"] < few["finish"] + ROWS_OF_A_PASS, (few, many)
