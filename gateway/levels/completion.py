"""The JSON of the values that a field has for all objects of a level, by the type of the field."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLOutputType,
    GraphQLScalarType,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from gateway.documents.selections import serializer_of
from gateway.levels.relations import KnownObject
from gateway.levels.run import LevelRun, LevelSelection, NeedsFields, Values

Complete = Callable[[LevelRun, Values], Values]
# The types of values that are JSON already, by the names of scalars.
JSON_TYPES = {name: frozenset({kind}) for name, kind in {"String": str, "ID": str, "Decimal": str, "CurrencyCode": str, "Boolean": bool}.items()}
# The selections of the object types that a value may have, by their names.
Selections = Mapping[str, LevelSelection]


def completer(kind: GraphQLOutputType, selections: Selections) -> Complete:
    """Return the function that completes the values of a type. It raises NeedsFields where graphql-core would report an error."""
    if is_non_null_type(kind):
        return _required(completer(kind.of_type, selections))
    if is_list_type(kind):
        return _listed(completer(kind.of_type, selections))
    if is_leaf_type(kind):
        return _leaf(kind)
    if is_object_type(kind):
        return _object(selections[kind.name])
    return _abstract(selections)


def types_of_json(kind: GraphQLOutputType) -> frozenset[type]:
    """Return the types of values that are JSON of a leaf already; none for other types."""
    leaf = get_nullable_type(kind)
    types = JSON_TYPES.get(leaf.name, frozenset()) if isinstance(leaf, GraphQLScalarType) else frozenset()
    return types if is_non_null_type(kind) or not types else types | {type(None)}


def _required(complete: Complete) -> Complete:
    def required(run: LevelRun, values: Values) -> Values:
        if type(None) in map(type, values):
            raise NeedsFields
        return complete(run, values)

    return required


def _leaf(kind: GraphQLLeafType) -> Complete:
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind)
    serialize = serializer_of(kind)
    return lambda _, values: _not_null([value if value is None else serialize(value) for value in values], values)


def _enum(kind: GraphQLEnumType) -> Complete:
    """Return the function for an enum, whose values are few, so that their names are looked up once."""
    names: dict[Any, Any] = {None: None}

    def enum(_: LevelRun, values: Values) -> Values:
        names.update((value, kind.coerce_output_value(value)) for value in values if value not in names)
        return _not_null([names[value] for value in values], values)

    return enum


def _not_null(completed: Values, values: Values) -> Values:
    """Return completed values. Raises NeedsFields if one of them is null and its value is not."""
    if None in completed and completed.count(None) != values.count(None):
        raise NeedsFields
    return completed


def _listed(complete: Complete) -> Complete:
    def listed(run: LevelRun, values: Values) -> Values:
        items = iter(complete(run, [item for value in values if value is not None for item in value]))
        return [value if value is None else list(islice(items, len(value))) for value in values]

    return listed


def _object(selection: LevelSelection) -> Complete:
    def objects(run: LevelRun, values: Values) -> Values:
        rows = [value for value in values if value is not None]
        if len(rows) == len(values):
            return run.objects(selection, rows)
        completed = iter(run.objects(selection, rows))
        return [value if value is None else next(completed) for value in values]

    return objects


def _abstract(selections: Selections) -> Complete:
    def objects(run: LevelRun, values: Values) -> Values:
        completed: Values = [None] * len(values)
        places: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            if value is not None:
                places.setdefault(_type_name(value), []).append(place)
        for name, of_type in places.items():
            if name not in selections:
                raise NeedsFields
            for place, item in zip(of_type, run.objects(selections[name], [values[place] for place in of_type]), strict=True):
                completed[place] = item
        return completed

    return objects


def _type_name(row: Any) -> str:
    """Return the GraphQL type of an object, as `Node.resolve_type` does."""
    return row.type_name if isinstance(row, KnownObject) else type(row).__name__.removesuffix("Row")
