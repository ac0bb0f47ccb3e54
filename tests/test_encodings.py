"""Every text file is read and written as UTF-8, whatever the locale of the machine is: a call that names no encoding takes the locale's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = (
    "auth",
    "bench",
    "billing",
    "db",
    "demo",
    "gateway",
    "imports",
    "jobs",
    "loaders",
    "mail",
    "payments",
    "pdf",
    "planner",
    "resolvers",
    "schema",
    "storage",
)
# Where the encoding stands among the arguments that are not named. `tempfile` and `subprocess` only read text where they are asked to.
POSITIONS = {"read_text": 0, "write_text": 1, "open": 3, "fdopen": 3, "Path.open": 2, "NamedTemporaryFile": 3, "TemporaryFile": 3, "SpooledTemporaryFile": 4}
# A file whose text has none of these calls is not parsed.
MENTION = re.compile(rf"\b({'|'.join(name.rpartition('.')[2] for name in POSITIONS)})\(")
BINARY_BY_DEFAULT = {"NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"}
# Owners whose `open` opens no file of text.
NOT_FILES = {
    "Image",
    "os",
    "post.seal",
    "seal",
    "self.calendars",
    "bucket",
    "files.bucket",
    "context.bucket",
    "sources.bucket",
    "archive.zip",
    "pikepdf",
    "Pdf",
    "Seal(secret, SUCCESSOR)",
}


def sources() -> Iterator[Path]:
    for folder in PROGRAM:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in path.parts)


def without_encoding(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each call that reads or writes text in the encoding of the locale."""
    for node in ast.walk(ast.parse(source)) if MENTION.search(source) else ():
        if isinstance(node, ast.Call) and _needs_encoding(node):
            yield node.lineno, ast.unparse(node)


def _needs_encoding(call: ast.Call) -> bool:
    owner, name = _named(call.func)
    if name not in POSITIONS or owner in NOT_FILES or any(keyword.arg in ("encoding", None) for keyword in call.keywords):
        return False
    is_method = name == "open" and owner is not None
    if len(call.args) > POSITIONS["Path.open" if is_method else name]:
        return False
    mode_first = is_method or name in ("NamedTemporaryFile", "TemporaryFile")
    return name in ("read_text", "write_text") or "b" not in _mode(call, position=0 if mode_first else 1, name=name)


def _named(function: ast.expr) -> tuple[str | None, str]:
    if isinstance(function, ast.Attribute):
        return ast.unparse(function.value), function.attr
    return None, function.id if isinstance(function, ast.Name) else ""


def _mode(call: ast.Call, *, position: int, name: str) -> str:
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[position : position + 1]
    if not modes:
        return "w+b" if name in BINARY_BY_DEFAULT else "r"
    return modes[0].value if isinstance(modes[0], ast.Constant) and isinstance(modes[0].value, str) else "?"


@pytest.mark.parametrize(
    "source",
    [
        "p.read_text()",
        "p.write_text('x')",
        "open('x')",
        "open(p, 'w')",
        "p.open()",
        "(a / b).open('a')",
        "open(p, mode='r+')",
        "NamedTemporaryFile('w')",
        "f().open(mode=m)",
    ],
)
def test_a_call_without_encoding_is_noticed(source: str) -> None:
    assert list(without_encoding(source)) == [(1, ast.unparse(ast.parse(source)))]


@pytest.mark.parametrize(
    "source",
    [
        "p.read_text('utf-8')",
        "p.read_text(encoding='utf-8')",
        "p.write_text('x', encoding='utf-8')",
        "open(p, 'rb')",
        "p.open('wb')",
        "os.open(p, 0)",
        "NamedTemporaryFile()",
    ],
)
def test_a_call_with_encoding_or_of_bytes_is_not(source: str) -> None:
    assert not list(without_encoding(source))


def test_every_call_names_its_encoding() -> None:
    assert len(list(sources())) > 200
    missing = [f"{path.relative_to(ROOT)}:{line}: {call}" for path in sources() for line, call in without_encoding(path.read_text(encoding="utf-8"))]
    assert not missing, "\n".join(missing)
