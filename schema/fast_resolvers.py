"""Resolvers of declared fields without the wrappers that Strawberry puts around them, which they do not need at run time.

Strawberry reads the types and makes the schema. For each field it also makes a function that looks up the field's arguments, converts them, makes an
`Info` and iterates over its extensions: more work than most of our resolvers do. A guarded field that takes one `input`, as every mutation does, needs none of it
either. Any other field with an extension or a resolver of its own keeps them.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from schema.declarations.fields import DECLARATION, DEFINITION, AnyOf, ColumnGroup, Derived, Guard, Listed, Many, One, PageOf

Resolve = Callable[..., Any]


def install_fast_resolvers(schema: GraphQLSchema) -> None:
    """Make the executor call the resolvers of columns and declared fields directly."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                field.resolve = _fast_resolver(field) or field.resolve


def _fast_resolver(field: GraphQLField) -> Resolve | None:
    declared = field.extensions.get(DEFINITION)
    if declared is None:
        return None
    if declared.extensions:
        return _guarded(declared, field)
    if declared.base_resolver is None:
        return _column(declared.python_name)
    declaration, resolve = declared.metadata.get(DECLARATION), declared.base_resolver.wrapped_func
    if isinstance(declaration, ColumnGroup):
        return lambda row, _: resolve(row)
    if isinstance(declaration, One | Many | AnyOf | Listed | PageOf | Derived):
        return _with_arguments(resolve, field.args) if field.args else resolve
    return None


def _guarded(declared: Any, field: GraphQLField) -> Resolve | None:
    """Return the resolver of a field with one guard and one argument `input`; None for any other."""
    if list(field.args) != ["input"] or [type(extension) for extension in declared.extensions] != [Guard]:
        return None
    guard, resolve, construct = declared.extensions[0], declared.base_resolver.wrapped_func, _constructor_of(field.args["input"].type)
    if list(inspect.signature(resolve).parameters) != ["info", "input"]:
        return None

    async def call(_: Any, info: Any, *, input: Any) -> Any:
        guard.require(info.context)
        return await resolve(info, construct(input))

    return call


def _constructor_of(kind: GraphQLInputType) -> Callable[[Any], Any]:
    """Return the function that makes the value of a resolver from a coerced input: objects of the input classes, lists of them; any other value is unchanged."""
    if isinstance(kind, GraphQLNonNull):
        return _constructor_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        item = _constructor_of(kind.of_type)
        return lambda values: None if values is None else [item(value) for value in values]
    if not isinstance(kind, GraphQLInputObjectType):
        return lambda value: value
    return _object_constructor(kind)


def _object_constructor(kind: GraphQLInputObjectType) -> Callable[[Any], Any]:
    definition = kind.extensions[DEFINITION]
    absent = {one.python_name: None for one in definition.fields if one.default_value is MISSING and one.default_factory is MISSING}
    fields = {name: (item.extensions[DEFINITION].python_name, _constructor_of(item.type)) for name, item in kind.fields.items()}

    def construct(values: Any) -> Any:
        if values is None:
            return None
        present = {fields[name][0]: fields[name][1](value) for name, value in values.items()}
        return definition.origin(**absent | present)

    return construct


def _column(name: str) -> Resolve:
    value = attrgetter(name)
    return lambda row, _: value(row)


def _with_arguments(resolve: Resolve, arguments: dict[str, GraphQLArgument]) -> Resolve:
    converted = argument_converter(arguments)
    return lambda row, info, **values: resolve(row, info, **converted(values))


def argument_converter(arguments: Mapping[str, GraphQLArgument]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return the function that converts the coerced arguments of a declared field for Python: by their Python names."""
    named = {name: (argument.extensions[DEFINITION].python_name, _input_of(argument)) for name, argument in arguments.items()}
    return lambda values: {named[name][0]: named[name][1](value) for name, value in values.items()}


def _input_of(argument: GraphQLArgument) -> Callable[[Any], Any]:
    """Return the function that converts the coerced value of an argument for the resolver: an input object gets the Python names of its fields, any other value
    is unchanged."""
    kind = get_named_type(argument.type)
    if not isinstance(kind, GraphQLInputObjectType):
        return lambda value: value
    names = {name: item.extensions[DEFINITION].python_name for name, item in kind.fields.items()}
    return lambda value: None if value is None else SimpleNamespace(**{names[name]: item for name, item in value.items()})
