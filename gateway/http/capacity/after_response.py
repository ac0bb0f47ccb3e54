"""Work that is done after the response was sent."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from db.outages import describe

logger = logging.getLogger("portico.later")

FINISH_SECONDS = 10.0


class DeferredTasks:
    """Things to do after the answer. They are finished before the process ends, if that does not take too long; what is left then, the worker does."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=getattr(work, "__qualname__", type(work).__name__))
        self._running.add(task)
        task.add_done_callback(self._done)

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait for what runs, and for what that begins. Then cancel what is left, and write down what it was."""
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await asyncio.wait(self._running)
        except TimeoutError:
            left = list(self._running)
            names = ", ".join(f"{count} × {name}" for name, count in Counter(task.get_name() for task in left).items())
            logger.error("the process ends before this was done, and leaves it to the worker: %s", names)
            for task in left:
                task.cancel()
            await asyncio.wait(left)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s failed after the answer and is left to the worker: %s", task.get_name(), describe(error), exc_info=error)
