"""Servers on 127.0.0.1 that receive webhooks: each keeps the messages and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Sink:
    """`answer` writes what follows a message; `seconds` passes before it."""

    port: int = 0
    status: str = "204 No Content"
    headers: str = ""
    body: bytes = b""
    seconds: float = 0.0
    answer: Answer | None = None
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    connections: int = 0
    scheme: str = "http"
    open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?a=1"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection. It is listed at once, so that the end of the sink closes one that has not begun."""
        self.open[asyncio.create_task(self._serve(reader, writer))] = writer

    async def close(self) -> None:
        for task in self.open:
            task.cancel()
        await asyncio.gather(*self.open, return_exceptions=True)
        for writer in self.open.values():
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self.open.values()), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = head.split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.received.append(Received(lines[0], headers, body))
                await self._respond(writer)
        writer.close()

    async def _respond(self, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if self.answer is not None:
                return await self.answer(writer)
            writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.body)}\r\n{self.headers}\r\n".encode() + self.body)
            await writer.drain()
        finally:
            self.at_once -= 1


@asynccontextmanager
async def sink(**how: Any) -> AsyncIterator[Sink]:
    tls = how.pop("tls", None)
    opened = Sink(**how, scheme="https" if tls else "http")
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0, ssl=tls)
    opened.port = server.sockets[0].getsockname()[1]
    try:
        yield opened
    finally:
        server.close()
        await opened.close()
