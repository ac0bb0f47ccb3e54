"""How the executor resolves the declarations of `schema/declarations/fields.py`: from a row to rows, through the loaders."""

from collections.abc import Iterable, Sequence
from typing import Any

from billing.ids import prefix_of
from db.blocks import Block, blocks
from db.pages import Window
from loaders.batch import Filters, Key
from resolvers.context import Context
from resolvers.reads.pages import Paging, RowPage, window_of

# The nouns of the graph: by the prefix of their ids, the block that finds one. The block names the row, and the row without `Row` the GraphQL type, so
# `node`, the planner and the list of GraphQL types (schema/__init__.py) follow from this table, in this order. `customers.owner` repeats the nouns with an owner in SQL.
BY_ID = {
    "cus": "customers.by_id",
    "sum": "summaries.by_id",
    "plan": "plans.by_id",
    "price": "prices.by_id",
    "cpn": "coupons.by_id",
    "off": "catalog.cancellation_option",
    "sub": "subscriptions.by_id",
    "sch": "schedules.by_id",
    "ins": "installments.by_id",
    "inv": "invoices.by_id",
    "line": "invoice_lines.by_id",
    "cn": "credit_notes.by_id",
    "pay": "payments.by_id",
    "ref": "refunds.by_id",
    "pm": "payment_methods.by_id",
    "att": "attachments.by_id",
    "exp": "data_exports.by_id",
    "grant": "grants.by_id",
    "ses": "sessions.by_id",
    "evt": "events.by_id",
}


def type_name(prefix: str) -> str:
    """Return the name of the GraphQL type of a noun: that of its row, without `Row`."""
    return blocks()[BY_ID[prefix]].returns.removesuffix("Row")


def key_of(row: Any, name: str, block: Block, context: Context) -> Key:
    """Return the loader key of a row for a block: with the owner of the row, unless the block's rows have no owner."""
    owner = getattr(row, "customer_id", context.viewer.customer_id) if block.is_of_customer else None
    return owner, getattr(row, name) if name else ""


async def one(row: Any, key: str, block: Block, context: Context) -> Any:
    row_key = key_of(row, key, block, context)
    if row_key[1] is None:
        return None
    loaded = await context.loaders.one(block).load(row_key)
    await context.pace.take(1)
    return loaded


async def many(row: Any, key: str, block: Block, context: Context) -> list[Any]:
    rows: list[Any] = await context.loaders.many(block).load(key_of(row, key, block, context))
    await context.pace.take(len(rows))
    return rows


def with_value(rows: Sequence[Any], column: str | None) -> Sequence[Any]:
    """Return the rows that have a value in the column, or all rows where no column is named."""
    return [row for row in rows if getattr(row, column) is not None] if column else rows


async def listed(row: Any, keys: str, block: Block, context: Context) -> list[Any] | None:
    """Return the rows whose ids are in a column, in the order of the ids, without those that do not exist or do not belong to the owner; None for null."""
    identifiers = getattr(row, keys)
    if identifiers is None:
        return None
    owner = row.customer_id if block.is_of_customer else None
    rows = await context.loaders.one(block).load_many([(owner, identifier) for identifier in identifiers])
    await context.pace.take(len(rows))
    return [loaded for loaded in rows if loaded is not None]


async def page(key: Key, block: Block, *, order: str, paging: Paging, filters: Filters, context: Context) -> RowPage:
    return await window(key, block, window_of(block, order, paging), filters=filters, context=context)


async def window(key: Key, block: Block, wanted: Window, *, filters: Filters, context: Context) -> RowPage:
    """Return the page of rows that a key has inside a window."""
    loaded = await context.loaders.page(block, wanted, filters).load(key)
    await context.pace.take(len(loaded.rows))
    return RowPage(loaded, wanted, block, key, filters)


async def by_id(owner: str | None, identifier: str | None, prefixes: Iterable[str], context: Context) -> Any:
    """Return the row with an id if its prefix is one of `prefixes` and it belongs to the owner; else None, for every reason alike."""
    prefix = prefix_of(identifier or "")
    if prefix not in prefixes:
        return None
    block = blocks()[BY_ID[prefix]]
    return await context.loaders.one(block).load((owner if block.is_of_customer else None, identifier))
