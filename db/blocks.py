"""Named blocks: the pieces of SQL in sql/*/*.sql, each selecting the rows that belong to one key.

A block has a header:

    -- name: invoices.of_subscription
    -- returns: Invoice
    -- order newest: issued_at desc, id desc
    -- check newest: a_function
    -- revised by: customer, catalog
    -- Select the invoices of one subscription.

`check` names a function of the database that a bound of a page in this order goes through, and that raises for one that cannot be read from.
`revised by` names what has a new revision whenever the rows change, except by time (`db/revisions`). Without it, the rows may change beside all revisions.

Statements that write are blocks too; a block without a result returns `nothing`.
Parameters are written `:name`; `:key` is the key whose rows the block selects, `:customer_id` the customer who owns them. Every other
parameter of a block that reads is a filter, and null turns it off: `(cast(:status as text[]) is null or status = any(:status))`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from billing.rows import row_type
from db.literals import literal

FOLDER = Path(__file__).with_name("sql")
PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
# The beginning of a filter.
UNLESS_NULL = re.compile(r"cast\(:([a-z_]\w*) as [a-z\[\]]+\) is null or ")
# Between the names of blocks that are read together.
TOGETHER = " + "
HEADER = re.compile(r"^-- (name|returns|revised by|order (?P<order>\w+)|check (?P<check>\w+)): *(?P<value>.+)$")


@dataclass(frozen=True, slots=True)
class RowOrder:
    """A total order of a block's rows: columns, ending in the id, all in one direction (so that one row comparison is the keyset)."""

    columns: tuple[str, ...]
    is_descending: bool
    check: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A named statement. `returns` is the name of the row type of its result."""

    name: str
    sql: str
    returns: str
    # The first sentence of its header.
    summary: str
    orders: Mapping[str, RowOrder] = field(hash=False, compare=False)
    revised_by: frozenset[str] = frozenset()
    parameters: frozenset[str] = field(init=False, hash=False, compare=False)
    # Whether its rows belong to a customer; plans and prices belong to none.
    is_of_customer: bool = field(init=False, hash=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", frozenset(PARAMETER.findall(self.sql)))
        object.__setattr__(self, "is_of_customer", "customer_id" in self.parameters)


def read(text: str) -> list[Block]:
    """Return the blocks of one file, in its order."""
    return [_block(part) for part in re.split(r"^(?=-- name: )", text, flags=re.M) if part.startswith("-- name: ")]


@lru_cache(maxsize=1)
def blocks() -> dict[str, Block]:
    """Return every block by its name. The files are part of the program, so they are read once."""
    return {block.name: block for path in sorted(FOLDER.rglob("*.sql")) for block in read(path.read_text(encoding="utf-8"))}


def block_named(name: str) -> Block:
    """Return the block of this name; for several names with ` + ` between them one that reads the rows of all these blocks in one statement, which see one snapshot.

    Parameters of the same name are one parameter. `db/records.py` reads its result. Raises KeyError.
    """
    return _together(name) if TOGETHER in name else blocks()[name]


@lru_cache(maxsize=100)
def _together(name: str) -> Block:
    parts = [blocks()[part] for part in name.split(TOGETHER)]
    columns = ",\n".join(
        f"array(select row({', '.join(f'b.{field.name}' for field in fields(row_type(part.returns)))}) from (\n{part.sql}) b)" for part in parts
    )
    # asyncpg decodes a list of texts within a record only if a column of the statement has made it read that type.
    return Block(name, f"select {columns}, cast(null as text[]) as texts", TOGETHER.join(part.returns for part in parts), "", {})


@lru_cache(maxsize=10_000)
def with_only(block: Block, filters: frozenset[str]) -> Block:
    """Return a block that reads, with null in place of every filter that is not in `filters`, and without the question whether one of `filters` is null.

    Postgres drops a filter that is null when it plans the statement. A parameter would stay in the plan: a generic plan cannot know that the parameter will be null,
    expects few rows because of it, and sorts all rows where an index would return the first ones in order. For the same reason it would use no index for a filter
    that may be null.
    """
    names = filters | {"key", "customer_id"}
    sql = UNLESS_NULL.sub(lambda match: "" if match[1] in filters else match[0], block.sql)
    return replace(block, sql=PARAMETER.sub(lambda match: match[0] if match[1] in names else "null", sql))


def whole(block: Block) -> str:
    """Return the SQL of all rows of a block. Those of a block for pages are in the first of its orders."""
    if not block.orders:
        return block.sql
    order = next(iter(block.orders.values()))
    return f"{block.sql}\n order by {', '.join(f'{column} desc' if order.is_descending else column for column in order.columns)}"


def _block(text: str) -> Block:
    lines = text.splitlines()
    headers = [match for line in lines if (match := HEADER.match(line))]
    values = {match[1]: match["value"].strip() for match in headers}
    checks = {match["check"]: match["value"].strip() for match in headers if match["check"]}
    orders = {match["order"]: _order(match["value"], checks.get(match["order"], "")) for match in headers if match["order"]}
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
    revised_by = frozenset(values.get("revised by", "").replace(",", " ").split())
    return Block(values["name"], sql, values["returns"], _summary(lines), orders, revised_by)


def _summary(lines: list[str]) -> str:
    header = takewhile(lambda line: line.startswith("--"), lines)
    return next((line.removeprefix("--").strip() for line in header if not HEADER.match(line)), "")


def _order(text: str, check: str) -> RowOrder:
    pairs = [part.split() for part in text.split(",")]
    directions = {pair[1] if len(pair) > 1 else "asc" for pair in pairs}
    if len(directions) != 1:
        raise ValueError(f"an order runs in one direction: {text}")
    return RowOrder(tuple(pair[0] for pair in pairs), directions == {"desc"}, check)


def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return the SQL with `$1`, `$2`, … in place of `:name` parameters, and the names in the order of their numbers."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return PARAMETER.sub(number, sql), tuple(names)


@lru_cache(maxsize=200)
def beside(sql: str, parameters: int, block: Block) -> tuple[str, tuple[str, ...]]:
    """Return the statement that selects one row by a statement with this number of parameters, joined with each row of a block, and the names of the block's parameters,
    which come after the others. Without a row of the block, its columns are null."""
    text, names = numbered(block.sql)
    text = re.sub(r"\$(\d+)", lambda match: f"${int(match[1]) + parameters}", text)
    return f"with page as materialized ({sql}) select page.*, other.* from page left join lateral ({text}) other on true", names


def with_literals(sql: str, values: Mapping[str, str | int | None]) -> str:
    """Return the SQL with literals in place of `:name` parameters, for statements that are sent together with others: those take no parameters."""
    return PARAMETER.sub(lambda match: literal(values[match[1]]), sql)


# With a cache, for the blocks and the statements that the loaders make of them: their number is limited.
positional = lru_cache(maxsize=2000)(numbered)
