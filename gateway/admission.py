"""How many operations run at a time, how many wait for their turn and how long, and what becomes of one whose client has left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive

# Most answers are there before; a client that leaves is looked for only while something takes long.
WATCH_AFTER_SECONDS = 0.05


class Overloaded(Exception):
    """There is no place now. Whoever called may try again shortly."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Admission:
    """`running` operations at a time. `queued` more wait at most `wait_seconds`; what comes then is turned away at once, which is kinder than a late answer."""

    def __init__(self, *, running: int, queued: int, wait_seconds: float) -> None:
        self._places = asyncio.Semaphore(running)
        self._queued = queued
        self._wait_seconds = wait_seconds
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises Overloaded."""
        if self._places.locked():
            await self._turn()
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _turn(self) -> None:
        if self._waiting >= self._queued:
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._waiting -= 1


@asynccontextmanager
async def until_gone(receive: Receive) -> AsyncIterator[None]:
    """Cancel what runs inside when the client leaves. Only for what has no effect: a write that has begun is finished. Raises ClientGone."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    watchers: list[asyncio.Task[None]] = []
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    timer = loop.call_later(WATCH_AFTER_SECONDS, lambda: watchers.append(loop.create_task(watch())))
    try:
        yield
    except asyncio.CancelledError:
        if not has_left:
            raise
        task.uncancel()
        raise ClientGone from None
    finally:
        timer.cancel()
        for watcher in watchers:
            watcher.cancel()
