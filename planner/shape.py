"""What of a request's variables a plan's SQL depends on. Requests of one shape share a plan; everything else travels as a parameter."""

from collections.abc import Callable, Hashable
from typing import Any

from graphql import FieldNode, ObjectValueNode, VariableNode, Visitor, visit
from graphql.language import DirectiveNode, Node

from billing.ids import prefix_of

# Arguments whose value, or mere presence, changes the SQL of a field.
BY_VALUE = ("sort",)
BY_PRESENCE = ("first", "last", "after", "before")
BY_PREFIX = ("id", "ids")
# Which fields of it are given: the others are not in the SQL at all.
BY_FIELDS = ("filter",)

Part = tuple[str, Callable[[Any], Hashable]]


def shape_of(nodes: list[Node]) -> Callable[[dict[str, Any]], Hashable]:
    """A function from coerced variables to their shape, for one operation and its fragments."""
    reader = _Reader()
    for node in nodes:
        visit(node, reader)
    parts = tuple(dict.fromkeys(reader.parts))
    return lambda variables: tuple(judge(variables.get(name)) for name, judge in parts)


class _Reader(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Part] = []

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self._note(node, lambda _: _value)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._note(node, JUDGES.get)

    def _note(self, node: Any, judge_of: Callable[[str], Callable[[Any], Hashable] | None]) -> None:
        for argument in node.arguments or ():
            judge = judge_of(argument.name.value)
            if isinstance(argument.value, VariableNode) and judge:
                self.parts.append((argument.value.name.value, judge))
            elif isinstance(argument.value, ObjectValueNode):
                self.parts += [(item.value.name.value, _presence) for item in argument.value.fields if isinstance(item.value, VariableNode)]


def _value(value: Any) -> Hashable:
    return value if isinstance(value, Hashable) else repr(value)


def _presence(value: Any) -> Hashable:
    return value is not None


def _prefixes(value: Any) -> Hashable:
    """The kinds of the ids, not the ids. The empty id is like none."""
    given = value if isinstance(value, list) else [value or None]
    return tuple(sorted({prefix_of(item) for item in given if isinstance(item, str)}))


def _fields(value: Any) -> Hashable:
    return frozenset(name for name, item in value.items() if item is not None) if isinstance(value, dict) else None


JUDGES = {
    **dict.fromkeys(BY_VALUE, _value),
    **dict.fromkeys(BY_PRESENCE, _presence),
    **dict.fromkeys(BY_PREFIX, _prefixes),
    **dict.fromkeys(BY_FIELDS, _fields),
}
