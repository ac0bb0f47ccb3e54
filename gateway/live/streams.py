"""One stream: the queue between the hub, which computes messages, and the connection, which sends them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVarTuple

# The messages that wait for a slow client. One more ends the stream.
MAX_WAITING = 16


class StreamEnd(NamedTuple):
    """Why a stream ends. `reconnects`: the client should open it again at once, with the last cursor."""

    code: str
    message: str
    reconnects: bool = False


RESYNC = StreamEnd("RESYNC_REQUIRED", "Events were missed that cannot be sent. Read the data again, and open the stream without `after`.")
TOKEN_ENDED = StreamEnd("UNAUTHENTICATED", "The access token has ended. Renew it, and open the stream again with the last cursor.")
SESSION_ENDED = StreamEnd("UNAUTHENTICATED", "The session of this token has ended.")
EXPIRED = StreamEnd("STREAM_EXPIRED", "The stream has reached its maximum age. Open it again with the last cursor.", reconnects=True)
DRAINING = StreamEnd("SERVER_CLOSING", "This server is about to end. Open the stream again with the last cursor.", reconnects=True)
SLOW = StreamEnd("SLOW_READER", "The client reads too slowly.")


class StreamFailed(Exception):
    """A message cannot be computed, now or later, so the stream ends."""

    def __init__(self, end: StreamEnd) -> None:
        super().__init__(end.message)
        self.end = end


class LiveMessage(NamedTuple):
    """A message, and the number of the last event that it covers. `body` is None where the events are not of the types of the stream: then nothing is sent.

    `has_more`: the customer has more events than one message covers.
    """

    seq: int
    body: bytes | None
    has_more: bool = False


Arguments = TypeVarTuple("Arguments")
# Computes the message after a number of an event. Raises StreamFailed, and the errors of an outage.
Compute = Callable[[int], Awaitable[LiveMessage]]


class StreamOwner(NamedTuple):
    """Whose a stream is: of a customer, in a session; without a session, of a program's token."""

    customer_id: str
    session: str


@dataclass(slots=True, eq=False)
class LiveStream:
    """`key` is equal for streams whose messages after one event are equal. `seq` is the number of the last event that was put into the queue; None until the first message."""

    owner: StreamOwner
    key: Hashable
    compute: Compute
    seq: int | None = None
    # Whether the customer had an event while the first message was computed.
    is_late: bool = False
    ending: StreamEnd | None = None
    # Plain lists and one future: a process has thousands of streams, and most of them only wait.
    _waiting: list[bytes] = field(default_factory=list)
    _reader: asyncio.Future[None] | None = None
    _is_closed: bool = False
    _timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def put(self, message: LiveMessage) -> None:
        """Put a message into the queue. A queue that is full ends the stream: the client has to read the data again."""
        self.seq = message.seq
        if message.body is None or self.ending:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            self.end(RESYNC)
            return
        self._waiting.append(message.body)
        self._wake_reader()

    def end(self, end: StreamEnd) -> None:
        """End the stream after what waits in the queue. The first reason counts."""
        self.ending = self.ending or end
        self._wake_reader()

    def call_after(self, seconds: float, callback: Callable[[*Arguments], object], *arguments: *Arguments) -> None:
        """Call a function after some time, unless the stream has been closed."""
        if not self._is_closed:
            self._timers.append(asyncio.get_running_loop().call_later(seconds, callback, *arguments))

    def close(self) -> None:
        """Stop the timers of a stream that has ended."""
        self._is_closed = True
        for timer in self._timers:
            timer.cancel()

    async def next(self, seconds: float) -> bytes | StreamEnd | None:
        """Return the next message, or the end; None after `seconds` without either. One task reads a stream."""
        if not self._waiting and not self.ending:
            loop = asyncio.get_running_loop()
            self._reader = loop.create_future()
            timer = loop.call_later(seconds, self._wake_reader)
            try:
                await self._reader
            finally:
                timer.cancel()
                self._reader = None
        return self._waiting.pop(0) if self._waiting else self.ending

    def _wake_reader(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)
