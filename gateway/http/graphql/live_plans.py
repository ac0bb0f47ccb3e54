"""A live operation in two parts: the customer, by the planner's one statement, and the events, by the executor."""

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)

from gateway.documents.document_cache import PreparedDocument
from gateway.http.graphql.execution import run, run_planned
from gateway.http.graphql.state import AppState, PreparedOperation
from planner.fields import DocumentContext, collect, selections_of
from resolvers.context import Context
from schema.live import LiveRoot

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class SplitOperation:
    """`key` is the response key of `events`, and `keys` are those of its selection in order. `query` selects the customer, and `events` everything else."""

    key: str
    keys: tuple[str, ...]
    query: PreparedDocument
    events: PreparedDocument


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
    return SplitOperation(key, tuple(selected), app.documents.planned(query), PreparedDocument(rest, {}, ()))


async def run_split(parts: SplitOperation, app: AppState, work: PreparedOperation, context: Context, root: LiveRoot) -> dict[str, Any] | None:
    """Return the data of the operation; None where the executor has to run all of it, for data or for errors."""
    (operation,) = parts.query.operations.values()
    planned = await run_planned(parts.query, operation, work.call, context)
    if planned is None:
        return None
    customer = orjson.loads(planned)["data"]
    result = await run(app.schema, parts.events, work.call, context, root=root)
    if result.errors or result.data is None or None in customer.values():
        return None
    selected = result.data[parts.key] | customer
    return {parts.key: {key: selected[key] for key in parts.keys}}


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
