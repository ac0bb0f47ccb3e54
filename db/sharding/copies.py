"""Copies of customers' rows on the coordinator, for statements that compare the rows of many customers in ways in which Citus cannot split them."""

from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from typing import TypeAlias

import asyncpg

from db.sharding.tables import SHARDED

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

VIEWS = "select viewname, definition from pg_views where schemaname = 'portico'"
# A view, and a view that it selects from.
READS = """
select distinct v.relname as view, o.relname as other
  from pg_rewrite r
  join pg_class v on v.oid = r.ev_class
  join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  join pg_class o on o.oid = d.refobjid and o.relkind = 'v' and o.oid <> v.oid
 where v.relnamespace = 'portico'::regnamespace and o.relnamespace = 'portico'::regnamespace"""


async def copy_rows(connection: Connection, customers: Sequence[str] | None) -> None:
    """Copy the rows of these customers, or of all, to temporary tables, which statements of the open transaction read in place of the others, also through views.

    The transaction must be one that may write.
    """
    await connection.execute("set local search_path = portico")  # so that the definitions do not name it
    definitions = {record["viewname"]: record["definition"] for record in await connection.fetch(VIEWS)}
    reads = [(record["view"], record["other"]) for record in await connection.fetch(READS)]
    for table in SHARDED:
        await connection.execute(f"create temporary table {table.name} on commit drop as select * from portico.{table.name} with no data")
        rows = f"select * from portico.{table.name} where $1::text[] is null or {table.key} = any($1)"
        await connection.execute(f"insert into pg_temp.{table.name} {rows}", customers)
        await connection.execute(f"create index on pg_temp.{table.name} ({table.key}); analyze pg_temp.{table.name}")
    await connection.execute("set local search_path = pg_temp, portico")
    for view in ordered(definitions, reads):
        await connection.execute(f"create temporary view {view} as {definitions[view]}")


def ordered(views: dict[str, str], reads: list[tuple[str, str]]) -> Iterator[str]:
    """Return the views, each after those that it selects from."""
    order: TopologicalSorter[str] = TopologicalSorter({view: () for view in views})
    for view, other in reads:
        order.add(view, other)
    return iter(tuple(order.static_order()))
