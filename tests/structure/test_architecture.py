"""ARCHITECTURE.md and the glossary name only what exists: files, functions, classes and blocks of the walks, folders of the tables, and terms that the code uses."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from tests.structure.test_rooms import PRODUCT, ROOT, modules, tree_of

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w/]+\.(py|sql)")
NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
# Names in the walks that others gave: parameters of requests, headers, settings of Postgres.
NOT_OURS = {"Authorization", "userErrors", "operations", "map", "documentId", "query", "variables", "app.customer_id", "customer_id"}
MAX_LINES, MAX_NOUNS = 200, 30
WALKS = ("Bearer token to row", "Upload to bucket", "Document id to answer", "Change of plan to PDF", "Processor's event to state")


def section(page: str, heading: str, end: str = "## ") -> str:
    """What stands below a heading, up to the next one of its level or above."""
    return re.split(rf"^#{{1,{len(end) - 1}}} ", page.split(f"\n{end}{heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def steps(walk: str) -> list[str]:
    """The numbered steps of a walk."""
    return re.split(r"^\d+\. ", section(PAGE, walk, "### "), flags=re.M)[1:]


@cache
def names_in(path: Path) -> frozenset[str]:
    """Functions, classes, methods and constants of a module; blocks of a file of SQL."""
    if path.suffix == ".sql":
        return frozenset(re.findall(r"^-- name: (\S+)$", path.read_text(encoding="utf-8"), re.M))
    return frozenset(_defined(tree_of(path).body, ""))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from _defined(node.body, f"{node.name}.")
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@cache
def classes() -> frozenset[str]:
    return frozenset(node.name for path in modules() for node in tree_of(path).body if isinstance(node, ast.ClassDef))


def missing(step: str) -> list[str]:
    """What a step names and the tree does not have."""
    words = CODE.findall(step)
    files = [word for word in words if FILE.fullmatch(word)]
    gone = [file for file in files if not (ROOT / file).is_file()]
    known = {name for file in files if file not in gone for name in names_in(ROOT / file)} | NOT_OURS | classes()
    return gone + [word for word in words if NAME.fullmatch(word) and word not in known]


def test_a_step_that_names_what_is_gone_is_found() -> None:
    assert missing("`db/callers.py`: `begin` and `permission_check`, then `db/records.py`: `rows_of`; a `Viewer`.") == []
    assert missing("`db/callers.py`: `begins`, `db/caller.py`, `db/sql/money/paying.sql`: `webhooks.lost`") == ["db/caller.py", "begins", "webhooks.lost"]


@pytest.mark.parametrize("walk", WALKS)
def test_every_file_and_function_of_a_walk_exists(walk: str) -> None:
    assert len(steps(walk)) > 5
    assert [word for step in steps(walk) for word in missing(step)] == []
    assert [step for step in steps(walk) if not any(FILE.fullmatch(word) for word in CODE.findall(step))] == []


def test_there_are_no_other_walks() -> None:
    assert tuple(re.findall(r"^### (.+)$", section(PAGE, "Walks"), re.M)) == WALKS


def test_the_page_has_at_most_200_lines() -> None:
    assert len(PAGE.splitlines()) <= MAX_LINES


def test_every_path_of_the_page_exists() -> None:
    paths = [word for word in CODE.findall(PAGE) if re.fullmatch(r"[\w]+/[\w/.-]*", word)]
    assert len(paths) > 80
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_arrows_are_those_that_import_linter_checks() -> None:
    floors = [set(re.findall(r"[a-z]+", line.split("     ")[0])) for line in section(PAGE, "Rooms").split("```")[1].strip().splitlines()]
    layers = re.search(r'name = "the arrows point one way"\ntype = "layers"\nlayers = \[(.*?)\]', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.S)
    assert layers
    assert floors == [set(re.findall(r"\w+", layer)) for layer in re.findall(r'"([^"]+)"', layers[1])]


@pytest.mark.parametrize("page", [section(PAGE, "Rooms"), section(README, "Where things are")], ids=["ARCHITECTURE.md", "README.md"])
def test_the_table_of_folders_has_every_package(page: str) -> None:
    named = {word.strip("/").split("/")[0] for line in page.splitlines() if line.startswith("| `") for word in CODE.findall(line.split("|")[1])}
    assert set(PRODUCT) - named == set()


def terms() -> dict[str, str]:
    """The nouns of the glossary with what each is."""
    return dict(re.findall(r"^- \*\*(.+?)\*\*[,:]? (.+(?:\n  .+)*)", GLOSSARY, re.M))


def test_the_glossary_has_at_most_30_nouns_in_order_and_each_is_one_sentence() -> None:
    assert 20 <= len(terms()) <= MAX_NOUNS
    assert len(terms()) == len(re.findall(r"^- ", GLOSSARY, re.M))
    assert list(terms()) == sorted(terms(), key=str.lower)
    assert [noun for noun, sentence in terms().items() if not sentence.endswith(".") or ". " in re.sub(r"\s+", " ", sentence)] == []


@cache
def texts() -> tuple[str, ...]:
    """The modules and the SQL of the product in lower case, names and sentences, with spaces in place of what joins words."""
    paths = [*modules(), *(ROOT / "db").rglob("*.sql")]
    return tuple(re.sub(r"[_\s-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.read_text(encoding="utf-8"))).lower() for path in paths)


def is_used(noun: str) -> bool:
    """Whether at least two files have the noun, in a name such as `unit_of_work` and `UnitOfWork` or in a sentence."""
    word = re.compile(rf"\b{re.escape(noun.lower().removesuffix('y'))}(y|s|ies)?\b")
    return len(list(islice((text for text in texts() if word.search(text)), 2))) == 2


def test_every_noun_of_the_glossary_is_a_term_of_the_code() -> None:
    assert not is_used("broker of wishes")
    assert [noun for noun in terms() if not is_used(noun)] == []
