"""The comparisons of two rows that the triggers of events make: each column is in them, or is marked as internal."""

from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from db.deployment.migrate import VERSIONS, migrate
from db.deployment.revisions import revisions
from tests.db.migrations.old_database import connected, new_database
from tests.lifecycle.events.test_types import NOUNS

# A row whose columns are all null is compared with one that has a value in one of them: the texts of all types accept one of these.
VALUE = """
select case t.typname when 'bool' then 'true' when 'jsonb' then '{"a": 1}' when 'date' then '2026-01-01' when 'timestamptz' then '2026-01-01'
                      when '_text' then '{a}' when 'uuid' then '00000000-0000-0000-0000-000000000000' else '1' end as text, a.attname as name
  from pg_attribute a join pg_type t on t.oid = a.atttypid
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped"""

REVISION = """
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("alter table customer add column note_of_test text")
    op.execute("alter table customer drop column company_name cascade")
"""
COMPARED = "select prosrc from pg_proc where oid = to_regproc('changed_in_customer')"
NAMES = """
select changed_in_customer(jsonb_populate_record(cast(null as customer), '{"note_of_test": "a"}'), jsonb_populate_record(cast(null as customer), '{"note_of_test": "b"}'))"""


@pytest.mark.parametrize("table", [table for table, _ in NOUNS.values()])
async def test_a_comparison_names_each_column_that_differs_and_no_internal_one(table: str, admin: asyncpg.Connection) -> None:
    await admin.execute("set search_path = portico")
    columns = await admin.fetch(VALUE, table)
    internal = {row[0] for row in await admin.fetch("select attribute from column_erasure where relation = $1 and not is_in_events", table)}
    compared = f"select changed_in_{table}(cast(null as {table}), jsonb_populate_record(cast(null as {table}), jsonb_build_object($1::text, $2::text)))"
    for column in columns:
        compared_with = compared if column["text"][0] != "{" else compared.replace("$2::text", "$2::jsonb" if column["text"] != "{a}" else "array[$2::text]")
        names = await admin.fetchval(compared_with, column["name"], column["text"])
        assert names == ([] if column["name"] in internal else [column["name"]]), column["name"]
    assert await admin.fetchval(f"select changed_in_{table}(r, r) from (select cast(null as {table}) as r) x") == []
    assert len(internal) < len(columns) / 2


async def test_events_name_the_columns_after_a_later_revision(urls: embedded.Urls, tmp_path: Path) -> None:
    folder = tmp_path / "9999_column"
    folder.mkdir()
    (folder / "9999_column.py").write_text(REVISION.format(before=revisions()[0]))
    async with new_database(urls, "comparisons") as database:
        await migrate(database.admin)
        async with connected(database.admin) as connection:
            assert await connection.fetchval(NAMES) == []
            assert "company_name" in await connection.fetchval(COMPARED)
            await migrate(database.admin, versions=(VERSIONS, tmp_path))
            assert await connection.fetchval(NAMES) == ["note_of_test"]
            assert "company_name" not in await connection.fetchval(COMPARED)
