"""A transport that sends bytes in one packet with those that are written after them.

uvloop sends what is written at once, in a system call of its own. What a connection sends ahead is therefore stored here until asyncpg writes its next message, which it does in the
same iteration of the event loop: otherwise each page would be two packets, for each of which Postgres and this process wake up.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg

# Larger messages are not copied.
JOINED_BYTES = 1 << 16


class JoiningTransport:
    """A transport of asyncpg. Everything but the writing is left to the transport of the event loop."""

    __slots__ = ("_ahead", "_flush_call", "_loop", "transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport, self._loop = transport, loop
        self._ahead = b""
        self._flush_call: asyncio.Handle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write_ahead(self, data: bytes) -> None:
        """Store bytes, which are sent before the next ones that are written, or in the next iteration of the event loop if none are."""
        self._ahead += data
        self._flush_call = self._flush_call or self._loop.call_soon(self._flush)

    def write(self, data: "bytes | memoryview") -> None:
        if self._ahead and len(data) <= JOINED_BYTES:
            data = b"".join((self._take(), data))
        self._flush()
        self.transport.write(data)

    def writelines(self, buffers: "Iterable[bytes | memoryview]") -> None:
        self._flush()
        self.transport.writelines(buffers)

    def _flush(self) -> None:
        if self._ahead:
            ahead = self._take()
            if not self.transport.is_closing():
                self.transport.write(ahead)

    def _take(self) -> bytes:
        ahead, self._ahead = self._ahead, b""
        if self._flush_call:
            self._flush_call.cancel()
            self._flush_call = None
        return ahead


class _Opening(asyncio.Protocol):
    """The protocol of a connection until it is made: passes it to asyncpg's with a transport that joins."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.protocol, self._loop = protocol, loop
        self.transport: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is the transport of a socket
        self.transport = JoiningTransport(transport, self._loop)
        transport.set_protocol(self.protocol)
        self.protocol.connection_made(self.transport)


class _JoiningLoop:
    """The event loop as asyncpg uses it, whose connections have transports that join."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(self, factory: Callable[[], Any], *arguments: Any, **named: Any) -> tuple[Any, Any]:
        _, opening = await self._loop.create_connection(lambda: _Opening(factory(), self._loop), *arguments, **named)
        return opening.transport, opening.protocol

    async def create_unix_connection(self, factory: Callable[[], Any], *arguments: Any, **named: Any) -> tuple[Any, Any]:
        _, opening = await self._loop.create_unix_connection(lambda: _Opening(factory(), self._loop), *arguments, **named)
        return opening.transport, opening.protocol

    async def start_tls(self, transport: JoiningTransport, *arguments: Any, **named: Any) -> Any:
        encrypted = await self._loop.start_tls(transport.transport, *arguments, **named)
        return encrypted and JoiningTransport(encrypted, self._loop)


async def connect(*arguments: Any, loop: asyncio.AbstractEventLoop, **named: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect as asyncpg.connect does, with a transport that joins. Raises its errors."""
    connection = await asyncpg.connect(*arguments, loop=_JoiningLoop(loop), **named)  # type: ignore[call-overload]
    connection._loop = loop  # by which it finds the task that cancels a statement
    return connection  # type: ignore[no-any-return]
