"""How fast the bytes of uploads are taken while other operations want the processors."""

import asyncio
from collections.abc import Callable

# 50 MiB a second: hashing, writing and parsing so much leaves most of one processor to others.
STEP_BYTES = 256 * 1024
PAUSE_SECONDS = 0.005


class Flow:
    """All uploads of this process together pause after each STEP_BYTES, while `has_others` says that operations without files run; otherwise they come as they come."""

    def __init__(self, has_others: Callable[[], bool] = lambda: False) -> None:
        self._has_others = has_others
        self._turn = asyncio.Lock()
        self._left = STEP_BYTES

    async def passed(self, size: int) -> None:
        """Wait until more bytes than these may be taken."""
        if not self._has_others():
            return
        async with self._turn:
            self._left -= size
            if self._left <= 0:
                self._left = STEP_BYTES
                await asyncio.sleep(PAUSE_SECONDS)
