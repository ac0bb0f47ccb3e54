"""What a field costs, from what `schema/` declares: a row that is read is 1, a value that Python computes is 1, and a page is its rows times its size."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from billing.files.attachments import MAX_GROUP_FILES
from resolvers.reads.pages import DEFAULT_SIZE, MAX_SIZE
from resolvers.reads.roots import MAX_NODES
from schema.declarations.costs import COST, DeclaredCost
from schema.declarations.fields import DECLARATION, DEFINITION, AnyOf, Derived, Many, One, PageOf
from schema.declarations.roots import Root

# The whole schema takes as long as a great many rows.
INTROSPECTION = {"__schema": 300, "__type": 30}

# What variables amount to: the size of a page, a number of ids, or for an input the length of its longest list. What a variable that is not here amounts to is
# not known yet, and is taken to be one.
Amounts = Mapping[str, int]

# The longest list that means anything: of ids, or of files.
MAX_LIST = max(MAX_NODES, MAX_GROUP_FILES)

# Parsing and validating take about 8 µs for each byte, a row of an answer 20 to 100 µs; and they stop at the limit of tokens.
BYTES_PER_UNIT = 10
MAX_READING = 1000


# A page that is asked only for what lies around it is read all the same.
UNSEEN_ROWS_PER_UNIT = 10


class UndeclaredCost(Exception):
    """Fields that would be free for callers and are not for the gateway; the message names them."""


class Cost(NamedTuple):
    """`own` is paid once, `of_each_row` for each row of the page around it."""

    own: int
    of_each_row: int


NOTHING = Cost(0, 0)


class FieldCost(NamedTuple):
    """What a field costs itself, how many of the things below it there are, and whether these are the rows of the page around it."""

    own: int = 0
    things: int = 1
    rows: int = 0
    is_row: bool = False

    def around(self, inner: Cost) -> Cost:
        # Rows that are read and not shown cost less, but they are read. Rounded up.
        of_rows = self.rows * inner.of_each_row or -(-self.rows // UNSEEN_ROWS_PER_UNIT)
        paid = self.own + self.things * inner.own + of_rows
        return Cost(0, paid) if self.is_row else Cost(paid, 0)


def listed(node: FieldNode, amounts: Amounts) -> int:
    """How many things the longest list in the `input` of a call has."""
    value = _arguments(node).get("input")
    return _size(value, amounts) if isinstance(value, ObjectValueNode | VariableNode) else 1


def price(parent: GraphQLNamedType | None, field: GraphQLField | None, node: FieldNode, amounts: Amounts, listed: int = MAX_LIST) -> FieldCost:
    """`listed`: how many things the input of the call has of whose answer the field is part."""
    name = node.name.value
    if field is None or parent is None or DEFINITION not in field.extensions:
        return FieldCost(INTROSPECTION.get(name, 0))
    if parent.name.endswith("Connection"):
        return FieldCost(1, is_row=True) if name in ("edges", "nodes") else FieldCost(1 if name == "totalCount" else 0)
    if parent.name.endswith("Edge"):
        return FieldCost()
    metadata = field.extensions[DEFINITION].metadata
    if DECLARATION in metadata:
        return _declared(metadata[DECLARATION], node, amounts)
    cost = metadata.get(COST) or DeclaredCost(0 if is_leaf_type(get_named_type(field.type)) else 1)
    return FieldCost(cost.own, things=min(cost.length, listed) if cost.is_of_input else cost.length)


def reading_cost(text: str) -> int:
    """What it costs to parse and validate a text that this process has not seen lately."""
    return min(len(text) // BYTES_PER_UNIT, MAX_READING)


def check_costs(schema: GraphQLSchema) -> None:
    """Raises UndeclaredCost, so that a process does not start with a field that callers could ask for as often as they like."""
    kinds = [kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType) and not name.startswith("__")]
    undeclared = [f"{kind.name}.{name}" for kind in kinds for name, field in kind.fields.items() if not _has_cost(kind, field)]
    if undeclared:
        raise UndeclaredCost(f"Declare what these fields cost (`metadata=costing(…)`, see schema/declarations/costs.py): {', '.join(undeclared)}.")


def _has_cost(kind: GraphQLObjectType, field: GraphQLField) -> bool:
    """A column costs nothing, and an object without a function of its own was made with the object around it; all else says what it costs."""
    if kind.name.endswith(("Connection", "Edge")):
        return True
    definition = field.extensions[DEFINITION]
    if DECLARATION in definition.metadata or COST in definition.metadata:
        return True
    is_list_of_objects = is_list_type(get_nullable_type(field.type)) and not is_leaf_type(get_named_type(field.type))
    return definition.base_resolver is None and not is_list_of_objects


def amounts_of(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, int]:
    """What the variables of a request amount to. Those that are no page's size count for nothing, wherever they are used."""
    defaults = {item.variable.name.value: item.default_value for item in operation.variable_definitions or ()}
    return {name: _amount(variables[name]) if name in variables else _size(default, {}) for name, default in defaults.items()}


def _declared(declared: object, node: FieldNode, amounts: Amounts) -> FieldCost:
    if isinstance(declared, PageOf) or declared == Root("customers"):
        return FieldCost(rows=_page_size(node, amounts))
    if declared == Root("nodes"):
        ids = min(_size(_arguments(node).get("ids"), amounts), MAX_NODES)
        return FieldCost(ids, things=ids)
    if isinstance(declared, One | Many | AnyOf | Root):
        return FieldCost(1)
    return FieldCost(1 if isinstance(declared, Derived) and not declared.sql_twin else 0)


def _page_size(node: FieldNode, amounts: Amounts) -> int:
    """The greater of `first` and `last`: with both the page is refused anyway."""
    given = _arguments(node)
    return max((_size(given[name], amounts) for name in ("first", "last") if name in given), default=DEFAULT_SIZE)


def _arguments(node: FieldNode) -> dict[str, Any]:
    return {argument.name.value: argument.value for argument in node.arguments or ()}


def _size(value: Any, amounts: Amounts) -> int:
    if isinstance(value, VariableNode):
        return amounts.get(value.name.value, 1)
    if isinstance(value, ObjectValueNode):
        return max((_size(field.value, amounts) for field in value.fields if isinstance(field.value, ListValueNode | VariableNode)), default=1)
    if isinstance(value, IntValueNode):
        return _amount(int(value.value[:9]))
    return min(len(value.values), MAX_LIST) if isinstance(value, ListValueNode) else DEFAULT_SIZE


def _amount(value: Any) -> int:
    """A size outside of 0 to 100, and more ids or files than may be asked for, are refused before a row is read."""
    if isinstance(value, dict):
        return max((_amount(member) for member in value.values() if isinstance(member, list)), default=1)
    if isinstance(value, list):
        return min(len(value), MAX_LIST)
    if isinstance(value, float) and value.is_integer():  # JSON's 100.0 is an Int of GraphQL
        value = int(value)
    return max(0, min(value, MAX_SIZE)) if isinstance(value, int) else DEFAULT_SIZE
