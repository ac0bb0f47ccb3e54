"""Turn values of a generated document into variables, and generate sequences of their values: a value, null, omitted, or the default."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    parse,
    parse_type,
    parse_value,
    print_ast,
    type_from_ast,
    value_from_ast_untyped,
    visit,
)

from db.blocks import RowOrder
from db.pages import encode_cursor

AT = "2026-06-01T12:00:00.000000Z"
KEYSETS = {"newest": AT, "oldest": AT, "due_first": "2026-06-01", "due_last": "2026-06-01", "name": "M", "printed": 2}


def _cursor(order: str, first: object, last: str) -> str:
    row = type("Row", (), {"first": first, "last": last})
    return encode_cursor(order, RowOrder(("first", "last"), False), row)


ABSENT: Any = object()

CURSORS = [_cursor(order, first, last) for order, first in KEYSETS.items() for last in ("", "sub_5", "zzz")]
# A cursor of the order that most pages have by default; other cursors are refused there.
USUAL = [_cursor("newest", AT, last) for last in ("", "sub_5")]
# Without prefix, with an unknown prefix, with one that differs only in case, too short, and too long.
BROKEN_IDS = ["", "nonsense", "foo_01m829w97ne1msh76cygrhecz9", "SUB_01m829w97ne1msh76cygrhecz9", "sub_01m829w97ne1", "inv_01m829w97ne1msh76cygrhecz9x"]

# Valid values by the name or the type of the argument, where random values are hardly ever valid.
LIKELY: dict[str, list[Any]] = {
    "first": [1, 2, 7, 100, None],
    "last": [1, 7, *[None] * 10],
    "after": [*USUAL * 6, *CURSORS, *[None] * 40],
    "before": [*USUAL * 6, *CURSORS, *[None] * 60],
    "CurrencyCode": ["USD", "EUR", "JPY", "KWD"],
    "DateTime": ["2026-01-01T00:00:00Z", "2026-06-01T12:00:00+02:00"],
    "Date": ["2026-01-01", "2026-03-31"],
    "Boolean": [True, False],
    "String": ["", "portal", "nobody"],
    "locale": ["de", "en-US", None],
}


@dataclass(frozen=True, slots=True)
class Chances:
    """Probabilities between 0 and 1: that an omitted argument is added, that a value becomes a variable, that a field gets @skip or @include."""

    added: float = 0.0
    variable: float = 0.5
    directive: float = 0.15


def with_variables(
    schema: GraphQLSchema, text: str, ids: list[str], chance: random.Random, *, count: int = 2, chances: Chances = Chances()
) -> tuple[str, list[dict[str, Any]]]:
    """The document with some of its arguments as variables (whole, in lists, in objects), some of its fields under @skip and @include, and ids that exist.

    With `count` sets of values for its variables, because what was planned for one set must not answer another. The document has one operation; the first
    of the ids is the customer's.
    """
    info = TypeInfo(schema)
    likely = LIKELY | {"ID": [*ids, *ids, *BROKEN_IDS], "account": [*ids[:1] * 6, None, None, None, *ids[1:4], *BROKEN_IDS[:2]]}
    turn = _Turn(info, _Values(likely, chance), chances)
    ast: DocumentNode = visit(parse(text), TypeInfoVisitor(info, turn))
    (operation,) = (node for node in ast.definitions if isinstance(node, OperationDefinitionNode))
    possible = {item.variable.name.value: turn.values.of_definition(schema, item) for item in operation.variable_definitions or ()} | turn.possible
    named = OperationDefinitionNode(
        operation=operation.operation,
        name=NameNode(value="Chance"),
        variable_definitions=(*(operation.variable_definitions or ()), *turn.definitions),
        directives=(),
        selection_set=operation.selection_set,
    )
    fragments = [node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)]
    drawn = [{name: chance.choice(values) for name, values in possible.items()} for _ in range(count)]
    return "\n\n".join(map(print_ast, [named, *fragments])), [{name: value for name, value in values.items() if value is not ABSENT} for values in drawn]


@dataclass(frozen=True, slots=True)
class _Values:
    """A generator of values of any input type."""

    likely: dict[str, list[Any]]
    chance: random.Random

    def literal(self, name: str, kind: Any) -> Any:
        """A value for an argument or a field of an input object, as it stands in a document. Only `customer` takes an id that may be left out."""
        if name == "id" and not is_non_null_type(kind):
            name = "account"
        if name in self.likely:
            return _literal(self.chance.choice([value for value in self.likely[name] if value is not None or not is_non_null_type(kind)]))
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLInputObjectType):
            some = [(key, item) for key, item in kind.fields.items() if is_non_null_type(item.type) or self.chance.random() < 0.4]
            return ObjectValueNode(fields=tuple(ObjectFieldNode(name=NameNode(value=key), value=self.literal(key, item.type)) for key, item in some))
        if is_list_type(kind):
            return ListValueNode(values=tuple(self.literal("", kind.of_type) for _ in range(self.chance.randint(0, 3))))
        if isinstance(kind, GraphQLEnumType):
            return EnumValueNode(value=self.chance.choice(list(kind.values)))
        return _literal(self.chance.choice(self.likely.get(kind.name, ["1"])))

    def of_variable(self, name: str, kind: Any, *, has_default: bool) -> list[Any]:
        """Return a value of a variable; sometimes null or nothing where that is allowed."""
        is_required = is_non_null_type(kind)
        made = [value_from_ast_untyped(self.literal(name, kind)) for _ in range(4)]
        return [*made, *([] if is_required else [None]), *([] if is_required and not has_default else [ABSENT])]

    def of_definition(self, schema: GraphQLSchema, definition: VariableDefinitionNode) -> list[Any]:
        kind = type_from_ast(schema, definition.type)
        return self.of_variable(definition.variable.name.value, kind, has_default=definition.default_value is not None)


@dataclass
class _Turn(Visitor):
    info: TypeInfo
    values: _Values
    chances: Chances
    definitions: list[VariableDefinitionNode] = field(default_factory=list)
    possible: dict[str, list[Any]] = field(default_factory=dict)
    # What became of the arguments of a field: where it is asked for twice under one key, they have to be equal.
    varied: dict[str, tuple[ArgumentNode, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode:
        definition: Any = self.info.get_field_def()
        key = str(self.info.get_parent_type()) + print_ast(
            FieldNode(alias=node.alias, name=node.name, arguments=node.arguments, directives=(), selection_set=None)
        )
        if key not in self.varied:
            self.varied[key] = tuple(self._arguments(node.arguments or (), definition.args))
        directives = node.directives or ((self._directive(),) if self._happens(self.chances.directive) else ())
        return FieldNode(alias=node.alias, name=node.name, arguments=self.varied[key], directives=directives, selection_set=node.selection_set)

    def _arguments(self, arguments: Iterable[ArgumentNode], definitions: dict[str, GraphQLArgument]) -> Iterable[ArgumentNode]:
        written = {node.name.value: node.value for node in arguments}
        for name, definition in definitions.items():
            if name not in written and not is_required_argument(definition) and not self._happens(self.chances.added):
                continue
            literal = written.get(name)
            if literal is None or name in self.values.likely or name in ("filter", "id", "ids"):
                literal = literal if isinstance(literal, VariableNode) else self.values.literal(name, definition.type)
            yield ArgumentNode(
                name=NameNode(value=name), value=self._varied(name, definition.type, literal, has_default=definition.default_value is not Undefined)
            )

    def _varied(self, name: str, kind: Any, literal: Any, *, has_default: bool = False) -> Any:
        """Return the value, or a variable instead of it or of some of its parts."""
        inner = get_nullable_type(kind)
        if isinstance(literal, VariableNode):
            return literal
        if self._happens(self.chances.variable):
            return self._variable(name, kind, literal, has_default=has_default)
        if isinstance(literal, ListValueNode) and is_list_type(inner):
            return ListValueNode(values=tuple(self._varied("", inner.of_type, item) for item in literal.values))
        if isinstance(literal, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType):
            members = [(item.name, inner.fields[item.name.value], item.value) for item in literal.fields]
            return ObjectValueNode(fields=tuple(ObjectFieldNode(name=key, value=self._varied(key.value, item.type, value)) for key, item, value in members))
        return literal

    def _variable(self, name: str, kind: Any, literal: Any, *, has_default: bool) -> VariableNode:
        """Return a new variable. Where the position has a default, its type is sometimes nullable."""
        if has_default and is_non_null_type(kind) and self._happens(0.5):
            kind = kind.of_type
        default = literal if self._happens(0.4) and not (is_non_null_type(kind) and isinstance(literal, NullValueNode)) else None
        values = [value_from_ast_untyped(literal), *self.values.of_variable(name, kind, has_default=default is not None)]
        return self._defined(values, kind, default)

    def _directive(self) -> DirectiveNode:
        variable = self._defined([True, True, False], "Boolean!", None)
        argument = ArgumentNode(name=NameNode(value="if"), value=variable)
        return DirectiveNode(name=NameNode(value=self.values.chance.choice(["include", "include", "skip"])), arguments=(argument,))

    def _defined(self, values: list[Any], kind: Any, default: Any) -> VariableNode:
        variable = VariableNode(name=NameNode(value=f"v{len(self.definitions)}"))
        self.possible[variable.name.value] = values
        self.definitions.append(VariableDefinitionNode(variable=variable, type=parse_type(str(kind)), default_value=default, directives=()))
        return variable

    def _happens(self, probability: float) -> bool:
        return self.values.chance.random() < probability


def _literal(value: Any) -> Any:
    return parse_value(json.dumps(value))
