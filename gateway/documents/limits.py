"""The limits of a document, checked in one walk before graphql-core validates it.

The walk sees the selections as they would be executed: with fragments expanded, and merged by response key, each fragment once for each merged selection. It stops at the
first limit that is exceeded. The limit `fields` bounds the walk itself: no document, however its fragments multiply, takes more than a few milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionNode,
    get_named_type,
)

from gateway.documents.cost import INTROSPECTION, NO_COST, Amounts, Cost, input_length, price

# graphql-core has its own rule for the depth of introspection; this only stops fragments that refer to themselves.
INTROSPECTION_DEPTH = 30
# The maximum number of values in the variables of a request. Each is coerced to its type, once for the planner and once for the executor.
MAX_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """The maximum bytes, tokens and counts of one document. `fields` counts fields of one response key by their square, because validation compares them in pairs."""

    document_bytes: int = 64 * 1024
    tokens: int = 2000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 20
    mutation_fields: int = 5
    directives: int = 20
    fields: int = 2500
    errors: int = 20
    cost: int = 1000


class LimitExceeded(GraphQLError):
    """A limit is exceeded: `extensions.limit` is its name and `extensions.allowed` its value."""

    def __init__(self, limit: str, allowed: int, message: str) -> None:
        super().__init__(f"{message}; at most {allowed}.", extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "allowed": allowed})


SelectionSets = list[tuple[GraphQLNamedType | None, Iterable[SelectionNode]]]
Fields = dict[str, list[tuple[GraphQLNamedType | None, FieldNode]]]


class Level(NamedTuple):
    """The depth of the walk, the maximum depth, and the length of the longest list in the input of the root field above."""

    depth: int
    bound: int
    input_length: int = 1


class DocumentCosts(NamedTuple):
    """The cost of each operation of a document by its name, and whether the document selects introspection fields."""

    costs: dict[str | None, int]
    introspects: bool


def weigh(schema: GraphQLSchema, ast: DocumentNode, limits: DocumentLimits, amounts: Amounts) -> DocumentCosts:
    """Return the costs of a document. `amounts` are the sizes that variables stand for. Fields unknown to the schema cost nothing. Raises LimitExceeded."""
    walk = _LimitsWalk(schema, ast, limits, amounts)
    costs = {node.name.value if node.name else None: walk.operation(node) for node in ast.definitions if isinstance(node, OperationDefinitionNode)}
    for name, fragment in walk.fragments.items():
        if name not in walk.reached:
            walk.selection([(walk.type_named(fragment.type_condition), fragment.selection_set.selections)], Level(1, limits.depth))
    return DocumentCosts(costs, walk.introspects)


class _LimitsWalk:
    def __init__(self, schema: GraphQLSchema, ast: DocumentNode, limits: DocumentLimits, amounts: Amounts) -> None:
        self.fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
        self.reached: set[str] = set()
        self.introspects = False
        self._schema = schema
        self._limits = limits
        self._amounts = amounts
        self._counts = dict.fromkeys(("aliases", "directives", "fields"), 0)

    def operation(self, node: OperationDefinitionNode) -> int:
        is_mutation = node.operation.value == "mutation"
        limit = "mutation_fields" if is_mutation else "root_fields"
        self._count("directives", sum(len(item.directives or ()) for item in node.variable_definitions or ()) + len(node.directives or ()))
        fields = self._collected([(self._schema.get_root_type(node.operation), node.selection_set.selections)])
        self._check(limit, len(fields), "The operation has too many root fields")
        cost = self._priced(fields, Level(1, self._limits.depth)).own
        check_cost(cost, self._limits)
        return cost

    def selection(self, selection_sets: SelectionSets, level: Level) -> Cost:
        return self._priced(self._collected(selection_sets), level)

    def type_named(self, condition: Any) -> GraphQLNamedType | None:
        return self._schema.get_type(condition.name.value)

    def _priced(self, fields: Fields, level: Level) -> Cost:
        costs = [self._field(nodes, level) for nodes in fields.values()]
        return Cost(sum(cost.own for cost in costs), sum(cost.per_row for cost in costs))

    def _field(self, nodes: list[tuple[GraphQLNamedType | None, FieldNode]], level: Level) -> Cost:
        if nodes[0][1].name.value in INTROSPECTION:
            self.introspects, level = True, level._replace(bound=INTROSPECTION_DEPTH)
        if level.depth > level.bound:
            raise LimitExceeded("depth", level.bound, "The document is too deep")
        self._count("fields", len(nodes) ** 2)
        self._count("aliases", any(node.alias for _, node in nodes))
        defined = [(parent, getattr(parent, "fields", {}).get(node.name.value), node) for parent, node in nodes]
        if level.depth == 1:
            level = level._replace(input_length=max(input_length(node, self._amounts) for _, node in nodes))
        below: SelectionSets = [
            (get_named_type(field.type) if field else None, node.selection_set.selections) for _, field, node in defined if node.selection_set
        ]
        inner = self.selection(below, level._replace(depth=level.depth + 1)) if below else NO_COST
        return max((price(parent, field, node, self._amounts, level.input_length).total(inner) for parent, field, node in defined), key=sum)

    def _collected(self, selection_sets: SelectionSets) -> Fields:
        """Return the fields by response key, with those of all fragments, regardless of type conditions and directives."""
        fields: Fields = {}
        spread: set[str] = set()
        pending = selection_sets[::-1]
        while pending:
            parent, selections = pending.pop()
            for selection in selections:
                self._count("directives", len(selection.directives or ()))
                if isinstance(selection, FieldNode):
                    fields.setdefault((selection.alias or selection.name).value, []).append((parent, selection))
                    continue
                self._count("fields", 1)
                fragment: Any = selection
                if isinstance(selection, FragmentSpreadNode):
                    if selection.name.value in spread or selection.name.value not in self.fragments:
                        continue
                    spread.add(selection.name.value)
                    fragment = self.fragments[selection.name.value]
                pending.append((self.type_named(fragment.type_condition) if fragment.type_condition else parent, fragment.selection_set.selections))
        self.reached |= spread
        return fields

    def _count(self, limit: str, more: int) -> None:
        if more:
            self._counts[limit] += more
            self._check(limit, self._counts[limit], f"The document comes to too many {limit}")

    def _check(self, limit: str, count: int, message: str) -> None:
        if count > getattr(self._limits, limit):
            raise LimitExceeded(limit, getattr(self._limits, limit), message)


def check_size(text: str, limits: DocumentLimits) -> None:
    """Raises LimitExceeded for a text that has too many bytes."""
    if len(text) > limits.document_bytes or len(text.encode("utf-8", "surrogatepass")) > limits.document_bytes:
        raise LimitExceeded("document_bytes", limits.document_bytes, "The document has too many bytes")


def check_values(variables: dict[str, Any]) -> None:
    """Raises LimitExceeded for too many values, those in lists and objects included. The walk ends at the limit."""
    count = 0
    containers: list[Any] = [variables]
    while containers:
        container = containers.pop()
        values = container.values() if isinstance(container, dict) else container
        count += len(values)
        if count > MAX_VALUES:
            raise LimitExceeded("values", MAX_VALUES, "The variables hold too many values")
        containers += [value for value in values if isinstance(value, dict | list)]


def check_cost(cost: int, limits: DocumentLimits) -> None:
    """Raises LimitExceeded."""
    if cost > limits.cost:
        raise LimitExceeded("cost", limits.cost, f"The operation costs {cost}")
