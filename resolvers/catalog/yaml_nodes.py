"""YAML as text with line numbers. Values stay text: their kinds are decided by the keys, so that `no` is a country and 12.90 is exact.

Aliases, tags and several documents are refused: a catalog has no use for them, and aliases can expand a short file to any size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_CHARACTERS = 5_000_000
MAX_DEPTH = 10
NULLS = ("", "~", "null", "Null", "NULL")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadYaml(Exception):
    """The text is not YAML of the kind that is read here."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A value and its line, counted from 1: text, None, a list, or a mapping whose keys have lines of their own."""

    line: int
    value: "str | list[YamlNode] | dict[str, YamlNode] | None"


def read_yaml(text: str) -> YamlNode:
    """Return the one document of a text. Raises BadYaml."""
    if len(text) > MAX_CHARACTERS:
        raise BadYaml(1, f"The file has more than {MAX_CHARACTERS:,} characters.")
    try:
        events = yaml.parse(text, Loader=LOADER)
        return _document(iter(events))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem or error.context}.") from None
    except yaml.reader.ReaderError as error:
        raise BadYaml(text.count("\n", 0, error.position) + 1, f"The character {error.character!r} is not allowed in YAML.") from None


def _document(events: Iterator[Any]) -> YamlNode:
    node: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentStartEvent | yaml.DocumentEndEvent):
            continue
        if node is not None:
            raise BadYaml(_line(event), "The file has more than one document.")
        node = _node(event, events, 0)
    return node or YamlNode(1, None)


def _node(event: Any, events: Iterator[Any], depth: int) -> YamlNode:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent):
        raise BadYaml(line, "Aliases (*name) are not allowed. Write the value out.")
    if event.tag is not None and not (event.tag == "!" or (isinstance(event, yaml.ScalarEvent) and event.implicit[1])):
        raise BadYaml(line, f"Tags ({event.tag}) are not allowed.")
    if depth > MAX_DEPTH:
        raise BadYaml(line, f"The file is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(event, yaml.ScalarEvent):
        is_null = event.style is None and event.value in NULLS
        return YamlNode(line, None if is_null else event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return YamlNode(line, list(_items(events, depth + 1)))
    return YamlNode(line, _mapping(events, depth + 1))


def _items(events: Iterator[Any], depth: int) -> Iterator[YamlNode]:
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        yield _node(event, events, depth)


def _mapping(events: Iterator[Any], depth: int) -> dict[str, YamlNode]:
    mapping: dict[str, YamlNode] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events, depth)
        if not isinstance(key.value, str):
            raise BadYaml(key.line, "A key must be a word.")
        if key.value in mapping:
            raise BadYaml(key.line, f"The key {key.value} stands here twice, first in line {mapping[key.value].line}.")
        mapping[key.value] = _node(next(events), events, depth)
    return mapping


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
