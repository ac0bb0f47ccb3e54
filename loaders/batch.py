"""The two shapes of a batch, one row and many rows per key, and what is made of them: pages and counts."""

from dataclasses import dataclass
from typing import Any

from db.batches import BatchStatement
from db.blocks import Block
from db.pages import Window, keyset_arguments
from db.records import rows_of
from db.unit_of_work import UnitOfWork

# Whose row a key is (None for what belongs to everybody), and the key.
Key = tuple[str | None, str | None]

# A field's filter as (parameter, value) pairs, so that it can be told apart from another field's.
Filters = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BatchReader:
    """What a loader needs to ask for a batch."""

    session: UnitOfWork
    block: Block
    statement: BatchStatement
    filters: Filters = ()
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, in the order asked for, and whether there are more beyond them in the direction of reading."""

    rows: list[Any]
    has_more: bool


async def fetch_one(reader: BatchReader, keys: list[Key]) -> list[Any]:
    return [found[0] if found else None for found in await fetch_many(reader, keys)]


async def fetch_many(reader: BatchReader, keys: list[Key]) -> list[list[Any]]:
    return [rows_of(reader.block.returns, group) for group in await _grouped(reader, keys)]


async def fetch_counts(reader: BatchReader, keys: list[Key]) -> list[int]:
    return [group[0]["total"] for group in await _grouped(reader, keys)]


async def fetch_pages(reader: BatchReader, keys: list[Key]) -> list[Slice]:
    return [_slice(found, reader.window) for found in await fetch_many(reader, keys) if reader.window]


def _slice(found: list[Any], window: Window) -> Slice:
    kept = found[: window.size]
    return Slice(kept[::-1] if window.is_backward else kept, len(found) > window.size)


async def _grouped(reader: BatchReader, keys: list[Key]) -> list[list[Any]]:
    groups: list[list[Any]] = [[] for _ in keys]
    for record in await reader.session.fetch_unshielded(reader.statement.sql, _arguments(reader, keys)):
        groups[record[0] - 1].append(record)
    return groups


def _arguments(reader: BatchReader, keys: list[Key]) -> list[Any]:
    given: dict[str, Any] = dict(reader.filters)
    given |= {"keys": [key for _, key in keys], "customer_ids": [owner for owner, _ in keys], "customer_id": reader.session.caller.customer_id}
    if reader.window:
        given |= {"size": reader.window.size, **keyset_arguments(reader.window)}
    return [given[name] for name in reader.statement.parameters]
