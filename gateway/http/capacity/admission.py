"""Limits on running and waiting operations, fair shares between callers, and cancellation when the client disconnects."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive

# A client that has not received its response after so long is slow, or does not read it.
SENT_SECONDS = 0.2
# Most operations end earlier; a disconnect is watched for only while an operation takes longer.
WATCH_AFTER_SECONDS = 0.05
# How long after its last operation the gateway counts as in use.
RECENT_SECONDS = 0.2


class Overloaded(Exception):
    """There is no free place for an operation. The caller may try again shortly."""


class ClientDisconnected(Exception):
    """The client has closed the connection."""


class Admission:
    """A bounded number of places for operations, shared fairly between callers.

    `running` places are taken at a time, at most `per_caller` by one caller. Up to `queued` more operations wait at most `wait_seconds`. A place that comes free goes to
    the waiting caller who has the fewest; callers with equally many are served in turn (round-robin). When the queue is full, the newest operation of the caller with
    the longest queue is refused, so that one caller cannot fill the queue. See docs/decisions/0035-fair-shares.md.
    """

    def __init__(self, *, running: int, queued: int, wait_seconds: float, per_caller: int | None = None) -> None:
        self._free = self._places = running
        self._queued = queued
        self._wait_seconds = wait_seconds
        self._per_caller = per_caller or max(1, running // 2)
        self._running: dict[str, int] = {}
        # The order of the keys is the order in which callers are served.
        self._waiting: dict[str, deque[_Waiter]] = {}
        self._length = 0
        self._left_at = float("-inf")
        # How many operations were refused so far.
        self.refused = 0

    @property
    def taken(self) -> int:
        """Return how many places are taken."""
        return self._places - self._free

    @property
    def queued(self) -> int:
        """Return how many operations wait."""
        return self._length

    def check(self, caller: str) -> None:
        """Raises Overloaded if an operation of this caller would be refused at once. It is fast, so it is called before a request is read."""
        if not self._is_free_for(caller, 1) and self._length >= self._queued and self._longest_other(caller) is None:
            raise self._overloaded()

    def is_shared(self) -> bool:
        """Whether more than one caller has operations running."""
        return len(self._running) > 1

    def is_used(self) -> bool:
        """Whether operations run, or ran within the last RECENT_SECONDS: the next is likely to arrive soon."""
        return bool(self._running) or asyncio.get_running_loop().time() - self._left_at < RECENT_SECONDS

    def deadline(self) -> float:
        """Return the time, on the event loop's clock, until which an operation that arrives now waits for its places."""
        return asyncio.get_running_loop().time() + self._wait_seconds

    def place(self, caller: str, *, size: int = 1, until: float | None = None) -> "AdmissionSlot":
        """Return a place for one operation as an async context manager. Entering it raises Overloaded: after `wait_seconds`, or at `until` (see `deadline`).

        `caller` is the key by which places are shared, such as `customer:cus_…`, `partner:app_…`, `staff:…`, `service:…` or `anonymous:network:…`. An operation may take
        `size` places at once; more than `per_caller` are as many as `per_caller`.
        """
        return AdmissionSlot(self, caller, min(size, self._per_caller), until)

    def take(self, caller: str, size: int) -> bool:
        """Take free places if this caller may have them now, and return whether it did. An operation does not overtake waiting operations of its caller."""
        if caller in self._waiting or not self._is_free_for(caller, size):
            return False
        self._add(caller, size)
        return True

    def release(self, caller: str, size: int) -> None:
        """Release places. Waiting operations get them in the same step."""
        self._free += size
        self._left_at = asyncio.get_running_loop().time()
        running = self._running[caller] - size
        if running:
            self._running[caller] = running
        else:
            del self._running[caller]
        self._serve_waiting()

    async def wait(self, caller: str, size: int, until: float | None) -> None:
        """Wait for places. Raises Overloaded."""
        if self._length >= self._queued:
            self._make_room(caller)
        loop = asyncio.get_running_loop()
        waiter = _Waiter(loop.create_future(), size, self.deadline() if until is None else until)
        self._waiting.setdefault(caller, deque()).append(waiter)
        self._length += 1
        timer = loop.call_at(waiter.expires_at, self._refuse, caller, waiter)
        try:
            is_granted = await waiter.granted
        except BaseException:
            if waiter.granted.cancelled():
                self._remove(caller, waiter)
                self._serve_waiting()
            elif waiter.granted.result():  # the place was granted at the moment at which the operation was cancelled
                self.release(caller, size)
            raise
        finally:
            timer.cancel()
        if not is_granted:
            raise self._overloaded()

    def _overloaded(self) -> Overloaded:
        self.refused += 1
        return Overloaded()

    def _is_free_for(self, caller: str, size: int) -> bool:
        return self._free >= size and self._running.get(caller, 0) + size <= self._per_caller

    def _add(self, caller: str, size: int) -> None:
        self._free -= size
        self._running[caller] = self._running.get(caller, 0) + size

    def _serve_waiting(self) -> None:
        while self._waiting and (caller := self._next_caller()) is not None:
            self._serve(caller)

    def _next_caller(self) -> str | None:
        """Return the waiting caller to serve next: of those who may have more places, the one with the fewest. None if too few places are free for that caller."""
        caller, fewest = None, self._per_caller
        for key, waiters in self._waiting.items() if self._free else ():
            running = self._running.get(key, 0)
            if running < fewest and running + waiters[0].size <= self._per_caller:
                caller, fewest = key, running
            if fewest == 0:  # usually the first one, of hundreds
                break
        return caller if caller is not None and self._is_free_for(caller, self._waiting[caller][0].size) else None

    def _serve(self, caller: str) -> None:
        """Grant places to the longest waiting operation of this caller. If its deadline has passed it is refused, even if a busy event loop has not run its timer yet."""
        waiter = self._waiting[caller][0]
        self._remove(caller, waiter)
        if caller in self._waiting:
            self._waiting[caller] = self._waiting.pop(caller)
        if waiter.granted.done():
            return
        is_in_time = asyncio.get_running_loop().time() < waiter.expires_at
        if is_in_time:
            self._add(caller, waiter.size)
        waiter.granted.set_result(is_in_time)

    def _make_room(self, caller: str) -> None:
        """Refuse the newest operation of the longest queue in favour of this caller. Raises Overloaded if this caller's own queue is as long."""
        longest = self._longest_other(caller)
        if longest is None:
            raise self._overloaded()
        self._refuse(longest, self._waiting[longest][-1])

    def _longest_other(self, caller: str) -> str | None:
        """Return the caller with the longest queue, if that queue without one operation is at least as long as this caller's with one more."""
        if not self._waiting:
            return None
        longest = max(self._waiting, key=lambda key: len(self._waiting[key]))
        own = len(self._waiting.get(caller, ()))
        return longest if len(self._waiting[longest]) > own + 1 else None

    def _refuse(self, caller: str, waiter: "_Waiter") -> None:
        if not waiter.granted.done():
            self._remove(caller, waiter)
            waiter.granted.set_result(False)
            self._serve_waiting()

    def _remove(self, caller: str, waiter: "_Waiter") -> None:
        """Remove an operation from the queue, unless it has been removed already."""
        waiters = self._waiting.get(caller)
        if waiters is None or waiter not in waiters:
            return
        waiters.remove(waiter)
        self._length -= 1
        if not waiters:
            del self._waiting[caller]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """One waiting operation: whether its places were granted, how many, and until when (on the event loop's clock) it waits."""

    granted: asyncio.Future[bool]
    size: int
    expires_at: float


