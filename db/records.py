"""Records as rows of their types. A type is filled by the names of its fields, so a program can read a database with more columns than it knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import itemgetter
from typing import Any

from billing import rows

Record = Mapping[str, Any]


def rows_of(name: str, records: Iterable[Record]) -> list[Any]:
    """Return records as rows of the type of this name in billing/rows. Raises KeyError if a record lacks a column."""
    row_type, values = _reader(name)
    return [row_type(*values(record)) for record in records]


@lru_cache(maxsize=200)
def _reader(name: str) -> tuple[type, Callable[[Record], tuple[Any, ...]]]:
    row_type = getattr(rows, name)
    names = [field.name for field in fields(row_type)]
    # With one name, itemgetter returns the value itself.
    return row_type, itemgetter(*names) if len(names) > 1 else lambda record: (record[names[0]],)
