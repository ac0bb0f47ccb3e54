"""A message of a live operation by one statement: the planner's for the customer, joined with the events after the last message, which are read from their rows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    VariableValues,
    get_named_type,
    get_variable_values,
)

from billing.refusals import RequestError
from billing.rows.events import EventRow
from db.blocks import beside, blocks
from db.outages import DatabaseUnavailable, SessionEnded
from db.records import rows_of
from gateway.http.graphql.event_values import NeedsExecutor, ReadValue, member_reader
from gateway.http.graphql.state import AppState, PreparedOperation
from planner import BoundPlan, position_of
from planner.fields import DocumentContext, collect, selections_of
from resolvers.context import Context
from schema.live import LiveEventRow

logger = logging.getLogger("portico.live")


@dataclass(frozen=True, slots=True)
class LiveLayout:
    """The root field of a live operation: its response key, its type and its selected fields. `readers` are for those that are read from a `LiveEventRow`."""

    key: str
    kind: GraphQLObjectType
    fields: Mapping[str, list[FieldNode]]
    readers: Mapping[str, ReadValue]


@dataclass(frozen=True, slots=True)
class LiveRead:
    """The row of a plan of `keys`, and the events that were read by the same statement, in their order."""

    layout: LiveLayout
    bound: BoundPlan
    keys: tuple[str, ...]
    row: Any
    events: list[EventRow]


def layout_of(app: AppState, work: PreparedOperation) -> LiveLayout | None:
    """Return the layout of an operation, which is made once for each document. None where a directive with a variable decides what is selected."""
    name = work.operation.name.value if work.operation.name else None
    if name not in work.document.live:
        work.document.live[name] = _layout(app, work)
    layout: LiveLayout | None = work.document.live[name]
    return layout


def _layout(app: AppState, work: PreparedOperation) -> LiveLayout | None:
    root, ast = app.schema.subscription_type, work.document.ast
    assert root is not None
    assert ast is not None
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    document = DocumentContext(app.schema, fragments, None)
    try:
        ((key, nodes),) = collect(document, root, work.operation.selection_set.selections).items()
        kind = get_named_type(root.fields[nodes[0].name.value].type)
        assert isinstance(kind, GraphQLObjectType)
        fields = collect(document, kind, selections_of(nodes))
    except GraphQLError:
        return None
    readers = {name: reader for name, merged in fields.items() if (reader := _reader(document, kind, merged))}
    return LiveLayout(key, kind, fields, readers)


def _reader(document: DocumentContext, kind: GraphQLObjectType, nodes: list[FieldNode]) -> ReadValue | None:
    try:
        return member_reader(document, kind, nodes)
    except (NeedsExecutor, GraphQLError):
        return None


async def read_message(app: AppState, work: PreparedOperation, context: Context, source: LiveEventRow, after: int) -> LiveRead | None:
    """Read the customer and the events after a number in one statement; None where a part of the message needs the executor, or the statement failed."""
    layout, plans = layout_of(app, work), work.document.plans
    variables = _variables(app, work.operation, work.call.variables)
    if layout is None or plans is None or variables is None:
        return None
    position = position_of(layout.key, layout.kind, layout.fields, source)
    members = plans.bind_members(work.operation, variables, context.viewer, position, source)
    if members is None or len(members.statements) != 1 or not layout.fields.keys() <= {*members.keys, *layout.readers}:
        return None
    (bound,) = members.statements
    sql, names = beside(bound.plan.sql, len(bound.values), blocks()["live.events"])
    values = {"customer_id": source.customer_id, "after": after}
    try:
        records = await context.session.fetch_unshielded(sql, (*bound.values, *(values[name] for name in names)), is_prepared=bound.is_repeated)
    except (DatabaseUnavailable, SessionEnded):
        raise
    except Exception:  # a bug in the planner or in the data: the executor's errors show which
        logger.warning("a planned message failed; the executor answers", exc_info=True)
        plans.failed()
        await context.session.release()
        return None
    return LiveRead(layout, bound, members.keys, records[0], rows_of("EventRow", [record for record in records if record["seq"] is not None]))


def _variables(app: AppState, operation: OperationDefinitionNode, inputs: dict[str, Any]) -> VariableValues | None:
    values = get_variable_values(app.schema, operation.variable_definitions or (), inputs, max_errors=1, hide_suggestions=True)
    return values if isinstance(values, VariableValues) else None


def data_of(read: LiveRead, work: PreparedOperation, context: Context, source: LiveEventRow) -> dict[str, Any] | None:
    """Return the data of the operation from what was read; None where the executor has to run all of it, for data or for errors."""
    plans, layout = work.document.plans, read.layout
    assert plans is not None
    try:
        values = read.bound.data(read.row, context.links, context.budget, context.file_limits)
        values |= {key: layout.readers[key](source) for key in layout.fields if key not in read.keys}
    except RequestError:
        plans.refused()
        return None
    except Exception:  # a null that the schema does not allow: the executor reports the field
        plans.failed()
        return None
    return {layout.key: {key: values[key] for key in layout.fields}}
