"""Pages as a field returns them: a window made from the arguments, its rows, their cursors, and whether more rows follow."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, get_type_hints

from billing.refusals import BadUserInput
from billing.rows import row_type
from db.blocks import Block, RowOrder
from db.pages import Window, decode_cursor, encode_cursor, non_null
from loaders.batch import Filters, Key, Slice
from resolvers.context import Context

DEFAULT_SIZE = 20
MAX_SIZE = 100


@dataclass(frozen=True, slots=True)
class RowPageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class RowEdge:
    cursor: str
    node: Any


@dataclass(frozen=True, slots=True)
class RowPage:
    """A slice of a block's rows, and the key and filters by which all of them are counted when the total is selected."""

    slice: Slice
    window: Window
    block: Block
    key: Key
    filters: Filters

    @property
    def nodes(self) -> list[Any]:
        return self.slice.rows

    @property
    def edges(self) -> list[RowEdge]:
        return [RowEdge(self._cursor(row), row) for row in self.slice.rows]

    @property
    def page_info(self) -> RowPageInfo:
        nodes, window = self.slice.rows, self.window
        return RowPageInfo(
            has_next_page=window.before is not None if window.is_backward else self.slice.has_more,
            has_previous_page=self.slice.has_more if window.is_backward else window.after is not None,
            start_cursor=self._cursor(nodes[0]) if nodes else None,
            end_cursor=self._cursor(nodes[-1]) if nodes else None,
        )

    def total(self, context: Context) -> Awaitable[int]:
        return context.loaders.count(self.block, self.filters).load(self.key)

    def _cursor(self, row: object) -> str:
        return encode_cursor(self.window.order, self.block.orders[self.window.order], row)


@dataclass(frozen=True, slots=True)
class Paging:
    """The arguments of a page, as the client sent them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


def window_of(block: Block, order: str, paging: Paging) -> Window:
    """Return the window of the arguments. Raises BadUserInput for a size outside 1 to 100, for both sizes together, and for a cursor of another connection."""
    if paging.first is not None and paging.last is not None:
        raise BadUserInput("Give either first or last, not both.", "last")
    name = "last" if paging.last is not None else "first"
    size = paging.last if paging.last is not None else DEFAULT_SIZE if paging.first is None else paging.first
    if not 1 <= size <= MAX_SIZE:
        raise BadUserInput(f"{name} must be from 1 to {MAX_SIZE}.", name)
    return Window(order, size, paging.last is not None, _keyset(block, order, paging.after, "after"), _keyset(block, order, paging.before, "before"))


def _keyset(block: Block, name: str, cursor: str | None, argument: str) -> tuple[Any, ...] | None:
    if cursor is None:
        return None
    order = block.orders[name]
    try:
        return decode_cursor(cursor, name, order, _types(block, order))
    except (ValueError, TypeError, RecursionError):
        raise BadUserInput(f"{argument} is not a cursor of this connection in this order.", argument) from None


def _types(block: Block, order: RowOrder) -> dict[str, Any]:
    """Return the types of the order's columns. A block selects no rows where they are null, so a column that may be null elsewhere has its other type."""
    hints = get_type_hints(row_type(block.returns))
    return {column: non_null(hints[column]) for column in order.columns}
