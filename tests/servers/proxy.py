"""A TCP proxy that can cut, slow down or suspend connections to a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["open", "refuse", "reset", "hang", "slow", "reset later", "hang later"]


@dataclass
class Proxy:
    """The state of the proxy. Modes with `later` begin after `after_bytes` bytes to the server; `received` are all bytes sent to it."""

    port: int = 0
    mode: Mode = "open"
    after_bytes: int = 0
    received: bytearray = field(default_factory=bytearray)


@asynccontextmanager
async def proxy_to(target_port: int) -> AsyncIterator[Proxy]:
    line = Proxy()
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        running.add(task)
        try:
            await _forward(line, target_port, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _forward(line: Proxy, target_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if line.mode in ("refuse", "reset"):
        return
    if line.mode == "hang":
        await asyncio.sleep(600)
    there, back = await asyncio.open_connection("127.0.0.1", target_port)
    answers = asyncio.create_task(_copy(there, writer, line))
    try:
        while data := await reader.read(16_384):
            line.received += data
            if line.mode.endswith("later") and len(line.received) > line.after_bytes:
                if line.mode == "hang later":
                    await asyncio.sleep(600)
                return
            if line.mode == "slow":
                await asyncio.sleep(0.02)
            back.write(data)
            await back.drain()
    finally:
        answers.cancel()
        back.transport.abort()
        with suppress(asyncio.CancelledError):
            await answers


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Proxy) -> None:
    with suppress(OSError):
        while data := await reader.read(16_384):
            if line.mode == "hang":
                await asyncio.sleep(600)
            writer.write(data)
            await writer.drain()
