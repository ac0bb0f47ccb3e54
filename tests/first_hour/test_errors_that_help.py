"""What commands say when something is wrong: one line that begins with `Error:`, exit code 1, nothing printed that looks like a success."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.deployment.migrate import migrate
from demo import PERSONAS
from gateway.cli import main
from tests.conftest import ADA
from tests.servers import preloaded

Run = Callable[..., tuple[int, str, str]]
NOBODY = "cus_01m829w97ne1msh76cygrhecz9"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command in this process; its exit code, standard output and standard error."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["portico", *arguments])
        for name, value in {"data_dir": str(tmp_path), **environment}.items():
            monkeypatch.setenv(f"PORTICO_{name.upper()}", value)
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def empty(urls: Urls) -> Iterator[str]:
    """The URL of a database of its own, with tables and nothing in them."""
    name = f"tick_{uuid4().hex}"
    url = urlsplit(urls.admin)._replace(path=f"/{name}").geturl()
    asyncio.run(_execute(urls.admin, f"create database {name}"))
    asyncio.run(migrate(url))
    yield url
    asyncio.run(_execute(urls.admin, f"drop database {name} with (force)"))


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def test_a_token_of_nobody_is_an_error(run: Run, urls: Urls) -> None:
    for option, value, what in (("--customer", NOBODY, "id"), ("--customer", "", "id"), ("--email", "nobody@example.com", "e-mail address")):
        assert run("token", option, value, database_url=urls.admin) == (1, "", f"Error: No customer has the {what} {value}.\n")
    code, printed, errors = run("token", "--customer", ADA.customer_id or "", database_url=urls.admin)
    assert (code, printed.count("."), errors) == (0, 2, "")


def test_a_token_of_nobody_is_an_error_of_the_process(root: Path, urls: Urls, tmp_path: Path) -> None:
    environment = os.environ | {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(tmp_path)}
    ended = preloaded.run(["token", "--customer", NOBODY], cwd=root, env=environment, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"Error: No customer has the id {NOBODY}.\n")


def test_an_explanation_for_nobody_is_an_error(run: Run, urls: Urls, empty: str) -> None:
    says = "Error: No customer has the id {}. Choose another one with --customer.\n"
    assert run("explain", "Summary", "--customer", NOBODY, database_url=urls.admin) == (1, "", says.format(NOBODY))
    assert run("explain", "Summary", database_url=empty) == (1, "", says.format(PERSONAS[0].id)), "by default it is the first customer of the demo"
    for arguments in (["Summary", "--customer", ADA.customer_id or ""], ["CatalogPrices", "--staff"]):
        code, printed, errors = run("explain", *arguments, database_url=urls.admin)
        assert (code, "Parameters: " in printed, errors) == (0, True, ""), arguments


def test_a_token_needs_a_database_with_tables(run: Run, urls: Urls) -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    assert run("token", "--customer", NOBODY, database_url=away) == (
        1,
        "",
        "Error: Cannot log in to the database: Connection refused. Check PORTICO_DATABASE_URL.\n",
    )


def test_tick_exits_with_1_when_something_failed_and_says_how_many_of_what(run: Run, empty: str) -> None:
    code, printed, errors = run("tick", database_url=empty)
    assert (code, errors) == (0, "")
    assert printed == (
        "0 subscription steps, 0 invoices charged, 0 charges settled.\n"
        "0 letters sent, 0 customers checked for letters to come, 0 customers checked for events of time, 0 expired upload reservations removed, 0 unused objects deleted, "
        "0 exports made, 0 exports expired, 0 webhooks delivered, 0 expired rows deleted.\n"
    )
    broken = {"webhook_event": "1 × step of the billing clock, 1 × kind of expired rows", "idempotency_key": "1 × kind of expired rows"}
    for table, failed in broken.items():
        asyncio.run(_execute(empty, f"alter table portico.{table} rename to gone"))
        code, _, errors = run("tick", database_url=empty)
        asyncio.run(_execute(empty, f"alter table portico.gone rename to {table}"))
        assert code == 1
        assert errors.endswith(f"Error: {failed} failed. The log above says why; the next tick tries again.\n"), errors
        assert "Traceback" not in errors


def test_a_database_that_becomes_unavailable_is_one_line(run: Run, empty: str) -> None:
    asyncio.run(_execute(empty, "alter role portico_app set lock_timeout = '300ms'"))

    async def locked() -> tuple[int, str, str]:
        connection = await asyncpg.connect(empty)
        try:
            await connection.execute("begin; lock table portico.api_client")
            return await asyncio.to_thread(run, "clients", "disable", "nobody", database_url=empty)
        finally:
            await connection.close()

    try:
        code, printed, errors = asyncio.run(locked())
    finally:
        asyncio.run(_execute(empty, "alter role portico_app reset lock_timeout"))
    assert (code, printed, errors) == (1, "", "Error: The database became unavailable: 55P03 lock_not_available. Try again.\n")
