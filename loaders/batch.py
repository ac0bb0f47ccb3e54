"""The two shapes of a batch, one row and many rows per key, and the pages and counts made from them."""

from dataclasses import dataclass
from typing import Any

from db.batches import BatchStatement
from db.blocks import Block
from db.pages import Window, keyset_arguments
from db.records import rows_of
from db.unit_of_work import UnitOfWork

# The owner of the row (None for rows that have no owner), and the key.
Key = tuple[str | None, str | None]

# The filters of a field as (parameter, value) pairs: hashable, so that they can be part of a loader's identity.
Filters = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BatchReader:
    """The statement of a batch and where it runs."""

    session: UnitOfWork
    block: Block
    statement: BatchStatement
    filters: Filters = ()
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, in the requested order, and whether more rows follow in the direction of reading."""

    rows: list[Any]
    has_more: bool


async def fetch_one(reader: BatchReader, keys: list[Key]) -> list[Any]:
    return [rows[0] if rows else None for rows in await fetch_many(reader, keys)]


async def fetch_many(reader: BatchReader, keys: list[Key]) -> list[list[Any]]:
    return [rows_of(reader.block.returns, group) for group in await _grouped(reader, keys)]


async def fetch_counts(reader: BatchReader, keys: list[Key]) -> list[int]:
    return [group[0]["total"] if group else 0 for group in await _grouped(reader, keys)]


async def fetch_pages(reader: BatchReader, keys: list[Key]) -> list[Slice]:
    return [slice_of(rows, reader.window) for rows in await fetch_many(reader, keys) if reader.window]


def slice_of(rows: list[Any], window: Window) -> Slice:
    page = rows[: window.size]
    return Slice(page[::-1] if window.is_backward else page, len(rows) > window.size)


async def _grouped(reader: BatchReader, keys: list[Key]) -> list[list[Any]]:
    """Return the records of each key."""
    groups: list[list[Any]] = [[] for _ in keys]
    is_routed = reader.session.is_distributed and reader.session.caller.customer_id is None
    for places in _parts(reader.block, keys) if is_routed else [list(range(len(keys)))]:
        owner = keys[places[0]][0]
        statement = (reader.statement.of_one_key if is_routed and len(places) == 1 else None) or reader.statement
        for record in await reader.session.fetch_unshielded(statement.sql, arguments_of(reader, [keys[place] for place in places], statement), owner=owner):
            groups[places[record[0] - 1]].append(record)
    return groups


def _parts(block: Block, keys: list[Key]) -> list[list[int]]:
    """Return the places of the keys of each customer: on a distributed database a statement reads the shard of one customer, or with one key, that belongs to none, all shards.

    Rows of a customer have no key without one.
    """
    places: dict[object, list[int]] = {}
    for place, (owner, _) in enumerate(keys):
        if owner or not block.is_of_customer:
            places.setdefault(owner or place, []).append(place)
    return list(places.values())


def arguments_of(reader: BatchReader, keys: list[Key], statement: BatchStatement | None = None) -> list[Any]:
    arguments: dict[str, Any] = dict(reader.filters)
    owner = reader.session.caller.customer_id or (keys[0][0] if keys else None)
    arguments |= {"key": keys[0][1], "keys": [key for _, key in keys], "customer_ids": [owner for owner, _ in keys], "customer_id": owner}
    if reader.window:
        arguments |= {"size": reader.window.size, **keyset_arguments(reader.window)}
    return [arguments[name] for name in (statement or reader.statement).parameters]
