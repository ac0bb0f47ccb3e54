"""multipart/form-data read as it comes: one part after the other, each in chunks, nothing held but the chunk at hand (https://www.rfc-editor.org/rfc/rfc7578)."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from gateway.http.capacity.flow import Flow
from gateway.http.capacity.patience import Patience
from gateway.http.dispositions import file_name_of, parameters_of, text_of
from gateway.http.responses import TransportError

BROKE_OFF = "The request ended before its body was complete."
SKIP_SECONDS = 5
# A line of a part's header. A name of 255 characters takes 3 bytes for each byte of UTF-8 where it is escaped, and may stand there twice.
MAX_HEADER_BYTES = 16 * 1024
# How long a client may send nothing in the middle of a body.
IDLE_SECONDS = 10.0
SLOW = "The files came too slowly: {bytes} bytes in {seconds:.0f} seconds. Send fewer or smaller files in one request, or use a faster connection."
IDLE = "Nothing of the request arrived for {seconds:g} seconds. If that happens again, send fewer or smaller files in one request."


class Body:
    """A request's body in the chunks in which it comes, counted. `announced` is its length if the client says it, else 0; `is_late` once the client was too slow."""

    def __init__(self, request: Request, patience: Patience, *, flow: Flow) -> None:
        self._receive = request.receive
        self._patience = patience
        self._flow = flow
        self._waited = 0.0
        self.is_late = False
        self._waits = "expect" in request.headers
        announced = request.headers.get("content-length", "")
        self.announced = int(announced[:20]) if announced.isascii() and announced.isdecimal() else 0
        self.bytes = 0
        self.is_over = False

    async def chunk(self) -> bytes:
        """Empty at the end, and maybe before. Raises TransportError."""
        piece = await self._arrived()
        await self._flow.passed(len(piece))  # the client is not waited for meanwhile, so this time does not count
        return piece

    async def _arrived(self) -> bytes:
        if self.is_over:
            return b""
        began = monotonic()
        left = self._patience.waiting(self.bytes) - self._waited
        try:
            async with asyncio.timeout(min(IDLE_SECONDS, left)):
                return await self._take()
        except TimeoutError:
            self.is_late = True
            message = IDLE.format(seconds=IDLE_SECONDS) if left > IDLE_SECONDS else SLOW.format(bytes=self.bytes, seconds=self._waited + monotonic() - began)
            raise TransportError("REQUEST_TIMEOUT", message, Connection="close") from None
        finally:
            self._waited += monotonic() - began

    async def _take(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_over = True
            raise TransportError("BAD_REQUEST", BROKE_OFF)
        self._waits = False
        self.is_over = not message.get("more_body", False)
        found: bytes = message.get("body", b"")
        self.bytes += len(found)
        return found

    async def skip(self, limit: int) -> dict[str, str]:
        """Let the rest fall, so that a client who sends before it listens hears the answer. The answer's headers, for who has too much left to send.

        A client that was too slow is answered at once: what else it sends falls while the answer is sent (`drain`).
        """
        if not self.is_late:
            await self.drain(limit)
        return {} if self.is_over else {"Connection": "close"}

    async def drain(self, limit: int) -> None:
        """Let at most so many bytes more fall, for a few seconds."""
        most = self.bytes + limit
        with suppress(TransportError, TimeoutError):
            async with asyncio.timeout(SKIP_SECONDS):
                while not self.is_over and not self._waits and self.bytes < most:
                    await self._take()


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part's header, and its bytes as they come. A part that has no file name is a field."""

    name: str
    file_name: str | None
    content_type: str
    chunks: AsyncIterator[bytes]

    async def text(self, limit: int) -> bytes:
        """All of a field. Raises TransportError for more than `limit` bytes."""
        found = bytearray()
        async for chunk in self.chunks:
            found += chunk
            if len(found) > limit:
                raise TransportError("CONTENT_TOO_LARGE", f"The field `{self.name[:50]}` may have at most {limit} bytes.")
        return bytes(found)


class Mark(Enum):
    """What the parser says besides bytes and headers."""

    END = auto()
    OVER = auto()


Headers = dict[bytes, bytes]
Event = bytes | Headers | Mark


class Parts:
    """The parts of one body. Raises TransportError for what is no such body, has more than `limit` bytes, or breaks off."""

    def __init__(self, body: Body, content_type: str, limit: int) -> None:
        self._body = body
        self._limit = limit
        self._events: deque[Event] = deque()
        self._parser = _parser(content_type, self._events)
        if body.announced > limit:
            raise self._too_large()

    async def next(self) -> BodyPart | None:
        """The next part; what is left of the one before is skipped. None after the last one."""
        while not isinstance(event := await self._event(), dict):
            if event is Mark.OVER:
                self._events.append(Mark.OVER)
                return None
        kind, parameters = parameters_of(event.get(b"content-disposition", b""))
        if kind != "form-data" or "name" not in parameters:
            raise TransportError("BAD_REQUEST", "A part of the request has no name.")
        return BodyPart(text_of(parameters["name"]), file_name_of(parameters), event.get(b"content-type", b"").decode("latin-1"), self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (event := await self._event()) is not Mark.END:
            assert isinstance(event, bytes)
            yield event

    async def _event(self) -> Event:
        while not self._events:
            await self._read()
        return self._events.popleft()

    async def _read(self) -> None:
        chunk = await self._body.chunk()
        if self._body.is_over and not chunk:
            raise TransportError("BAD_REQUEST", BROKE_OFF)
        if self._body.bytes > self._limit:
            raise self._too_large()
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise TransportError("BAD_REQUEST", "The request is not multipart/form-data as it should be.") from None

    def _too_large(self) -> TransportError:
        return TransportError("CONTENT_TOO_LARGE", f"A request with files may have at most {self._limit} bytes.")


def _parser(content_type: str, events: "deque[Event]") -> MultipartParser:
    """Raises TransportError without a boundary that can be one."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not re.fullmatch(rb"[!-~ ]{1,70}", boundary):
        raise TransportError("BAD_REQUEST", "The Content-Type has no boundary.")
    header: list[bytes] = []

    def name(data: bytes, start: int, end: int) -> None:
        header[-2] += data[start:end]

    def value(data: bytes, start: int, end: int) -> None:
        header[-1] += data[start:end]

    def begin() -> None:
        events.append({header[at].lower(): header[at + 1] for at in range(0, len(header), 2)})

    callbacks = {
        "on_part_begin": header.clear,
        "on_header_begin": lambda: header.extend((b"", b"")),
        "on_header_field": name,
        "on_header_value": value,
        "on_headers_finished": begin,
        "on_part_data": lambda data, start, end: events.append(data[start:end]),
        "on_part_end": lambda: events.append(Mark.END),
        "on_end": lambda: events.append(Mark.OVER),
    }
    return MultipartParser(boundary, callbacks, max_header_size=MAX_HEADER_BYTES)  # type: ignore[arg-type]  # a dictionary of functions, as its type is only known to the library
