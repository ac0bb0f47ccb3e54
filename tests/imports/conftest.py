"""A database with the demo's catalog, which is empty before each test, and imports of folders that a test writes."""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from billing.rows.audit import Violation
from db.audit import audit
from db.builtin.embedded import Urls
from db.connections import is_distributed
from db.sharding.tables import LOCAL
from imports.running.evidence import ImportPorts
from imports.running.run import ImportOptions, ImportProgress, ImportResult, run_import
from tests.lifecycle.conftest import fill
from tests.template import DATABASE, create_database

EXAMPLE = Path(__file__).parents[2] / "docs/import/example"
# The example folder is of this time.
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
# The tables that an import may write.
TABLES = (
    "customer", "payment_method", "subscription", "subscription_event", "subscription_state", "taken_plan", "coupon_redemption", "payment_schedule", "installment",
    "invoice", "invoice_line", "invoice_number", "payment", "payment_allocation", "refund", "refund_allocation", "credit_note", "credit_note_line", "balance_entry",
    "document_snapshot", "search_entry", "import_record", "imported_document",
)  # fmt: skip
NOTICES = ("event", "letter", "letter_cause", "charge", "webhook_delivery", "timed_event")

# Other tables that tests of imports write.
EMPTIED = ("import_run", "event_counter", "invoice_series")


@dataclass
class ImportPlace:
    """A database and a folder of files, with the last report by file and line."""

    urls: Urls
    folder: Path
    temporary: Path
    report: list[dict[str, Any]] = field(default_factory=list)
    ports: ImportPorts = field(default_factory=ImportPorts)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Replace the files of the folder."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        for name, content in files.items():
            (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))

    def write_lines(self, **kinds: list[dict[str, Any]]) -> None:
        self.write({f"{kind}.jsonl": "".join(json.dumps(line) + "\n" for line in lines) for kind, lines in kinds.items()})

    async def run(self, **changes: Any) -> ImportResult:
        """Import the folder, and read the report."""
        options = replace(ImportOptions(self.folder, "shop", NOW, stops=False), **changes)
        temporary = self.temporary / secrets.token_hex(4)
        temporary.mkdir(parents=True)
        path = temporary / "report.jsonl"
        try:
            return await run_import(self.urls.admin, options, temporary, path, ImportProgress(), self.ports)
        finally:
            self.report = [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def outcomes(self) -> list[tuple[str, int, str, str | None]]:
        """Return file, line, outcome and reason of each line of the last report."""
        return [(entry["file"], entry["line"], entry["outcome"], entry.get("reason")) for entry in self.report]

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Run a statement as the superuser, who sees all rows."""
        connection = await asyncpg.connect(self.urls.admin, server_settings={"search_path": "portico"})
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def counts(self, tables: tuple[str, ...] = TABLES) -> dict[str, int]:
        union = " union all ".join(f"select '{table}', count(*) from {table}" for table in tables)
        return {row[0]: row[1] for row in await self.fetch(union)}

    async def violations(self, now: datetime = NOW) -> dict[str, tuple[Violation, ...]]:
        """Return what breaks an invariant of the audit."""
        connection = await asyncpg.connect(self.urls.admin)
        try:
            return {invariant.name: invariant.violations for invariant in await audit(connection, now=now, limit=3) if invariant.total}
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def import_database(urls: Urls) -> Urls:
    """The addresses of a database with the catalog, which the tests of imports empty."""

    async def made() -> Urls:
        database = await create_database(urls, f"imports_{secrets.token_hex(4)}")
        if database != urls:  # that of a cluster has the catalog of the demo
            await fill(database.admin)
        return database

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, made()).result()


@pytest.fixture
async def place(import_database: Urls, tmp_path: Path) -> ImportPlace:
    folder = tmp_path / "folder"
    folder.mkdir()
    await empty(import_database)
    return ImportPlace(import_database, folder, tmp_path / "work")


def environment_of(place: ImportPlace) -> dict[str, str]:
    """Return the environment of commands on the database of a test."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    of_application = {"PORTICO_APP_DATABASE_URL": place.urls.app} if DATABASE in os.environ else {}
    return others | {"PORTICO_DATABASE_URL": place.urls.admin} | of_application


# Truncating would make a new file for each of 45 tables and each of their indexes, which takes ten times as long as deleting the few rows of a test.
EMPTY = f"""
do $$
declare
  name regclass;
begin
  for name in
    with recursive emptied as (
      select unnest('{{{",".join((*TABLES, *NOTICES, *EMPTIED))}}}'::regclass[]) as name
      union
      select conrelid::regclass from pg_constraint join emptied on confrelid = emptied.name where contype = 'f'
    )
    select * from emptied
  loop
    execute format('delete from %s', name);
  end loop;
  update coupon set redeemed_count = 0 where redeemed_count <> 0;
end $$
"""


# On each worker of a cluster of Citus, whose sessions are no replicas where that of the coordinator is one: everything of customers.
EMPTY_SHARDS = """
do $$
declare
  shard text;
begin
  set local session_replication_role = replica;
  for shard in
    select format('portico.%s_%s', c.relname, s.shardid)
      from pg_dist_shard s
      join pg_dist_partition t on t.logicalrelid = s.logicalrelid and t.partmethod = 'h'
      join pg_class c on c.oid = s.logicalrelid
      join pg_dist_placement p on p.shardid = s.shardid
      join pg_dist_local_group g on g.groupid = p.groupid
  loop
    execute format('delete from %s', shard);
  end loop;
end $$
"""
EMPTY_COORDINATOR = f"""
delete from {"; delete from ".join(sorted({*TABLES, *NOTICES, *EMPTIED} & {table.name for table in LOCAL}))};
update coupon set redeemed_count = 0 where redeemed_count <> 0"""


async def empty(urls: Urls) -> None:
    """Delete all rows but the catalog, and those that refer to them."""
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico", "session_replication_role": "replica"})
    try:
        if not await is_distributed(connection):
            await connection.execute(EMPTY)
            return
        for is_done, problem in await connection.fetch("select success, result from run_command_on_workers($1)", EMPTY_SHARDS):
            assert is_done, problem
        await connection.execute(EMPTY_COORDINATOR)
    finally:
        await connection.close()
