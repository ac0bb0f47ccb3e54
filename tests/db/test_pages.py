"""Walking a connection by pages visits every row once, whatever the size, direction and order, and while rows are being added."""

import random
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, get_type_hints

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.refusals import BadUserInput
from billing.rows import row_type
from billing.rows.events import EventNumber
from billing.rows.money.dunning import MinorUnits
from db.blocks import RowOrder, blocks
from db.pages import decode_cursor, encode_cursor, non_null
from resolvers.reads.pages import Paging, window_of
from tests.conftest import BIG, Portal

WALK = """query ($first: Int, $after: String, $last: Int, $before: String, $sort: InvoiceOrder!) {
  customer { invoices(first: $first, after: $after, last: $last, before: $before, sort: $sort) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
} } }"""


async def walk(portal: Portal, *, size: int, backwards: bool, sort: str, planned: bool) -> list[str]:
    ask: Any = portal.plan if planned else portal.execute
    walked: list[str] = []
    cursor = None
    while True:
        arguments = {"last": size, "before": cursor} if backwards else {"first": size, "after": cursor}
        page = (await ask(WALK, BIG, sort=sort, **arguments)).data["customer"]["invoices"]
        ids = [edge["node"]["id"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert [info["startCursor"], info["endCursor"]] == [page["edges"][0]["cursor"], page["edges"][-1]["cursor"]]
        walked = ids + walked if backwards else walked + ids
        if not info["hasPreviousPage" if backwards else "hasNextPage"]:
            assert len(walked) == page["totalCount"]
            return walked
        cursor = info["startCursor" if backwards else "endCursor"]


@pytest.mark.parametrize("sort", ["NEWEST", "OLDEST", "DUE_FIRST", "DUE_LAST"])
@pytest.mark.parametrize("planned", [True, False], ids=["planner", "executor"])
async def test_every_row_is_visited_once_in_order_both_ways(portal: Portal, admin: asyncpg.Connection, sort: str, planned: bool) -> None:
    column, direction = {"NEWEST": ("issued_at", "desc"), "OLDEST": ("issued_at", "asc"), "DUE_FIRST": ("due_on", "asc"), "DUE_LAST": ("due_on", "desc")}[sort]
    rows = await admin.fetch(f"select id from invoice where customer_id = $1 order by {column} {direction}, id {direction}", BIG.customer_id)
    expected = [record[0] for record in rows]
    assert len(expected) > 1000
    for backwards in (False, True):
        assert await walk(portal, size=97, backwards=backwards, sort=sort, planned=planned) == expected


async def test_rows_that_come_in_meanwhile_do_not_move_the_others(portal: Portal, admin: asyncpg.Connection) -> None:
    text = "query ($after: String) { customer { payments(first: 40, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } } }"
    before = {record[0] for record in await admin.fetch("select id from payment where customer_id = $1", BIG.customer_id)}
    walked: list[str] = []
    cursor = None
    chance = random.Random(3)
    columns = "customer_id, status, currency, amount_minor, refunded_minor, method_kind, decline_code, processor, created_at, settled_at"
    try:
        for _ in range(1000):
            page = (await portal.execute(text, BIG, after=cursor)).data["customer"]["payments"]
            walked += [node["id"] for node in page["nodes"]]
            cursor = page["pageInfo"]["endCursor"]
            await admin.execute(
                f"""insert into payment (id, {columns}) select 'pay_meanwhile' || $2, {columns} from payment
                    where customer_id = $1 and id not like 'pay_meanwhile%' offset $3 limit 1""",
                BIG.customer_id,
                str(len(walked)),
                chance.randrange(len(before)),
            )
            if not page["pageInfo"]["hasNextPage"]:
                break
    finally:
        # Without triggers: the snapshots for their receipts are kept for ever.
        await admin.execute("set session_replication_role = replica")
        for table, column in (("document_snapshot", "payment_id"), ("payment", "id")):
            await admin.execute(f"delete from {table} where {column} like 'pay_meanwhile%'")
        await admin.execute("set session_replication_role = origin")
    remaining = [identifier for identifier in walked if identifier in before]
    assert len(remaining) == len(set(remaining)) == len(before)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda value: value.decode("latin-1")))
def test_no_text_at_all_as_a_cursor_is_more_than_bad_user_input(text: str) -> None:
    for argument in ("after", "before"):
        with pytest.raises(BadUserInput):
            window_of(blocks()["invoices.of_customer"], "newest", Paging(**{argument: text}))


@given(st.datetimes(datetime(1000, 1, 1)), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30))
def test_a_cursor_says_where_its_row_stands(moment: Any, identifier: str) -> None:
    order = RowOrder(("at", "id"), is_descending=True)
    row = SimpleNamespace(at=moment.replace(tzinfo=UTC), id=identifier)
    assert decode_cursor(encode_cursor("newest", order, row), "newest", order, {"at": datetime, "id": str}) == (row.at, row.id)


def test_a_cursor_of_every_order_of_every_page_can_be_read() -> None:
    """A column that may be null elsewhere orders rows too, where the block selects none with null."""
    values: dict[Any, Any] = {
        str: "a",
        int: 1,
        MinorUnits: 2**40,
        EventNumber: 2**40,
        bool: True,
        date: date(2026, 6, 1),
        datetime: datetime(2026, 6, 1, tzinfo=UTC),
    }
    nullable = 0
    for block in blocks().values():
        hints = get_type_hints(row_type(block.returns)) if block.orders else {}
        for name, order in block.orders.items():
            row = SimpleNamespace(**{column: values[non_null(hints[column])] for column in order.columns})
            nullable += any(hints[column] != non_null(hints[column]) for column in order.columns)
            window = window_of(block, name, Paging(after=encode_cursor(name, order, row)))
            assert window.after == tuple(vars(row).values())
    assert nullable, "the control"
