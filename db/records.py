"""Records as rows of their types. A type is filled by the names of its fields, so a program can read a database with more columns than it knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import itemgetter
from typing import Any

from billing.rows import row_type
from db.blocks import TOGETHER

Record = Mapping[str, Any]


def rows_of(name: str, records: Iterable[Record]) -> list[Any]:
    """Records as rows of the type of this name in billing/rows. Raises KeyError if a record lacks a column.

    For blocks that were read together, `name` has the names of their types, and the result is a list of rows for each of them.
    """
    if TOGETHER in name:
        (record,) = records
        return [[kind(*values) for values in part] for kind, part in zip(map(row_type, name.split(TOGETHER)), record, strict=False)]
    kind, values = _reader(name)
    return [kind(*values(record)) for record in records]


@lru_cache(maxsize=200)
def _reader(name: str) -> tuple[type, Callable[[Record], tuple[Any, ...]]]:
    kind = row_type(name)
    names = [field.name for field in fields(kind)]
    # With one name, itemgetter gives the value itself.
    return kind, itemgetter(*names) if len(names) > 1 else lambda record: (record[names[0]],)
