"""Copies of all rows of one customer, and their restoration, so that a test can try an action that may succeed."""

import json
from dataclasses import dataclass
from typing import Any

import asyncpg

# Tables of customers, by their columns. The audit trail is no state of a customer and is never restored.
COLUMNS = """select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attgenerated = '') as columns
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'portico'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'audit_event'
 group by c.relname having bool_or(a.attname = 'customer_id') or c.relname = any($1) order by c.relname"""
# The columns with the customer's id that have another name.
OWNER = {"customer": "id", "event_counter": "owner_id"}

# Rows of all customers: how often coupons were redeemed, and the positions of the series of invoice numbers.
SHARED = {
    "redeemed": "select json_object_agg(id, redeemed_count) from coupon where redeemed_count > 0",
    "series": "select json_agg(s) from invoice_series s",
}


@dataclass(frozen=True)
class Copies:
    """A reader and writer of copies. `connection` sees every row. `columns` are the writable ones, by table."""

    connection: asyncpg.Connection
    customer_id: str
    columns: dict[str, str]

    async def read(self) -> dict[str, Any]:
        """Return all rows of the customer by table, as JSON texts, and the shared rows by name."""
        tables = [f"(select json_agg(t order by t::text) from {name} t where {self._owner(name)}) as {name}" for name in self.columns]
        shared = [f"({sql}) as {name}" for name, sql in SHARED.items()]
        return dict(await self.connection.fetchrow(f"select {', '.join([*tables, *shared])}", self.customer_id))

    async def put_back(self, rows: dict[str, Any]) -> None:
        """Restore the rows that differ from `rows`. Triggers are switched off, because they refuse to delete attachments."""
        present = await self.read()
        changed = [name for name in self.columns if present[name] != rows[name]]
        if not changed:
            return
        async with self.connection.transaction():
            await self.connection.execute("set local session_replication_role = replica")
            for name in changed:
                listed = self.columns[name]
                await self.connection.execute(f"delete from {name} where {self._owner(name)}", self.customer_id)
                await self.connection.execute(
                    f"insert into {name} ({listed}) select {listed} from json_populate_recordset(null::{name}, $1)", rows[name] or "[]"
                )
            await self._put_back_shared(present, rows)

    async def _put_back_shared(self, present: dict[str, Any], rows: dict[str, Any]) -> None:
        if present["redeemed"] != rows["redeemed"]:
            await self.connection.execute(
                "update coupon set redeemed_count = coalesce(($1::json ->> id)::integer, 0) where redeemed_count <> coalesce(($1::json ->> id)::integer, 0)",
                rows["redeemed"] or "{}",
            )
        for series in json.loads(present["series"] or "[]"):
            last = {(one["series"], one["year"]): one["last"] for one in json.loads(rows["series"] or "[]")}.get((series["series"], series["year"]), 0)
            await self.connection.execute(
                "delete from invoice_number where series = $1 and year = $2 and sequence > $3", series["series"], series["year"], last
            )
            await self.connection.execute("update invoice_series set last = $3 where series = $1 and year = $2", series["series"], series["year"], last)

    def _owner(self, table: str) -> str:
        return f"{OWNER.get(table, 'customer_id')} = $1"


async def copies_of(connection: asyncpg.Connection, customer_id: str) -> Copies:
    return Copies(connection, customer_id, {row["name"]: row["columns"] for row in await connection.fetch(COLUMNS, list(OWNER))})
