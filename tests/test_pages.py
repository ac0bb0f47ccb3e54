"""The Markdown pages: short lines, links that lead somewhere, commands that exist, and tables that are complete."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from auth import permissions
from auth.permissions import EVERYTHING, Permission
from billing.states import Actor
from gateway.cli.main import cli
from gateway.documents.document_cache import of_staff

ROOT = Path(__file__).parents[1]
PAGES = [page for page in sorted(ROOT.rglob("*.md")) if not {"node_modules", ".venv", ".git"} & set(page.relative_to(ROOT).parts)]
AT_ROOT = ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")
WIDTH = 120
FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)|\bsrc=\"([^\"]+)\"")
COMMAND = re.compile(r"\./portico((?: [a-z]+)*)")
# Commands in front of which another page or program stands: `portico` as a function in docs/deploy.md.
CHANGELOG = ROOT / "CHANGELOG.md"


def prose_of(page: Path) -> str:
    """The page with its code blocks empty, so that lines keep their numbers."""
    return FENCE.sub(lambda block: "\n" * block[0].count("\n"), page.read_text(encoding="utf-8"))


def long_lines(prose: str) -> list[int]:
    """Numbers of lines that could be shorter. Rows of tables cannot be wrapped, and neither can a word, such as a URL, that alone is too long."""
    lines = enumerate(prose.split("\n"), 1)
    return [number for number, line in lines if len(line) > WIDTH and not line.lstrip().startswith("|") and len(max(line.split(), key=len)) <= WIDTH - 4]


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(page: Path) -> Iterator[str]:
    prose = re.sub(r"`[^`\n]*`", "", prose_of(page))
    yield from (target for pair in LINK.findall(prose) for target in pair if target and "://" not in target and not target.startswith("mailto:"))


def test_the_pages_are_found() -> None:
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    assert {"README.md", "CHANGELOG.md", "docs/README.md", "docs/errors.md", "docs/decisions/0001-one-clock-per-operation.md", "bench/README.md"} <= names
    assert {*AT_ROOT, "docs/glossary.md", ".github/pull_request_template.md"} <= names


def test_long_lines_are_found() -> None:
    words = "word " * 30
    assert long_lines(f"short\n{words}\n| {words} |\nhttps://example.com/{'x' * 200}\n- {words}") == [2, 5]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_have_at_most_120_characters(page: Path) -> None:
    assert long_lines(prose_of(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    dead = []
    for target in links_of(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            dead.append(target)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    index = {(ROOT / "docs" / target.partition("#")[0]).resolve() for target in links_of(ROOT / "docs/README.md")}
    assert {page for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"} - index == set()


def test_the_readme_links_to_the_pages_at_the_root_and_to_the_glossary() -> None:
    assert {*AT_ROOT, "docs/glossary.md", "docs/README.md", "LICENSE"} - set(links_of(ROOT / "README.md")) == set()


def test_commands_are_printed_as_the_launcher_takes_them() -> None:
    written = {words for page in PAGES for words in COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert len(written) > 10
    assert [words for words in written if not _is_command(words.split())] == []
    assert [str(page) for page in PAGES if page != CHANGELOG and "python -m gateway" in page.read_text(encoding="utf-8")] == []


def test_the_readme_names_every_command() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("`./portico --help` lists the commands:")[2].partition(". ")[0]
    assert set(re.findall(r"`([a-z-]+)`", section)) == {name for name, command in _commands(typer.main.get_command(cli)).items() if not command.hidden}


def test_the_page_about_webhooks_names_every_command_of_them() -> None:
    section = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8").partition("`./portico webhooks` does the same:")[2].partition(".")[0]
    assert set(re.findall(r"`([a-z-]+)`", section)) == set(_commands(_commands(typer.main.get_command(cli))["webhooks"]))


def _commands(group: Any) -> dict[str, Any]:
    return dict(getattr(group, "commands", {}))


def _is_command(words: list[str]) -> bool:
    """Whether the command line has the first of these words as a command, and the second as a command of that if it has any."""
    command = typer.main.get_command(cli)
    for word in words:
        commands = getattr(command, "commands", None)
        if commands is None:
            return True
        if word not in commands:
            return False
        command = commands[word]
    return True


def test_the_page_for_staff_has_every_scope_and_every_document_of_staff() -> None:
    page = (ROOT / "docs/staff.md").read_text(encoding="utf-8")
    table = page[page.index("| scope |") : page.index("`Catalogue`")]
    every = [value for value in vars(permissions).values() if isinstance(value, Permission)]
    scopes = {permission.scope for permission in every if permission.scope and Actor.STAFF in permission.kinds}
    assert set(re.findall(r"^\| `([a-z:]+)`", table, re.MULTILINE)) == scopes | {EVERYTHING[Actor.STAFF]}
    named = set(re.findall(r"`([A-Z]\w+)`", table))
    assert named == set(of_staff()) - {"Catalogue"}
