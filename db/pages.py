"""Keyset pagination of all pages: the rows of a page, their cursors, and the bounds before and after them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any, get_args

from billing.rows.events import EventNumber
from billing.rows.money.dunning import MinorUnits
from billing.utf8 import is_storable
from db.blocks import Block, RowOrder

Value = str | int | bool | date | datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of a page: `size` of them in an order, from one end or the other, between two keysets."""

    order: str
    size: int
    is_backward: bool = False
    after: tuple[Value, ...] | None = None
    before: tuple[Value, ...] | None = None


def page_sql(block: Block, window: Window, *, limit: str, mark: str = "", columns: str = "*") -> str:
    """Return SQL for the block's rows inside the window, at most `limit` (a SQL expression) of them.

    The keysets are the parameters `after{mark}_0`, `after{mark}_1`, …, and `before{mark}_0`, …. The rows of a backward page are in reverse order.
    """
    order = block.orders[window.order]
    row = f"({', '.join(order.columns)})"
    bounds = [
        f"{row} {'<' if order.is_descending == (name == 'after') else '>'} ({', '.join(f'{order.check}(:{name}{mark}_{n})' for n in range(len(order.columns)))})"
        for name, keyset in (("after", window.after), ("before", window.before))
        if keyset is not None
    ]
    where = f" where {' and '.join(bounds)}" if bounds else ""
    sorting = order_by(order, is_descending=order.is_descending != window.is_backward)
    return f"select {columns} from ({block.sql}) page{where} {sorting} limit {limit}"


def order_by(order: RowOrder, *, is_descending: bool) -> str:
    direction = "desc" if is_descending else "asc"
    return f"order by {', '.join(f'{column} {direction}' for column in order.columns)}"


def keyset_arguments(window: Window, mark: str = "") -> dict[str, Value]:
    return {f"{name}{mark}_{n}": value for name, keyset in (("after", window.after), ("before", window.before)) for n, value in enumerate(keyset or ())}


def encode_cursor(name: str, order: RowOrder, row: object) -> str:
    """Return the cursor of a row: its order's name and its keyset, as JSON in base64url."""
    values = [name, *(_text(getattr(row, column)) for column in order.columns)]
    return urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode()


def decode_cursor(cursor: str, name: str, order: RowOrder, types: dict[str, Any]) -> tuple[Value, ...]:
    """Return the keyset in a cursor that `encode_cursor` made for the same order. Raises ValueError for anything else."""
    values = json.loads(urlsafe_b64decode(cursor.encode("ascii", "strict")))
    if not isinstance(values, list) or len(values) != len(order.columns) + 1 or values[0] != name:
        raise ValueError("not a cursor of this order")
    return tuple(PARSERS[types[column]](value) for column, value in zip(order.columns, values[1:], strict=True))


def non_null(kind: Any) -> Any:
    """Return the type without null: `str` for `str | None`, and `str` for `str`."""
    members = [member for member in get_args(kind) if member is not NoneType]
    return members[0] if len(members) == 1 else kind


def _text(value: Value) -> str | int | bool:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value


def _checked(kind: type, holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def parse(value: object) -> object:
        if type(value) is not kind or not holds(value):
            raise ValueError("not a value of this column")
        return value

    return parse


# The parser of a cursor's value, by the type of the column. An `int` is of Postgres' type `integer`, and MinorUnits and EventNumber of `bigint`.
PARSERS: dict[Any, Callable[[Any], Value]] = {
    str: _checked(str, is_storable),
    int: _checked(int, lambda number: abs(number) < 2**31),
    MinorUnits: _checked(int, lambda number: abs(number) < 2**63),
    EventNumber: _checked(int, lambda number: abs(number) < 2**63),
    bool: _checked(bool, lambda _: True),
    date: date.fromisoformat,
    datetime: lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
}
