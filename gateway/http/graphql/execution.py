"""Execution of one operation: by the planner's one statement if it has a plan, or else by the executor with the loaders."""

import inspect
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute

from billing.refusals import RequestError
from billing.rows.schema import AnswerRevision
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.unit_of_work import UnitOfWork
from gateway.documents.document_cache import PreparedDocument
from gateway.http.capacity.threads import run_in_thread
from gateway.http.graphql.state import Conditional
from gateway.http.requests import GraphQLRequest
from planner import BoundPlan
from resolvers.context import Context

logger = logging.getLogger("portico.http")

# The maximum number of reported errors in variables. graphql-core formats each of them, so thousands would block the event loop for seconds.
MAX_INPUT_ERRORS = 20
# The number of characters of a planned response beyond which its derived fields, 20 to 40 µs each, would block the event loop for several milliseconds.
LARGE_TEXT = 8192


async def run_planned(
    document: PreparedDocument, operation: OperationDefinitionNode, call: GraphQLRequest, context: Context, *, conditional: Conditional | None = None
) -> bytes | None:
    """Execute the whole query as one statement, and return the response body. None if the executor must answer: without a plan, or after a failure.

    The body is empty if the caller has it already, as `conditional` then says.
    """
    if document.plans is None:
        return None
    try:
        bound = document.plans.bind(operation, call.variables, context.viewer)
        if bound is None:
            return None
        if conditional and await conditional.confirm(bound):
            return b""
        row, revision = await _fetched(bound, context.session, is_revised=conditional is not None)
        finish = partial(bound.answer, row, context.links, context.budget, context.file_limits)
        body = await run_in_thread(finish) if bound.plan.fix and len(row[0]) > LARGE_TEXT else finish()
        if conditional:
            conditional.note(revision)
        return body
    except (DatabaseUnavailable, SessionEnded):
        raise
    except RequestError:
        document.plans.refused()
        return None
    except Exception:  # a bug in the planner or in the data: the executor's errors show which
        logger.warning("a planned query failed; the executor answers", exc_info=True)
        document.plans.failed()
        await context.session.release()
        return None


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


async def run(schema: GraphQLSchema, document: PreparedDocument, call: GraphQLRequest, context: Context, *, root: object = None) -> ExecutionResult:
    """Execute with graphql-core and the loaders. Without a root value it is the viewer."""
    assert document.ast is not None
    result = execute(
        schema,
        document.ast,
        root_value=root or context.viewer,
        context_value=context,
        variable_values=call.variables,
        operation_name=call.operation_name,
        max_coercion_errors=MAX_INPUT_ERRORS,
    )
    return await result if inspect.isawaitable(result) else result
