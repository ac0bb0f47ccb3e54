"""docs/errors.md is current and lists every code that the code can send."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from billing.refusals import MEANING, ErrorCode, RequestError
from gateway.cli.main import cli
from gateway.cli.reference import error_pages
from gateway.cli.reference.error_codes import REFUSALS, REQUESTS, TOKENS
from gateway.http.statuses import STATUS

# Rows of the table of statuses that no error has: answers with data, and one for the log.
NO_ERRORS = {"OK", "PARTIAL", "CLIENT_CLOSED_REQUEST"}
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|FORBIDDEN|THROTTLED|UNAUTHENTICATED")
SENDERS = {"refused", "TransportError", "respond", "raw", "_refuse", "request_errors"}
PACKAGES = ("auth", "billing", "db", "gateway", "planner", "resolvers", "schema")


def test_the_page_is_what_the_command_prints(root: Path) -> None:
    printed = CliRunner().invoke(cli, ["errors"])
    assert printed.exit_code == 0
    assert (root / "docs/errors.md").read_text(encoding="utf-8") == printed.stdout == error_pages.text(), "run `./portico errors > docs/errors.md`"


def test_every_code_of_the_table_of_statuses_is_explained() -> None:
    assert set(REQUESTS) == set(STATUS) - NO_ERRORS


def test_every_refusal_has_a_meaning_and_is_explained_once() -> None:
    explained = [code for remedies in REFUSALS.values() for code in remedies]
    assert sorted(explained) == sorted(ErrorCode)
    assert set(MEANING) == set(ErrorCode)


def test_every_code_that_the_source_sends_is_explained(root: Path) -> None:
    sent = set(_codes_sent(root))
    assert {"BAD_REQUEST", "MISDIRECTED_REQUEST", "HEADERS_TOO_LARGE", "LIMIT_EXCEEDED", "CROSS_SITE_REQUEST", "NOT_ACCEPTABLE"} <= sent
    assert sent - set(STATUS) == set()
    assert {error.code for error in _subclasses(RequestError)} <= set(REQUESTS)


def test_every_error_of_the_token_endpoint_is_explained(root: Path) -> None:
    text = (root / "gateway/routes/oauth.py").read_text(encoding="utf-8")
    sent = set(re.findall(r'(?:OAuthError\(|"error": )"(\w+)"', text))
    assert len(sent) >= 5
    assert sent == set(TOKENS)


def _codes_sent(root: Path) -> Iterator[str]:
    """Codes that are written out where an error is made: as an argument of a function that sends one, or as the value of `code`."""
    for path in (path for package in PACKAGES for path in (root / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in SENDERS:
                yield from (text for argument in node.args if (text := _code(argument)))
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                yield from (text for key, value in pairs if isinstance(key, ast.Constant) and key.value == "code" and (text := _code(value)))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def _code(value: ast.expr) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value) else ""


def _subclasses(kind: type[RequestError]) -> Iterator[type[RequestError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
