"""Execution of one operation: by the planner's one statement if it has a plan, or else by the executor with the loaders."""

import inspect
import logging
from functools import partial
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute

from billing.refusals import RequestError
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.unit_of_work import UnitOfWork
from gateway.documents.document_cache import PreparedDocument
from gateway.http.capacity.threads import run_in_thread
from gateway.http.requests import GraphQLRequest
from planner import BoundPlan
from resolvers.context import Context

logger = logging.getLogger("portico.http")

# The maximum number of reported errors in variables. graphql-core formats each of them, so thousands would block the event loop for seconds.
MAX_INPUT_ERRORS = 20
# The number of characters of a planned response beyond which its derived fields, 20 to 40 µs each, would block the event loop for several milliseconds.
LARGE_TEXT = 8192


async def run_planned(document: PreparedDocument, operation: OperationDefinitionNode, call: GraphQLRequest, context: Context) -> bytes | None:
    """Execute the whole query as one statement, and return the response body. None if the executor must answer: without a plan, or after a failure."""
    if document.plans is None or (
        context.session.is_distributed and context.viewer.customer_id is None
    ):  # one statement would read the shards of many customers
        return None
    try:
        bound = document.plans.bind(operation, call.variables, context.viewer)
        if bound is None:
            return None
        (row,) = await _fetch(bound, context.session)
        finish = partial(bound.answer, row, context.links, context.budget, context.file_limits)
        return await run_in_thread(finish) if bound.plan.fix and len(row[0]) > LARGE_TEXT else finish()
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


async def _fetch(bound: BoundPlan, session: UnitOfWork) -> list[Any]:
    """Run the statement of a plan, and once more after a Conflict: a standby cancels statements that conflict with its recovery."""
    try:
        return await session.fetch_unshielded(bound.plan.sql, bound.values, is_prepared=bound.is_repeated)
    except Conflict:
        await session.read_from(None)
        return await session.fetch_unshielded(bound.plan.sql, bound.values, is_prepared=bound.is_repeated)


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
