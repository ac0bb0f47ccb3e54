"""Resolvers of declared fields without the wrappers that Strawberry puts around them, which they do not need at run time.

Strawberry reads the types and makes the schema. For each field it also makes a function that looks up the field's arguments, converts them, makes an
`Info` and iterates over its extensions: more work than most of our resolvers do. A field with an extension (a guard) or a resolver of its own keeps them.
"""

from collections.abc import Callable
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLArgument, GraphQLField, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, get_named_type

from schema.declarations.fields import DECLARATION, DEFINITION, AnyOf, ColumnGroup, Derived, Many, One, PageOf

Resolve = Callable[..., Any]


def install_fast_resolvers(schema: GraphQLSchema) -> None:
    """Make the executor call the resolvers of columns and declared fields directly."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                field.resolve = _fast_resolver(field) or field.resolve


def _fast_resolver(field: GraphQLField) -> Resolve | None:
    declared = field.extensions.get(DEFINITION)
    if declared is None or declared.extensions:
        return None
    if declared.base_resolver is None:
        return _column(declared.python_name)
    declaration, resolve = declared.metadata.get(DECLARATION), declared.base_resolver.wrapped_func
    if isinstance(declaration, ColumnGroup):
        return lambda row, _: resolve(row)
    if isinstance(declaration, One | Many | AnyOf | PageOf | Derived):
        return _with_arguments(resolve, field.args) if field.args else resolve
    return None


def _column(name: str) -> Resolve:
    value = attrgetter(name)
    return lambda row, _: value(row)


def _with_arguments(resolve: Resolve, arguments: dict[str, GraphQLArgument]) -> Resolve:
    named = {name: (argument.extensions[DEFINITION].python_name, _input_of(argument)) for name, argument in arguments.items()}

    def call(row: Any, info: Any, **values: Any) -> Any:
        return resolve(row, info, **{named[name][0]: named[name][1](value) for name, value in values.items()})

    return call


def _input_of(argument: GraphQLArgument) -> Callable[[Any], Any]:
    """Return the function that converts the coerced value of an argument for the resolver: an input object gets the Python names of its fields, any other value
    is unchanged."""
    kind = get_named_type(argument.type)
    if not isinstance(kind, GraphQLInputObjectType):
        return lambda value: value
    names = {name: item.extensions[DEFINITION].python_name for name, item in kind.fields.items()}
    return lambda value: None if value is None else SimpleNamespace(**{names[name]: item for name, item in value.items()})
