"""How the executor reads the fields of an object, worked out once for a document: the selected fields, their resolvers, arguments and serializers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    VariableNode,
    Visitor,
    get_argument_values,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    visit,
)

from planner.values import has_variables
from schema.declarations.fields import DECLARATION, DEFINITION, AnyOf, ColumnGroup, Derived, Listed, Many, One, PageOf

# graphql-core's `FieldDetails` of one response key, and those of an object by response key.
Details = list[Any]
Fields = dict[str, Details]

# The most combinations of variables in directives for which the selections of a document are kept.
MAX_COMBINATIONS = 16


@dataclass(frozen=True, slots=True)
class FieldStep:
    """One selected field. `attribute` reads a column; a declared field has `resolve`, and the arguments if they have no variables; graphql-core runs a field with neither.

    `serialize` is for leaves; of others `item` is the object type, of lists too.
    """

    key: str
    details: Details
    kind: GraphQLOutputType
    attribute: Callable[[Any], Any] | None = None
    resolve: Callable[..., Any] | None = None
    arguments: Mapping[str, Any] | None = None
    serialize: Callable[[Any], Any] | None = None
    item: GraphQLObjectType | None = None
    is_list: bool = False
    is_required: bool = False


@dataclass(slots=True)
class Selection:
    """The fields of one object type that some nodes of a document select."""

    fields: Fields
    steps: tuple[FieldStep, ...]
    # What `gateway/levels` makes of it, once it was needed.
    levels: Any = None


@dataclass(slots=True)
class DocumentSelections:
    """The selections of a document by object type and nodes, for each combination of the variables in its directives."""

    combinations: dict[tuple[Any, ...], dict[tuple[Any, ...], Selection]] = field(default_factory=dict)
    names: tuple[str, ...] | None = None

    def of(self, ast: DocumentNode, variables: Mapping[str, Any]) -> dict[tuple[Any, ...], Selection]:
        """Return the selections for these variables, to which the executor adds those that are missing."""
        if self.names is None:
            self.names = directive_variables(ast)
        key = directive_values(self.names, variables)
        if key not in self.combinations and len(self.combinations) >= MAX_COMBINATIONS:
            self.combinations.clear()
        return self.combinations.setdefault(key, {})


def directive_variables(ast: DocumentNode) -> tuple[str, ...]:
    """Return the names of the variables of @skip and @include in a document."""
    finder = _DirectiveVariables()
    visit(ast, finder)
    return tuple(dict.fromkeys(finder.names))


def directive_values(names: Iterable[str], variables: Mapping[str, Any]) -> tuple[bool | None, ...]:
    """Return the values of these variables. In another operation of the document a variable of the name may be no Boolean, and then decides nothing."""
    return tuple(value if isinstance(value := variables.get(name), bool) else None for name in names)


class _DirectiveVariables(Visitor):
    """Collects the names of the variables of @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.names += [argument.value.name.value for argument in node.arguments or () if isinstance(argument.value, VariableNode)]


def step_of(kind: GraphQLObjectType, key: str, details: Details) -> FieldStep:
    """Return how a field is read. Those that need more than their row, a context and arguments are left to graphql-core."""
    node: FieldNode = details[0].node
    definition = kind.fields.get(node.name.value)
    declared = definition.extensions.get(DEFINITION) if definition else None
    if definition is None or declared is None or declared.extensions:
        return FieldStep(key, details, definition.type if definition else kind)
    return _with_type(key, details, definition, node)


def _with_type(key: str, details: Details, definition: GraphQLField, node: FieldNode) -> FieldStep:
    declared, kind = definition.extensions[DEFINITION], definition.type
    required = is_non_null_type(kind)
    inner: Any = get_nullable_type(kind)
    is_list = is_list_type(inner)
    item: Any = get_nullable_type(inner.of_type) if is_list else inner
    is_leaf = isinstance(item, GraphQLScalarType | GraphQLEnumType)
    if not is_leaf and not isinstance(item, GraphQLObjectType):
        return FieldStep(key, details, kind)
    shape: dict[str, Any] = {"serialize": serializer_of(inner)} if is_leaf and not is_list else {}
    if is_leaf and is_list:
        return FieldStep(key, details, kind)
    shape |= {} if is_leaf else {"item": item, "is_list": is_list}
    if declared.base_resolver is None:
        return FieldStep(key, details, kind, attribute=attrgetter(declared.python_name), is_required=required, **shape)
    if not isinstance(declared.metadata.get(DECLARATION), ColumnGroup | One | Many | AnyOf | Listed | PageOf | Derived):
        return FieldStep(key, details, kind)
    arguments = constant_arguments(definition, node)
    return FieldStep(key, details, kind, resolve=definition.resolve, arguments=arguments, is_required=required, **shape)


def constant_arguments(definition: GraphQLField, node: FieldNode) -> Mapping[str, Any] | None:
    """Return the arguments of a field if they are the same in every request and valid, else None."""
    if not definition.args:
        return {}
    if has_variables(node):
        return None
    try:
        return get_argument_values(definition, node)
    except GraphQLError:
        return None


def serializer_of(kind: Any) -> Callable[[Any], Any]:
    """Return the function that makes JSON of a value of a leaf. Values of an enum are few, so their names are looked up once."""
    serialize: Callable[[Any], Any] = kind.coerce_output_value
    if not isinstance(kind, GraphQLEnumType):
        return {"String": _text(serialize), "ID": _text(serialize), "Boolean": _boolean(serialize)}.get(kind.name, serialize)
    names: dict[Any, Any] = {}

    def name_of(value: Any) -> Any:
        name = names.get(value)
        if name is None:
            name = names[value] = serialize(value)
        return name

    return name_of


def _text(serialize: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is str else serialize(value)


def _boolean(serialize: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is bool else serialize(value)
