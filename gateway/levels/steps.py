"""The steps of a selection by levels, which are made of the declarations of its fields once for a document."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from operator import attrgetter
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_named_type

from gateway.documents.selections import Details, Fields, Selection, constant_arguments
from gateway.levels.completion import Complete, completer, types_of_json
from gateway.levels.relations import (
    AnyOfRelation,
    GuardedRelation,
    ListedRelation,
    ManyRelation,
    OneRelation,
    PageRelation,
    ReadArguments,
    RootRelation,
    TotalRelation,
    known_objects,
    presenter,
)
from gateway.levels.run import OWNER, LevelRun, LevelSelection, LevelStep, LookUp, NeedsFields, Relation, Values
from resolvers.reads.relations import type_name
from schema.declarations.connections import TOTAL
from schema.declarations.fields import (
    CUSTOMER_LOCALE,
    DECLARATION,
    DEFINITION,
    AnyOf,
    ColumnGroup,
    Derived,
    Guard,
    Listed,
    Many,
    One,
    PageOf,
)
from schema.declarations.roots import Root
from schema.fast_resolvers import argument_converter

ReadValues = Callable[[LevelRun, Sequence[Any]], Values]
TYPE_NAME = "__typename"


class NotDeclared(Exception):
    """A field has a resolver of its own, so the executor reads the fields around it one by one."""


class LevelMaker:
    """The maker of the steps of one document. `select` returns the fields that some nodes select of an object type."""

    def __init__(self, schema: GraphQLSchema, select: Callable[[GraphQLObjectType, Details], Selection]) -> None:
        self._schema, self._select = schema, select

    def some(self, kind: GraphQLObjectType, fields: Fields) -> LevelSelection | None:
        """Return the steps of those fields of an object that can be read by levels and read rows; None where there are none."""
        steps = [step for key, details in fields.items() if (step := self._reading(kind, key, details))]
        return LevelSelection.of(steps) if steps else None

    def _reading(self, kind: GraphQLObjectType, key: str, details: Details) -> LevelStep | None:
        try:
            step = self._step(kind, key, details)
        except NotDeclared:
            return None
        return step if step.reads else None

    def _below(self, kind: GraphQLObjectType, details: Details) -> LevelSelection:
        selected = self._select(kind, details)
        if selected.levels is None:
            selected.levels = LevelSelection.of([self._step(kind, key, each) for key, each in selected.fields.items()])
        levels: LevelSelection = selected.levels
        return levels

    def _step(self, kind: GraphQLObjectType, key: str, details: Details) -> LevelStep:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        if name == TYPE_NAME:
            return LevelStep(key, name, lambda _, values: values, values=lambda _, rows: [kind.name] * len(rows))
        definition = kind.fields.get(name)
        declared = definition.extensions.get(DEFINITION) if definition else None
        if definition is None or declared is None or not all(isinstance(extension, Guard) for extension in declared.extensions):
            raise NotDeclared
        below = {possible.name: self._below(possible, details) for possible in self._kinds(definition, declared)}
        made = LevelStep(
            key,
            name,
            completer(definition.type, below),
            reads=any(selection.reads for selection in below.values()),
            needs_locale=any(selection.needs_locale for selection in below.values()),
            below=below,
        )
        if isinstance(declared.metadata.get(DECLARATION), Root):
            relation = _root_relation(declared.metadata[DECLARATION], _arguments(definition, nodes[0]), tuple(declared.extensions), below)
            return replace(made, look_up=LookUp(kind, definition, nodes, key), relation=relation, reads=True)
        return _with_source(made, definition, nodes[0])

    def _kinds(self, definition: GraphQLField, declared: Any) -> Sequence[GraphQLObjectType]:
        """Return the object types that a field may have."""
        item = get_named_type(definition.type)
        if isinstance(item, GraphQLObjectType):
            return (item,)
        if not isinstance(item, GraphQLInterfaceType | GraphQLUnionType):
            return ()
        possible, declaration = self._schema.get_possible_types(item), declared.metadata.get(DECLARATION)
        names = set(map(type_name, declaration.prefixes)) if isinstance(declaration, AnyOf) else {kind.name for kind in possible}
        return [kind for kind in possible if kind.name in names]


def _with_source(made: LevelStep, definition: GraphQLField, node: FieldNode) -> LevelStep:
    """Return the step with what gives its values. Raises NotDeclared for a field that is of none of the declared kinds."""
    declared = definition.extensions[DEFINITION]
    declaration = declared.metadata.get(DECLARATION)
    guards = tuple(declared.extensions)

    def computed(read: ReadValues, columns: Set[str], **changes: Any) -> LevelStep:
        return replace(made, values=_guarded(_completed(read, made.complete, types_of_json(definition.type)), guards), columns=columns, **changes)

    if declared.base_resolver is None:
        return computed(_column(declared.python_name), {declared.python_name})
    if isinstance(declaration, ColumnGroup):
        return computed(_part(declaration), _columns_of_part(declaration, made.below))
    if isinstance(declaration, Derived):
        needs_locale = made.needs_locale or CUSTOMER_LOCALE in declaration.about_call
        return computed(_computed(declaration, _arguments(definition, node)), frozenset(declaration.needs), needs_locale=needs_locale)
    if isinstance(declaration, AnyOf) and declaration.is_certain and _is_id_only(declaration, made.below):
        return computed(known_objects(declaration), {declaration.key})
    relation, key = _relation(declaration, made.below, definition, node)
    columns = {OWNER, key} if key else {OWNER}
    guarded = GuardedRelation(relation, guards) if guards else relation
    return replace(made, relation=guarded, reads=True, columns=columns, is_ahead=not guards and columns <= {OWNER, "id"})


def _columns_of_part(declaration: ColumnGroup, below: Mapping[str, LevelSelection]) -> frozenset[str]:
    """Return the columns of a part. Without columns of its own it is the row itself."""
    columns = declaration.columns.values() if declaration.columns else _columns_of(below)
    return frozenset(columns).union([declaration.when] if declaration.when else ())


def _columns_of(below: Mapping[str, LevelSelection]) -> frozenset[str]:
    return frozenset(column for selection in below.values() for column in selection.columns)


def _columns_of_nodes(connection: LevelSelection) -> frozenset[str]:
    """Return the columns that are needed of the rows of a page."""
    edges = [step for edge in connection.steps if edge.name == "edges" for selection in edge.below.values() for step in selection.steps]
    nodes = [step for step in (*connection.steps, *edges) if step.name in ("nodes", "node")]
    return frozenset(column for step in nodes for column in _columns_of(step.below))


def _relation(declaration: Any, below: Mapping[str, LevelSelection], definition: GraphQLField, node: FieldNode) -> tuple[Relation, str]:
    """Return the relation of a declaration, and the name of the column that is its key."""
    match declaration:
        case One():
            return OneRelation(declaration, _columns_of(below)), declaration.key
        case Many():
            columns = frozenset(declaration.columns.values()) if declaration.columns else _columns_of(below)
            columns |= {declaration.when} if declaration.when else frozenset()
            return ManyRelation(declaration, columns, presenter(declaration.columns, declaration.when)), declaration.key
        case Listed():
            return ListedRelation(declaration, _columns_of(below)), declaration.keys
        case AnyOf():
            return AnyOfRelation(declaration, {name: selection.columns for name, selection in below.items()}), declaration.key
        case PageOf():
            (connection,) = below.values()
            return PageRelation(declaration, _columns_of_nodes(connection), _arguments(definition, node)), declaration.key
    if definition.extensions[DEFINITION].metadata.get(TOTAL):
        return TotalRelation(), ""
    raise NotDeclared


def _root_relation(declaration: Root, arguments: ReadArguments, guards: tuple[Guard, ...], below: Mapping[str, LevelSelection]) -> Relation | None:
    """Return the relation of a root field by which customers find one object; None for those that have to be resolved first."""
    if declaration.name != "customer":
        return None

    def find(run: LevelRun) -> tuple[tuple[str, ...], str | None]:
        values = arguments(run)
        if values.get("external_id") is not None:
            raise NeedsFields
        return ("cus",), values.get("id") or run.context.viewer.customer_id

    return GuardedRelation(RootRelation(find, {name: selection.columns for name, selection in below.items()}), guards)


def _is_id_only(declaration: AnyOf, below: Mapping[str, LevelSelection]) -> bool:
    return all(step.name in ("id", TYPE_NAME) for prefix in declaration.prefixes for step in below[type_name(prefix)].steps)


def _arguments(definition: GraphQLField, node: FieldNode) -> ReadArguments:
    """Return the function that gives the arguments of a field by their Python names."""
    if not definition.args:
        return lambda _: {}
    converted = argument_converter(definition.args)
    constant = constant_arguments(definition, node)
    if constant is not None:
        values = converted(constant)
        return lambda _: values
    return lambda run: converted(run.calls.arguments(definition, node))


def _completed(read: ReadValues, complete: Complete, types: frozenset[type]) -> ReadValues:
    """Return the function that gives the JSON of values. Values of these types are JSON already."""

    def values(run: LevelRun, rows: Sequence[Any]) -> Values:
        read_values = read(run, rows)
        return read_values if types and types.issuperset(map(type, read_values)) else complete(run, read_values)

    return values


def _guarded(read: ReadValues, guards: tuple[Guard, ...]) -> ReadValues:
    if not guards:
        return read

    def values(run: LevelRun, rows: Sequence[Any]) -> Values:
        for guard in guards if rows else ():
            guard.require(run.context)
        return read(run, rows)

    return values


def _column(name: str) -> ReadValues:
    column = attrgetter(name)
    return lambda _, rows: list(map(column, rows))


def _part(declaration: ColumnGroup) -> ReadValues:
    present = presenter(declaration.columns)
    if declaration.when is None:
        return lambda _, rows: present(rows)
    is_there = attrgetter(declaration.when)

    def values(_: LevelRun, rows: Sequence[Any]) -> Values:
        presented = iter(present([row for row in rows if is_there(row) is not None]))
        return [None if is_there(row) is None else next(presented) for row in rows]

    return values


def _computed(declaration: Derived, arguments: ReadArguments) -> ReadValues:
    function, needs = declaration.function, declaration.needs
    columns = attrgetter(*needs) if needs else lambda _: ()

    def values(run: LevelRun, rows: Sequence[Any]) -> Values:
        named = {**arguments(run), **run.about(declaration.about_call)} if rows else {}
        if len(needs) == 1:
            return [function(columns(row), **named) for row in rows]
        return [function(*columns(row), **named) for row in rows]

    return values
