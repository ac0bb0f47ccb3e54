"""Work for the processor that would hold up the event loop, done beside it in threads of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Python runs one thread at a time, so more of them finish nothing earlier.
THREADS = ThreadPoolExecutor(2, thread_name_prefix="portico-answer")


async def beside(work: Callable[[], T]) -> T:
    """What `work` returns. Cancelled, it still waits for the thread, so that whoever counts running operations counts this one until it is over."""
    running = asyncio.get_running_loop().run_in_executor(THREADS, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        raise
