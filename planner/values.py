"""Arguments of fields, coerced as in the executor, under the names that resolvers use."""

from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    Undefined,
    VariableNode,
    Visitor,
    get_argument_values,
    get_named_type,
    visit,
)

from schema.declarations.fields import DEFINITION

Arguments = dict[str, Any]


def arguments_of(definition: GraphQLField, node: FieldNode, variables: Any) -> Arguments:
    """Return a field's arguments by name. Raises GraphQLError as the executor does."""
    values = get_argument_values(definition, node, variables)
    return {name: _named(_or_default(values.get(name), argument), argument.type) for name, argument in definition.args.items()}


def _or_default(value: Any, argument: GraphQLArgument) -> Any:
    """Return the default for a null, as resolvers do."""
    return None if value is None and argument.default_value is Undefined else argument.default_value if value is None else value


def _named(value: Any, kind: Any) -> Any:
    """Return an input object under the Python names of its fields, without null values."""
    named = get_named_type(kind)
    if not isinstance(value, dict) or not isinstance(named, GraphQLInputObjectType):
        return value
    names = {name: item.extensions[DEFINITION].python_name for name, item in named.fields.items()}
    return {names[name]: item for name, item in value.items() if item is not None}


def has_variables(node: FieldNode) -> bool:
    finder = _VariableFinder()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.has_variable


class _VariableFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.has_variable = False

    def enter_variable(self, _node: VariableNode, *_: Any) -> None:
        self.has_variable = True
