"""PgBouncer in transaction mode between the database and all that Portico does: without prepared statements, and with them where its version can keep them."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from db.builtin.embedded import Urls
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import CannotReach, DatabaseUrls, check
from gateway.wiring.worker import tick_once
from tests.callers.posting import attach
from tests.conftest import ADA, BIG, SECRET, STAFF, token
from tests.gateway.live.streaming import add_customer, live, opened, rename
from tests.samples import pdf
from tests.servers import preloaded
from tests.servers.pooler import can_keep_prepared, pooled

# The second has a field that only the executor runs.
BY_PLANNER = "query { customer { id invoices(first: 3) { nodes { id lines { totalCount } } } payments(first: 3) { nodes { id } } } }"
BY_EXECUTOR = BY_PLANNER[:-1] + ' operation(idempotencyKey: "none") { state } }'
UPDATE = """mutation ($name: String!) { updateProfile(input: { name: $name }) { customer { id name } userErrors { code } } }"""
FOREIGN_SETTINGS = "select pg_backend_pid() as pid, current_setting('app.customer_id', true) as customer, current_setting('app.actor', true) as actor"
POOL_SIZE = 4
# How many statements the pooler keeps prepared on a server connection. Fewer than a server prepares: then the pooler prepares them again and again.
MAX_PREPARED = [0, 3, 200] if can_keep_prepared() else [0]


@dataclass(frozen=True)
class Pooler:
    """The URL of the application through a pooler with four server connections, and whether prepared statements may be used there."""

    url: str
    is_prepared: bool

    def start(self, start_server: Callable[..., str]) -> str:
        return start_server(self.url, prepared=self.is_prepared, pool_size=16)


@pytest.fixture(params=MAX_PREPARED, ids=lambda number: f"max_prepared_statements={number}")
async def pooler(urls: Urls, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Pooler]:
    async with pooled(urls.app, tmp_path, max_prepared=request.param) as url:
        yield Pooler(url, request.param > 0)


@pytest.fixture
async def unprepared(urls: Urls, tmp_path: Path) -> AsyncIterator[str]:
    """The URL through a pooler that keeps no prepared statements."""
    async with pooled(urls.app, tmp_path) as url:
        yield url


def client(address: str, viewer: Viewer) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(viewer)}"})


async def ask(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    response = await http.post("/graphql", json={"query": query, "variables": variables})
    body = response.json()
    assert (response.status_code, "errors" in body) == (200, False), body
    return body["data"]


async def test_a_server_behind_it_reads_writes_takes_files_and_streams(
    start_server: Callable[..., str], pooler: Pooler, admin: asyncpg.Connection, data_dir: Path
) -> None:
    address = pooler.start(start_server)
    grace = await add_customer(admin)
    invoice = await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", ADA.customer_id)
    async with client(address, grace) as http, opened(address, grace) as stream:
        assert (await http.get("/readyz")).status_code == 200
        assert live(await stream.next())["customer"]["name"] == "Grace Hopper"
        assert {(await ask(http, query))["customer"]["id"] for query in (BY_PLANNER, BY_EXECUTOR)} == {grace.customer_id}
        assert (await ask(http, UPDATE, name="Grace Brewster"))["updateProfile"]["customer"]["name"] == "Grace Brewster"
        assert live(await stream.next())["customer"]["name"] == "Grace Brewster"
        await rename(admin, grace, "By SQL")
        assert live(await stream.next())["customer"]["name"] == "By SQL"  # no notification arrives: it was polled
    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        (attachment,) = (await attach(http, invoice, ("a.pdf", pdf())))["attachments"]
    assert attachment["status"] == "STORED"


async def test_a_pass_of_every_job_runs_behind_it(pooler: Pooler, urls: Urls, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir, prepared=pooler.is_prepared, secret=SECRET)
    place = DatabaseUrls(urls.admin, pooler.url, setting="PORTICO_APP_DATABASE_URL", is_prepared=pooler.is_prepared)
    await check(place)
    result = await tick_once(settings, place, datetime.now(UTC))
    assert result.failures == ""
    assert len(result.lines) >= 2


async def test_two_customers_on_its_connections_never_see_each_other(start_server: Callable[..., str], pooler: Pooler, urls: Urls, profiles: None) -> None:
    """Requests of both, of staff and of nobody, some of which are canceled: every answer is of the caller, and no setting stays on a connection."""
    address = pooler.start(start_server)
    randomness, seen = random.Random(7), dict.fromkeys((ADA.customer_id, BIG.customer_id), 0)

    async def request(number: int) -> None:
        viewer = (ADA, BIG)[number % 2]
        async with client(address, viewer) as http:
            for query in randomness.sample((BY_PLANNER, BY_EXECUTOR, BY_PLANNER), 3):
                with suppress(TimeoutError):
                    async with asyncio.timeout(randomness.choice((0.005, 0.02, 10))):
                        customer = (await ask(http, query))["customer"]
                        assert customer["id"] == viewer.customer_id
                        seen[viewer.customer_id] += 1
            if number % 10 == 0:
                await ask(http, UPDATE, name=f"Name {number}")

    async def as_staff() -> None:
        async with client(address, STAFF) as http:
            for _ in range(10):
                assert len((await ask(http, "{ customers(first: 5) { nodes { id } } }"))["customers"]["nodes"]) == 5

    await asyncio.gather(*(request(number) for number in range(60)), as_staff())
    assert min(seen.values()) > 20
    await assert_clean(pooler.url)


async def assert_clean(pooler: str) -> None:
    """Assert that no server connection of the pooler still has the settings of a caller."""
    rows: dict[int, tuple[str | None, str | None]] = {}
    clients = [await asyncpg.connect(pooler, statement_cache_size=0) for _ in range(POOL_SIZE)]
    for one in clients:
        await one.execute("begin")
        row = await one.fetchrow(FOREIGN_SETTINGS)
        rows[row["pid"]] = row["customer"] or None, row["actor"] or None
        assert await one.fetchval("select count(*) from customer") == 0
    for one in clients:
        await one.execute("rollback")
        await one.close()
    assert len(rows) > 1
    assert set(rows.values()) == {(None, None)}


async def test_with_prepared_statements_it_is_refused_with_the_setting_that_helps(unprepared: str, urls: Urls, root: Path, tmp_path: Path) -> None:
    place = DatabaseUrls(urls.admin, unprepared, setting="PORTICO_APP_DATABASE_URL")
    for _ in range(2):
        with pytest.raises(CannotReach, match=r"^[^\n]*Set PORTICO_PREPARED=false[^\n]*$"):
            await check(place)
    await check(DatabaseUrls(urls.admin, unprepared, is_prepared=False))
    await check(DatabaseUrls(urls.admin, urls.app))  # the control: a direct connection keeps them
    environment = os.environ | {
        "PORTICO_DATABASE_URL": urls.admin,
        "PORTICO_APP_DATABASE_URL": unprepared,
        "PORTICO_DATA_DIR": str(tmp_path),
        "PORTICO_SECRET": SECRET,
    }
    for command in ("serve", "worker", "tick"):
        with (tmp_path / "said").open("w+") as said, preloaded.start([command], cwd=root, env=environment, stdout=said, stderr=said) as running:
            assert await asyncio.to_thread(running.wait, 30) == 1
        lines = [line for line in (tmp_path / "said").read_text().splitlines() if line.strip()]
        assert "PORTICO_PREPARED=false" in " ".join(lines), lines
        assert "Traceback" not in " ".join(lines)


async def test_a_pooler_that_comes_later_makes_outages_that_name_their_cause(
    start_server: Callable[..., str], unprepared: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The positive control: with prepared statements the same requests fail, are answered 503 and not as a bug, and the log names the SQLSTATE."""
    caplog.set_level(logging.INFO, "portico.operation")
    address = start_server(unprepared, pool_size=16)
    async with client(address, ADA) as http:
        answers = [answer for _ in range(6) for answer in await asyncio.gather(*(http.post("/graphql", json={"query": BY_EXECUTOR}) for _ in range(10)))]
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 503}
    assert 503 in statuses
    causes = {vars(record).get("cause") for record in caplog.records if record.name == "portico.operation" and vars(record)["status"] == 503}
    assert causes & {"26000 invalid_sql_statement_name", "42P05 duplicate_prepared_statement"}
    assert all(answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE" for answer in answers if answer.status_code == 503)
