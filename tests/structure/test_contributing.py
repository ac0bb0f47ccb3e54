"""CONTRIBUTING.md is followed to the letter on a copy of the tree: its diffs apply, what they add is there, and nothing else changes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from difflib import ndiff
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

import pytest

from db.builtin import embedded
from tests.db.migrations.old_database import connected, new_database
from tests.structure.test_architecture import CODE, section
from tests.structure.test_rooms import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```diff\n(.*?)^```$", re.M | re.S)
SNIPPET = re.compile(r"^```(?:python|sql)\n(.*?)^```$", re.M | re.S)
NOT_COPIED = {"node_modules", "dist", "__pycache__", ".venv", ".portico", ".git"}
SECTIONS = ("Add a column", "Add a relation", "Add a mutation", "Add a staff mutation", "Add a job", "Add a setting", "Add an event")


class Change(NamedTuple):
    """One hunk of a diff: the file, its lines before, and its lines after. A new file has none before."""

    path: str
    before: str
    after: str


def changes_of(diff: str) -> Iterator[Change]:
    """The hunks of a diff. Where they stand is told by their lines, so their headers have no numbers."""
    path = ""
    for part in re.split(r"^(?=--- |@@)", diff, flags=re.M):
        if part.startswith("--- "):
            path = re.search(r"^\+\+\+ b/(.+)$", part, re.M)[1]  # type: ignore[index]
        elif part.startswith("@@"):
            lines = part.splitlines()[1:]
            yield Change(path, *("".join(f"{line[1:]}\n" for line in lines if line[:1] in ("", " ", sign)) for sign in "-+"))


def apply(change: Change, folder: Path) -> None:
    """As a reader would: the lines before are found once in the file, and the lines after take their place."""
    path = folder / change.path
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text.count(change.before) == 1 if change.before else not text, missing(change)
    path.write_text(text.replace(change.before, change.after) if change.before else change.after, encoding="utf-8")


def missing(change: Change) -> str:
    return f"{change.path} does not have these lines once, which an example of CONTRIBUTING.md names. Correct the example:\n{change.before}"


def diffs(heading: str) -> list[list[Change]]:
    """The diffs of a section. NNNN is the number of the next revision, and LAST that of the newest one."""
    last = max(path.name[:4] for path in (ROOT / "db/migrations/versions").glob("[0-9]*/*.py"))  # a folder that another branch left has none
    text = section(PAGE, heading).replace("NNNN", f"{int(last) + 1:04}").replace("LAST", last)
    return [list(changes_of(diff)) for diff in FENCE.findall(text)]


def tracked() -> list[Path]:
    """The files of the tree, as git lists them; without git, those that are no output of a tool."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False) if shutil.which("git") else None
    if listed and listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in ROOT.rglob("*") if not NOT_COPIED & set(path.relative_to(ROOT).parts)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tracked files, with the environment of this one. What Python has compiled is copied, too: with the times of the files it stays valid."""
    tracked_files = [path for path in tracked() if path.suffix not in (".otf", ".ttf")]
    for path in (*tracked_files, *(Path(cache_from_source(path)) for path in tracked_files if path.suffix == ".py")):
        if path.is_file():
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(tree: Path, *command: str, **settings: str) -> str:
    """What a command prints, run in the copy."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "PYTHONPATH"))} | settings
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def apply_all(changes: list[Change], tree: Path) -> list[str]:
    """The Python files that are in good form and style afterwards."""
    for change in changes:
        apply(change, tree)
    files = sorted({change.path for change in changes if change.path.endswith(".py")})
    run(tree, ".venv/bin/ruff", "check", "--no-cache", *files)
    run(tree, ".venv/bin/ruff", "format", "--no-cache", "--check", *files)
    return files


def added(before: str, after: str) -> list[str]:
    """The lines that are new; none may be gone."""
    changes = list(ndiff(before.splitlines(), after.splitlines()))
    assert [line for line in changes if line.startswith("- ")] == []
    return [line[2:] for line in changes if line.startswith("+ ")]


