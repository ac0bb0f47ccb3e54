"""Names say what a value holds. Six general-purpose words that could name any value are a word of no name."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.structure.test_rooms import PRODUCT, ROOT, files_of, name_of, tree_of

GENERAL = {"found", "given", "asked", "told", "shown", "kept"}
# A name can have one of the words only in a file whose text has it: others are not parsed.
MENTION = re.compile("|".join(sorted(GENERAL)), re.IGNORECASE)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
FOLDERS = (*PRODUCT, "bench", "tests")
# Names with one of the words, and why they have it.
EXCEPTIONS = {
    "NOT_FOUND": "an error code of the API, and the answer 404",
    "SetupNotFound": "what a processor answers about an id that it does not know",
    "GIVEN_UP": "a state of the collection of an invoice, in the API and in rows",
    "GRANT_GIVEN": "a type of event, in the API and in rows",
}


def names_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of everything that a module defines. A test's own name is a sentence, and is left out."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if not name.startswith("test_"):
                yield node.lineno, name
            case ast.ClassDef(name=name) | ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name


def is_general(name: str) -> bool:
    return name not in EXCEPTIONS and not GENERAL.isdisjoint(word.lower() for word in WORD.findall(name))


@cache
def definitions(folder: str) -> list[tuple[Path, int, str]]:
    """The file, line and name of every definition, of the files that have one of the words."""
    paths = [path for path in files_of(folder, ".py") if MENTION.search(path.read_text(encoding="utf-8"))]
    return [(path, line, name) for path in paths for line, name in sorted(set(names_of(tree_of(path))))]


def general_names(folder: str) -> list[str]:
    modules = [name_of(path) for path in files_of(folder, ".py") if is_general(path.stem) and not path.stem.startswith("test_")]
    return modules + [f"{name_of(path)}:{line} {name}" for path, line, name in definitions(folder) if is_general(name)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_say_what_a_value_holds(folder: str) -> None:
    assert general_names(folder) == [], f"name what the value holds: none of {', '.join(sorted(GENERAL))}"


def test_every_exception_is_in_use() -> None:
    defined = {name for folder in FOLDERS for _, _, name in definitions(folder)}
    assert set(EXCEPTIONS) - defined == set()


@pytest.mark.parametrize(
    "text",
    [
        "def found(): ...",
        "class AsShown: ...",
        "def one(*, is_given): ...",
        "lambda asked: 1",
        "[kept for kept in ()]",
        "self._told = 1",
        "if shown := 1: ...",
        "import one as found",
        "try: ...\nexcept OSError as told: ...",
        "match 1:\n    case given: ...",
    ],
)
def test_a_general_word_is_detected_in_a_name(text: str) -> None:
    assert [is_general(name) for _, name in names_of(ast.parse(text))].count(True) == 1


def test_words_that_contain_one_are_no_general_words() -> None:
    assert not any(is_general(name) for _, name in names_of(ast.parse("foundation = forgiven = untold = NOT_FOUND = 1\ndef test_it_is_shown(): ...")))


def test_files_are_read() -> None:
    assert len(list(files_of("tests", ".py"))) > 200
    assert Path(__file__).relative_to(ROOT).as_posix() in {name_of(path) for path in files_of("tests", ".py")}
