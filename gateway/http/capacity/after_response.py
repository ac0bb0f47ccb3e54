"""Tasks that run after the response was sent."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from db.outages import describe

logger = logging.getLogger("portico.later")

FINISH_SECONDS = 10.0


class DeferredTasks:
    """Tasks after the response. At the end of the process they are waited for, for a limited time; the worker does what is left then."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine, name=getattr(coroutine, "__qualname__", type(coroutine).__name__))
        self._running.add(task)
        task.add_done_callback(self._done)

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait for the running tasks and for those that they start. Then cancel the rest, and log their names."""
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await asyncio.wait(self._running)
        except TimeoutError:
            left = list(self._running)
            names = ", ".join(f"{count} × {name}" for name, count in Counter(task.get_name() for task in left).items())
            logger.error("the process ends before these tasks, which are left to the worker: %s", names)
            for task in left:
                task.cancel()
            await asyncio.wait(left)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s failed after the response and is left to the worker: %s", task.get_name(), describe(error), exc_info=error)
