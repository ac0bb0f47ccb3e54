"""Threads for computation that would block the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Python runs one thread at a time, so more threads would not be faster.
THREADS = ThreadPoolExecutor(2, thread_name_prefix="portico-answer")


async def run_in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread and return its result. If cancelled, it still waits for the thread, so that the operation counts as running until the thread ends."""
    running = asyncio.get_running_loop().run_in_executor(THREADS, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        raise
