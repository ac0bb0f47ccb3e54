"""Work on files, in a thread."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


def begin(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> "asyncio.Future[Result]":
    """Start it; the caller goes on meanwhile and ends it with `done`."""
    return asyncio.get_running_loop().run_in_executor(None, work, *arguments)


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
