"""A catalog file as a catalog. All faults of a file are reported together, each with its line and the path of its key."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from billing.catalog.checks import CatalogProblem
from billing.catalog.items import CatalogItem, Existing, ItemKey, ItemKind, coupon_form
from billing.catalog.keys import EXISTING, ITEMS, KEYS, LISTS, PRICES, VERSION, FileKey, ValueKind, key_named
from billing.catalog.planning import Wanted
from billing.money.decimals import is_known_currency, minor_of, ppm_of
from billing.refusals import ErrorCode
from resolvers.catalog.yaml_nodes import BadYaml, YamlNode, read_yaml

INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
DAY = re.compile(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}")
MAX_FAULTS = 50


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault of a file: its line, the path of the key such as `plans[0].prices[1].amount`, a code for programs, and a sentence."""

    line: int
    path: str
    code: ErrorCode
    message: str


class BadCatalogFile(Exception):
    """The file is not a catalog. Nothing is written."""

    def __init__(self, faults: list[FileFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda fault: fault.line)[:MAX_FAULTS]


@dataclass(slots=True)
class CatalogFile:
    """The items of a file, the prices whose subscriptions move, and the place of each item: its path and the lines of its keys."""

    items: dict[ItemKey, CatalogItem] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    places: dict[ItemKey, tuple[str, dict[str, int], int]] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.items, frozenset(self.moving))

    def fault(self, node: YamlNode, path: str, message: str, code: ErrorCode = ErrorCode.INVALID_VALUE) -> None:
        self.faults.append(FileFault(node.line, path, code, message))

    def fault_of(self, problem: CatalogProblem) -> FileFault:
        """Return the place in the file of what is wrong with one of its items."""
        path, lines, line = self.places.get(problem.key, ("", {}, 1))
        name = key_named(problem.key[0], problem.attribute)
        return FileFault(lines.get(name, line), f"{path}.{name}", problem.code, problem.message)


def read_catalog(text: str) -> CatalogFile:
    """Return the catalog of a file. Raises BadCatalogFile."""
    try:
        root = read_yaml(text)
    except BadYaml as error:
        raise BadCatalogFile([FileFault(error.line, "", ErrorCode.INVALID_VALUE, error.message)]) from None
    file = CatalogFile()
    _read_root(root, file)
    if file.faults:
        raise BadCatalogFile(file.faults)
    return file


def refuse(file: CatalogFile, problems: list[CatalogProblem]) -> None:
    """Raise BadCatalogFile with the places of the problems, if there are any."""
    if problems:
        raise BadCatalogFile([file.fault_of(problem) for problem in problems])


def _read_root(root: YamlNode, file: CatalogFile) -> None:
    mapping = _mapping(root, "", file)
    _check_names(mapping, ("version", *LISTS), "", file)
    if mapping is None or (version := mapping.get("version")) is None:
        file.fault(root, "version", f"A catalog begins with `version: {VERSION}`.")
    elif version.value != str(VERSION):
        file.fault(version, "version", f"This program reads version {VERSION}.")
    for name, kind in LISTS.items():
        for path, node in _listed((mapping or {}).get(name), name, file):
            _read_item(kind, node, path, file)


def _read_item(kind: ItemKind, node: YamlNode, path: str, file: CatalogFile, **attributes: Any) -> None:
    """Read one item, and the prices of a plan."""
    mapping = _mapping(node, path, file)
    nested = (PRICES,) if kind is ItemKind.PLAN else ()
    _check_names(mapping, (*(key.name for key in KEYS[kind]), *nested), path, file)
    if mapping is None:
        return
    number = len(file.faults)
    attributes |= _attributes(kind, mapping, node, path, file)
    if len(file.faults) == number:
        _add(kind, attributes, mapping, node, path, file)
    if kind is ItemKind.PLAN:
        for price_path, price in _listed(mapping.get(PRICES), f"{path}.{PRICES}", file):
            _read_item(ItemKind.PRICE, price, price_path, file, plan=attributes.get("code"))


