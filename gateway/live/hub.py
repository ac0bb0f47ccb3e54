"""The streams of a process by their customers. A change of a customer wakes their streams; equal streams are computed once; nothing is held while they wait."""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from db.outages import DatabaseUnavailable, cause_of
from gateway.http.capacity.admission import Admission, Overloaded
from gateway.http.capacity.drain import Drain
from gateway.http.histogram import Histogram
from gateway.live.streams import DRAINING, EXPIRED, LiveMessage, LiveStream, StreamEnd, StreamFailed

logger = logging.getLogger("portico.live")

# Changes of a customer within this time are one message.
COALESCE_SECONDS = 0.1
# After an outage, or while there is no place or no budget, a message is tried again after this time.
RETRY_SECONDS = 1.0
# How often the hub looks whether the process drains.
WATCH_SECONDS = 0.2
# The part of its age by which the end of a stream varies, so that streams that were opened together do not come back together.
JITTER = 0.2
# Longer than a response waits for its client.
REMOVAL_SECONDS = 60.0
# The upper bounds, in seconds, by which the lag of messages is counted.
LAG_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# The reason of a stream that its client has closed.
CLOSED = "CLIENT_CLOSED_REQUEST"
FAILED = StreamEnd("INTERNAL_SERVER_ERROR", "Something went wrong on our side. Open the stream again with the last cursor.")


class TooManyStreams(Exception):
    """A session or a customer has as many streams as it may have."""


class BudgetSpent(Exception):
    """The caller's budget is spent, so the message is computed later."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams there may be of one session, of one customer and in the process, and after how many seconds a stream ends."""

    per_session: int = 5
    per_customer: int = 20
    per_process: int = 5000
    seconds: float = 900.0


@dataclass(slots=True)
class Hub:
    """`places` bounds how many messages are computed at a time, apart from requests."""

    limits: StreamLimits
    places: Admission
    drain: Drain
    # The time from a change to its message: to the customer's event, its announcement and the end of the computation.
    lag: Histogram = field(default_factory=lambda: Histogram(LAG_SECONDS))
    # How many streams were opened and refused so far, how many have ended for each reason, and how many messages were computed.
    opened: int = 0
    refused: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    _streams: dict[str, set[LiveStream]] = field(default_factory=dict)
    _count: int = 0
    # The tasks that send the messages of a customer, and the customers who had another event meanwhile.
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _again: set[str] = field(default_factory=set)

    def check(self, customer_id: str, session: str) -> None:
        """Raises Overloaded where the process takes no more streams, and TooManyStreams."""
        if self.drain.has_begun or self._count >= self.limits.per_process:
            raise Overloaded
        streams = self._streams.get(customer_id, ())
        if len(streams) >= self.limits.per_customer or sum(stream.owner.session == session for stream in streams) >= self.limits.per_session:
            self.refused += 1
            raise TooManyStreams

    def add(self, stream: LiveStream) -> None:
        """Register a stream before its first message is computed, so that no event is lost in between. Raises as `check`."""
        self.check(stream.owner.customer_id, stream.owner.session)
        self._streams.setdefault(stream.owner.customer_id, set()).add(stream)
        self._count += 1
        self.opened += 1
        age = self.limits.seconds * random.uniform(1 - JITTER, 1 + JITTER)
        stream.call_after(age, self._expire, stream)

    def begin(self, stream: LiveStream, message: LiveMessage) -> None:
        """Put the first message into a stream. From then on it gets what comes."""
        stream.put(message)
        if stream.is_late or message.has_more:
            self._wake(stream.owner.customer_id)

    def remove(self, stream: LiveStream) -> None:
        stream.close()
        streams = self._streams.get(stream.owner.customer_id, set())
        if stream in streams:
            streams.remove(stream)
            self._count -= 1
            self.ended[stream.ending.code if stream.ending else CLOSED] += 1
        if not streams:
            self._streams.pop(stream.owner.customer_id, None)

    @property
    def count(self) -> int:
        return self._count

    @property
    def customers(self) -> list[str]:
        """Return the customers who have streams."""
        return list(self._streams)

    def announce(self, last_seqs: Mapping[str, int]) -> None:
        """Wake the streams that have not reached the last event of their customer."""
        for customer_id, seq in last_seqs.items():
            if any(stream.seq is None or stream.seq < seq for stream in self._streams.get(customer_id, ())):
                self._wake(customer_id)

    async def watch(self) -> None:
        """End all streams when the process drains."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.drain.has_begun:
                break
        for stream in [stream for streams in self._streams.values() for stream in streams]:
            stream.end(DRAINING)

    def _expire(self, stream: LiveStream) -> None:
        """End a stream at its greatest age. Its response removes it; one whose response was never sent does not count for ever."""
        stream.end(EXPIRED)
        stream.call_after(REMOVAL_SECONDS, self.remove, stream)

    def _wake(self, customer_id: str) -> None:
        if customer_id in self._running:
            self._again.add(customer_id)
            return
        self._running[customer_id] = asyncio.create_task(self._send(customer_id))

    async def _send(self, customer_id: str) -> None:
        try:
            await self._send_all(customer_id)
        finally:
            del self._running[customer_id]

    async def _send_all(self, customer_id: str) -> None:
        """Send messages until all streams of the customer have reached their last event."""
        seconds = COALESCE_SECONDS
        while customer_id in self._streams:
            await asyncio.sleep(seconds)
            self._again.discard(customer_id)
            groups = _groups(self._streams.get(customer_id, ()))
            results = await asyncio.gather(*(self._compute(group) for group in groups))
            if not any(results) and customer_id not in self._again:
                return
            seconds = RETRY_SECONDS if RETRY_SECONDS in results else COALESCE_SECONDS

    async def _compute(self, group: list[LiveStream]) -> float:
        """Compute the next message of equal streams. Returns after how many seconds there is more to do; 0 if there is not."""
        first = group[0]
        assert first.seq is not None
        try:
            async with self.places.place(f"customer:{first.owner.customer_id}"):
                message = await first.compute(first.seq)
        except StreamFailed as failure:
            return _end(group, failure.end)
        except (DatabaseUnavailable, Overloaded, BudgetSpent, TimeoutError) as error:
            logger.info("a message of a stream is computed later", extra={"cause": cause_of(error)})
            return RETRY_SECONDS
        except Exception:  # a bug ends these streams and no others
            logger.exception("a message of a stream could not be computed")
            return _end(group, FAILED)
        self.messages += message.body is not None
        for stream in group:
            stream.put(message)
        return COALESCE_SECONDS if message.has_more else 0.0


def _groups(streams: Iterable[LiveStream]) -> list[list[LiveStream]]:
    """Return the streams that have begun, those together that get the same message."""
    groups: dict[object, list[LiveStream]] = defaultdict(list)
    for stream in streams:
        if stream.seq is None:
            stream.is_late = True
        elif not stream.ending:
            groups[stream.key, stream.seq].append(stream)
    return list(groups.values())


def _end(group: list[LiveStream], end: StreamEnd) -> float:
    for stream in group:
        stream.end(end)
    return 0.0
