"""Writing rows of several tables in one statement: the blocks `saving.…` of the kinds of rows that one decision writes, each a CTE that takes its rows as JSON.

All blocks of a statement see the database before the statement, and their order is undefined; foreign keys are checked at its end.
"""

from collections.abc import Iterable
from functools import lru_cache

from db.blocks import PARAMETER, blocks, positional
from db.sharding.statements import routed

PREFIX = "saving."


@lru_cache(maxsize=1000)
def statement_of(kinds: tuple[str, ...], *, is_distributed: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return a statement that writes rows of these kinds, and the names of its parameters: `rows_<kind>` for each kind, and the caller's.

    Its result is one row with a column for each kind: the number of rows that were written. Blocks that return `nothing` are not counted.
    """
    parts = ",\n".join(f"{kind} as (\n{_named(kind)})" for kind in kinds)
    counted = [kind for kind in kinds if blocks()[PREFIX + kind].returns != "nothing"]
    counts = ", ".join(f"(select cast(count(*) as integer) from {kind}) as {kind}" for kind in counted)
    statement = f"with {parts}\nselect {counts}"
    return positional(routed(statement) if is_distributed else statement)


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds in the order of the file of the blocks, so that the same kinds always make the same statement. Raises KeyError for a kind without a block."""
    places = _places()
    return tuple(sorted(kinds, key=lambda kind: places[PREFIX + kind]))


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(blocks())}


def _named(kind: str) -> str:
    return PARAMETER.sub(lambda match: f":rows_{kind}" if match[1] == "rows" else match[0], blocks()[PREFIX + kind].sql)
