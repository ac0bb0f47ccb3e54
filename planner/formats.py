"""Columns as JSON, in the executor's exact formats."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, get_type_hints

from billing import rows
from db.blocks import Block

DATETIME = """to_char({0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
MICROSECONDS = """to_char({0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

# By the name of the GraphQL type; every other column is what JSON makes of it.
FORMATS = {"DateTime": DATETIME, "BigInt": "cast({0} as text)"}


def output(column: str, kind: str) -> str:
    return FORMATS.get(kind, "{0}").format(column)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def enum_literal(value: object) -> str | None:
    """A value of an enum that stands in the document, or a list of them, as SQL; None for everything else, which stays a parameter.

    Postgres then plans with the states that are asked for. The names are those of the schema: no text of a client ever becomes SQL.
    """
    if isinstance(value, StrEnum):
        return quoted(value.name)
    if isinstance(value, tuple) and all(isinstance(item, StrEnum) for item in value):
        return quoted(f"{{{','.join(item.name for item in value)}}}")
    return None


def json_object(pairs: Iterable[tuple[str, str]]) -> str:
    """A JSON object. json_build_object takes fifty members at most; a wider one goes the slower way over a row."""
    members = list(pairs)
    if len(members) > 50:
        columns = ", ".join(f'{sql} as "{key}"' for key, sql in members)
        return f"(select row_to_json(o) from (select {columns}) o)"
    return f"json_build_object({', '.join(f'{quoted(key)}, {sql}' for key, sql in members)})"


def cursor(block: Block, order: str, alias: str) -> str:
    """The cursor of a row, as `db.pages.encode_cursor` writes it."""
    hints = get_type_hints(getattr(rows, block.returns))
    values = ", ".join(_cursor_value(f"{alias}.{name}", hints[name]) for name in block.orders[order].columns)
    return f"translate(encode(convert_to(cast(json_build_array({quoted(order)}, {values}) as text), 'UTF8'), 'base64'), E'+/\\n', '-_')"


def _cursor_value(column: str, kind: Any) -> str:
    if kind is datetime:
        return MICROSECONDS.format(column)
    return f"cast({column} as text)" if kind is date else column
