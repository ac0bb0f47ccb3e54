"""How many rows the executor completes before the event loop runs other requests again."""

import asyncio
from collections import deque
from collections.abc import Callable

# graphql-core takes 20 to 100 µs for a row, so this many rows take about as long as a short operation from its first statement to its response.
ROWS_AT_ONCE = 20
# The pause between two parts: long enough for a new request to begin, and, while operations of other callers run, for a short operation to end.
PAUSE_SECONDS = 0.001
PAUSE_BESIDE_OTHERS_SECONDS = 0.005


class CompletionPacer:
    """Completes the rows of one operation that the loaders return together in parts, with pauses in which other operations run.

    A loader resolves all its keys in one turn of the event loop. Without pauses a thousand rows would be completed at once, and every other request would wait.
    The relations of rows completed in different parts are loaded by different statements: an operation with n rows on one level may need n / ROWS_AT_ONCE
    statements for the next level. `has_others` returns whether operations of other callers run in this process.
    """

    def __init__(self, has_others: Callable[[], bool] = lambda: False) -> None:
        self._has_others = has_others
        self._left = ROWS_AT_ONCE
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._is_counting = False

    async def take(self, rows: int) -> None:
        """Wait for a part that has room for `rows` rows."""
        if not self._is_counting:
            self._is_counting = True
            asyncio.get_running_loop().call_soon(self._begin_part)
        if self._left > 0 and not self._waiting:
            self._left -= rows
            return
        part: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, part))
        await part

    def _begin_part(self) -> None:
        self._left = ROWS_AT_ONCE
        while self._waiting and self._left > 0:
            rows, part = self._waiting.popleft()
            if not part.done():
                self._left -= rows
                part.set_result(None)
        self._is_counting = self._left < ROWS_AT_ONCE
        if self._is_counting:
            # It runs when the rows of this part are completed, so that the pause begins after them.
            asyncio.get_running_loop().call_soon(self._pause_after_part)

    def _pause_after_part(self) -> None:
        asyncio.get_running_loop().call_later(self._pause(), self._begin_part)

    def _pause(self) -> float:
        if not self._waiting:
            return 0
        return PAUSE_BESIDE_OTHERS_SECONDS if self._has_others() else PAUSE_SECONDS
