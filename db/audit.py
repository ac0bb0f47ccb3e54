"""Check the money in the database: each block `invariants.…` of sql/audit.sql selects the rows that break one invariant.

All blocks run in one snapshot, as the owner of the tables. The policy `audited` lets the owner read all rows while `app.actor` is AUDIT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from billing.rows.audit import Violation
from db.blocks import PARAMETER, Block, blocks, positional
from db.deployment.roles import AUDIT, OWNER
from db.literals import literal
from db.records import rows_of
from db.sharding.copies import copy_rows
from db.sharding.detection import IS_DISTRIBUTED

PREFIX = "invariants."
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# Tables without the policy: the audit would read no row of them, and report no violation.
UNSEEN = """
select c.relname from pg_class c
 where c.relnamespace = 'portico'::regnamespace and c.relforcerowsecurity
   and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'audited')"""
UNKNOWN = "select w.id from unnest($1::text[]) w(id) where not exists (select from customer c where c.id = w.id)"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class CannotAudit(Exception):
    """The audit cannot read all rows. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """The result for one invariant: `total` rows break it, and `violations` has the first of them."""

    name: str
    rule: str
    total: int
    violations: tuple[Violation, ...]


async def audit(connection: Connection, *, now: datetime, customers: Sequence[str] | None = None, limit: int | None = None) -> list[Invariant]:
    """Check every invariant as of `now`, for these customers or for all, with at most `limit` violations of each. Raises CannotAudit.

    The connection is one of the administrator. Rows that belong to no customer, such as series of numbers and coupons, are checked only for all customers. Of a distributed
    database the rows of these customers are copied to temporary tables on the coordinator.
    """
    await begin_reading(connection)
    try:
        return await checked(connection, now=now, customers=customers, limit=limit)
    finally:
        await connection.execute("ROLLBACK")


async def begin_reading(connection: Connection) -> bool:
    """Begin a transaction that reads in one snapshot, and return whether the database is distributed: then it may write, for `copy_rows`."""
    is_distributed = bool(await connection.fetchval(IS_DISTRIBUTED))
    await connection.execute(READ.replace("READ ONLY", "READ WRITE") if is_distributed else READ)
    return is_distributed


async def checked(connection: Connection, *, now: datetime, customers: Sequence[str] | None = None, limit: int | None = None) -> list[Invariant]:
    """Run `audit` in the open transaction, and change the role and the settings of that transaction."""
    await connection.execute(
        f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = portico; SET LOCAL jit = off; "
        f"SET LOCAL app.actor = {literal(AUDIT)}; SET LOCAL app.now = {literal(now.isoformat())}"
    )
    if await connection.fetchval(IS_DISTRIBUTED):
        await copy_rows(connection, customers)
    await _refuse(connection, customers)
    return [await _check(connection, block, customers, limit) for block in invariants()]


def invariants() -> list[Block]:
    """Return the blocks of the invariants, in the order of the file."""
    return [block for name, block in blocks().items() if name.startswith(PREFIX)]


async def _refuse(connection: Connection, customers: Sequence[str] | None) -> None:
    """Check that the audit can read the rows of all tables and of all named customers. Raises CannotAudit."""
    if not await connection.fetchval("select to_regclass('portico.customer') is not null"):
        raise CannotAudit("The database is empty. Run `./portico migrate` first.")
    if unseen := [record[0] for record in await connection.fetch(UNSEEN)]:
        raise CannotAudit(f"The audit cannot read the rows of {', '.join(sorted(unseen))}. Run `./portico migrate` first.")
    if unknown := [record[0] for record in await connection.fetch(UNKNOWN, customers or [])]:
        raise CannotAudit(f"No customer has the id {unknown[0]}.")


async def _check(connection: Connection, block: Block, customers: Sequence[str] | None, limit: int | None) -> Invariant:
    violations = block.sql if block.returns == "Violation" else _compared_with_statement(block)
    sql, names = positional(f"select v.*, count(*) over () as total from ({violations}) v order by v.customer_id, v.object_id, v.actual limit :limit")
    values = {"customers": customers, "limit": limit}
    records = await connection.fetch(sql, *(values[name] for name in names))
    return Invariant(block.name.removeprefix(PREFIX), block.summary, records[0]["total"] if records else 0, tuple(rows_of("Violation", map(dict, records))))


def _compared_with_statement(block: Block) -> str:
    """Return SQL for the accounts of a block that differ from the last balance of their statement, over all dates."""
    arguments = {"customer_id": "o.customer_id", "currency": "o.currency", "until_on": "date 'infinity'"}
    entries = PARAMETER.sub(lambda match: arguments[match[1]], blocks()["papers.entries"].sql)
    return f"""
select o.customer_id, o.currency as object_id, format('balance %s', o.owed_minor) as expected, format('balance %s', s.minor) as actual
  from ({block.sql}) o
 cross join lateral (select coalesce(sum(e.amount_minor), 0) as minor from ({entries}) e) s
 where s.minor <> o.owed_minor"""
