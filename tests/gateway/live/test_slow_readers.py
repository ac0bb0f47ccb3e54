"""Clients on real sockets that stop reading, or that close their half of the connection: their streams end, and their neighbours' go on."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from auth.viewer import Viewer
from db.builtin import embedded
from gateway.live.streams import MAX_WAITING
from tests.conftest import token
from tests.gateway.live.streaming import add_customer, add_session, code_of, live, opened, rename
from tests.waiting import until

# With this text a message is larger than what the kernel buffers for a connection that is not read: 40 of them are more than the queue and all buffers hold.
TEXT_BYTES = 250_000
CHANGES = 40
DOCUMENT = "subscription { events { cursor events { id } customer { name balanceEntries { nodes { description } } } } }"
TRANSPORTS = ["server-sent events", "websocket"]
END = b"event: complete"


class SlowHttp:
    """A stream by server-sent events that is read only by `messages`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def begin(self, server: str, viewer: Viewer) -> None:
        body = json.dumps({"query": DOCUMENT})
        lines = ["POST /graphql HTTP/1.1", f"Host: {server.removeprefix('http://')}", "Accept: text/event-stream", "Content-Type: application/json",
                 f"Authorization: Bearer {token(viewer)}", f"Content-Length: {len(body)}"]  # fmt: skip
        self.writer.write("\r\n".join([*lines, "", body]).encode())
        assert b" 200 " in await self.reader.readline()

    def half_close(self) -> None:
        self.writer.write_eof()

    async def messages(self) -> list[Any]:
        """Read until the connection ends, and return the messages that arrived whole."""
        parts: list[Any] = []
        try:
            while (line := await self._line()).endswith(b"\n"):
                if line.startswith(b"data: {"):
                    parts.append(json.loads(line[6:]))
                if line.startswith(END):
                    break
        except ConnectionError:
            pass
        return parts

    async def _line(self) -> bytes:
        """Read a line of any length; the limit of the reader is small, so that it stops reading early."""
        text = b""
        while True:
            try:
                return text + await self.reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                text += await self.reader.readexactly(error.consumed)
            except asyncio.IncompleteReadError as error:
                return text + error.partial

    async def close(self) -> None:
        self.writer.transport.abort()


class SlowSocket:
    """A stream by WebSocket that is read only by `messages`: the library stops reading when one message waits."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def begin(self, viewer: Viewer) -> None:
        await self.connection.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token(viewer)}"}}))
        await self.connection.recv()
        await self.connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": DOCUMENT}}))

    def half_close(self) -> None:
        self.connection.transport.write_eof()

    async def messages(self) -> list[Any]:
        parts: list[Any] = []
        try:
            while True:
                message = json.loads(await self.connection.recv())
                parts.append({"errors": message["payload"]} if message["type"] == "error" else message["payload"])
                if message["type"] == "error":
                    break
        except ConnectionClosed:
            pass
        return parts

    async def close(self) -> None:
        self.connection.transport.abort()


@asynccontextmanager
async def unread(server: str, viewer: Viewer, transport: str) -> AsyncIterator[SlowHttp | SlowSocket]:
    """Open a stream on a connection with small buffers, and do not read it."""
    host, port = server.removeprefix("http://").split(":")
    connection = sockets.socket()
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (host, int(port)))
    slow: SlowHttp | SlowSocket
    if transport == "websocket":
        slow = SlowSocket(await connect(f"ws://{host}:{port}/graphql", sock=connection, subprotocols=["graphql-transport-ws"], max_size=None, max_queue=1))  # type: ignore[list-item]
        await slow.begin(viewer)
    else:
        slow = SlowHttp(*await asyncio.open_connection(sock=connection, limit=4096))
        await slow.begin(server, viewer)
    try:
        yield slow
    finally:
        await slow.close()


async def add_text(admin: asyncpg.Connection, viewer: Viewer) -> None:
    await admin.execute(
        "insert into balance_entry (customer_id, id, kind, amount_minor, currency, description, created_at) values ($1, $2, 'ADJUSTMENT', 1, 'EUR', $3, now())",
        viewer.customer_id,
        f"bal_{str(viewer.customer_id)[4:]}",
        "x" * TEXT_BYTES,
    )


async def change(admin: asyncpg.Connection, viewer: Viewer, neighbour: Any, count: int) -> list[str]:
    """Rename the customer so many times, each time after the message of before; return the ids of the events that the neighbour received."""
    ids = []
    for number in range(count):
        await rename(admin, viewer, f"Name {number}")
        message = live(await neighbour.next())
        assert message["customer"]["name"] == f"Name {number}"
        ids += [event["id"] for event in message["events"]]
    return ids


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_client_that_reads_again_too_late_has_to_read_the_page_again(
    start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr("gateway.http.streaming.sending.READ_SECONDS", 120)
    monkeypatch.setattr("gateway.http.websocket.connection.READ_SECONDS", 120)
    server, grace = start_server(urls.app), await add_customer(admin)
    await add_text(admin, grace)
    async with unread(server, grace, transport) as slow, opened(server, grace, document=DOCUMENT) as neighbour:
        await neighbour.next()
        ids = await change(admin, grace, neighbour, CHANGES)
        assert len(ids) == len(set(ids)) == CHANGES
        async with asyncio.timeout(60):
            *messages, last = await slow.messages()
        assert code_of(last) == "RESYNC_REQUIRED"
        assert len(messages) < CHANGES - MAX_WAITING, "the queue and the buffers are bounded"
        assert [event["id"] for message in messages for event in live(message)["events"]] == ids[: len(messages) - 1], "what came before the end is whole"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_client_that_never_reads_is_disconnected_and_its_place_is_free(
    start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr("gateway.http.streaming.sending.READ_SECONDS", 1)
    monkeypatch.setattr("gateway.http.websocket.connection.READ_SECONDS", 1)
    server, grace = start_server(urls.app, max_session_streams=1), await add_customer(admin)
    first, second = await add_session(admin, grace), await add_session(admin, grace)
    await add_text(admin, grace)
    async with unread(server, first, transport) as slow, opened(server, second, document=DOCUMENT) as neighbour:
        await neighbour.next()
        ids = await change(admin, grace, neighbour, CHANGES)
        assert len(ids) == len(set(ids)) == CHANGES

        async def is_free() -> bool:
            async with opened(server, first, document=DOCUMENT) as again:
                return again.response.status_code == 200

        await until(is_free)
        async with asyncio.timeout(60):
            messages = await slow.messages()
        assert len(messages) < CHANGES - MAX_WAITING
        assert all("data" in message for message in messages), "it was disconnected, not told why"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_client_that_closes_its_half_is_disconnected_and_its_place_is_free(
    start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection, transport: str
) -> None:
    server, grace = start_server(urls.app, max_session_streams=1), await add_customer(admin)
    first, second = await add_session(admin, grace), await add_session(admin, grace)
    async with unread(server, first, transport) as closing, opened(server, second, document=DOCUMENT) as neighbour:
        await neighbour.next()
        async with opened(server, first, document=DOCUMENT) as another:
            assert another.response.status_code == 429, "the control: the place is taken"
        closing.half_close()
        async with asyncio.timeout(20):
            await closing.messages()

        async def is_free() -> bool:
            async with opened(server, first, document=DOCUMENT) as again:
                return again.response.status_code == 200

        await until(is_free)
        assert len(await change(admin, grace, neighbour, 2)) == 2
