"""Two servers are killed at random while many clients follow their customers. Each client has every event once, in order."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from websockets.asyncio.client import connect

from auth.viewer import Viewer
from db.builtin import embedded
from tests.conftest import token
from tests.depth import SEED, by_depth
from tests.gateway.live.streaming import add_customer
from tests.servers.processes import process
from tests.waiting import until

STREAMS = by_depth(40, 1_000)
KILLS = by_depth(6, 40)
STREAMS_OF_ONE = 4
CHANGES_AT_ONCE = 5
MAX_PAUSE = 5.0
DOCUMENT = "subscription Follow($after: ID) { events(after: $after) { cursor events { id } } }"


@dataclass
class Server:
    """A server that is killed and started again, each time on another port."""

    root: Path
    urls: embedded.Urls
    folder: Path
    port: int = 0
    running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        _, address = self.running.enter_context(process(self.root, self.urls, self.folder, max_session_streams=100, max_customer_streams=100))
        self.port = int(address.rpartition(":")[2])

    def kill(self) -> None:
        self.running.close()


@dataclass
class Follower:
    """A client: the ids of the events that it received, the cursor from which it goes on, and how often it has opened a stream."""

    viewer: Viewer
    servers: list[Server]
    chance: random.Random
    cursor: str = ""
    ids: list[str] = field(default_factory=list)
    opened: int = 0
    pause: float = 0.1

    async def follow(self, *, is_socket: bool) -> None:
        """Open the stream again whenever it ends, after a pause that grows while nothing is received."""
        self.cursor = f"evt_{str(self.viewer.customer_id)[4:]}_0"
        while True:
            self.opened += 1
            port = self.chance.choice(self.servers).port
            with suppress(Exception):  # the server was killed, or has no place; any error of the connection will do
                await (self._by_socket(port) if is_socket else self._by_http(port))
            await asyncio.sleep(self.chance.uniform(0.5, 1) * self.pause)
            self.pause = min(2 * self.pause, MAX_PAUSE)

    async def _by_http(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        body = json.dumps({"query": DOCUMENT, "variables": {"after": self.cursor}})
        head = f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\nauthorization: Bearer {token(self.viewer)}\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                if line.startswith(b"data: {"):
                    self._receive(line[6:])
        finally:
            writer.close()

    async def _by_socket(self, port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"]) as connection:  # type: ignore[list-item]
            await connection.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token(self.viewer)}"}}))
            await connection.recv()
            payload = {"query": DOCUMENT, "variables": {"after": self.cursor}}
            await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in connection:
                message = json.loads(text)
                if message["type"] != "ping":
                    self._receive(json.dumps(message["payload"]).encode())

    def _receive(self, text: bytes) -> None:
        message = json.loads(text)["data"]["events"]
        self.ids += [event["id"] for event in message["events"]]
        self.cursor, self.pause = message["cursor"], 0.1


@contextmanager
def two_servers(root: Path, urls: embedded.Urls, folder: Path) -> Iterator[list[Server]]:
    servers = [Server(root, urls, folder / name) for name in ("first", "second")]
    try:
        for server in servers:
            server.folder.mkdir()
            server.start()
        yield servers
    finally:
        for server in servers:
            server.kill()


async def test_each_client_has_each_event_once_while_servers_are_killed_at_random(
    root: Path, urls: embedded.Urls, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    customers = [await add_customer(admin) for _ in range(STREAMS // STREAMS_OF_ONE)]
    is_over = asyncio.Event()
    seqs = Counter({str(viewer.customer_id): 1 for viewer in customers})
    with two_servers(root, urls, tmp_path) as servers:
        followers = [Follower(customers[number % len(customers)], servers, random.Random(number)) for number in range(STREAMS)]
        tasks = [asyncio.create_task(each.follow(is_socket=number % 5 == 0)) for number, each in enumerate(followers)]
        changing = asyncio.create_task(_change(urls, seqs, chance, is_over))
        try:
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0, 2))
                await _kill(servers, chance)
            is_over.set()
            await changing
            await until(lambda: asyncio.sleep(0, all(len(each.ids) >= seqs[str(each.viewer.customer_id)] for each in followers)), 300)
        finally:
            for task in (*tasks, changing):
                task.cancel()
            await asyncio.gather(*tasks, changing, return_exceptions=True)
    assert sum(seqs.values()) > len(customers) + 5 * KILLS, "the customers changed while servers were killed"
    assert sum(each.opened for each in followers) > 2 * STREAMS, "the kills ended streams"
    for each in followers:
        customer_id = str(each.viewer.customer_id)
        assert each.ids == [f"evt_{customer_id[4:]}_{seq}" for seq in range(1, seqs[customer_id] + 1)]


async def _kill(servers: list[Server], chance: random.Random) -> None:
    """Kill one server, or both, and start them again."""
    chosen = servers if chance.random() < 0.2 else [chance.choice(servers)]
    for server in chosen:
        server.kill()
    await asyncio.sleep(chance.uniform(0, 0.5))
    for server in chosen:
        await asyncio.to_thread(server.start)


async def _change(urls: embedded.Urls, seqs: Counter[str], chance: random.Random, is_over: asyncio.Event) -> None:
    """Rename customers, some in each transaction; count the events that are committed."""
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    while not is_over.is_set():
        await _rename(connection, sorted(chance.sample(list(seqs), CHANGES_AT_ONCE)), seqs)
        await asyncio.sleep(chance.uniform(0, 0.1))
    await connection.close()


async def _rename(connection: asyncpg.Connection, customers: list[str], seqs: Counter[str]) -> None:
    async with connection.transaction():
        for customer_id in customers:
            await connection.execute("update customer set name = name || '.', version = version + 1 where id = $1", customer_id)
    seqs.update(customers)
