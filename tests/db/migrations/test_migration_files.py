"""Migrations are append-only, each in a folder of its own, and new ones build indexes without blocking writes."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.deployment.migrate import VERSIONS, scripts
from db.migrations import manifest, statements_of

# The last revision from before the rule on indexes.
LAST_WITHOUT_RULE = "0028"

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
NEW_TABLE = re.compile(r"create\s+(?:unlogged\s+|temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w.\"]+)", re.IGNORECASE)
INDEX = re.compile(r"create\s+(?:unique\s+)?index\s+(concurrently\b)?[^;]*?\bon\s+(?:only\s+)?([\w.\"%]+)", re.IGNORECASE)
ALTER = re.compile(r"alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w.\"%]+)([^;]*)", re.IGNORECASE)
CONSTRAINT = re.compile(r"\badd\s+(?:constraint\s+\w+\s+)?(?:unique\b|primary\s+key\b|exclude\b)(?!\s+using\s+index\b)", re.IGNORECASE)
IN_COLUMN = re.compile(r"\badd\s+(?:column\s+)?(?!constraint\b|check\b|foreign\b)\w+\s[^,]*\b(?:unique|primary\s+key)\b", re.IGNORECASE)
ALEMBIC = re.compile(r"\.create_(?:index|unique_constraint|primary_key|exclude_constraint)\(|\bunique\s*=\s*True")
INDEX_ADVICE = (
    "This blocks every write to the table until it is built. Put `create index concurrently NAME on …;` in a script of its own and run it with "
    "`db.migrations.build_indexes`; a constraint is then added with `unique using index NAME`. docs/operations.md has an example."
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder of the migrations, to be changed."""
    return Path(shutil.copytree(manifest.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")))


def test_shipped_migrations_are_as_they_were_shipped() -> None:
    assert manifest.changes() == []


def test_every_migration_is_listed() -> None:
    assert manifest.unlisted() == [], manifest.ADVICE_NEW


def test_the_list_is_one_that_sha256sum_checks() -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", manifest.NAME], cwd=manifest.FOLDER, check=True)


@pytest.mark.parametrize(
    ("path", "content", "fault"),
    [
        ("versions/0005_attachments/0005_attachments.sql", "select 1;\n", "was changed"),
        ("versions/0005_attachments/0005_attachments.py", None, "was removed"),
    ],
)
def test_a_shipped_migration_that_was_changed_or_removed_is_named_with_what_to_do(copy: Path, path: str, content: str | None, fault: str) -> None:
    if content is None:
        (copy / path).unlink()
    else:
        (copy / path).write_text(content)
    lines = (copy / manifest.NAME).read_text()
    (message,) = manifest.changes(copy)
    assert message.startswith(f"{path} {fault}.")
    assert "write a new migration" in message
    assert manifest.add_new(copy) == []
    assert (copy / manifest.NAME).read_text() == lines


def test_a_new_migration_gets_lines_and_the_lines_before_stay(copy: Path) -> None:
    before = (copy / manifest.NAME).read_text()
    new = copy / "versions/9999_later"
    new.mkdir()
    for name in ("9999_later.py", "9999_later.sql"):
        (new / name).write_text(name)
    paths = ["versions/9999_later/9999_later.py", "versions/9999_later/9999_later.sql"]
    assert manifest.unlisted(copy) == paths
    assert manifest.add_new(copy) == paths
    assert (copy / manifest.NAME).read_text().startswith(before)
    assert (manifest.unlisted(copy), manifest.changes(copy)) == ([], [])


def test_each_revision_is_a_folder_that_holds_its_module_and_scripts() -> None:
    folders = {Path(script.path).parent: script.revision for script in scripts()}
    assert set(folders) == {path for path in VERSIONS.iterdir() if path.name != "__pycache__"}
    for folder, revision in folders.items():
        files = [path.name for path in folder.iterdir() if path.name != "__pycache__"]
        assert [name for name in files if name.endswith(".py")] == [f"{folder.name}.py"]
        assert {name.partition("_")[0] for name in [*files, folder.name]} == {revision}
    assert sorted(folders.values(), reverse=True) == [script.revision for script in scripts()]


def blocking_indexes(folder: Path) -> Iterator[str]:
    """The statements of a revision that build an index on a table of before and block its writes meanwhile."""
    texts = {path: COMMENT.sub("", path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir()) if path.suffix in (".py", ".sql")}
    new = {table.strip('"').rpartition(".")[2] for text in texts.values() for table in NEW_TABLE.findall(text)}
    for path, text in texts.items():
        statements = [(match[2], match[0]) for match in INDEX.finditer(text) if not match[1]]
        statements += [(match[1], match[0]) for match in ALTER.finditer(text) if CONSTRAINT.search(match[2]) or IN_COLUMN.search(match[2])]
        statements += [("", match[0]) for match in ALEMBIC.finditer(text) if path.suffix == ".py"]
        for table, statement in statements:
            if table.strip('"').rpartition(".")[2] not in new:
                yield f"{path.name}: {' '.join(statement.split())}. {INDEX_ADVICE}"


def test_new_migrations_build_indexes_of_existing_tables_concurrently() -> None:
    folders = [Path(script.path).parent for script in scripts() if script.revision > LAST_WITHOUT_RULE]
    assert [message for folder in folders for message in blocking_indexes(folder)] == []


@pytest.mark.parametrize(
    ("script", "is_blocking"),
    [
        ("create index invoice_by_total on invoice (total_minor);", True),
        ("CREATE UNIQUE INDEX IF NOT EXISTS\n invoice_by_total\n ON portico.invoice USING btree (total_minor);", True),
        ("do $$ begin\n  execute format('create index on %I (a)', item);\nend $$;", True),
        ("alter table invoice add constraint one_total unique (customer_id, total_minor);", True),
        ("alter table invoice\n  add column a text,\n  add unique (a);", True),
        ("alter table invoice add column a text unique;", True),
        ("create table thing (id text);\ncreate index on invoice (total_minor);", True),
        ("create index concurrently invoice_by_total on invoice (total_minor);", False),
        ("-- create index on invoice (total_minor);\nselect 1;", False),
        ("create table thing (id text primary key, a text unique);\ncreate index thing_by_a on thing (a);\nalter table portico.thing add unique (a);", False),
        ("alter table invoice add constraint one_total unique using index invoice_by_total;", False),
        ("alter table invoice add column is_unique boolean, add check (a > 0);", False),
    ],
)
def test_what_blocks_writes_is_told_from_what_does_not(tmp_path: Path, script: str, is_blocking: bool) -> None:
    (tmp_path / "9999_later.sql").write_text(script)
    assert bool(list(blocking_indexes(tmp_path))) is is_blocking


def test_an_index_that_alembic_builds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "9999_later.py").write_text('def upgrade() -> None:\n    op.create_index("invoice_by_total", "invoice", ["total_minor"])\n')
    (message,) = blocking_indexes(tmp_path)
    assert "concurrently" in message


def test_the_rule_finds_the_indexes_of_the_migrations_before_it() -> None:
    folders = [Path(script.path).parent for script in scripts() if script.revision <= LAST_WITHOUT_RULE]
    assert len([message for folder in folders for message in blocking_indexes(folder)]) >= 10


SCRIPT = """-- Not a statement; nor this.
create function f() returns text language plpgsql as $$ begin perform 'a;b'; return $x$;$x$; end $$;
insert into "a;b" values ('it''s; one', 2 - 1); -- the end
select 1"""


def test_texts_and_bodies_of_functions_end_no_statement() -> None:
    statements = statements_of(SCRIPT)
    assert [statement.split()[0] for statement in statements] == ["create", "insert", "select"]
    assert statements[0].endswith("return $x$;$x$; end $$")
    assert statements[1] == "insert into \"a;b\" values ('it''s; one', 2 - 1)"
