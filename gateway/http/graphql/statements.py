"""The statements of plans: of a whole query, and of some members of an object."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from billing.refusals import RequestError
from billing.rows.schema import AnswerRevision
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.unit_of_work import UnitOfWork
from gateway.http.capacity.threads import run_in_thread
from gateway.http.graphql.state import Conditional
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
            context.has_planned_parts = True
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


async def read(bound: BoundPlan, context: Context, finish: Callable[..., T], conditional: Conditional | None = None) -> T:
    """Run the statement of a plan, and return what `finish` makes of its row. `conditional` notes the revision of the answer."""
    row, revision = await _fetched(bound, context.session, is_revised=conditional is not None)
    finished = partial(finish, row, context.links, context.budget, context.file_limits)
    answer = await run_in_thread(finished) if bound.plan.fix and len(row[0]) > LARGE_TEXT else finished()
    if conditional:
        conditional.note(revision)
    return answer


async def _fetched(bound: BoundPlan, session: UnitOfWork, *, is_revised: bool) -> tuple[Sequence[Any], AnswerRevision | None]:
    """Return the row of a plan, and with `is_revised` its revision, if the plan has one."""
    revised = bound.plan.revised if is_revised else None
    if revised is None:
        return await _fetch(bound.plan.sql, bound.values, session, is_repeated=bound.is_repeated), None
    *row, revision, since, until = await _fetch(revised.sql, bound.revised_values, session, is_repeated=bound.is_repeated)
    return row, AnswerRevision(revision, since, until)


async def _fetch(sql: str, values: Sequence[Any], session: UnitOfWork, *, is_repeated: bool) -> Sequence[Any]:
    """Run the statement of a plan, and once more after a Conflict: a standby cancels statements that conflict with its recovery."""
    try:
        (row,) = await session.fetch_unshielded(sql, values, is_prepared=is_repeated)
    except Conflict:
        await session.read_from(None)
        (row,) = await session.fetch_unshielded(sql, values, is_prepared=is_repeated)
    return tuple(row)
