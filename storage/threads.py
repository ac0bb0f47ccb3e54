"""Work on files in threads."""

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
# Threads that hash and write received bytes. More of them, or the event loop's own priority, would slow the event loop down.
WRITERS = 2
NICENESS = 5


def _step_back() -> None:
    """Lower the priority of this thread only. Does nothing outside of Linux."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)


def _new_writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WRITERS, thread_name_prefix="portico-write", initializer=_step_back)


def _replace_writers() -> None:
    """In a forked process: the threads of the parent's pool do not exist there, and work given to that pool would never begin."""
    global _writers
    _writers = _new_writers()


_writers = _new_writers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_replace_writers)


def begin(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> "asyncio.Future[Result]":
    """Start the work; the caller continues meanwhile and awaits it with `done`."""
    return asyncio.get_running_loop().run_in_executor(None, work, *arguments)


def begin_writing(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> "asyncio.Future[Result]":
    """Start work on received bytes in the writers' threads, because many clients may send at once."""
    return asyncio.get_running_loop().run_in_executor(_writers, work, *arguments)


async def done(working: "asyncio.Future[Result]") -> Result:
    """Return the result. A cancelled caller still waits for the thread, which cannot be stopped and must not have its file closed meanwhile."""
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await ended(working)
        raise


async def ended(working: "asyncio.Future[Result]") -> None:
    """Wait for the end and ignore the result."""
    await asyncio.wait([working])
    working.exception()


async def run(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
    return await done(begin(work, *arguments))
