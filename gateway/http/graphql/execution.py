"""Execution of one operation: by the planner's one statement if it has a plan, or else by the executor with the loaders."""

import inspect
import logging

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute

from billing.refusals import RequestError
from db.outages import DatabaseUnavailable, SessionEnded
from gateway.documents.document_cache import PreparedDocument
from gateway.http.graphql.executor import PlanningExecutor
from gateway.http.graphql.state import Conditional
from gateway.http.graphql.statements import read
from gateway.http.requests import GraphQLRequest
from planner import BoundPlan, DocumentPlans
from resolvers.context import Context

logger = logging.getLogger("portico.http")

# The maximum number of reported errors in variables. graphql-core formats each of them, so thousands would block the event loop for seconds.
MAX_INPUT_ERRORS = 20


# The body by the planner, or the result of the executor.
Execution = tuple[bytes | None, ExecutionResult | None]


async def run_operation(
    schema: GraphQLSchema,
    document: PreparedDocument,
    operation: OperationDefinitionNode,
    call: GraphQLRequest,
    context: Context,
    *,
    conditional: Conditional | None = None,
) -> Execution:
    """Execute as one statement, or with the executor and statements for what has a plan, or after a failure with the executor alone.

    The body is empty if the caller has it already, as `conditional` then says.
    """
    plans = _plans(document, context)
    bound = _bound(plans, operation, call, context)
    planned = await _answered(document, bound, context, conditional) if bound else None
    if planned is not None:
        return planned, None
    return None, await run(schema, document, call, context, plans=None if bound else plans)


async def run_planned(
    document: PreparedDocument, operation: OperationDefinitionNode, call: GraphQLRequest, context: Context, *, conditional: Conditional | None = None
) -> bytes | None:
    """Execute the whole query as one statement, and return the response body. None if the executor must answer: without a plan, or after a failure."""
    bound = _bound(_plans(document, context), operation, call, context)
    return await _answered(document, bound, context, conditional) if bound else None


def _plans(document: PreparedDocument, context: Context) -> DocumentPlans | None:
    """Return the plans of a document. One statement for staff would read the shards of many customers, which a distributed database refuses."""
    return None if context.session.is_distributed and context.viewer.customer_id is None else document.plans


def _bound(plans: DocumentPlans | None, operation: OperationDefinitionNode, call: GraphQLRequest, context: Context) -> BoundPlan | None:
    try:
        return plans.bind(operation, call.variables, context.viewer) if plans else None
    except Exception:  # a bug in the planner
        logger.warning("a query could not be planned; the executor answers", exc_info=True)
        return None


async def _answered(document: PreparedDocument, bound: BoundPlan, context: Context, conditional: Conditional | None = None) -> bytes | None:
    """Run the statement of a whole query, unless the caller has its answer."""
    assert document.plans
    try:
        if conditional and await conditional.confirm(bound):
            return b""
        return await read(bound, context, bound.answer, conditional)
    except (DatabaseUnavailable, SessionEnded):
        raise
    except RequestError:
        document.plans.refused()
    except Exception:  # a bug in the planner or in the data: the executor's errors show which
        logger.warning("a planned query failed; the executor answers", exc_info=True)
        document.plans.failed()
        await context.session.release()
    return None


async def run(
    schema: GraphQLSchema,
    document: PreparedDocument,
    call: GraphQLRequest,
    context: Context,
    *,
    root: object = None,
    plans: DocumentPlans | None = None,
    by_levels: bool = True,
) -> ExecutionResult:
    """Execute with graphql-core and the loaders. Without a root value it is the viewer. With the document's plans, what they can express is read by their statements.

    Without `by_levels` each field of each object is read alone, as it otherwise is only where something has an error.
    """
    assert document.ast is not None
    result = execute(
        schema,
        document.ast,
        root_value=root or context.viewer,
        context_value=context,
        variable_values=call.variables,
        operation_name=call.operation_name,
        max_coercion_errors=MAX_INPUT_ERRORS,
        executor_class=PlanningExecutor,
        plans=plans,
        prepared=document,
        by_levels=by_levels,
    )
    return await result if inspect.isawaitable(result) else result