def test_a_hunk_applies_only_where_its_lines_stand_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    (change,) = changes_of("--- a/a.py\n+++ b/a.py\n@@ top\n one\n+more\n two\n")
    apply(change, tmp_path)
    assert (tmp_path / "a.py").read_text() == "one\nmore\ntwo\n"
    with pytest.raises(AssertionError, match=r"a.py does not have these lines once, .* Correct the example"):
        apply(change, tmp_path)


def test_the_sections_are_those_of_the_page() -> None:
    assert tuple(re.findall(r"^## (Add .+)$", PAGE, re.M)) == SECTIONS


def test_a_column_that_the_view_has_is_one_line(tree: Path) -> None:
    changes, _ = diffs("Add a column")
    before = run(tree, "./portico", "schema")
    assert len([line for change in changes for line in added(change.before, change.after)]) == 1
    apply_all(changes, tree)
    after = run(tree, "./portico", "schema")
    (printed,) = re.findall(r"^```graphql\n(.*?)^```$", section(PAGE, "Add a column"), re.M | re.S)
    assert printed in after
    assert sorted(added(before, after)) == sorted(["", *printed.splitlines()])


def test_a_new_column_is_a_revision_a_line_of_the_row_and_a_line_of_the_type(tree: Path) -> None:
    _, new = diffs("Add a column")
    before, listed = run(tree, "./portico", "schema"), (tree / "db/migrations/SHA256SUMS").read_text(encoding="utf-8")
    files = apply_all(new, tree)
    revision = new[0].path.split("/")[3][:4]
    assert "  unitName: String!" in added(before, run(tree, "./portico", "schema"))
    assert run(tree, ".venv/bin/python", "-c", "from db.deployment.revisions import revisions; print(revisions()[0])").strip() == revision
    run(tree, ".venv/bin/python", "-m", "db.migrations.manifest")
    lines = added(listed, (tree / "db/migrations/SHA256SUMS").read_text(encoding="utf-8"))
    assert [line.split("/")[1][:4] for line in lines] == [revision] * 2
    assert [path for path in files if not path.startswith("db/migrations")] == ["billing/rows/plans.py", "schema/types/plans.py"]


def test_a_job_is_a_module_and_one_registration(tree: Path) -> None:
    (job,) = diffs("Add a job")
    apply_all(job, tree)
    listing = "from jobs.registry import JOBS; print(*(job.name for job in JOBS))"
    names = run(tree, ".venv/bin/python", "-c", listing).split()
    assert "late_events" in names
    assert len(names) == len(set(names)) > 4
    assert "late_events" not in run(ROOT, ".venv/bin/python", "-c", listing)


async def test_the_new_column_is_migrated_and_read_and_the_job_runs(tree: Path, urls: embedded.Urls) -> None:
    _, column = diffs("Add a column")
    (job,) = diffs("Add a job")
    for change in (*column, *job):
        apply(change, tree)
    async with new_database(urls, "contributing") as new:
        run(tree, "./portico", "migrate", PORTICO_DATABASE_URL=new.admin)
        async with connected(new.admin) as connection:
            await connection.execute("insert into plan (id, code, name, unit_name, created_at) values ('plan_1', 'team', 'Team', 'seat', now())")
            await connection.execute("set role portico_app")
            (row,) = await connection.fetch("select * from portal_plan")
        assert row["unit_name"] == "seat"
        assert "0 late events" in run(tree, "./portico", "tick", PORTICO_DATABASE_URL=new.admin)


def test_the_examples_of_what_is_there_are_as_they_are_there() -> None:
    text = section(PAGE, "Add a relation")
    files = [ROOT / word for word in CODE.findall(text) if re.fullmatch(r"[\w/]+\.(sql|py)", word)]
    assert len(SNIPPET.findall(text)) == 2
    for snippet in SNIPPET.findall(text):
        assert any(snippet in path.read_text(encoding="utf-8") for path in files if path.is_file()), snippet


def test_every_path_of_the_page_exists() -> None:
    paths = {word for word in CODE.findall(FENCE.sub("", PAGE)) if re.fullmatch(r"\.?\w+/[\w/.-]*", word) and not word.startswith(".venv")}
    assert len(paths) > 25
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
