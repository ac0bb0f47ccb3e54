"""An open write transaction, and writing rows of several tables in one statement: the blocks `saving.…` of the kinds of rows that one decision writes, each a CTE that
takes its rows as JSON.

All blocks of a statement see the database before the statement, and their order is undefined; foreign keys are checked at its end.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from billing.states import Actor
from db.blocks import PARAMETER, TOGETHER, block_named, blocks, positional, whole, with_literals
from db.callers import WRITE, Caller, permission_check
from db.literals import encode_param, literal
from db.pool import Lease
from db.records import rows_of
from db.sharding.statements import without_row

PREFIX = "saving."
# The rows of a block: the function, their alias, and their columns.
ROWS = re.compile(r"(jsonb_to_recordset\(cast\(:\w+ as jsonb\)\)) (\w+) (\([^()]*\))")


class Transaction:
    """An open write transaction: it runs named blocks, and sets the caller and the secret for row security."""

    def __init__(self, lease: Lease, caller: Caller, count: Callable[[], None]) -> None:
        self._lease = lease
        self.caller = caller
        self.afterwards: list[Callable[[], None]] = []  # called after the commit, and only then
        self._closing: list[tuple[str, str]] = []  # names of blocks, and their statements
        self._count = count
        self.has_run = False  # whether it has sent a statement, whose answer says whether the transaction was opened
        self.has_reads_after = False
        self._check: Callable[[], Awaitable[None]] | None = None

    async def when_open(self, check: Callable[[], Awaitable[None]]) -> None:
        """Run a check when it is known that the transaction is open and that the key that it claims is new: after the first statement, before its rows are returned, or
        at once if one has run. What the check raises is raised by that statement."""
        if self.has_run:
            await check()
        else:
            self._check = check

    async def run(self, name: str, /, **values: Any) -> list[Any]:
        """Run a block and return its rows. `now` and `customer_id` are the caller's. For several names, see `block_named`, return a list of rows for each."""
        if self.is_distributed and TOGETHER in name:
            return [await self.run(part, **values) for part in name.split(TOGETHER)]
        block = block_named(name)
        if self.is_distributed and block.returns == "CustomerRow" and "returning" in block.sql:
            is_written = await self._fetch(positional(without_row(block.sql)), values)
            customer_id = values.get("customer_id", self.caller.customer_id)
            return await self.run("customers.by_id", key=customer_id, customer_id=customer_id) if is_written else []
        records = await self._fetch(positional(whole(block)), values)
        return rows_of(block.returns, records) if block.returns != "nothing" else []

    async def first(self, name: str, /, **values: Any) -> Any:
        """Return the first row of a block, or None."""
        rows = await self.run(name, **values)
        return rows[0] if rows else None

    async def first_beside(self, changes: Mapping[str, str], name: str, /, **values: Any) -> Any:
        """Return the first row of a block that writes, or None, and write rows of other kinds, as `save` does, in the same statement. They are written in any case."""
        if self.is_distributed:
            await self.save(changes)
            return await self.first(name, **values)
        records = await self._fetch(_beside(in_order(changes), name), {**values, **{f"rows_{kind}": text for kind, text in changes.items()}})
        rows = rows_of(block_named(name).returns, records)
        return rows[0] if rows else None

    async def save(self, changes: Mapping[str, str], *, single: frozenset[str] = frozenset()) -> dict[str, int]:
        """Write rows, as JSON by their kind, in one statement. Returns the number of written rows of each kind; a row that is not in the expected state is not written.

        Kinds in `single` have one row.
        """
        statement = statement_of(in_order(changes), frozenset() if self.is_distributed else single)
        return dict((await self._fetch(statement, {f"rows_{kind}": text for kind, text in changes.items()}))[0])

    async def _fetch(self, statement: tuple[str, tuple[str, ...]], values: Mapping[str, Any]) -> list[Any]:
        sql, names = statement
        arguments: dict[str, Any] = {"customer_id": self.caller.customer_id, **values, "now": self.caller.now}
        self.has_run = True
        self._count()
        rows = await self._lease.fetch(sql, [encode_param(arguments[name]) for name in names])
        await self._checked()
        return rows

    async def _execute(self, statements: str) -> None:
        self.has_run = True
        await self._lease.execute(statements)
        await self._checked()

    async def _checked(self) -> None:
        check, self._check = self._check, None
        if check:
            await check()

    @property
    def is_distributed(self) -> bool:
        return self._lease.is_distributed

    def at_commit(self, name: str, /, **values: str | int | None) -> None:
        """Run a block after all others, in the round trip of COMMIT, so that its locks last only as long as Postgres needs for that. Its rows are not read."""
        self._closing.append((name, with_literals(blocks()[name].sql, values)))

    def then_read(self) -> None:
        """Open the read transaction of the unit of work in the round trip of COMMIT, for a payload that is read next. The caller is not checked again."""
        self.has_reads_after = True

    @property
    def closing(self) -> list[str]:
        """Return the statements that are sent together with COMMIT. In all transactions the blocks run in the same order, so that they cannot deadlock."""
        return [statement for _, statement in sorted(self._closing, key=lambda each: each[0])]

    async def set_rls_secret(self, setting: str, value: str) -> None:
        """Set a secret's hash or an address for row security, which then lets the transaction read the row that belongs to it."""
        await self._execute(f"SET LOCAL app.{setting} = {literal(value)}")

    async def check_caller(self) -> None:
        """Let the database check the caller once more, after a lock was waited for: meanwhile the session may have ended, or the customer been closed. Raises SessionEnded."""
        if check := permission_check(self.caller, WRITE):
            await self._execute(check.removeprefix("; "))

    async def impersonate_verified(self, customer_id: str) -> None:
        """Set the customer of the rest of the transaction. Only for a caller who has just proved to be that customer."""
        is_staff = self.caller.actor is Actor.STAFF
        self.caller = replace(self.caller, customer_id=customer_id, actor=Actor.ANONYMOUS if is_staff else self.caller.actor)
        # What staff may write follows from the scopes of their token. Who proves to be a customer with a staff token writes as one without a token.
        await self._execute(f"SET LOCAL app.customer_id = {literal(customer_id)}; SET LOCAL app.actor = {literal(self.caller.actor)}")

    async def act_for(self, customer_id: str | None) -> None:
        """Set the customer for whom staff or the system act in the rest of the transaction, such as one that it creates; None for nobody. What staff may write still
        follows from their scopes."""
        if self.caller.actor not in (Actor.STAFF, Actor.SYSTEM):
            raise RuntimeError("only staff and the system act for a customer whom they name")
        self.caller = replace(self.caller, customer_id=customer_id)
        await self._execute(f"SET LOCAL app.customer_id = {literal(customer_id or '')}")


