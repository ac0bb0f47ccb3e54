"""A response that sends the messages of a stream until it ends or its client has closed the connection."""

import asyncio
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Scope, Send

from gateway.http.responses import Answer, ResponseFormat
from gateway.http.serving.protocol import ABORT
from gateway.http.statuses import STATUS
from gateway.http.streaming.formats import StreamFormat, encoded_errors
from gateway.live.streams import SLOW, LiveStream, StreamEnd

# A stream without messages sends a beat, so that proxies and clients know that it is alive.
BEAT_SECONDS = 12.0
# A client that does not read for so long what is sent is disconnected.
READ_SECONDS = 10.0
CLOSED = StreamEnd("CLIENT_CLOSED_REQUEST", "The client has closed the connection.")


class StreamAnswer(Answer):
    """The response of a live operation. `ended` is the code with which the stream has ended, once it has."""

    def __init__(
        self, stream: LiveStream, form: ResponseFormat, headers: dict[str, str], *, stream_format: StreamFormat, remove: Callable[[LiveStream], None]
    ) -> None:
        super().__init__(b"", "OK", form, headers)
        self.stream = stream
        self.remove = remove
        self.ended = ""
        self._format = stream_format
        others = [pair for pair in self.raw_headers if pair[0] not in (b"content-type", b"content-length")]
        self.raw_headers = [(b"content-type", stream_format.content_type), (b"x-accel-buffering", b"no"), *others]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = asyncio.create_task(_watch(receive, self.stream))
        try:
            await _within(send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send(send, self._format.opening)
            while not self.ended:
                await self._send_next(send)
        except TimeoutError:
            self.ended = SLOW.code
            if abort := scope.get("extensions", {}).get(ABORT):
                abort()
        finally:
            watcher.cancel()
            self.remove(self.stream)

    async def _send_next(self, send: Send) -> None:
        item = await self.stream.next(BEAT_SECONDS)
        if item is None:
            await self._send(send, self._format.beat)
        elif not isinstance(item, StreamEnd):
            await self._send(send, self._format.message(item))
        else:
            if item is not CLOSED:
                await self._send(send, self._format.ending(encoded_errors(item)) + self._format.closing, is_last=True)
            self.ended = item.code

    async def _send(self, send: Send, text: bytes, *, is_last: bool = False) -> None:
        await _within(send, {"type": "http.response.body", "body": text, "more_body": not is_last})


async def _within(send: Send, message: MutableMapping[str, Any]) -> None:
    """Send. Raises TimeoutError if the client reads nothing."""
    async with asyncio.timeout(READ_SECONDS):
        await send(message)


async def _watch(receive: Receive, stream: LiveStream) -> None:
    """End the stream when its client closes the connection."""
    with suppress(RuntimeError):
        while (await receive())["type"] != "http.disconnect":
            pass
    stream.end(CLOSED)


def as_stream(answer: Answer, stream_format: StreamFormat) -> Answer:
    """Return the response to a client that accepts streams only: a result, or errors of GraphQL, as a stream of one message. Errors of HTTP stay as they are."""
    if isinstance(answer, StreamAnswer) or STATUS[answer.code]["compat"].json != 200:
        return answer
    answer.body = stream_format.opening + stream_format.message(bytes(answer.body)) + stream_format.closing
    answer.status_code = 200
    answer.headers["Content-Type"] = stream_format.content_type.decode()
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer
