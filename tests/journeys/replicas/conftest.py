"""A primary with two streaming replicas of its own, and servers that read from them."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from tests.conftest import servers, token
from tests.gateway.live.streaming import add_customer, add_session
from tests.lifecycle.conftest import fill
from tests.servers.clusters import Cluster, cluster, standby
from tests.waiting import until

READ = "query Read { customer { id name } }"
# A field that only the executor runs.
READ_BY_EXECUTOR = 'query Read { customer { id name } operation(idempotencyKey: "none") { state } }'
RENAME = "mutation Rename($name: String!) { updateProfile(input: { name: $name }) { customer { name } userErrors { code } } }"
POSITION = "Portico-Position"


@dataclass
class Place:
    """A primary and its replicas."""

    primary: Cluster
    replicas: list[Cluster]
    data_dir: Path

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(replica.urls.app for replica in self.replicas)


@dataclass
class Reader:
    """A customer in a session, as a client of one server. Each answer is 200 without errors, or the test fails."""

    http: httpx.AsyncClient
    viewer: Viewer
    position: str = ""
    answers: int = 0
    names: list[str] = field(default_factory=list)
    # When each task that reads got its last answer.
    answered_at: dict[str, float] = field(default_factory=dict)

    async def send(self, query: str, *, position: str | None = None, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(self.viewer)}"} | ({POSITION: position} if position else {})
        return await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def read(self, query: str = READ, *, position: str | None = None) -> str:
        response = await self.send(query, position=position)
        body = response.json()
        assert (response.status_code, body.get("errors")) == (200, None), response.text
        assert body["data"]["customer"]["id"] == self.viewer.customer_id
        self.answers += 1
        return str(body["data"]["customer"]["name"])

    async def rename(self, name: str) -> str:
        """Change the name, and return the position of the change."""
        response = await self.send(RENAME, name=name)
        assert response.json()["data"]["updateProfile"]["userErrors"] == [], response.text
        self.position = response.headers.get(POSITION, "")
        return self.position

    async def reading(self, name: str, over: asyncio.Event) -> None:
        """Read until `over`, by the planner and by the executor in turn."""
        while not over.is_set():
            self.names.append(await self.read((READ, READ_BY_EXECUTOR)[self.answers % 2], position=self.position))
            self.answered_at[name] = monotonic()


@pytest.fixture(scope="module", autouse=True)
def audited_module() -> None:
    """No audit: nothing here is about money."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, ExitStack() as stack:
        primary = stack.enter_context(cluster(Path(folder)))
        asyncio.run(fill(primary.urls.admin))
        replicas = [stack.enter_context(standby(primary, Path(folder) / f"standby{number}")) for number in (1, 2)]
        yield Place(primary, replicas, tmp_path_factory.mktemp("replicas"))


@pytest.fixture
def start(place: Place) -> Iterator[Callable[..., str]]:
    """Start a server on the primary with both replicas."""
    with servers(place.data_dir) as start:
        yield lambda **settings: start(place.primary.urls.app, **{"replica_urls": place.urls, **settings})


@asynccontextmanager
async def admin_of(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.urls.admin, server_settings={"search_path": "portico"})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def reader(place: Place, address: str) -> AsyncIterator[Reader]:
    """A new customer in a session."""
    async with admin_of(place.primary) as admin:
        viewer = await add_session(admin, await add_customer(admin, "Before"))
    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        yield Reader(http, viewer)


async def pause(replica: Cluster) -> None:
    """Stop replaying, so that the replica lags."""
    async with admin_of(replica) as admin:
        await admin.execute("select pg_wal_replay_pause()")
        await until(lambda: admin.fetchval("select pg_get_wal_replay_pause_state() = 'paused'"))


async def resume(replica: Cluster) -> None:
    async with admin_of(replica) as admin:
        await admin.execute("select pg_wal_replay_resume()")


async def used(records: list[logging.LogRecord], one: Reader, *numbers: int | None, **more: Any) -> None:
    """Wait until queries are answered by the replicas of these numbers and no other, with None for the primary."""

    async def are_used() -> bool:
        before = len(records)
        for _ in range(6):
            await one.read(**more)
        return replicas_in(records[before:]) == set(numbers)

    await until(are_used, 8)


def replicas_in(records: list[logging.LogRecord]) -> set[int | None]:
    """Return which replicas answered queries, with None for the primary."""
    return {vars(record).get("replica") for record in records if record.name == "portico.operation" and vars(record).get("kind") == "query"}


def events_of(records: list[logging.LogRecord]) -> list[str]:
    """Return the lines about replicas."""
    return [record.getMessage() for record in records if record.name == "portico.replicas"]
