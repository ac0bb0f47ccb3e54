"""A revision may build indexes outside of a transaction, while tables are written to; a run that is killed in between is continued by the next."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from db.deployment.migrate import VERSIONS, migrate
from db.deployment.revisions import revisions
from tests.db.migrations.old_database import connected, new_database

REVISION = """
from pathlib import Path

from db.migrations import build_indexes, run_script

revision = "{name}"
down_revision = "{before}"


def upgrade() -> None:
    run_script(Path(__file__).with_name("table.sql"))
    build_indexes(Path(__file__).with_name("indexes.sql"))
"""
TABLE = "create table if not exists note_of_test (id text primary key);\ninsert into note_of_test values (session_user || ' for ' || current_user) on conflict do nothing;\n"
INDEXES = """
-- Two of them; nothing here names the schema.
create index concurrently customer_test_name on customer (name);
create unique index concurrently customer_test_email on customer (lower(email)) where email is not null;
"""
STATES = "select c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname like 'customer_test_%'"
BUILDING = "select pid from pg_stat_activity where datname = current_database() and query ilike 'create%index concurrently%' and pid <> pg_backend_pid() and state = 'active'"
WAITING_FOR_LOCK = (
    "select count(*) from pg_stat_activity where datname = current_database() and query like '%pg_try_advisory_lock%' and pid <> pg_backend_pid()"
)


@pytest.fixture
async def database(urls: embedded.Urls) -> AsyncIterator[embedded.Urls]:
    """A migrated database with a customer."""
    async with new_database(urls, "concurrent_indexes") as new:
        await migrate(new.admin)
        async with connected(new.admin) as connection:
            await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.org', 'EUR', now())")
        yield new


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, Path]:
    """The revisions, and one more that builds indexes."""
    folder = tmp_path / "9999 100% of it" / "9999_indexes"
    folder.mkdir(parents=True)
    (folder / "9999_indexes.py").write_text(REVISION.format(name="9999", before=revisions()[0]))
    (folder / "table.sql").write_text(TABLE)
    (folder / "indexes.sql").write_text(INDEXES)
    return VERSIONS, folder.parent


async def until_building(connection: asyncpg.Connection) -> int:
    """The process of Postgres that builds an index, once it waits for those who write to the table."""
    await until(connection, f"select exists ({STATES})")
    return await until(connection, BUILDING)


async def until(connection: asyncpg.Connection, sql: str) -> int:
    """The value, once there is one that is not null, 0 or false."""
    async with asyncio.timeout(60):
        value = await connection.fetchval(sql)
        while not value:
            await asyncio.sleep(0.05)
            value = await connection.fetchval(sql)
    return int(value)


async def test_a_revision_builds_indexes_while_its_tables_are_written_to(database: embedded.Urls, versions: tuple[Path, Path]) -> None:
    async with connected(database.admin) as writer, connected(database.admin) as watcher:
        writing = writer.transaction()
        await writing.start()
        await writer.execute("update customer set name = 'B'")
        migrating = [asyncio.create_task(migrate(database.admin, versions=versions))]
        await until_building(watcher)
        # A second migration waits, and one that held a snapshot while it waits would stop the first.
        migrating.append(asyncio.create_task(migrate(database.admin, versions=versions)))
        await until(watcher, WAITING_FOR_LOCK)
        # The table is not locked for others who write.
        await watcher.execute("set lock_timeout = '1s'")
        await watcher.execute("insert into customer (id, name, email, currency, created_at) values ('cus_b', 'B', 'b@example.org', 'EUR', now())")
        await writing.commit()
        await asyncio.gather(*migrating)
        assert dict(await watcher.fetch(STATES)) == {"customer_test_name": True, "customer_test_email": True}
        assert await watcher.fetchval("select version_num from alembic_version") == "9999"
        assert await watcher.fetchval("select id from note_of_test") == "postgres for portico_owner"
        owners = "select distinct pg_get_userbyid(relowner) from pg_class where relname in ('customer_test_name', 'note_of_test')"
        assert [record[0] for record in await watcher.fetch(owners)] == ["portico_owner"]


async def test_an_index_that_a_killed_run_left_half_built_is_built_again_by_the_next(database: embedded.Urls, versions: tuple[Path, Path]) -> None:
    async with connected(database.admin) as writer, connected(database.admin) as watcher:
        writing = writer.transaction()
        await writing.start()
        await writer.execute("update customer set name = 'B'")
        migrating = asyncio.create_task(migrate(database.admin, versions=versions))
        await watcher.execute("select pg_terminate_backend($1)", await until_building(watcher))
        with pytest.raises(asyncpg.PostgresError, match="terminating connection"):
            await migrating
        await writing.commit()
        assert dict(await watcher.fetch(STATES)) == {"customer_test_name": False}
        assert await watcher.fetchval("select version_num from alembic_version") == revisions()[0]
        await migrate(database.admin, versions=versions)
        assert dict(await watcher.fetch(STATES)) == {"customer_test_name": True, "customer_test_email": True}
        assert await watcher.fetchval("select version_num from alembic_version") == "9999"


async def test_an_index_that_is_complete_is_not_built_again(database: embedded.Urls, versions: tuple[Path, Path]) -> None:
    async with connected(database.admin) as watcher:
        await watcher.execute("create index customer_test_name on customer (name)")
        before = await watcher.fetchval("select 'customer_test_name'::regclass::oid")
        await migrate(database.admin, versions=versions)
        assert await watcher.fetchval("select 'customer_test_name'::regclass::oid") == before


async def test_a_revision_that_fails_leaves_nothing_of_itself_and_those_before_it_stay(database: embedded.Urls, versions: tuple[Path, Path]) -> None:
    broken = versions[1] / "10000_broken"
    broken.mkdir()
    (broken / "10000_broken.py").write_text(REVISION.format(name="10000", before="9999").replace("build_indexes", "run_script"))
    (broken / "table.sql").write_text("create table half (id text);")
    (broken / "indexes.sql").write_text("select 1 / 0;")
    async with connected(database.admin) as watcher:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate(database.admin, versions=versions)
        assert await watcher.fetchval("select to_regclass('half')") is None
        assert await watcher.fetchval("select version_num from alembic_version") == "9999"


async def test_a_script_of_indexes_with_anything_else_is_refused(database: embedded.Urls, versions: tuple[Path, Path]) -> None:
    (versions[1] / "9999_indexes" / "indexes.sql").write_text(f"{INDEXES}create index customer_by_locale on customer (locale);")
    with pytest.raises(ValueError, match="not of the form"):
        await migrate(database.admin, versions=versions)
