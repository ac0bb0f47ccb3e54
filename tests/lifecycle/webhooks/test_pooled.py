"""Deliveries of a worker whose database is behind a pooler of transactions that knows no prepared statements."""

from pathlib import Path

from db.builtin.embedded import Urls
from db.pool import Database, Pool
from tests.conftest import closing_pool
from tests.lifecycle.webhooks.conftest import Hooks, replaced
from tests.servers.pooler import pooled
from tests.webhooks.sinks import sink


async def test_events_are_delivered_through_a_pooler(hooks: Hooks, place: Urls, tmp_path: Path) -> None:
    async with (
        pooled(place.app, tmp_path) as url,
        closing_pool(Database(url, Pool(max_size=8, is_prepared=False), server_settings={})) as database,
        sink() as target,
    ):
        behind = replaced(hooks, database=database)
        endpoint = await hooks.endpoint(target)
        events = await hooks.change(5)
        await behind.deliver()
        assert sorted(target.ids) == sorted(events)
        assert {row["status"] for row in await hooks.deliveries(endpoint)} == {"DELIVERED"}
