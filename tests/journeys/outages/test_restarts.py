"""Postgres is killed, restarted, locked, read-only and a standby: mutations are answered 503 with Retry-After, and a retry with the same key is charged once."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
            else:
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

    async def shopping(self, life: Life, name: str, over: asyncio.Event) -> None:
        number = 0
        while not over.is_set() or not number:
            await self.buy(life, f"{name} {number}")
            number += 1
            await asyncio.sleep(0.02)


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


async def kill_a_backend(shop: Shop, lives: list[Life]) -> None:
    owner = await connected(shop.place)
    pid = await owner.fetchval("select pid from pg_stat_activity where application_name = 'portico' limit 1")
    await owner.close()
    shop.place.kill_backend(pid)

    async def has_recovered() -> bool:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await (await connected(shop.place)).close()
            return True
        return False

    await until(has_recovered)


async def restart_fast(shop: Shop, lives: list[Life]) -> None:
    await asyncio.to_thread(shop.place.restart, "fast")


async def restart_at_once(shop: Shop, lives: list[Life]) -> None:
    await asyncio.to_thread(shop.place.restart, "immediate")


async def hold_a_lock(shop: Shop, lives: list[Life]) -> None:
    """Hold a lock for longer than the lock timeout. Reads are not affected."""
    owner = await connected(shop.place)
    async with owner.transaction():
        await owner.execute("select from customer for update")
        await until(lambda: asyncio.sleep(0, 503 in shop.statuses))
        answers = [await shop.client.post("/graphql", json=READ, headers=shop.headers(life)) for life in lives]
        assert [answer.status_code for answer in answers] == [200, 200]
    await owner.close()


async def make_read_only(shop: Shop, lives: list[Life]) -> None:
    """Set default_transaction_read_only, which our transactions override."""
    owner = await connected(shop.place)
    for setting in ("on", "off"):
        await owner.execute(f"alter system set default_transaction_read_only = {setting}")
        await owner.execute("select pg_reload_conf()")
        await buys_go_on(shop)
    await owner.close()


async def buys_go_on(shop: Shop) -> None:
    """Wait for some further confirmed purchases."""
    before = sum(shop.bought.values())
    await until(lambda: asyncio.sleep(0, sum(shop.bought.values()) >= before + 4))


FAULTS: list[tuple[Callable[[Shop, list[Life]], Awaitable[None]], set[int]]] = [
    (kill_a_backend, {200, 503}),
    (restart_fast, {200, 503}),
    (restart_at_once, {200, 503}),
    (hold_a_lock, {200, 503}),
    (make_read_only, {200}),
]


@pytest.mark.parametrize(("fault", "statuses"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
async def test_what_is_bought_meanwhile_is_bought_once(
    shop: Shop, lives: list[Life], caplog: pytest.LogCaptureFixture, fault: Callable[[Shop, list[Life]], Awaitable[None]], statuses: set[int]
) -> None:
    caplog.set_level(logging.INFO, "portico.operation")
    over = asyncio.Event()
    shoppers = [asyncio.create_task(shop.shopping(life, f"{fault.__name__} {number}", over)) for number, life in enumerate([*lives, *lives])]
    await buys_go_on(shop)
    await fault(shop, lives)
    over.set()
    await asyncio.wait_for(asyncio.gather(*shoppers), 20)
    assert shop.statuses == statuses
    await assert_paid_once(shop, lives)
    lines = [vars(record) for record in caplog.records if record.name == "portico.operation"]
    causes = {line.get("cause") for line in lines if line["code"] != "OK"}
    assert None not in causes
    assert {"55P03 lock_not_available"} == causes or fault is not hold_a_lock
    assert [record for record in caplog.records if record.levelno >= logging.ERROR and record.name.startswith("portico")] == []


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