class AdmissionSlot:
    """The place of one operation, held from entering the context to leaving it."""

    __slots__ = ("_admission", "_caller", "_size", "_until")

    def __init__(self, admission: Admission, caller: str, size: int, until: float | None) -> None:
        self._admission, self._caller, self._size, self._until = admission, caller, size, until

    async def __aenter__(self) -> None:
        """Raises Overloaded."""
        if not self._admission.take(self._caller, self._size):
            await self._admission.wait(self._caller, self._size, self._until)

    async def __aexit__(self, *_: object) -> None:
        self._admission.release(self._caller, self._size)


class CancelOnDisconnect:
    """Cancels the task inside the context when the client disconnects. Only for work without effects: a write that has begun is finished. Raises ClientDisconnected."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._is_disconnected = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        if self._is_disconnected and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise ClientDisconnected

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_disconnected = True
        self._task.cancel()


class ReleaseAfterSend:
    """The context in which a response is sent. `release` runs after it, or after SENT_SECONDS if the client reads slowly, because other requests wait for the connection."""

    def __init__(self, release: Callable[[], Awaitable[Any]]) -> None:
        self._release = release
        self._early: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SENT_SECONDS, self._begin)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        await (self._early or self._release())

    def _begin(self) -> None:
        self._early = asyncio.ensure_future(self._release())
