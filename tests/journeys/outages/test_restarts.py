"""A deadlock, and a Postgres that is a standby: mutations are answered 503 with Retry-After, and a retry with the same key is charged once.

`tests/faults` has the other faults of Postgres.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from demo.records.catalogue import catalogue_rows
from demo.records.tables import CATALOGUE_TABLES, columns, record_of
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from tests.conftest import customer, servers, token
from tests.faults.retrying import is_cut
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, new_life, price
from tests.servers.clusters import Cluster, cluster, standby
from tests.waiting import until

BUY = """mutation ($key: String!, $price: ID!) { addPlan(input: { idempotencyKey: $key, priceId: $price }) { userErrors { code } payment { id } } }"""
READ = {"query": "{ customer { name } }"}
# Shorter timeouts of locks and deadlocks than in production, so that the tests are short.
PATIENCE = "alter role portico_app in database postgres set lock_timeout = '600ms'; alter role portico_app in database postgres set deadlock_timeout = '150ms'"


@dataclass
class Shop:
    """A server on a Postgres of its own, and the number of confirmed purchases of each customer."""

    client: httpx.AsyncClient
    place: Cluster
    data_dir: Path
    statuses: set[int] = field(default_factory=set)
    bought: dict[str, int] = field(default_factory=dict)

    def headers(self, life: Life) -> dict[str, str]:
        viewer: Viewer = customer(life.customer_id)
        return {"Authorization": f"Bearer {token(viewer)}"}

    async def buy(self, life: Life, key: str) -> None:
        """Buy as a client does: send again with the same key until there is an answer."""
        body = {"query": BUY, "variables": {"key": key, "price": price("storage")}}
        while True:
            answer = await self.client.post("/graphql", json=body, headers=self.headers(life))
            self.statuses.add(answer.status_code)
            if answer.status_code == 503:
                assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
                assert int(answer.headers["retry-after"]) > 0
            elif not is_cut(answer):
                assert "errors" not in answer.json(), answer.text
                codes = [error["code"] for error in answer.json()["data"]["addPlan"]["userErrors"]]
                if not codes:
                    self.bought[life.customer_id] = self.bought.get(life.customer_id, 0) + 1
                    return
                assert codes == ["IN_PROGRESS"]
                await self.end_lease()
            await asyncio.sleep(0.1)

    async def end_lease(self) -> None:
        """End the lease of 20 s, after which the next call with the same key takes over a call that began to charge and did not finish."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            owner = await connected(self.place)
            await owner.execute("update idempotency_key set lease_until = now() where answer is null")
            await owner.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, cluster(Path(folder)) as place:
        asyncio.run(_fill(place))
        yield place


async def _fill(place: Cluster) -> None:
    owner = await connected(place)
    await owner.execute(PATIENCE)
    for kind, table in CATALOGUE_TABLES.items():
        await owner.copy_records_to_table(table, schema_name="portico", columns=columns(kind), records=map(record_of(kind), catalogue_rows()[kind]))
    await owner.close()


async def connected(place: Cluster) -> asyncpg.Connection:
    """Return a connection of the administrator."""
    return await asyncpg.connect(place.urls.admin, server_settings={"search_path": "portico"})


@pytest.fixture(scope="module")
async def shop(place: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    data_dir = tmp_path_factory.mktemp("shop")
    with servers(data_dir) as start:
        async with httpx.AsyncClient(base_url=start(place.urls.app, pool_size=4), timeout=20) as client:
            yield Shop(client, place, data_dir)


@pytest.fixture
async def lives(shop: Shop) -> list[Life]:
    """Two customers, each with a card that pays."""
    owner = await connected(shop.place)
    two = [await new_life(SimpleNamespace(schema=None, documents=None), None, owner) for _ in range(2)]  # type: ignore[arg-type]  # they ask by HTTP
    await owner.close()
    shop.statuses.clear()
    return two


async def assert_paid_once(shop: Shop, lives: list[Life]) -> None:
    """Assert as many subscriptions and charges as purchases, none of them twice, and no open charge."""
    owner = await connected(shop.place)
    ledger = Sandbox("secret", Ledger(shop.data_dir / "sandbox.sqlite3"))
    paid = {life.customer_id: len(await owner.fetch("select from payment where customer_id = $1", life.customer_id)) for life in lives}
    everybody = ledger.calls("capture")
    for life in lives:
        life.admin, life.sandbox = owner, ledger
        assert len(await life.rows("subscription")) == paid[life.customer_id] == shop.bought[life.customer_id] > 0
        assert [row for row in await life.rows("charge") if row["settled_at"] is None] == []
        await assert_books(life, captured_before=everybody - paid[life.customer_id])

    async def nothing_is_open() -> bool:  # a transaction is ended after its answer is sent
        return not await owner.fetchval("select count(*) from pg_stat_activity where state = 'idle in transaction'")

    await until(nothing_is_open, seconds=5)
    await owner.close()


async def test_a_deadlock_is_not_seen_by_its_victim(shop: Shop, lives: list[Life]) -> None:
    """The mutation has claimed its key and waits for its customer's row; who holds that row wants the key."""
    life, owner = lives[0], await connected(shop.place)
    ended = owner.transaction()
    await ended.start()
    await owner.execute("select from customer where id = $1 for update", life.customer_id)
    buying = asyncio.create_task(shop.buy(life, "the key"))
    watching = await connected(shop.place)
    await until(lambda: watching.fetchval("select count(*) > 0 from pg_stat_activity where application_name = 'portico' and wait_event_type = 'Lock'"))
    # It waits for longer than the mutation has, so the mutation is the victim.
    await owner.execute(
        "insert into idempotency_key (customer_id, mutation, key, input_hash, created_at) values ($1, 'addPlan', 'the key', '', now())", life.customer_id
    )
    await ended.rollback()
    await buying
    assert "deadlock detected" in shop.place.log
    assert shop.statuses == {200}
    await assert_paid_once(shop, lives[:1])
    await owner.close()
    await watching.close()


async def test_a_standby_serves_reads_and_says_of_writes_to_come_back(
    shop: Shop, lives: list[Life], tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "portico")
    life, data_dir = lives[0], tmp_path_factory.mktemp("standby")
    buy = {"query": BUY, "variables": {"key": "on the standby", "price": price("storage")}}
    with standby(shop.place, shop.place.data.parent / "standby") as replica, servers(data_dir) as start:
        async with httpx.AsyncClient(base_url=start(replica.urls.app, planner=True), timeout=20, headers=shop.headers(life)) as client:
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
            caplog.clear()
            read, refused = [await client.post("/graphql", json=body) for body in (READ, buy)]
            assert read.json() == {"data": {"customer": {"name": "Test"}}}
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            await until(lambda: asyncio.sleep(0, len(causes(caplog)) == 2))
            assert causes(caplog) == ["", "0A000 feature_not_supported"]
            replica.promote()
            done = await client.post("/graphql", json=buy)
            assert done.json()["data"]["addPlan"]["userErrors"] == []
    messages = [record.getMessage() for record in caplog.get_records("call") if record.name == "portico.documents"]
    assert [message for message in messages if "retrying" in message] == []


def causes(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [vars(record).get("cause", "") for record in caplog.records if record.name == "portico.operation"]
