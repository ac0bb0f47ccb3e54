"""A request body whose progress extends the deadline: each piece that is sent postpones it, so that a slow connection does not fail."""

import asyncio
import io
from contextlib import suppress
from dataclasses import dataclass

# The body is read once for the signature, and once to be sent. A further pass is a retry, which does not extend the deadline.
PASSES = 2


@dataclass(frozen=True, slots=True)
class StallPolicy:
    """How long a request may stall: `seconds` without a byte sent, and `seconds` from the last byte to the response.

    After the last byte the time is extended for the bytes that buffers may still hold, at `bytes_per_second`, because their progress is not visible.
    """

    seconds: float
    bytes_per_second: int

    def held(self, size: int) -> float:
        """Return how many seconds this many bytes may take in buffers."""
        return size / self.bytes_per_second


class UploadBody(io.BytesIO):
    """The body of an upload. aiohttp reads it in the event loop, as the connection accepts more."""

    def __init__(self, content: bytes, deadline: asyncio.Timeout, pace: StallPolicy) -> None:
        super().__init__(content)
        self._deadline = deadline
        self._seconds = pace.seconds
        self.held_seconds = pace.held(len(content))
        self._size = len(content)
        self._end_of_last = 0
        self._passes = 1

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() < self._end_of_last:
            self._passes += 1
        chunk = super().read(size)
        self._end_of_last = self.tell()
        if chunk and self._passes <= PASSES:
            self._put_off(self._seconds + (self.held_seconds if self._end_of_last == self._size else 0))
        return chunk

    def _put_off(self, seconds: float) -> None:
        with suppress(RuntimeError):  # the response has arrived already, or the deadline has passed
            self._deadline.reschedule(asyncio.get_running_loop().time() + seconds)
