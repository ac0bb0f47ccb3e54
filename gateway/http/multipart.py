"""A streaming reader of multipart/form-data: one part after the other, in chunks, with one chunk in memory (https://www.rfc-editor.org/rfc/rfc7578)."""

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
from gateway.http.capacity.upload_timeout import UploadTimeout
from gateway.http.dispositions import file_name_of, parameters_of, text_of
from gateway.http.responses import TransportError

INCOMPLETE = "The request ended before its body was complete."
SKIP_SECONDS = 5
# The maximum length of a line of a part's header. A name of 255 characters takes 3 bytes for each byte of UTF-8 if escaped, and may occur twice.
MAX_HEADER_BYTES = 16 * 1024
# How long a client may pause in the middle of a body.
IDLE_SECONDS = 10.0
SLOW = "The files arrived too slowly: {bytes} bytes in {seconds:.0f} seconds. Send fewer or smaller files in one request, or use a faster connection."
IDLE = "Nothing of the request arrived for {seconds:g} seconds. If that happens again, send fewer or smaller files in one request."


class Body:
    """The chunks of a request's body, counted. `announced` is the Content-Length, or 0 without one; `is_late` is set when the client was too slow."""

    def __init__(self, request: Request, timeout: UploadTimeout, *, flow: Flow) -> None:
        self._receive = request.receive
        self._timeout = timeout
        self._flow = flow
        self._waited_seconds = 0.0
        self.is_late = False
        self._expects_continue = "expect" in request.headers
        announced = request.headers.get("content-length", "")
        self.announced = int(announced[:20]) if announced.isascii() and announced.isdecimal() else 0
        self.bytes = 0
        self.is_over = False

    async def chunk(self) -> bytes:
        """Return the next chunk. It is empty at the end, and may be empty before. Raises TransportError."""
        chunk = await self._receive_in_time()
        await self._flow.passed(len(chunk))  # this time does not count against the client
        return chunk

    async def _receive_in_time(self) -> bytes:
        if self.is_over:
            return b""
        began = monotonic()
        left = self._timeout.seconds_for(self.bytes) - self._waited_seconds
        try:
            async with asyncio.timeout(min(IDLE_SECONDS, left)):
                return await self._receive_chunk()
        except TimeoutError:
            self.is_late = True
            message = (
                IDLE.format(seconds=IDLE_SECONDS) if left > IDLE_SECONDS else SLOW.format(bytes=self.bytes, seconds=self._waited_seconds + monotonic() - began)
            )
            raise TransportError("REQUEST_TIMEOUT", message, Connection="close") from None
        finally:
            self._waited_seconds += monotonic() - began

    async def _receive_chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_over = True
            raise TransportError("BAD_REQUEST", INCOMPLETE)
        self._expects_continue = False
        self.is_over = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        self.bytes += len(chunk)
        return chunk

    async def skip(self, limit: int) -> dict[str, str]:
        """Read and discard the rest, so that a client that sends its whole body before it reads gets the response. Return headers for the response: `Connection: close`
        if more than `limit` bytes are left.

        A client that was too slow is answered at once; what else it sends is discarded while the response is sent (`drain`).
        """
        if not self.is_late:
            await self.drain(limit)
        return {} if self.is_over else {"Connection": "close"}

    async def drain(self, limit: int) -> None:
        """Read and discard at most `limit` more bytes, for at most SKIP_SECONDS."""
        end = self.bytes + limit
        with suppress(TransportError, TimeoutError):
            async with asyncio.timeout(SKIP_SECONDS):
                while not self.is_over and not self._expects_continue and self.bytes < end:
                    await self._receive_chunk()


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part: its headers, and its bytes in chunks. A part without a file name is a field."""

    name: str
    file_name: str | None
    content_type: str
    chunks: AsyncIterator[bytes]

    async def text(self, limit: int) -> bytes:
        """Return the whole value of a field. Raises TransportError for more than `limit` bytes."""
        value = bytearray()
        async for chunk in self.chunks:
            value += chunk
            if len(value) > limit:
                raise TransportError("CONTENT_TOO_LARGE", f"The field `{self.name[:50]}` may have at most {limit} bytes.")
        return bytes(value)


class Mark(Enum):
    """The parser's events other than bytes and headers: the end of a part, and the end of the body."""

    END = auto()
    OVER = auto()


Headers = dict[bytes, bytes]
Event = bytes | Headers | Mark


class Parts:
    """The parts of one body. Raises TransportError for a body that is malformed, larger than `limit` bytes, or incomplete."""

    def __init__(self, body: Body, content_type: str, limit: int) -> None:
        self._body = body
        self._limit = limit
        self._events: deque[Event] = deque()
        self._parser = _parser(content_type, self._events)
        if body.announced > limit:
            raise self._too_large()

    async def next(self) -> BodyPart | None:
        """Return the next part, or None after the last one. The rest of the previous part is skipped."""
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
            raise TransportError("BAD_REQUEST", INCOMPLETE)
        if self._body.bytes > self._limit:
            raise self._too_large()
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise TransportError("BAD_REQUEST", "The request body is not valid multipart/form-data.") from None

    def _too_large(self) -> TransportError:
        return TransportError("CONTENT_TOO_LARGE", f"A request with files may have at most {self._limit} bytes.")


def _parser(content_type: str, events: "deque[Event]") -> MultipartParser:
    """Return a parser that appends to `events`. Raises TransportError without a valid boundary."""
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
    return MultipartParser(boundary, callbacks, max_header_size=MAX_HEADER_BYTES)  # type: ignore[arg-type]  # the library's type of this dictionary is not exported
