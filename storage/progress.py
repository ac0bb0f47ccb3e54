"""The body of a request that is sent: each piece that is taken puts the deadline off, so a slow connection is only slow."""

import asyncio
import io
from contextlib import suppress
from dataclasses import dataclass

# The body is read for the signature, and then sent. What a retry sends again is no progress.
PASSES = 2


@dataclass(frozen=True, slots=True)
class StallPolicy:
    """The other side may take nothing for `seconds`, and has to answer so many seconds after the last byte. It gets longer for bytes that buffers on the way may still
    hold, at `bytes_per_second`: nobody sees how they go on."""

    seconds: float
    bytes_per_second: int

    def held(self, size: int) -> float:
        """How many seconds so many bytes may be on the way."""
        return size / self.bytes_per_second


class UploadBody(io.BytesIO):
    """aiohttp reads it in the event loop, as the connection takes more."""

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
        with suppress(RuntimeError):  # the answer is here already, or the deadline has passed
            self._deadline.reschedule(asyncio.get_running_loop().time() + seconds)
