"""A proxy before Postgres that counts the statements and the round trips of requests."""

import asyncio
import struct
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from bench.runner.database import Place

SOCKET_NAME = ".s.PGSQL.5432"
STARTUP = 196608
CHUNK = 1 << 16


@dataclass(slots=True)
class Tally:
    """Statements are Execute and Query messages; the one that opens a transaction and sets the caller counts as one. A round trip is all that is sent before the next answer."""

    statements: int = 0
    round_trips: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, statements: int = 0, round_trips: int = 0) -> None:
        with self._lock:
            self.statements += statements
            self.round_trips += round_trips


@contextmanager
def counting(place: Place, tally: Tally) -> Iterator[Place]:
    """Return the database through the proxy, which runs in a thread of its own while the context is open."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory(prefix="portico-wire-") as folder:
        proxy = _proxy(Path(place.socket), Path(folder), tally)
        asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        try:
            yield replace(place, socket=folder, app_url=place.app_url.partition("host=")[0] + "host=" + quote(folder, safe=""))
        finally:
            asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


@asynccontextmanager
async def _proxy(upstream: Path, folder: Path, tally: Tally) -> AsyncIterator[None]:
    links: set[asyncio.Task[None]] = set()

    async def link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            links.add(task)
        with suppress(asyncio.CancelledError, ConnectionError):
            await _link(reader, writer, upstream / SOCKET_NAME, tally)

    server = await asyncio.start_unix_server(link, folder / SOCKET_NAME)
    try:
        yield
    finally:
        server.close()
        for task in links:
            task.cancel()
        await asyncio.gather(*links, return_exceptions=True)


async def _link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: Path, tally: Tally) -> None:
    behind, before = await asyncio.open_unix_connection(upstream)
    counter = _Counter(tally)
    try:
        pumps = [asyncio.create_task(_pump(reader, before, counter.sent)), asyncio.create_task(_pump(behind, writer, counter.answered))]
        _, left = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in left:
            pump.cancel()
    finally:
        before.close()
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Callable[[bytes], None]) -> None:
    while data := await reader.read(CHUNK):
        seen(data)
        writer.write(data)


class _Counter:
    """The reader of one connection's messages. Messages before the end of the start-up have no type byte."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._left = b""
        self._has_started = False
        self._is_asking = False

    def answered(self, _: bytes) -> None:
        self._is_asking = False

    def sent(self, data: bytes) -> None:
        if not self._is_asking:
            self._is_asking = True
            self._tally.add(round_trips=1)
        self._left += data
        while (kind := self._next()) is not None:
            self._tally.add(statements=kind in (b"Q", b"E"))

    def _next(self) -> bytes | None:
        """Remove the next complete message from the buffer and return its type, or None if it is not complete."""
        head = 1 if self._has_started else 0
        if len(self._left) < head + 4:
            return None
        length = head + struct.unpack_from("!i", self._left, head)[0]
        if len(self._left) < length:
            return None
        message, self._left = self._left[:length], self._left[length:]
        if not self._has_started:
            self._has_started = struct.unpack_from("!i", message, 4)[0] == STARTUP
            return b""
        return message[:1]
