"""What the objects of one level of a query need, read together: one statement for all batches of the level, with the columns that are needed."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple

from billing.rows import row_type
from db.batches import MAX_COMBINED, combined
from db.outages import DatabaseUnavailable, SessionEnded
from db.unit_of_work import UnitOfWork
from loaders import Columns, Shared, columns_of
from loaders.batch import BatchReader, Key, arguments_of, fetch_counts, fetch_many, fetch_one, fetch_pages, slice_of


@dataclass(slots=True)
class Needed:
    """What a level needs of a loader: the values of the missing keys, whose rows have these columns."""

    columns: set[str] = field(default_factory=set)
    missing: set[Key] = field(default_factory=set)
    values: dict[Key, Any] = field(default_factory=dict)


Wanted = dict[Shared, Needed]


class Batch(NamedTuple):
    loader: Shared
    columns: Columns
    keys: list[Key]


# What a loader makes of the rows of a key, by its batch function.
VALUES: dict[Any, Callable[[BatchReader, list[Any]], Any]] = {
    fetch_one: lambda _, rows: rows[0] if rows else None,
    fetch_many: lambda _, rows: rows,
    fetch_pages: lambda reader, rows: slice_of(rows, reader.window) if reader.window else None,
    fetch_counts: lambda _, rows: rows[0],
}


async def load_level(session: UnitOfWork, wanted: Wanted) -> None:
    """Fill in the values of all keys. Rows with all their columns are shared with fields that load them one by one.

    The statements are cancelled with the caller, as of a planned query: nothing else of the operation reads meanwhile. Raises what `UnitOfWork.fetch_unshielded` raises.
    """
    is_apart = session.caller.customer_id is None or session.is_by_coordinator
    batches: list[Batch] = []
    for loader, needed in wanted.items():
        columns = loader.columns if is_apart or loader.fetch is fetch_counts else _some_columns(loader.reader.block.returns, frozenset(needed.columns))
        _fill(loader, columns, needed)
        keys = [key for key in needed.missing if not loader.is_loading(key)]
        if keys:
            batches.append(Batch(loader, columns, keys))
    for part in [[batch] for batch in batches] if is_apart else _parts(batches):
        for batch, values in zip(part, await (_read_apart(part[0]) if is_apart else _read(session, part)), strict=True):
            by_key = dict(zip(batch.keys, values, strict=True))
            batch.loader.read.setdefault(batch.columns, {}).update(by_key)
            wanted[batch.loader].values.update(by_key)
            wanted[batch.loader].missing.difference_update(by_key)
    for loader, needed in wanted.items():
        for key in needed.missing:
            needed.values[key] = await loader.load(key)


def _fill(loader: Shared, columns: Columns, needed: Needed) -> None:
    """Fill in the values of the keys that were read with these columns or all."""
    for known in (loader.read.get(columns), loader.read.get(loader.columns)) if loader.read else ():
        if known:
            needed.values.update((key, known[key]) for key in needed.missing if key in known)
            needed.missing.difference_update(known)


@lru_cache(maxsize=10_000)
def _some_columns(name: str, needed: frozenset[str]) -> Columns:
    """Return the needed columns of a row type; all of them where something is needed that is no column. Not every row has an owner."""
    columns = columns_of(name)
    some = tuple(column for column in columns if column in needed)
    return some if some and needed - {"customer_id"} <= set(columns) else columns


def _parts(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Divide batches into those that one statement reads, in an order that is the same for all documents."""
    part: list[Batch] = []
    size = 0
    for batch in sorted(batches, key=_order):
        length = len(batch.loader.reader.statement.sql)
        if part and size + length > MAX_COMBINED:
            yield part
            part, size = [], 0
        part.append(batch)
        size += length
    if part:
        yield part


def _order(batch: Batch) -> tuple[str, str]:
    reader = batch.loader.reader
    return reader.block.name, reader.statement.sql


async def _read_apart(batch: Batch) -> list[Sequence[Any]]:
    """Return the values of a batch of staff, whose rows may be of many customers, or of one that the coordinator of Citus reads."""
    return [await batch.loader.fetch(batch.loader.reader, batch.keys)]


async def _read(session: UnitOfWork, batches: Sequence[Batch]) -> list[Sequence[Any]]:
    """Return the values of batches, read by one statement. After a failure the transaction is over, so that each can be read apart; after an outage they fail for the same reason."""
    statement = combined(tuple((batch.loader.reader.statement, batch.columns) for batch in batches))
    arguments = [
        dict(zip(batch.loader.reader.statement.parameters, arguments_of(batch.loader.reader, batch.keys), strict=True))
        | {"customer_id": session.caller.customer_id}
        for batch in batches
    ]
    statement.uses += 1
    try:
        (row,) = await session.fetch_unshielded(
            statement.sql, [arguments[number][name] for number, name in statement.parameters], is_prepared=statement.is_repeated
        )
    except (DatabaseUnavailable, SessionEnded):
        raise
    except Exception:
        await session.release()
        raise
    return [_values(batch, records) for batch, records in zip(batches, row, strict=False)]


def _values(batch: Batch, records: Sequence[Any]) -> list[Any]:
    """Return the value of each of the batch's keys."""
    make, value, reader = _maker(batch), VALUES[batch.loader.fetch], batch.loader.reader
    if len(batch.keys) == 1:
        return [value(reader, [make(record) for record in records])]
    groups: list[list[Any]] = [[] for _ in batch.keys]
    for record in records:
        groups[record[0] - 1].append(make(record))
    return [value(reader, rows) for rows in groups]


def _maker(batch: Batch) -> Callable[[Any], Any]:
    """Return the function that makes a row of a record, whose first column is the number of its key."""
    if batch.loader.fetch is fetch_counts:
        return lambda record: record[1]
    name = batch.loader.reader.block.returns
    if batch.columns != columns_of(name):
        return _maker_of_some(name, batch.columns)
    kind = row_type(name)
    return lambda record: kind(*record[1:])


@lru_cache(maxsize=10_000)
def _maker_of_some(name: str, columns: Columns) -> Callable[[Any], Any]:
    """Return the function for rows with some columns. Their type has the name of the row type, which names the GraphQL type."""
    return partial(tuple.__new__, namedtuple(name, ("nth", *columns)))
