"""Virus scanning by clamd during the upload. A file that cannot be scanned is refused.

The protocol is clamd's INSTREAM (https://docs.clamav.net/manual/Usage/Scanning.html#clamd).
"""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from billing.refusals import ErrorCode, Refused

logger = logging.getLogger("portico.scan")

NOT_SCANNED = "The file could not be scanned for viruses now. Try again later."


@dataclass(frozen=True, slots=True)
class Clamd:
    """The clamd server. `url` is tcp://host:port or unix:///path/of/socket. Each step must finish within `seconds`."""

    url: str
    seconds: float = 10.0

    @asynccontextmanager
    async def scanning(self) -> AsyncIterator["Scan"]:
        """Scan one file. Raises Refused (NOT_SCANNED) for every failure of clamd."""
        try:
            async with asyncio.timeout(self.seconds):
                reader, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            raise _not_scanned(error) from error
        try:
            writer.write(b"zINSTREAM\0")
            yield Scan(reader, writer, self.seconds)
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.url)
        if where.scheme == "unix":
            return await asyncio.open_unix_connection(where.path)
        return await asyncio.open_connection(where.hostname, where.port or 3310)


@dataclass(frozen=True, slots=True)
class Scan:
    """The scan of one file."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seconds: float

    async def feed(self, chunk: bytes) -> None:
        """Send one chunk. Raises Refused (NOT_SCANNED)."""
        try:
            async with asyncio.timeout(self.seconds):
                self.writer.write(struct.pack(">I", len(chunk)))
                self.writer.write(chunk)
                await self.writer.drain()
        except (OSError, TimeoutError) as error:
            raise _not_scanned(error) from error

    async def finish(self) -> None:
        """Read the result. Raises Refused: UNSAFE_FILE for a file that clamd reports, NOT_SCANNED for every answer other than a plain OK."""
        try:
            async with asyncio.timeout(self.seconds):
                self.writer.write(struct.pack(">I", 0))
                answer = await self.reader.readuntil(b"\0")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise _not_scanned(error) from error
        if answer.endswith(b" FOUND\0"):
            logger.warning("clamd found something in an upload: %r", answer[:200])
            raise Refused(ErrorCode.UNSAFE_FILE, "The virus scanner rejected this file.")
        if answer != b"stream: OK\0":
            raise _not_scanned(answer)


def _not_scanned(why: object) -> Refused:
    logger.error("clamd could not scan a file: %r", why)
    return Refused(ErrorCode.NOT_SCANNED, NOT_SCANNED)
