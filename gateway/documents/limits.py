"""What a document may ask for at most, found in one walk before graphql-core validates anything.

The walk sees what would run: selections with their fragments put in and merged by response key, each fragment once for each merged selection. It stops at the first limit that
is passed, one of which (`fields`) bounds the walk itself, so that no document, however its fragments multiply, costs more than a few milliseconds.
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

from gateway.documents.cost import INTROSPECTION, NOTHING, Amounts, Cost, listed, price

# Introspection has its own rule of depth in graphql-core; this only keeps a circle of fragments from going on.
INTROSPECTION_DEPTH = 30
# How many values the variables of a request may hold. Each is coerced by its type, once for the planner and once for the executor.
MAX_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Bytes, tokens and counts of one document. `fields` counts those that share a key by their square, as validation compares them in pairs."""

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
    """A limit, as the client is told of it: `extensions.limit` and what it allows."""

    def __init__(self, limit: str, allowed: int, words: str) -> None:
        super().__init__(f"{words}; at most {allowed}.", extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "allowed": allowed})


Sets = list[tuple[GraphQLNamedType | None, Iterable[SelectionNode]]]
Fields = dict[str, list[tuple[GraphQLNamedType | None, FieldNode]]]


class Level(NamedTuple):
    """How deep the walk is, how deep it may go from there, and how many things the input of the call has in whose answer it is."""

    depth: int
    bound: int
    listed: int = 1


class DocumentCosts(NamedTuple):
    """Of a whole document: the cost of each operation by its name, and whether it asks about the schema."""

    costs: dict[str | None, int]
    introspects: bool


def weigh(schema: GraphQLSchema, ast: DocumentNode, limits: DocumentLimits, amounts: Amounts) -> DocumentCosts:
    """Raises LimitExceeded. `amounts` are the sizes of pages that variables name; a document that is not valid is weighed as far as it can be understood."""
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
        found = self._collected([(self._schema.get_root_type(node.operation), node.selection_set.selections)])
        self._check(limit, len(found), "The operation has too many root fields")
        cost = self._priced(found, Level(1, self._limits.depth)).own
        check_cost(cost, self._limits)
        return cost

    def selection(self, sets: Sets, level: Level) -> Cost:
        return self._priced(self._collected(sets), level)

    def type_named(self, condition: Any) -> GraphQLNamedType | None:
        return self._schema.get_type(condition.name.value)

    def _priced(self, fields: Fields, level: Level) -> Cost:
        found = [self._field(nodes, level) for nodes in fields.values()]
        return Cost(sum(cost.own for cost in found), sum(cost.of_each_row for cost in found))

    def _field(self, nodes: list[tuple[GraphQLNamedType | None, FieldNode]], level: Level) -> Cost:
        if nodes[0][1].name.value in INTROSPECTION:
            self.introspects, level = True, level._replace(bound=INTROSPECTION_DEPTH)
        if level.depth > level.bound:
            raise LimitExceeded("depth", level.bound, "The document is too deep")
        self._count("fields", len(nodes) ** 2)
        self._count("aliases", any(node.alias for _, node in nodes))
        defined = [(parent, getattr(parent, "fields", {}).get(node.name.value), node) for parent, node in nodes]
        if level.depth == 1:
            level = level._replace(listed=max(listed(node, self._amounts) for _, node in nodes))
        below: Sets = [(get_named_type(field.type) if field else None, node.selection_set.selections) for _, field, node in defined if node.selection_set]
        inner = self.selection(below, level._replace(depth=level.depth + 1)) if below else NOTHING
        return max((price(parent, field, node, self._amounts, level.listed).around(inner) for parent, field, node in defined), key=sum)

    def _collected(self, sets: Sets) -> Fields:
        """Fields by response key, through all fragments, whatever their types and directives say."""
        found: Fields = {}
        seen: set[str] = set()
        waiting = sets[::-1]
        while waiting:
            parent, selections = waiting.pop()
            for selection in selections:
                self._count("directives", len(selection.directives or ()))
                if isinstance(selection, FieldNode):
                    found.setdefault((selection.alias or selection.name).value, []).append((parent, selection))
                    continue
                self._count("fields", 1)
                fragment: Any = selection
                if isinstance(selection, FragmentSpreadNode):
                    if selection.name.value in seen or selection.name.value not in self.fragments:
                        continue
                    seen.add(selection.name.value)
                    fragment = self.fragments[selection.name.value]
                waiting.append((self.type_named(fragment.type_condition) if fragment.type_condition else parent, fragment.selection_set.selections))
        self.reached |= seen
        return found

    def _count(self, limit: str, more: int) -> None:
        if more:
            self._counts[limit] += more
            self._check(limit, self._counts[limit], f"The document comes to too many {limit}")

    def _check(self, limit: str, found: int, words: str) -> None:
        if found > getattr(self._limits, limit):
            raise LimitExceeded(limit, getattr(self._limits, limit), words)


def check_size(text: str, limits: DocumentLimits) -> None:
    """Raises LimitExceeded for a text too long to be parsed."""
    if len(text) > limits.document_bytes or len(text.encode("utf-8", "surrogatepass")) > limits.document_bytes:
        raise LimitExceeded("document_bytes", limits.document_bytes, "The document has too many bytes")


def check_values(variables: dict[str, Any]) -> None:
    """Raises LimitExceeded. Lists and objects count with what they hold; the walk ends at the limit."""
    count = 0
    holders: list[Any] = [variables]
    while holders:
        holder = holders.pop()
        values = holder.values() if isinstance(holder, dict) else holder
        count += len(values)
        if count > MAX_VALUES:
            raise LimitExceeded("values", MAX_VALUES, "The variables hold too many values")
        holders += [value for value in values if isinstance(value, dict | list)]


def check_cost(cost: int, limits: DocumentLimits) -> None:
    """Raises LimitExceeded."""
    if cost > limits.cost:
        raise LimitExceeded("cost", limits.cost, f"The operation costs {cost}")
