"""What a live operation selects of its events, read from their rows without the executor."""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLNonNull, GraphQLObjectType, get_named_type, is_list_type

from planner.fields import DocumentContext, collect, selections_of
from schema.declarations.fields import DECLARATION, DEFINITION, PERMISSION, Derived

# From a row to the value of the response.
ReadValue = Callable[[Any], Any]
# The objects of a message, and the attributes of `LiveEventRow` that they are read from.
OBJECTS = ("event", "events")


class NeedsExecutor(Exception):
    """The selection has a field that only the executor resolves, or the value is an error that only the executor reports."""


def object_reader(document: DocumentContext, kind: GraphQLObjectType, nodes: list[FieldNode]) -> ReadValue:
    """Return a function from a row to the selected fields of its object. Raises NeedsExecutor."""
    members = [(key, member_reader(document, kind, merged)) for key, merged in collect(document, kind, selections_of(nodes)).items()]
    return lambda row: {key: member(row) for key, member in members}


def member_reader(document: DocumentContext, kind: GraphQLObjectType, nodes: list[FieldNode]) -> ReadValue:
    """Return a function from a row to the value of one field of its object. Raises NeedsExecutor."""
    name = nodes[0].name.value
    if name == "__typename":
        return lambda _: kind.name
    field = kind.fields.get(name)
    if field is None or nodes[0].arguments or PERMISSION in field.extensions[DEFINITION].metadata:
        raise NeedsExecutor
    read, named = _attribute(field), get_named_type(field.type)
    if isinstance(named, GraphQLObjectType):
        if name not in OBJECTS:
            raise NeedsExecutor
        return _below(read, object_reader(document, named, nodes))
    return _leaf(read, field, named.serialize)


def _attribute(field: GraphQLField) -> ReadValue:
    """Return the function that gives the value of a field: an attribute of the row, or what is computed from some of them."""
    definition = field.extensions[DEFINITION]
    declared = definition.metadata.get(DECLARATION)
    if isinstance(declared, Derived) and not declared.about_call:
        function, needs = declared.function, declared.needs
        return lambda row: function(*[getattr(row, name) for name in needs])
    if declared is not None or definition.base_resolver:
        raise NeedsExecutor
    attribute = definition.python_name
    return lambda row: getattr(row, attribute)


def _below(read: ReadValue, below: ReadValue) -> ReadValue:
    def value(row: Any) -> Any:
        inner = read(row)
        if inner is None:
            return None
        return [below(item) for item in inner] if isinstance(inner, tuple) else below(inner)

    return value


def _leaf(read: ReadValue, field: GraphQLField, serialize: Callable[[Any], Any]) -> ReadValue:
    is_required = isinstance(field.type, GraphQLNonNull)
    is_list = is_list_type(field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type)

    def value(row: Any) -> Any:
        inner = read(row)
        if inner is None:
            if is_required:
                raise NeedsExecutor
            return None
        return [serialize(item) for item in inner] if is_list else serialize(inner)

    return value
