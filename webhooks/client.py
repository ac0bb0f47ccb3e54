"""The HTTP/1.1 client that sends messages: it connects to the address that was checked, follows no redirect, uses no proxy, and reads the beginning of the answer."""

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from webhooks.targets import Resolve, Target, TargetPolicy, TargetRefused, resolve_name

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
# How long the text of an answer is waited for, after its status.
TEXT_SECONDS = 1.0
MAX_ANSWER = 2_048
MAX_HEAD = 32 * 1024
IDLE_SECONDS, MAX_IDLE = 10.0, 32


class NotSent(Exception):
    """There is no answer; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`retry_after` is the header, and `text` the beginning of the body."""

    status: int
    retry_after: str = ""
    text: str = ""


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = 0.0

    def close(self) -> None:
        self.writer.close()

    @property
    def is_usable(self) -> bool:
        return monotonic() - self.idle_since < IDLE_SECONDS and not self.reader.at_eof() and not self.writer.is_closing()


@dataclass(slots=True)
class WebhookClient:
    """Connections stay open for some seconds for the next message to the same host."""

    policy: TargetPolicy
    resolve: Resolve = resolve_name
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS
    _idle: defaultdict[tuple[str, str, int], list[_Connection]] = field(default_factory=lambda: defaultdict(list))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send a message and return the answer. Raises NotSent."""
        try:
            target = self.policy.target_of(url)
            async with asyncio.timeout(self.total_seconds):
                return await self._post(target, _request(target, headers, body))
        except TimeoutError:
            raise NotSent(f"no answer within {self.total_seconds:g} seconds") from None
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise _not_sent(error) from None

    async def reach(self, url: str) -> None:
        """Connect as for a message, and send none. Raises NotSent."""
        try:
            target = self.policy.target_of(url)
            async with asyncio.timeout(self.connect_seconds):
                connection = await self._connect(target)
            connection.close()
        except TimeoutError:
            raise NotSent(f"no connection within {self.connect_seconds:g} seconds") from None
        except (OSError, ValueError) as error:
            raise _not_sent(error) from None

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _post(self, target: Target, request: bytes) -> HttpAnswer:
        """Send on a connection that is open, or on a new one where there is none or the server has just closed it."""
        while (connection := self._open_connection(target)) is not None:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                return await self._exchange(target, connection, request)
        try:
            async with asyncio.timeout(self.connect_seconds):
                connection = await self._connect(target)
        except TimeoutError:
            raise NotSent(f"no connection within {self.connect_seconds:g} seconds") from None
        return await self._exchange(target, connection, request)

    def _open_connection(self, target: Target) -> _Connection | None:
        idle = self._idle[_key(target)]
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _connect(self, target: Target) -> _Connection:
        addresses = await self.policy.addresses_of(target, self.resolve)
        tls: dict[str, Any] = {"ssl": self.tls, "server_hostname": target.host} if target.scheme == "https" else {}
        for number, address in enumerate(addresses, 1):
            try:
                return _Connection(*await asyncio.open_connection(address, target.port, limit=MAX_HEAD, **tls))
            except ssl.SSLError:
                raise
            except OSError:
                if number == len(addresses):
                    raise
        raise OSError("no address")

    async def _exchange(self, target: Target, connection: _Connection, request: bytes) -> HttpAnswer:
        is_reusable = False
        try:
            connection.writer.write(request)
            await connection.writer.drain()
            status, headers = await _head(connection.reader)
            text, is_reusable = await _text(connection.reader, status, headers)
            return HttpAnswer(status, headers.get("retry-after", "")[:100], text.decode("utf-8", "replace").replace("\0", "")[:MAX_ANSWER])
        finally:
            idle = self._idle[_key(target)]
            if is_reusable and len(idle) < MAX_IDLE:
                connection.idle_since = monotonic()
                idle.append(connection)
            else:
                connection.close()


def _not_sent(error: Exception) -> NotSent:
    if isinstance(error, TargetRefused):
        return NotSent(str(error))
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent(f"the certificate is not valid: {error.verify_message}")
    if isinstance(error, socket.gaierror):
        return NotSent("the name of its host is not known")
    if isinstance(error, ConnectionRefusedError):
        return NotSent("the connection was refused")
    return NotSent(f"the connection failed: {type(error).__name__}")


def _key(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.authority}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of the final answer. Raises ValueError for what is no HTTP."""
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        if not version.startswith("HTTP/1.") or len(status) != 3 or not status.isdecimal():
            raise ValueError("not HTTP/1")
        if status[0] != "1":
            headers = {name.strip().lower(): value.strip() for name, colon, value in (line.partition(":") for line in lines[1:]) if colon}
            return int(status), headers | {"version": version}


async def _text(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return the beginning of the body, and whether the connection may be used again. The status is the result, so a body that does not come is no failure."""
    text = bytearray()
    is_whole = False
    with suppress(TimeoutError, OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        async with asyncio.timeout(TEXT_SECONDS):
            is_whole = await _read_body(reader, status, headers, text)
    is_persistent = headers["version"] != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
    return bytes(text[:MAX_ANSWER]), is_whole and is_persistent


async def _read_body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str], text: bytearray) -> bool:
    """Read the body, at most MAX_ANSWER bytes of it; return whether it ended there."""
    if status in (204, 304):
        return True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while len(text) < MAX_ANSWER:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if size == 0:
                return await reader.readuntil(b"\r\n") == b"\r\n"
            await _read_into(text, reader, min(size, MAX_ANSWER))
            if size > MAX_ANSWER:
                return False
            await reader.readexactly(2)
        return False
    if "content-length" in headers:
        length = int(headers["content-length"])
        await _read_into(text, reader, min(length, MAX_ANSWER))
        return 0 <= length <= MAX_ANSWER
    await _read_into(text, reader, MAX_ANSWER)
    return False


async def _read_into(text: bytearray, reader: asyncio.StreamReader, size: int) -> None:
    """Read so many bytes, and keep those that arrive also where not all do."""
    wanted = size
    while wanted > 0:
        part = await reader.read(wanted)
        if not part:
            raise EOFError
        text += part
        wanted -= len(part)
