"""The fields of a selection after fragments and directives: CollectFields of the GraphQL specification, as far as a plan needs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    SelectionNode,
    get_argument_values,
    is_abstract_type,
)


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """The data of a document for a plan: the schema, its fragments, and the coerced variables (for @skip and @include)."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Any


def collect(document: DocumentContext, kind: GraphQLObjectType, selections: Iterable[SelectionNode]) -> dict[str, list[FieldNode]]:
    """Return the field nodes by response key, in the order of the response; nodes with one key are merged."""
    fields: dict[str, list[FieldNode]] = {}
    _collect(document, kind, selections, fields, set())
    return fields


def selections_of(nodes: Iterable[FieldNode]) -> list[SelectionNode]:
    return [selection for node in nodes if node.selection_set for selection in node.selection_set.selections]


def _collect(
    document: DocumentContext, kind: GraphQLObjectType, selections: Iterable[SelectionNode], fields: dict[str, list[FieldNode]], seen: set[str]
) -> None:
    for selection in selections:
        if not _is_included(document, selection):
            continue
        if isinstance(selection, FieldNode):
            fields.setdefault(selection.alias.value if selection.alias else selection.name.value, []).append(selection)
            continue
        fragment: Any = selection
        if isinstance(selection, FragmentSpreadNode):
            if selection.name.value in seen:
                continue
            seen.add(selection.name.value)
            fragment = document.fragments[selection.name.value]
        if _applies(document.schema, fragment.type_condition, kind):
            _collect(document, kind, fragment.selection_set.selections, fields, seen)


def _is_included(document: DocumentContext, selection: SelectionNode) -> bool:
    for node in selection.directives or ():
        if node.name.value == "skip" and get_argument_values(GraphQLSkipDirective, node, document.variables)["if"]:
            return False
        if node.name.value == "include" and not get_argument_values(GraphQLIncludeDirective, node, document.variables)["if"]:
            return False
    return True


def _applies(schema: GraphQLSchema, condition: Any, kind: GraphQLObjectType) -> bool:
    if condition is None:
        return True
    named = schema.get_type(condition.name.value)
    return named is kind or (is_abstract_type(named) and schema.is_sub_type(named, kind))


def root_names(operation: Any, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    """Return the names of an operation's root fields, including those in fragments and those with @skip or @include."""
    names: set[str] = set()
    waiting, seen = list(operation.selection_set.selections), set()
    while waiting:
        selection = waiting.pop()
        if isinstance(selection, FieldNode):
            names.add(selection.name.value)
        elif isinstance(selection, FragmentSpreadNode):
            if selection.name.value not in seen:
                seen.add(selection.name.value)
                waiting += fragments[selection.name.value].selection_set.selections
        else:
            waiting += selection.selection_set.selections
    return names
