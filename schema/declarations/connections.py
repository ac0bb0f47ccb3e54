"""Relay's cursor connections (https://relay.dev/graphql/connections.htm), one generic for every noun."""

from typing import Any, Generic, TypeVar

import strawberry

from resolvers.context import Info

Row = TypeVar("Row")
# In the metadata of the field that counts the rows of all pages.
TOTAL = "total"


@strawberry.type(description="The position of a page among all rows.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow the page. Going backwards: whether `before` was given.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede the page. Going forwards: whether `after` was given.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row; null on an empty page.")


@strawberry.type(description="One row of a page.")
class Edge(Generic[Row]):
    cursor: str = strawberry.field(description="The position of this row: pass it as `after` or `before`. Opaque, and valid for the same order only.")
    node: Row = strawberry.field(description="The row itself.")


async def _total(parent: strawberry.Parent[Any], info: Info) -> int:
    total: int = await parent.total(info.context)
    return total


@strawberry.type(description="A page of rows in a fixed order, with the cursors of the next and the previous page.")
class Connection(Generic[Row]):
    edges: list[Edge[Row]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[Row] = strawberry.field(description="The rows without cursors.")
    page_info: PageInfo = strawberry.field(description="The position of this page among all rows.")
    total_count = strawberry.field(
        resolver=_total,
        graphql_type=int,
        metadata={TOTAL: True},
        description="How many rows there are in all pages together, the filter applied. It costs a count of all of them; select it only if you display it.",
    )
