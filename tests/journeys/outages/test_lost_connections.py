"""Connections that are lost again and again while requests run: each answer is whole, or 503, and never a bug."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA, BIG, servers, token

# The load lasts at least so long, and longer on a busy machine: until there are enough answers of both kinds.
SECONDS = 2.5
MOST_SECONDS = 40.0
ENOUGH = 5
# Of the connections that were opened since $1, so that other tests keep theirs.
KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portico' and backend_start > $1 order by random() limit 1"
READS = (
    "{ customer { id invoices(first: 20) { nodes { id number lines { nodes { description } } } } } }",
    "query ($first: Int) { customer { id payments(first: $first) { nodes { id status } } subscriptions { nodes { id plan { name } } } } }",
    "{ viewer { kind customer { name email } } }",
)
WRITE = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { customer { name locale } userErrors { code } } }"


@dataclass
class Load:
    """What callers were answered: codes, and the texts of what nobody should be answered."""

    url: str
    codes: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)
    started_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def is_over(self) -> bool:
        seconds = asyncio.get_running_loop().time() - self.started_at
        has_enough = min(self.codes["OK"], self.codes["SERVICE_UNAVAILABLE"]) >= ENOUGH
        return seconds > (SECONDS if has_enough else MOST_SECONDS)

    async def call(self, client: httpx.AsyncClient, number: int) -> None:
        viewer = (ADA, BIG)[number % 2]
        body: dict[str, Any] = {"query": READS[number % 3], "variables": {"first": 7}} if number % 4 else self._write(number)
        try:
            answer = await client.post(f"{self.url}/graphql", json=body, headers={"Authorization": f"Bearer {token(viewer)}"})
        except httpx.TransportError as error:
            self.bugs.append(f"{type(error).__name__}: {error}")
            return
        codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())] or ["OK"]
        self.codes.update(codes)
        if not set(codes) <= {"OK", "SERVICE_UNAVAILABLE"}:
            self.bugs.append(answer.text)

    @staticmethod
    def _write(number: int) -> dict[str, Any]:
        return {"query": WRITE, "variables": {"input": {"locale": random.choice(["en", "de"])}}}


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(700):  # less than an answer, so that answers are cut in the middle
            writer.write(data)
            await writer.drain()


async def open_to(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the Postgres of a URL, by its socket if it names one."""
    parts = urlsplit(url)
    for folder in parse_qs(parts.query).get("host", ()):
        return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
    return await asyncio.open_connection(parts.hostname, parts.port)


@asynccontextmanager
async def cutting(database: str) -> AsyncIterator[int]:
    """A port of a proxy to Postgres that closes each connection after a random time, wherever in a message that is.

    Connections live longer with time, because a busy machine may need all of the first 0.3 s to open one.
    """
    running: set[asyncio.Task[None]] = set()
    started_at = asyncio.get_running_loop().time()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with suppress(asyncio.CancelledError):  # the end of the context
            await serve(reader, writer)
        running.discard(task)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await open_to(database)
            try:
                with suppress(TimeoutError):
                    seconds = asyncio.get_running_loop().time() - started_at
                    async with asyncio.timeout(random.uniform(0.0, 0.3 + seconds / 10)):
                        await asyncio.gather(carry(reader, back), carry(there, writer))
            finally:
                back.transport.abort()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        ending = list(running)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("how", "planner"), [("killed", True), ("cut", False)], ids=["killed-planner", "cut-executor"])
async def test_a_connection_that_is_lost_is_an_outage_and_never_a_bug(urls: Urls, admin: asyncpg.Connection, data_dir: Path, how: str, planner: bool) -> None:
    async with cutting(urls.app) as port, httpx.AsyncClient(timeout=20) as client:
        url = urls.app if how == "killed" else f"postgresql://portico_app@127.0.0.1:{port}{urlsplit(urls.app).path}"
        # In threads, for the proxy runs in this event loop.
        with ExitStack() as stack:
            start = stack.enter_context(servers(data_dir))
            load = Load(await asyncio.to_thread(start, url, pool_size=6, planner=planner))
            await asyncio.gather(*(calling(load, client, number) for number in range(12)), *([killing(admin, load)] if how == "killed" else []))
            await asyncio.to_thread(stack.close)
    assert set(load.bugs) == set(), load.codes
    assert load.codes["OK"] >= ENOUGH
    assert load.codes["SERVICE_UNAVAILABLE"] >= ENOUGH


async def calling(load: Load, client: httpx.AsyncClient, number: int) -> None:
    while not load.is_over:
        await load.call(client, number)
        number += 1


async def killing(admin: asyncpg.Connection, load: Load) -> None:
    began_at = await admin.fetchval("select now() - interval '2 seconds'")
    while not load.is_over:
        await admin.execute(KILL, began_at)
        await asyncio.sleep(random.uniform(0.01, 0.06))
