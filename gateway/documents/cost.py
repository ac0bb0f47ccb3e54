"""The cost of a field, from the declarations in `schema/`: 1 for a row that is read, 1 for a value that Python computes; for a page the cost of a row times its size."""

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

# Printing the whole schema takes as long as reading hundreds of rows.
INTROSPECTION = {"__schema": 300, "__type": 30}

# The size that each variable stands for: the size of a page, a number of ids, or for an input the length of its longest list. A variable that is not in the
# mapping counts as 1.
Amounts = Mapping[str, int]

# The longest list that is accepted: of ids, or of files.
MAX_LIST = max(MAX_NODES, MAX_GROUP_FILES)

# Parsing and validating take about 8 µs per byte, and stop at the limit of tokens; a row of a response takes 20 to 100 µs.
BYTES_PER_UNIT = 10
MAX_READING = 1000


# The rows of a page are read even if the operation selects only `pageInfo` or `totalCount`.
UNSELECTED_ROWS_PER_UNIT = 10


class UndeclaredCost(Exception):
    """Fields that take time and declare no cost; the message lists them."""


class Cost(NamedTuple):
    """`own` is paid once, `per_row` for each row of the page around it."""

    own: int
    per_row: int


NO_COST = Cost(0, 0)


class FieldCost(NamedTuple):
    """The cost of a field itself, the number of objects or rows that its selection applies to, and whether it is a row of the page around it."""

    own: int = 0
    multiplier: int = 1
    rows: int = 0
    is_row: bool = False

    def total(self, inner: Cost) -> Cost:
        """Return the cost of the field with its selection, whose cost for one object is `inner`."""
        # Rows that are read and not selected cost less. Rounded up.
        of_rows = self.rows * inner.per_row or -(-self.rows // UNSELECTED_ROWS_PER_UNIT)
        paid = self.own + self.multiplier * inner.own + of_rows
        return Cost(0, paid) if self.is_row else Cost(paid, 0)


def input_length(node: FieldNode, amounts: Amounts) -> int:
    """Return the length of the longest list in the `input` argument of a field."""
    value = _arguments(node).get("input")
    return _size(value, amounts) if isinstance(value, ObjectValueNode | VariableNode) else 1


def price(parent: GraphQLNamedType | None, field: GraphQLField | None, node: FieldNode, amounts: Amounts, input_length: int = MAX_LIST) -> FieldCost:
    """Return the cost of one field. `input_length` is the length of the longest list in the input of the root field above it."""
    name = node.name.value
    if field is None or parent is None or DEFINITION not in field.extensions:
        return FieldCost(INTROSPECTION.get(name, 0))
    if parent.name.endswith("Connection"):
        return FieldCost(1, is_row=True) if name in ("edges", "nodes") else FieldCost(1 if name == "totalCount" else 0)
    if parent.name.endswith("Edge"):
        return FieldCost()
    metadata = field.extensions[DEFINITION].metadata
    if DECLARATION in metadata and COST not in metadata:
        return _declared(metadata[DECLARATION], node, amounts)
    cost = metadata.get(COST) or DeclaredCost(0 if is_leaf_type(get_named_type(field.type)) else 1)
    return FieldCost(cost.own, multiplier=min(cost.length, input_length) if cost.is_of_input else cost.length)


def reading_cost(text: str) -> int:
    """Return the cost of parsing and validating a text that is not in the cache."""
    return min(len(text) // BYTES_PER_UNIT, MAX_READING)


def check_costs(schema: GraphQLSchema) -> None:
    """Raises UndeclaredCost, so that a process does not start with a field that callers could select without limit."""
    kinds = [kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType) and not name.startswith("__")]
    undeclared = [f"{kind.name}.{name}" for kind in kinds for name, field in kind.fields.items() if not _has_cost(kind, field)]
    if undeclared:
        raise UndeclaredCost(f"Declare what these fields cost (`metadata=costing(…)`, see schema/declarations/costs.py): {', '.join(undeclared)}.")


def _has_cost(kind: GraphQLObjectType, field: GraphQLField) -> bool:
    """Whether the cost is known. A column, and an object without a resolver (created with its parent), cost nothing; every other field declares its cost."""
    if kind.name.endswith(("Connection", "Edge")):
        return True
    definition = field.extensions[DEFINITION]
    if DECLARATION in definition.metadata or COST in definition.metadata:
        return True
    is_list_of_objects = is_list_type(get_nullable_type(field.type)) and not is_leaf_type(get_named_type(field.type))
    return definition.base_resolver is None and not is_list_of_objects


def amounts_of(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, int]:
    """Return the size that each variable of a request stands for (see `Amounts`)."""
    defaults = {item.variable.name.value: item.default_value for item in operation.variable_definitions or ()}
    return {name: _amount(variables[name]) if name in variables else _size(default, {}) for name, default in defaults.items()}


def _declared(declared: object, node: FieldNode, amounts: Amounts) -> FieldCost:
    if isinstance(declared, PageOf) or declared == Root("customers"):
        return FieldCost(rows=_page_size(node, amounts))
    if declared == Root("nodes"):
        ids = min(_size(_arguments(node).get("ids"), amounts), MAX_NODES)
        return FieldCost(ids, multiplier=ids)
    if isinstance(declared, One | Many | AnyOf | Root):
        return FieldCost(1)
    return FieldCost(1 if isinstance(declared, Derived) and not declared.sql_twin else 0)


def _page_size(node: FieldNode, amounts: Amounts) -> int:
    """Return the greater of `first` and `last`. A page with both is refused when it is resolved."""
    arguments = _arguments(node)
    return max((_size(arguments[name], amounts) for name in ("first", "last") if name in arguments), default=DEFAULT_SIZE)


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
    """Return the size that a variable's value stands for. Page sizes outside 0 to 100 and longer lists are cut: they are refused before a row is read."""
    if isinstance(value, dict):
        return max((_amount(member) for member in value.values() if isinstance(member, list)), default=1)
    if isinstance(value, list):
        return min(len(value), MAX_LIST)
    if isinstance(value, float) and value.is_integer():  # JSON's 100.0 is a valid GraphQL Int
        value = int(value)
    return max(0, min(value, MAX_SIZE)) if isinstance(value, int) else DEFAULT_SIZE
