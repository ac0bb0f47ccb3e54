"""The command line as an operator meets it: it works when pasted, and what goes wrong is one line."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.builtin.embedded import Urls
from gateway.cli.main import cli
from tests.logs import logging_as_before
from tests.servers import preloaded

GATEWAY = [sys.executable, "-m", "gateway"]


def run(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run(arguments, cwd=root, env=os.environ | environment, timeout=60)


def test_the_demo_starts_says_how_to_ask_answers_the_pasted_line_and_stops_cleanly(root: Path, tmp_path: Path) -> None:
    command = [*GATEWAY, "demo", "--port", "0", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = []
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("READY"):
                break
        said = "\n".join(lines)
        assert re.fullmatch(r"READY http://127\.0\.0\.1:\d+/graphql", lines[-1])
        assert "/graphiql" in said
        assert "ada@example.com" in said
        pasted = next(line for line in lines if line.startswith("curl "))
        answer = json.loads(subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=20, check=True).stdout)
        assert answer["data"]["customer"]["name"] == "Ada Lovelace"
        assert all(answer["data"]["customer"]["summary"].values())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr
        assert process.stderr.read() == ""
    assert not (tmp_path / "data/postgres/postmaster.pid").exists()
    assert (tmp_path / "data/token-secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["serve"], {"PORTICO_PORT": "abc"}, "PORTICO_PORT"),
        (["serve"], {"PORTICO_DATABASE_URL": "mysql://x/y"}, "PORTICO_DATABASE_URL: is not a database URL"),
        (["serve"], {"PORTICO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "Check PORTICO_DATABASE_URL"),
        (["migrate"], {"PORTICO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "Check PORTICO_DATABASE_URL"),
        (["seed"], {"PORTICO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "Check PORTICO_DATABASE_URL"),
        (["demo"], {"PORTICO_ENVIRONMENT": "production"}, "does not run in production"),
        (["demo", "--data-dir", "/proc/portico"], {}, "not writable"),
        (["demo", "--data-dir", "README.md"], {}, "PORTICO_DATA_DIR: is a file"),
        (["migrate", "--data-dir", "README.md/below"], {}, "PORTICO_DATA_DIR: is a file"),
        (["token"], {}, "Give exactly one of --customer ID"),
        (["token", "--customer", "cus_x"], {"PORTICO_TOKEN_SECRET": "short"}, "PORTICO_TOKEN_SECRET"),
    ],
)
def test_what_an_operator_can_mend_is_one_line(root: Path, tmp_path: Path, arguments: list[str], environment: dict[str, str], says: str) -> None:
    ended = run(root, *arguments, PORTICO_DATA_DIR=str(tmp_path), **environment)
    assert ended.returncode == 1
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


def test_production_is_told_all_that_it_lacks_at_once(root: Path, tmp_path: Path) -> None:
    ended = run(root, "serve", PORTICO_DATA_DIR=str(tmp_path), PORTICO_ENVIRONMENT="production", DATABASE_URL="postgresql://u:hush@h/x")
    assert (ended.returncode, ended.stdout, list(tmp_path.iterdir())) == (1, "", [])
    lines = ended.stderr.removeprefix("Error: ").splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "PORTICO_DATABASE_URL",
        "PORTICO_SIGNING_KEYS_DIR",
        "PORTICO_SECRET",
        "PORTICO_STRIPE_SECRET_KEY",
    ]
    assert "DATABASE_URL is set without the prefix PORTICO_" in lines[0]
    assert "hush" not in ended.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "tick", "seed", "token", "documents"])
def test_a_command_that_uses_a_database_makes_none(tmp_path: Path, command: str) -> None:
    arguments = {"serve": ["--port", "0"], "token": ["--email", "ada@example.com"], "documents": ["list"]}.get(command, [])
    with logging_as_before():
        ended = CliRunner().invoke(cli, [command, *arguments], env={"PORTICO_DATA_DIR": str(tmp_path)})
    assert (ended.exit_code, str(ended.exception)) == (
        1,
        "PORTICO_DATA_DIR: has no database yet. Run `./portico migrate` first, or name one with PORTICO_DATABASE_URL.",
    )
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    "arguments", [("--staff", "--email", "ada@example.com"), ("--staff", "--customer", "cus_x"), ("--customer", "cus_x", "--email", "a@b.c")]
)
def test_a_token_is_for_one_caller_alone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(cli, ["token", *arguments], env={"PORTICO_DATA_DIR": str(tmp_path)})
    assert str(ended.exception) == "Give exactly one of --customer ID, --email ADDRESS and --staff."
    assert (ended.exit_code, ended.stdout, list(tmp_path.iterdir())) == (1, "", [])


def test_the_version_is_that_of_the_project(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ended = CliRunner().invoke(cli, ["--version"])
    assert (ended.exit_code, ended.stdout) == (0, f"portico {project['version']}\n")


def test_a_port_in_use_is_one_line(root: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run(root, "demo", "--port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path / "data"))
    assert ended.returncode == 1
    assert "Choose another with --port" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_schema_is_printed(root: Path) -> None:
    assert run(root, "schema").stdout == (root / "schema.graphql").read_text()


def test_a_token_is_found_by_address_and_migrating_twice_is_harmless(root: Path, tmp_path: Path, urls: Urls) -> None:
    environment = {"PORTICO_DATA_DIR": str(tmp_path), "PORTICO_DATABASE_URL": urls.admin}
    assert "up to date" in run(root, "migrate", **environment).stdout
    assert run(root, "token", "--email", "ADA@example.com", **environment).stdout.count(".") == 2
    missing = run(root, "token", "--email", "nobody@example.com", **environment)
    assert (missing.returncode, "No customer" in missing.stderr) == (1, True)
    assert run(root, "token", "--staff", **environment).stdout.count(".") == 2
