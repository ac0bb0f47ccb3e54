"""A block for a batch of keys: the block as a lateral subquery beside the keys, in one statement for any number of keys.

`filters` names the filters that have a value: each set of filters has a statement of its own.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from db.blocks import PARAMETER, Block, positional, with_only
from db.pages import Window, page_sql

NO_FILTERS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BatchStatement:
    """SQL with positional parameters, and their names in order. `of_one_key` is the statement for one key, with the same columns, for staff on a distributed database."""

    sql: str
    parameters: tuple[str, ...]
    of_one_key: "BatchStatement | None" = None


@lru_cache(maxsize=10_000)
def rows_of(block: Block, *, is_staff: bool) -> BatchStatement:
    """Return the statement for the rows of each key. Its first column is `nth`, the number of the row's key (from 1); within a key in the block's order."""
    return _batch(with_only(block, NO_FILTERS).sql, is_staff=is_staff)


@lru_cache(maxsize=10_000)
def page_of(block: Block, shape: Window, *, is_staff: bool, filters: frozenset[str] = NO_FILTERS) -> BatchStatement:
    """Return the statement for one page per key, with the columns of `rows_of`, and one row more than the page: that row shows whether there is a next page.

    `shape` is a window of which only the set of present values matters, not the values.
    """
    return _batch(page_sql(with_only(block, filters), shape, limit=":size + 1"), is_staff=is_staff)


@lru_cache(maxsize=10_000)
def count_of(block: Block, *, is_staff: bool, filters: frozenset[str] = NO_FILTERS) -> BatchStatement:
    """Return the statement for the total number of rows of each key, with `nth` as in `rows_of`."""
    return _batch(f"select count(*)::integer as total from ({with_only(block, filters).sql}) counted", is_staff=is_staff)


def _batch(sql: str, *, is_staff: bool) -> BatchStatement:
    """Return the statement for many keys, from SQL for one key.

    A customer's keys all belong to the caller, so the customer id is one parameter (a sharded database then uses one node). Each key of staff has its own customer id.
    """
    inner = PARAMETER.sub(lambda match: _correlated(match[1], match[0], is_staff=is_staff), sql)
    owners = "cast(:customer_ids as text[]), " if is_staff else ""
    columns = "customer_id, key, nth" if is_staff else "key, nth"
    text = f"select k.nth, r.* from unnest({owners}cast(:keys as text[])) with ordinality k({columns}) cross join lateral ({inner}) r"
    return BatchStatement(*positional(text), BatchStatement(*positional(f"select 1 as nth, r.* from ({sql}) r")) if is_staff else None)


def _correlated(name: str, written: str, *, is_staff: bool) -> str:
    if name == "key":
        return "k.key"
    return "k.customer_id" if name == "customer_id" and is_staff else written


# The use of a combination from which on its statement stays prepared on a connection: documents that are sent once do not evict those that are sent again.
REPEATED = 3
# Characters of the batches of a combination, which is planned and stays prepared like the statements of the planner.
MAX_COMBINED = 12_288
CUSTOMER = "customer_id"


@dataclass(slots=True)
class CombinedStatement:
    """Several batches as one statement of one row: a list of records for each batch, which begin with `nth`. `parameters` are numbers of batches and names; all batches
    share the customer's id."""

    sql: str
    parameters: tuple[tuple[int, str], ...]
    uses: int = 0

    @property
    def is_repeated(self) -> bool:
        return self.uses >= REPEATED


@lru_cache(maxsize=1000)
def combined(batches: tuple[tuple[BatchStatement, tuple[str, ...]], ...]) -> CombinedStatement:
    """Return the combination of batches of a customer, each with the names of the columns that its records have after `nth`."""
    parameters: list[tuple[int, str]] = []
    parts = []
    for number, (batch, columns) in enumerate(batches):
        own = [(0 if name == CUSTOMER else number, name) for name in batch.parameters]
        parameters += [parameter for parameter in own if parameter not in parameters]
        places = [parameters.index(parameter) + 1 for parameter in own]
        parts.append(f"array(select row({', '.join(f'b.{column}' for column in ('nth', *columns))}) from ({_renumbered(batch.sql, places)}) b)")
    # As in `db/blocks.py`: asyncpg has to read the type of lists of texts outside of a record.
    return CombinedStatement(f"select {', '.join(parts)}, cast(null as text[]) as texts", tuple(parameters))


def _renumbered(sql: str, places: list[int]) -> str:
    """Return SQL whose parameters have other numbers: the first one that of the first place."""
    return re.sub(r"\$(\d+)", lambda match: f"${places[int(match[1]) - 1]}", sql)
