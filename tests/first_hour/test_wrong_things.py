"""Mistakes of the first hour, made with the real command: one readable line, the right exit code, no traceback, and nothing written."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import preloaded


def run(root: Path, folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PORTICO_DATA_DIR": str(folder / "data"), "COLUMNS": "200"} | {f"PORTICO_{name}": value for name, value in settings.items()}
    return preloaded.run(arguments, cwd=root, env=environment, timeout=60)


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


def assert_one_line(ended: subprocess.CompletedProcess[str], folder: Path, says: str) -> None:
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
    assert says in ended.stderr
    assert list(folder.iterdir()) == [], "nothing is written"


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_port_in_use(root: Path, tmp_path: Path, taken_port: str, command: str) -> None:
    ended = run(root, tmp_path, command, "--port", taken_port)
    assert_one_line(ended, tmp_path, f"Cannot listen on port {taken_port} of 127.0.0.1 (Address already in use). Choose another with --port or PORTICO_PORT.")


def test_a_host_that_is_none(root: Path, tmp_path: Path) -> None:
    assert_one_line(run(root, tmp_path, "demo", HOST="256.1.1.1"), tmp_path, "PORTICO_HOST: is not an address of this machine")


def test_a_database_whose_host_is_not_known(root: Path, tmp_path: Path) -> None:
    ended = run(root, tmp_path, "migrate", DATABASE_URL="postgresql://a@db.invalid/x")
    assert_one_line(ended, tmp_path, "its host is not known. Check PORTICO_DATABASE_URL.")


def test_a_file_that_is_no_manifest(root: Path, tmp_path: Path) -> None:
    ended = run(root, tmp_path, "documents", "publish", "README.md", "--client", "nobody")
    assert_one_line(ended, tmp_path, "The manifest is not JSON.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((), "Usage: portico"), (("demo", "--prot", "1"), "--port"), (("dmeo",), "'demo'"), (("demo", "--port", "abc"), "integer")],
    ids=["no command", "a misspelt option", "a misspelt command", "a port that is no number"],
)
def test_a_command_line_that_is_none_is_answered_with_the_usage(root: Path, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    ended = run(root, tmp_path, *arguments)
    assert ended.returncode == 2
    assert says in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["help", "tests"])
def test_make_knows_what_a_newcomer_types(root: Path, target: str) -> None:
    ended = subprocess.run(["make", "-n", target], cwd=root, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 0
    assert "Nothing to be done" not in ended.stdout
    assert ("pytest" in ended.stdout) is (target == "tests")
