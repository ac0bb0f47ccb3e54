"""Work on files, in a thread."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar, TypeVarTuple, Unpack

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
# Of the threads that hash and write what arrives: with more of them, or with the priority of the event loop, they would take the processors from it.
WRITERS = 2
NICENESS = 5


def _step_back() -> None:
    """Lower the priority of this thread alone, which Linux can."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)


_writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="portico-write", initializer=_step_back)


def begin(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> "asyncio.Future[Result]":
    """Start it; the caller goes on meanwhile and ends it with `done`."""
    return asyncio.get_running_loop().run_in_executor(None, work, *arguments)


def begin_writing(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> "asyncio.Future[Result]":
    """The same for bytes that arrive, which many clients may send at once."""
    return asyncio.get_running_loop().run_in_executor(_writers, work, *arguments)


async def done(working: "asyncio.Future[Result]") -> Result:
    """The result. A caller who is cancelled still waits, since a thread cannot be stopped and must not find its file closed."""
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await ended(working)
        raise


async def ended(working: "asyncio.Future[Result]") -> None:
    """Wait for the end, whatever came of it."""
    await asyncio.wait([working])
    working.exception()


async def run(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
    return await done(begin(work, *arguments))