@lru_cache(maxsize=1000)
def statement_of(kinds: tuple[str, ...], single: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """Return a statement that writes rows of these kinds, and the names of its parameters: `rows_<kind>` for each kind, and the caller's.

    Its result is one row with a column for each kind: the number of rows that were written. Blocks that return `nothing` are not counted.

    Postgres expects a hundred rows of JSON, and would read all rows of the customer rather than look up a hundred of them. Kinds in `single` have one row, which it looks up.
    """
    parts = _parts(kinds, single)
    counted = [kind for kind in kinds if blocks()[PREFIX + kind].returns != "nothing"]
    counts = ", ".join(f"(select cast(count(*) as integer) from {kind}) as {kind}" for kind in counted)
    return positional(f"with {parts}\nselect {counts}")


@lru_cache(maxsize=100)
def _beside(kinds: tuple[str, ...], name: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement of a block that also writes rows of these kinds."""
    return positional(f"with {_parts(kinds, frozenset())},\nresult as (\n{block_named(name).sql})\nselect * from result")


def _parts(kinds: tuple[str, ...], single: frozenset[str]) -> str:
    return ",\n".join(f"{kind} as (\n{_of_one_row(_named(kind)) if kind in single else _named(kind)})" for kind in kinds)


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds in the order of the file of the blocks, so that the same kinds always make the same statement. Raises KeyError for a kind without a block."""
    places = _places()
    return tuple(sorted(kinds, key=lambda kind: places[PREFIX + kind]))


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(blocks())}


def _of_one_row(sql: str) -> str:
    """Return an update or a delete whose JSON has one row; an insert as it is."""
    return sql if sql.startswith("insert") else ROWS.sub(r"(select * from \1 \2 \3 limit 1) \2", sql)


def _named(kind: str) -> str:
    return PARAMETER.sub(lambda match: f":rows_{kind}" if match[1] == "rows" else match[0], blocks()[PREFIX + kind].sql)
