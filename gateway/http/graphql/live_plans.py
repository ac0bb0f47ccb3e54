"""A live operation in two parts: the customer, by the planner's one statement, and the events, which are read from their rows or resolved by the executor.

The statement of the customer also reads the events after the last message, so that a message needs one statement in its transaction.
"""

import logging
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)

from billing.refusals import RequestError
from billing.rows.events import EventRow
from db.blocks import beside, blocks
from db.outages import DatabaseUnavailable, SessionEnded
from db.records import rows_of
from gateway.documents.document_cache import PreparedDocument
from gateway.http.graphql.event_values import NeedsExecutor, ReadValue, object_reader
from gateway.http.graphql.execution import run, run_planned
from gateway.http.graphql.state import AppState, PreparedOperation
from planner import BoundPlan
from planner.fields import DocumentContext, collect, selections_of
from resolvers.context import Context
from schema.live import LiveRoot

logger = logging.getLogger("portico.live")

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class SplitOperation:
    """`key` is the response key of `events`, and `keys` are those of its selection in order. `query` selects the customer, and `events` everything else, which
    `read_events` reads from a `LiveEventRow`; None where only the executor can."""

    key: str
    keys: tuple[str, ...]
    query: PreparedDocument
    events: PreparedDocument
    read_events: ReadValue | None


@dataclass(frozen=True, slots=True)
class CustomerRead:
    """The row of the customer's plan, and the events that were read by the same statement, in their order."""

    bound: BoundPlan
    row: Any
    events: list[EventRow]


def split(app: AppState, work: PreparedOperation) -> SplitOperation | None:
    """Return the parts of an operation. None where a directive decides what is selected, or no customer is."""
    root, ast = app.schema.subscription_type, work.document.ast
    assert root is not None
    assert ast is not None
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    context = DocumentContext(app.schema, fragments, None)
    if _has_directives(work.operation.selection_set, fragments):
        return None
    ((key, nodes),) = collect(context, root, work.operation.selection_set.selections).items()
    selected = collect(context, get_named_type(root.fields[nodes[0].name.value].type), selections_of(nodes))
    customers = tuple(node for merged in selected.values() for node in merged if node.name.value == CUSTOMER)
    others = tuple(node for merged in selected.values() for node in merged if node.name.value != CUSTOMER)
    if not customers:
        return None
    events = _with_selection(nodes[0], others or (FieldNode(name=NameNode(value="__typename")),))
    definitions = tuple(fragments.values())
    query = _document(work.operation, OperationType.QUERY, customers, definitions)
    rest = _document(work.operation, OperationType.SUBSCRIPTION, (events,), definitions)
    reader = _reader(context, get_named_type(root.fields[nodes[0].name.value].type), events)
    return SplitOperation(key, tuple(selected), app.documents.planned(query), PreparedDocument(rest, {}, ()), reader)


def _reader(context: DocumentContext, kind: Any, events: FieldNode) -> ReadValue | None:
    assert isinstance(kind, GraphQLObjectType)
    try:
        return object_reader(context, kind, [events])
    except (NeedsExecutor, GraphQLError):  # a directive with a variable is an error without variables
        return None


async def read_customer(parts: SplitOperation, work: PreparedOperation, context: Context, customer_id: str, after: int) -> CustomerRead | None:
    """Read the customer and the events after a number in one statement; None where there is no plan, or its statement failed."""
    (operation,) = parts.query.operations.values()
    plans = parts.query.plans
    bound = plans.bind(operation, work.call.variables, context.viewer) if plans else None
    if plans is None or bound is None:
        return None
    sql, names = beside(bound.plan.sql, len(bound.values), blocks()["live.events"])
    values = {"customer_id": customer_id, "after": after}
    try:
        records = await context.session.fetch_unshielded(sql, (*bound.values, *(values[name] for name in names)), is_prepared=bound.is_repeated)
    except (DatabaseUnavailable, SessionEnded):
        raise
    except Exception:  # a bug in the planner or in the data: the executor's errors show which
        logger.warning("a planned message failed; the executor answers", exc_info=True)
        plans.failed()
        await context.session.release()
        return None
    return CustomerRead(bound, records[0], rows_of("EventRow", [record for record in records if record["seq"] is not None]))


async def data_of(parts: SplitOperation, read: CustomerRead, app: AppState, work: PreparedOperation, context: Context, root: LiveRoot) -> dict[str, Any] | None:
    """Return the data of the operation from what was read; None where the executor has to run all of it, for data or for errors."""
    assert parts.query.plans is not None
    try:
        body = read.bound.answer(read.row, context.links, context.budget, context.file_limits)
    except RequestError:
        parts.query.plans.refused()
        return None
    except Exception:  # a null that the schema does not allow: the executor reports the field
        parts.query.plans.failed()
        return None
    return await _merged(parts, body, app, work, context, root)


async def run_split(parts: SplitOperation, app: AppState, work: PreparedOperation, context: Context, root: LiveRoot) -> dict[str, Any] | None:
    """Return the data of the operation for these events; None where the executor has to run all of it, for data or for errors."""
    (operation,) = parts.query.operations.values()
    planned = await run_planned(parts.query, operation, work.call, context)
    return None if planned is None else await _merged(parts, planned, app, work, context, root)


async def _merged(parts: SplitOperation, planned: bytes, app: AppState, work: PreparedOperation, context: Context, root: LiveRoot) -> dict[str, Any] | None:
    customer = orjson.loads(planned)["data"]
    events = await _events(parts, app, work, context, root)
    if events is None or None in customer.values():
        return None
    selected = events | customer
    return {parts.key: {key: selected[key] for key in parts.keys}}


async def _events(parts: SplitOperation, app: AppState, work: PreparedOperation, context: Context, root: LiveRoot) -> dict[str, Any] | None:
    """Return everything but the customer; None if there are errors."""
    try:
        if parts.read_events:
            values: dict[str, Any] = parts.read_events(root.live_event)
            return values
    except NeedsExecutor:
        pass
    result = await run(app.schema, parts.events, work.call, context, root=root)
    return None if result.errors or result.data is None else dict(result.data[parts.key])


def _has_directives(selection_set: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], depth: int = 2) -> bool:
    """Return whether a directive stands at the first levels, fragments included. Those below belong to one of the parts, and have their effect there."""
    for selection in selection_set.selections:
        if selection.directives:
            return True
        below = getattr(selection, "selection_set", None)
        if not isinstance(selection, FieldNode):
            inner = below or fragments[selection.name.value].selection_set  # type: ignore[attr-defined]  # a spread
            if _has_directives(inner, fragments, depth):
                return True
        elif below and depth > 1 and _has_directives(below, fragments, depth - 1):
            return True
    return False


def _document(
    operation: OperationDefinitionNode, kind: OperationType, selections: tuple[FieldNode, ...], fragments: tuple[FragmentDefinitionNode, ...]
) -> DocumentNode:
    selection_set = SelectionSetNode(selections=selections)
    definition = OperationDefinitionNode(
        operation=kind, name=operation.name, variable_definitions=operation.variable_definitions, directives=(), selection_set=selection_set
    )
    return DocumentNode(definitions=(definition, *fragments))


def _with_selection(node: FieldNode, selections: tuple[FieldNode, ...]) -> FieldNode:
    return FieldNode(alias=node.alias, name=node.name, arguments=node.arguments, directives=(), selection_set=SelectionSetNode(selections=selections))
