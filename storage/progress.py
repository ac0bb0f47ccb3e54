"""The body of a request that is sent: each byte that is taken for the first time puts the deadline off, so a slow connection is only slow."""

import asyncio
import io
from contextlib import suppress


class Progress(io.BytesIO):
    """`seconds` is how long the other side may take nothing, or, once it has all, may take to answer.

    aiohttp reads it in a thread, as the connection takes more. What is read in the event loop is for the request's signature.
    """

    def __init__(self, content: bytes, deadline: asyncio.Timeout, seconds: float) -> None:
        super().__init__(content)
        self._deadline = deadline
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._furthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        # A retry begins anew, and what it sends again is no progress.
        if self.tell() > self._furthest and not _is_in_loop():
            self._furthest = self.tell()
            self._loop.call_soon_threadsafe(self._put_off)
        return chunk

    def _put_off(self) -> None:
        with suppress(RuntimeError):  # the answer is here already, or the deadline has passed
            self._deadline.reschedule(self._loop.time() + self._seconds)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
