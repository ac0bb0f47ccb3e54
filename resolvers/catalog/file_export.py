"""A catalog as a file that `catalog_file` reads back unchanged, and the JSON Schema of such files."""

from collections.abc import Iterable
from typing import Any

import yaml

from billing.catalog.items import Catalog, CatalogItem, CatalogOption, CatalogPrice, ItemKind, key_of
from billing.catalog.keys import ITEMS, KEYS, LISTS, PRICES, VERSION, FileKey, ValueKind
from billing.money.coupons import percent_text
from billing.money.money import decimal_text

TITLE = "# The catalog, as `./portico catalog export` prints it; docs/catalog.md explains each key.\n"


def catalog_text(catalog: Catalog) -> str:
    """Return a catalog as YAML. Keys with their default are left out."""
    document: dict[str, Any] = {"version": VERSION}
    for name, kind in LISTS.items():
        items = sorted((item for item in catalog.values() if key_of(item)[0] is kind), key=_place)
        document[name] = [_plan_with_prices(item, catalog) if kind is ItemKind.PLAN else _entry(item) for item in items]
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return TITLE + text


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a catalog file."""
    plan = _object(ItemKind.PLAN)
    plan["properties"][PRICES] = {"type": "array", "items": _object(ItemKind.PRICE), "description": "Its prices."}
    objects = {ItemKind.PLAN: plan, ItemKind.COUPON: _object(ItemKind.COUPON), ItemKind.CANCELLATION_OPTION: _object(ItemKind.CANCELLATION_OPTION)}
    lists = {name: {"type": ["array", "null"], "items": objects[kind]} for name, kind in LISTS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Portico's catalog",
        "description": "What the merchant sells. An item that is stored and not in the file is archived.",
        "type": "object",
        "additionalProperties": False,
        "required": ["version"],
        "properties": {"version": {"const": VERSION}, **lists},
    }


def _place(item: CatalogItem) -> tuple[int, str]:
    return (item.rank or 0, item.code) if isinstance(item, CatalogOption) else (0, item.code)


def _plan_with_prices(plan: CatalogItem, catalog: Catalog) -> dict[str, Any]:
    prices: Iterable[CatalogPrice] = (item for item in catalog.values() if isinstance(item, CatalogPrice) and item.plan == plan.code)
    return {**_entry(plan), PRICES: [_entry(price) for price in sorted(prices, key=lambda price: price.code)]}


def _entry(item: CatalogItem) -> dict[str, Any]:
    kind, _ = key_of(item)
    default = ITEMS[kind](code="")
    keys = [key for key in KEYS[kind] if hasattr(item, key.attribute)]
    return {key.name: _value(key, item) for key in keys if key.is_required or getattr(item, key.attribute) != getattr(default, key.attribute)}


def _value(key: FileKey, item: CatalogItem) -> Any:
    value = getattr(item, key.attribute)
    if key.kind is ValueKind.AMOUNT:
        return decimal_text(value, getattr(item, "currency", None) or "")
    if key.kind is ValueKind.PERCENT:
        return percent_text(value)
    return str(value) if isinstance(value, str) else value


def _object(kind: ItemKind) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in KEYS[kind] if key.is_required],
        "properties": {key.name: {**_type(key), "description": key.about} for key in KEYS[kind]},
    }


def _type(key: FileKey) -> dict[str, Any]:
    """Return what an editor accepts. YAML reads an unquoted 12.90 as a number and 2019 as an integer; both are taken as the text that stands there."""
    if key.choices:
        return {"enum": list(key.choices)}
    least, most = key.bounds or (None, None)
    match key.kind:
        case ValueKind.INTEGER:
            return {"type": "integer", "minimum": least, "maximum": most}
        case ValueKind.BOOLEAN:
            return {"type": "boolean"}
        case ValueKind.DAY:
            return {"type": "string", "format": "date"}
        case ValueKind.AMOUNT | ValueKind.PERCENT:
            return {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?$", "minimum": 0}
        case ValueKind.CURRENCY:
            return {"type": "string", "pattern": "^[A-Z]{3}$"}
        case ValueKind.CODE:
            return {"type": ["string", "number"], "minLength": 1}
    return {"type": ["string", "number"], "minLength": least, "maxLength": most}
