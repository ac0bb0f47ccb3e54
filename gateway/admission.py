"""How many operations run at a time, how many wait for their turn and how long, and what becomes of one whose client has left."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive

# Clients take their answers at once, or they do not take them.
TAKEN_SECONDS = 0.2
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

    def check(self) -> None:
        """Raises Overloaded when not even the queue has room: then nothing of a request needs to be looked at."""
        if self._waiting >= self._queued and self._places.locked():
            raise Overloaded

    async def __aenter__(self) -> None:
        """Raises Overloaded."""
        if self._places.locked():
            await self._turn()
        else:
            await self._places.acquire()

    async def __aexit__(self, *_: object) -> None:
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


class UntilGone:
    """Cancels what runs inside when the client leaves. Only for what has no effect: a write that has begun is finished. Raises ClientGone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._has_left = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        if self._has_left and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise ClientGone

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        self._task.cancel()


async def nothing() -> None:
    """What is left to do where nothing was begun."""


class Handover:
    """While an answer is handed over. What is left to do after it (`then`) is done at once when the client does not take it: others wait for the connection."""

    def __init__(self, then: Callable[[], Awaitable[Any]]) -> None:
        self._then = then
        self._early: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TAKEN_SECONDS, self._begin)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        await (self._early or self._then())

    def _begin(self) -> None:
        self._early = asyncio.ensure_future(self._then())
