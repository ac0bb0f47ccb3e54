"""Records as rows of their types. A type is filled by the names of its fields, so a program can read a database with more columns than it knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import itemgetter
from typing import Any

from billing.rows import row_type

Record = Mapping[str, Any]


def rows_of(name: str, records: Iterable[Record]) -> list[Any]:
    """Records as rows of the type of this name in billing/rows. Raises KeyError if a record lacks a column."""
    kind, values = _reader(name)
    return [kind(*values(record)) for record in records]


@lru_cache(maxsize=200)
def _reader(name: str) -> tuple[type, Callable[[Record], tuple[Any, ...]]]:
    kind = row_type(name)
    names = [field.name for field in fields(kind)]
    # With one name, itemgetter gives the value itself.
    return kind, itemgetter(*names) if len(names) > 1 else lambda record: (record[names[0]],)
