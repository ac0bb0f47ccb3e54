"""Arguments of fields, those that every page takes, and filters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from db.blocks import Block
from db.pages import Window
from loaders.batch import Filters
from resolvers.reads.pages import Paging, window_of

TYPES = "types"  # the argument of a page, beside `filter`, that narrows its rows


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a field, with its GraphQL type and default."""

    name: str
    annotation: Any
    default: Any = strawberry.UNSET


def paging_arguments() -> list[Argument]:
    size = "Default 20. Outside 1 to 100, or both sizes together: BAD_USER_INPUT."
    return [
        Argument("first", Annotated[int | None, strawberry.argument(description=f"How many rows from the start, 1 to 100. {size}")]),
        Argument("after", Annotated[str | None, strawberry.argument(description="A cursor of this connection: only rows after it.")]),
        Argument("last", Annotated[int | None, strawberry.argument(description=f"How many rows from the end, 1 to 100. {size}")]),
        Argument("before", Annotated[str | None, strawberry.argument(description="A cursor of this connection: only rows before it.")]),
    ]


def sort_argument(sort: Any) -> Argument:
    return Argument("sort", Annotated[sort | None, strawberry.argument(description="The order of the rows. Null: the default.")], next(iter(sort)))


def order_of(arguments: Mapping[str, Any], orders: Iterable[str]) -> str:
    """Return the order of a page. Null means the default, which is the first of the orders."""
    order: str = arguments.get("sort") or next(iter(orders))
    return order


def filters(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return a filter input as parameters of the block. Lists become tuples, because the parameters are part of the key of a loader and must be hashable."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in values.items() if value is not None and value is not strawberry.UNSET
    )


def paging(arguments: Mapping[str, Any]) -> Paging:
    return Paging(*(arguments.get(name) for name in ("first", "after", "last", "before")))


def window(block: Block, sort: Any, arguments: Mapping[str, Any]) -> Window:
    """Return the window of a page's arguments; `sort` is the enum of its orders, if there is an argument for them. Raises BadUserInput."""
    return window_of(block, order_of(arguments, sort or block.orders), paging(arguments))


def page_filters(arguments: Mapping[str, Any]) -> Filters:
    """Return the filters in a page's arguments."""
    return filters({**(vars(arguments["filter"]) if arguments.get("filter") else {}), TYPES: arguments.get(TYPES)})
