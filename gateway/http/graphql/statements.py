"""The statements of plans: of a whole query, and of some members of an object."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from billing.refusals import RequestError
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.unit_of_work import UnitOfWork
from gateway.http.capacity.threads import run_in_thread
from planner import BoundMembers, BoundPlan, DocumentPlans
from resolvers.context import Context

logger = logging.getLogger("portico.http")

T = TypeVar("T")

# The number of characters of a planned response beyond which its derived fields, 20 to 40 µs each, would block the event loop for several milliseconds.
LARGE_TEXT = 8192


async def read_members(members: BoundMembers, plans: DocumentPlans, context: Context) -> dict[str, Any] | None:
    """Return the members of an object by response key. None if the executor must read them, for data or for errors with their paths."""
    values: dict[str, Any] = dict.fromkeys(members.keys)
    try:
        for statement in members.statements:
            values |= await read(statement, context, statement.data)
        return values
    except (DatabaseUnavailable, SessionEnded):
        return None  # the executor's reads in this snapshot fail for the same reason
    except RequestError:
        plans.refused()
    except Exception:  # as of a whole query
        logger.warning("a planned part of an operation failed; the executor reads it", exc_info=True)
        plans.failed()
        await context.session.release()
    return None


async def read(bound: BoundPlan, context: Context, finish: Callable[..., T]) -> T:
    """Run the statement of a plan, and return what `finish` makes of its row."""
    (row,) = await _fetch(bound, context.session)
    finished = partial(finish, row, context.links, context.budget, context.file_limits)
    return await run_in_thread(finished) if bound.plan.fix and len(row[0]) > LARGE_TEXT else finished()


async def _fetch(bound: BoundPlan, session: UnitOfWork) -> list[Any]:
    """Run the statement of a plan, and once more after a Conflict: a standby cancels statements that conflict with its recovery."""
    try:
        return await session.fetch_unshielded(bound.plan.sql, bound.values, is_prepared=bound.is_repeated)
    except Conflict:
        await session.read_from(None)
        return await session.fetch_unshielded(bound.plan.sql, bound.values, is_prepared=bound.is_repeated)
