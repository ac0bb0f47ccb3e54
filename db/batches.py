"""A block for a batch of keys: the block as a lateral subquery beside the keys, one statement however many they are.

`filters` names the filters that have a value: each set of them has a statement of its own.
"""

from dataclasses import dataclass
from functools import lru_cache

from db.blocks import PARAMETER, Block, positional, with_only
from db.pages import Window, page_sql

NO_FILTERS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BatchStatement:
    """SQL with positional parameters, and their names in order."""

    sql: str
    parameters: tuple[str, ...]


@lru_cache(maxsize=10_000)
def rows_of(block: Block, *, is_staff: bool) -> BatchStatement:
    """Rows headed by `nth`, the number of the key (from 1) to which they belong; within a key in the block's order."""
    return _batch(with_only(block, NO_FILTERS).sql, is_staff=is_staff)


@lru_cache(maxsize=10_000)
def page_of(block: Block, shape: Window, *, is_staff: bool, filters: frozenset[str] = NO_FILTERS) -> BatchStatement:
    """As `rows_of`, for one page per key, and one row more than asked for: that one tells whether there is more.

    `shape` is a window whose values do not matter, only which of them are given.
    """
    return _batch(page_sql(with_only(block, filters), shape, limit=":size + 1"), is_staff=is_staff)


@lru_cache(maxsize=10_000)
def count_of(block: Block, *, is_staff: bool, filters: frozenset[str] = NO_FILTERS) -> BatchStatement:
    """As `rows_of`, with one number per key: how many rows it has in all."""
    return _batch(f"select count(*)::integer as total from ({with_only(block, filters).sql}) counted", is_staff=is_staff)


def _batch(sql: str, *, is_staff: bool) -> BatchStatement:
    """A customer's keys all belong to the caller, so the customer id is one parameter (a sharded database then asks one node); staff's come in pairs."""
    inner = PARAMETER.sub(lambda match: _correlated(match[1], match[0], is_staff=is_staff), sql)
    owners = "cast(:customer_ids as text[]), " if is_staff else ""
    columns = "customer_id, key, nth" if is_staff else "key, nth"
    text = f"select k.nth, r.* from unnest({owners}cast(:keys as text[])) with ordinality k({columns}) cross join lateral ({inner}) r"
    return BatchStatement(*positional(text))


def _correlated(name: str, written: str, *, is_staff: bool) -> str:
    if name == "key":
        return "k.key"
    return "k.customer_id" if name == "customer_id" and is_staff else written
