"""How a field of a mutation runs: within the operation's deadline, once more after a conflict, and not at all after a field that failed by an outage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from strawberry import UNSET

from billing.refusals import NotRun, Refused
from db.outages import Conflict, DatabaseUnavailable
from resolvers.audit import note_refusal
from resolvers.context import Context
from storage.bucket import BucketUnavailable

T = TypeVar("T")

# How many of the objects that one call changed its payload lists; pages of the customer have the rest.
MAX_LISTED = 50

# Errors of a temporary outage.
OUTAGES = (DatabaseUnavailable, BucketUnavailable, TimeoutError)


def present_fields(arguments: Any) -> dict[str, Any]:
    """Return the fields of an input that were sent, with null among their values. An absent field means that the stored value stays."""
    return {name: value for name, value in vars(arguments).items() if value is not UNSET}


@asynccontextmanager
async def running(context: Context) -> AsyncIterator[None]:
    """Run one field within the deadline. Fields have an order, so after an outage the later ones are not run. Raises NotRun, TimeoutError."""
    if context.is_cut_off:
        raise NotRun
    try:
        async with asyncio.timeout_at(context.ends_at):
            yield
    except OUTAGES:
        context.is_cut_off = True
        raise


async def resolved(context: Context, name: str, work: Callable[[], Awaitable[T]]) -> T:
    """Return the answer of the mutation `name`. Raises Refused, after the refusal is in the audit trail."""
    try:
        answer = await _repeated(context, work)
    except Refused as refused:
        code = refused.code
        await _repeated(context, lambda: note_refusal(context, name, code))
        raise
    context.has_effect = True
    return answer


async def _repeated(context: Context, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, and once more after a Conflict if nothing was committed: then everything that it did was rolled back.

    Before their first commit mutations charge nothing, read no uploaded file and change nothing in the bucket. Their calls to a processor before it are safe to repeat.
    """
    commits, has_attempted = context.session.progress.commits, context.has_attempted
    try:
        return await work()
    except Conflict:
        if context.session.progress.commits != commits:
            raise
    context.has_attempted = has_attempted
    await context.session.release()
    context.forget()
    return await work()
