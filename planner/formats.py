"""SQL for the format of values in JSON and in cursors."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, get_type_hints

from billing.rows import row_type
from db.blocks import Block

# Timestamps, with the quotes of JSON.
DATETIME = r"""to_char({0} at time zone 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"')"""
MICROSECONDS = r"""to_char({0} at time zone 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\"')"""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def enum_literal(value: object) -> str | None:
    """Return the SQL literal of a constant enum value of the document, or of a list of them; None for all other values, which stay parameters.

    Postgres can then plan for the requested states. The names are those of the schema: no text of a client becomes SQL.
    """
    if isinstance(value, StrEnum):
        return quoted(value.name)
    if isinstance(value, tuple) and all(isinstance(item, StrEnum) for item in value):
        return quoted(f"{{{','.join(item.name for item in value)}}}")
    return None


def cursor(block: Block, order: str, column: Callable[[str], str]) -> str:
    """The cursor of a row, as `db.pages.encode_cursor` writes it. Nothing of base64 needs escapes."""
    hints = get_type_hints(row_type(block.returns))
    values = ", ', ', ".join(_cursor_value(column(name), hints[name]) for name in block.orders[order].columns)
    opening = quoted(f'["{order}", ')
    array = f"concat({opening}, {values}, ']')"
    # `translate` would compare each character with each of the three.
    return f"replace(replace(replace(encode(convert_to({array}, 'UTF8'), 'base64'), E'\\n', ''), '+', '-'), '/', '_')"


def _cursor_value(column: str, kind: Any) -> str:
    if kind is datetime:
        return MICROSECONDS.format(column)
    return f"to_json(cast({column} as text))" if kind is date else f"to_json({column})"
