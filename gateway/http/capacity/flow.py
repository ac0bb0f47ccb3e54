"""The rate at which the bytes of uploads are read while other operations need the processors."""

import asyncio
from collections.abc import Callable

# 50 MiB a second: hashing, writing and parsing at this rate leaves most of one processor to other operations.
STEP_BYTES = 256 * 1024
PAUSE_SECONDS = 0.005


class Flow:
    """All uploads of this process together pause after each STEP_BYTES while `has_others` returns true: operations without files run. Otherwise there is no pause."""

    def __init__(self, has_others: Callable[[], bool] = lambda: False) -> None:
        self._has_others = has_others
        self._lock = asyncio.Lock()
        self._left = STEP_BYTES
        # The bytes that were read so far.
        self.received_bytes = 0

    async def passed(self, size: int) -> None:
        """Count `size` bytes, and pause if necessary before more are read."""
        self.received_bytes += size
        if not self._has_others():
            return
        async with self._lock:
            self._left -= size
            if self._left <= 0:
                self._left = STEP_BYTES
                await asyncio.sleep(PAUSE_SECONDS)
