"""Turn what a generated document says into variables, and make up their values: given, null, left out, or left to a default."""

import json
import random
from typing import Any

from graphql import (
    ArgumentNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
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
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    parse,
    parse_type,
    parse_value,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from db.blocks import Order
from db.pages import encode_cursor

AT = "2026-06-01T12:00:00.000000Z"
KEYSETS = {"newest": AT, "oldest": AT, "due_first": "2026-06-01", "due_last": "2026-06-01", "name": "M", "printed": 2}


def _cursor(order: str, first: object, last: str) -> str:
    row = type("Row", (), {"first": first, "last": last})
    return encode_cursor(order, Order(("first", "last"), False), row)


ABSENT: Any = object()

CURSORS = [_cursor(order, first, last) for order, first in KEYSETS.items() for last in ("", "sub_5", "zzz")]

# Values that mean something, by the argument's name or its type, where chance alone hardly ever finds one.
LIKELY: dict[str, list[Any]] = {
    "first": [1, 2, 7, 100, None],
    "last": [1, 7, *[None] * 6],
    "after": [*CURSORS, *[None] * 12],
    "before": [*CURSORS, *[None] * 18],
    "CurrencyCode": ["USD", "EUR", "JPY", "KWD"],
    "DateTime": ["2026-01-01T00:00:00Z", "2026-06-01T12:00:00+02:00"],
    "Boolean": [True, False],
    "String": ["", "portal", "nobody"],
}


def with_variables(schema: GraphQLSchema, text: str, ids: list[str], chance: random.Random) -> tuple[str, list[dict[str, Any]]]:
    """The document with some of its arguments as variables, some of its fields under @skip and @include, and ids that exist.

    With two sets of values for its variables, because what was planned for one set must not answer another.
    """
    info = TypeInfo(schema)
    turn = _Turn(info, LIKELY | {"id": [*ids, *[None] * len(ids)], "ids": [ids], "ID": ids}, chance)
    ast: DocumentNode = visit(parse(text), TypeInfoVisitor(info, turn))
    (operation,) = ast.definitions
    assert isinstance(operation, OperationDefinitionNode)
    definitions = tuple(turn.definitions)
    named = OperationDefinitionNode(
        operation=operation.operation, name=NameNode(value="Chance"), variable_definitions=definitions, directives=(), selection_set=operation.selection_set
    )
    drawn = [{name: chance.choice(values) for name, values in turn.possible.items()} for _ in range(2)]
    return print_ast(named), [{name: value for name, value in values.items() if value is not ABSENT} for values in drawn]


class _Turn(Visitor):
    def __init__(self, info: TypeInfo, likely: dict[str, list[Any]], chance: random.Random) -> None:
        super().__init__()
        self.info = info
        self.likely = likely
        self.chance = chance
        self.definitions: list[VariableDefinitionNode] = []
        self.possible: dict[str, list[Any]] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if self.chance.random() < 0.85:
            return None
        directives = (*(node.directives or ()), self._directive())
        return FieldNode(alias=node.alias, name=node.name, arguments=node.arguments, directives=directives, selection_set=node.selection_set)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        argument, name = self.info.get_argument(), node.name.value
        if argument is None or isinstance(node.value, VariableNode):
            return None
        literal: Any = node.value
        if name in self.likely and self.chance.random() < 0.9:
            literal = _literal(self.chance.choice([value for value in self.likely[name] if value is not None or not is_non_null_type(argument.type)]))
        if name == "filter":
            literal = self._made(argument.type)
        if self.chance.random() < 0.5:
            literal = self._variable(argument.type, literal, has_default=argument.default is not None)
        return ArgumentNode(name=node.name, value=literal)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode | None:
        kind: Any = self.info.get_input_type()
        if isinstance(node.value, VariableNode) or kind is None or self.chance.random() < 0.5:
            return None
        if isinstance(node.value, ListValueNode) and node.value.values and is_list_type(get_nullable_type(kind)) and self.chance.random() < 0.5:
            first, *others = node.value.values
            item = self._variable(get_nullable_type(kind).of_type, first)
            return ObjectFieldNode(name=node.name, value=ListValueNode(values=(item, *others)))
        return ObjectFieldNode(name=node.name, value=self._variable(kind, node.value))

    def _made(self, kind: Any) -> Any:
        """A value for a filter or one of its fields."""
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLInputObjectType):
            some = [(name, item) for name, item in kind.fields.items() if self.chance.random() < 0.4]
            return ObjectValueNode(fields=tuple(ObjectFieldNode(name=NameNode(value=name), value=self._made(item.type)) for name, item in some))
        if is_list_type(kind):
            return ListValueNode(values=tuple(self._made(kind.of_type) for _ in range(self.chance.randint(0, 3))))
        if isinstance(kind, GraphQLEnumType):
            return EnumValueNode(value=self.chance.choice(list(kind.values)))
        return _literal(self.chance.choice(self.likely[kind.name]))

    def _variable(self, kind: Any, literal: Any, *, has_default: bool = False) -> VariableNode:
        """Where null or nothing may stand, it does at times; where the place has a default of its own, so too for a type without null."""
        name = f"v{len(self.definitions)}"
        if has_default and is_non_null_type(kind) and self.chance.random() < 0.5:
            kind = kind.of_type
        is_required = is_non_null_type(kind)
        default = literal if self.chance.random() < 0.4 and not (is_required and isinstance(literal, NullValueNode)) else None
        self.possible[name] = [
            value_from_ast_untyped(literal),
            *([] if is_required else [None]),
            *([] if is_required and default is None else [ABSENT]),
        ]
        self._define(name, kind, default)
        return VariableNode(name=NameNode(value=name))

    def _directive(self) -> DirectiveNode:
        name = f"v{len(self.definitions)}"
        self.possible[name] = [True, True, False]
        self._define(name, "Boolean!", None)
        argument = ArgumentNode(name=NameNode(value="if"), value=VariableNode(name=NameNode(value=name)))
        return DirectiveNode(name=NameNode(value=self.chance.choice(["include", "include", "skip"])), arguments=(argument,))

    def _define(self, name: str, kind: Any, default: Any) -> None:
        directives: tuple[ConstDirectiveNode, ...] = ()
        variable = VariableNode(name=NameNode(value=name))
        self.definitions.append(VariableDefinitionNode(variable=variable, type=parse_type(str(kind)), default_value=default, directives=directives))


def _literal(value: Any) -> Any:
    return parse_value(json.dumps(value))
