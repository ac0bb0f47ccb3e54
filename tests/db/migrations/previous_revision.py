"""The demo data in a database of the revision before the newest."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import asyncpg

import demo
from db.builtin import embedded
from db.deployment.migrate import VERSIONS, migrate
from tests.db.migrations.old_database import connected, new_database

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
GENERATED = 60

TABLES = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> 'alembic_version' order by relname"
COLUMNS = """
select attname, attnotnull from pg_attribute where attrelid = to_regclass('portico.' || $1) and attnum > 0 and not attisdropped and attgenerated = ''"""
CHECKS = "select pg_get_expr(conbin, conrelid) from pg_constraint where conrelid = to_regclass('portico.' || $1) and contype = 'c'"


@dataclass(frozen=True)
class Upgraded:
    """A database of the revision before the newest that was filled and upgraded, with the number of rows of each table before."""

    urls: embedded.Urls
    rows: dict[str, int]
    left_out: set[str]


@asynccontextmanager
async def upgraded_from_previous(urls: embedded.Urls, name: str, versions: Sequence[Path] = (VERSIONS,)) -> AsyncIterator[Upgraded]:
    """Seed a database of the newest revision, copy its rows to one of the revision before, and upgrade that one.

    The seeder writes the columns of today. A column that is new has no place in the older database, and one that is gone stays null or gets its default there,
    as it does while programs of both versions run; so a migration that drops a column must come after one that lets it be null. A customer with a value that
    the older database refuses (a new state, say) is left out.
    """
    async with new_database(urls, f"{name}_newest") as newest, new_database(urls, f"{name}_previous") as previous:
        await migrate(newest.admin, versions=versions)
        await demo.seed(newest.admin, customers=GENERATED, now=NOW, progress=lambda _: None)
        await migrate(previous.admin, to="head-1", versions=versions)
        async with connected(newest.admin) as source, connected(previous.admin) as target:
            left_out = await _carry(source, target)
            rows = await counts(target)
        await migrate(previous.admin, versions=versions)
        yield Upgraded(previous, rows, left_out)


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {table: await connection.fetchval(f"select count(*) from {table}") for (table,) in await connection.fetch(TABLES)}


async def _carry(source: asyncpg.Connection, target: asyncpg.Connection) -> set[str]:
    """Copy the columns that both databases have. Returns the ids of the customers that are omitted."""
    known = {table for (table,) in await source.fetch(TABLES)}
    # A table that has rows already was filled by the migrations.
    tables = [table for table, count in (await counts(target)).items() if table in known and not count]
    # Triggers have run in the source, and rows arrive in any order.
    await target.execute("set session_replication_role = replica; create schema staging")
    left_out: set[str] = set()
    for table in tables:
        left_out |= await _stage(source, target, table)
    for table in tables:
        columns, owner = ", ".join(await _common(source, target, table)), await _owner_column(target, table)
        chosen = f"where {owner} is null or {owner} <> all($1)" if owner else "where $1::text[] is not null"
        await target.execute(f"insert into {table} ({columns}) select {columns} from staging.{table} {chosen}", list(left_out))
    await target.execute("drop schema staging cascade")
    return left_out


async def _stage(source: asyncpg.Connection, target: asyncpg.Connection, table: str) -> set[str]:
    """Copy the rows into a table without constraints, and delete those that the older database refuses. Returns the customers of these."""
    columns = await _common(source, target, table)
    await target.execute(f"create table staging.{table} (like {table} including generated including defaults)")
    for column, is_required in columns.items():
        if is_required:
            await target.execute(f"alter table staging.{table} alter {column} drop not null")
    copied = BytesIO()
    await source.copy_from_query(f"select {', '.join(columns)} from {table}", output=copied)
    copied.seek(0)
    await target.copy_to_table(table, schema_name="staging", columns=list(columns), source=copied)
    rules = [rule for (rule,) in await target.fetch(CHECKS, table)] + [f"{column} is not null" for column, is_required in columns.items() if is_required]
    refused = " or ".join(f"({rule}) is false" for rule in rules) or "false"
    owner = await _owner_column(target, table)
    return {record[0] for record in await target.fetch(f"delete from staging.{table} where {refused} returning {owner or 'null'}") if record[0]}


async def _common(source: asyncpg.Connection, target: asyncpg.Connection, table: str) -> dict[str, bool]:
    """Return the columns that both databases have, and whether the target's column is not null."""
    known = {column for column, _ in await source.fetch(COLUMNS, table)}
    return {column: is_required for column, is_required in await target.fetch(COLUMNS, table) if column in known}


async def _owner_column(connection: asyncpg.Connection, table: str) -> str | None:
    """Return the column with the id of the row's customer."""
    columns = {column for column, _ in await connection.fetch(COLUMNS, table)}
    return "id" if table == "customer" else "customer_id" if "customer_id" in columns else None