def _add(kind: ItemKind, attributes: dict[str, Any], mapping: dict[str, YamlNode], node: YamlNode, path: str, file: CatalogFile) -> None:
    existing = attributes.pop(EXISTING.attribute, None)
    item = ITEMS[kind](**attributes)
    key = (kind, item.code)
    if key in file.items:
        first, _, line = file.places[key]
        file.fault(mapping["code"], f"{path}.code", f"{item.code} stands here twice, first in line {line} ({first}).")
        return
    file.items[key] = item
    file.places[key] = path, {name: value.line for name, value in mapping.items()}, node.line
    if existing == Existing.AT_RENEWAL:
        file.moving.add(item.code)


def _attributes(kind: ItemKind, mapping: dict[str, YamlNode], node: YamlNode, path: str, file: CatalogFile) -> dict[str, Any]:
    """Return the values of an item's keys. A key that is left out or null has its default."""
    attributes: dict[str, Any] = {}
    currency = _text_of(mapping.get("currency"))
    for key in KEYS[kind]:
        value = mapping.get(key.name)
        if value is None or value.value is None:
            if key.is_required:
                file.fault(value or node, f"{path}.{key.name}", f"{key.name} is needed.")
            continue
        try:
            attributes[key.attribute] = _value(kind, key, value, currency)
        except ValueError as error:
            file.fault(value, f"{path}.{key.name}", str(error))
    return attributes


def _value(kind: ItemKind, key: FileKey, node: YamlNode, currency: str | None) -> Any:
    """Return the value of one key. Raises ValueError with a sentence."""
    if not isinstance(node.value, str):
        raise ValueError(f"{key.name} is one value, not a list or a mapping.")
    text = node.value
    if key.choices and text not in key.choices:
        raise ValueError(f"It is one of {', '.join(key.choices)}.{_suggestion(text, key.choices)}")
    if key.kind is ValueKind.AMOUNT:
        return _amount(text, currency)
    if key.kind is ValueKind.CODE and (kind is ItemKind.COUPON or key.name == "coupon"):
        return coupon_form(text)
    return READERS.get(key.kind, str)(text)


def _amount(text: str, currency: str | None) -> int:
    if currency is None:
        raise ValueError("An amount needs a currency beside it.")
    if not is_known_currency(currency):
        raise ValueError(f"{currency} is no currency of ISO 4217, so the amount cannot be read.")
    return minor_of(text, currency)


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError("It must be a whole number.")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("It must be true or false.")
    return text.lower() == "true"


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError("It must be a day such as 2027-01-31.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"There is no day {text}.") from None


READERS: dict[ValueKind, Callable[[str], Any]] = {
    ValueKind.INTEGER: _integer,
    ValueKind.BOOLEAN: _boolean,
    ValueKind.DAY: _day,
    ValueKind.PERCENT: ppm_of,
}


def _mapping(node: YamlNode, path: str, file: CatalogFile) -> dict[str, YamlNode] | None:
    if isinstance(node.value, dict):
        return node.value
    file.fault(
        node, path, "It must be a mapping of keys to values." if path else "A catalog is a mapping with version, plans, coupons and cancellationOptions."
    )
    return None


def _listed(node: YamlNode | None, path: str, file: CatalogFile) -> Iterator[tuple[str, YamlNode]]:
    if node is None or node.value is None:
        return
    if not isinstance(node.value, list):
        file.fault(node, path, "It must be a list.")
        return
    for position, item in enumerate(node.value):
        yield f"{path}[{position}]", item


def _check_names(mapping: dict[str, YamlNode] | None, names: tuple[str, ...], path: str, file: CatalogFile) -> None:
    for name, node in (mapping or {}).items():
        if name not in names:
            file.fault(node, f"{path}.{name}".lstrip("."), f"There is no key {name}.{_suggestion(name, names)}")


def _suggestion(text: str, names: tuple[str, ...]) -> str:
    close = get_close_matches(text.lower(), {name.lower(): name for name in names}, n=1)
    return f" Did you mean {next(name for name in names if name.lower() == close[0])}?" if close else ""


def _text_of(node: YamlNode | None) -> str | None:
    return node.value if node is not None and isinstance(node.value, str) else None
