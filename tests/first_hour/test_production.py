"""What production refuses and warns of, and what is never added to a database with customers of its own."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import jwt
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

import demo
from db.builtin.embedded import Urls
from gateway.cli import main
from gateway.cli.main import cli
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.issuer import new_key
from tests.conftest import ADA, SECRET
from tests.logs import logging_as_before
from tests.servers import preloaded
from tests.servers.processes import SAID, process
from tests.template import create_database

AWAY = "postgresql://portico@127.0.0.1:1/portico"
FUTURE, PAST = "2099-01-01T00:00:00", "2020-01-01T00:00:00"

Run = Callable[..., Result]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with a key that signs."""
    new_key(Settings(signing_keys_dir=tmp_path / "keys"), "EdDSA", now=datetime.now(UTC))
    return tmp_path / "keys"


@pytest.fixture
def run(tmp_path: Path, keys: Path) -> Iterator[Run]:
    """A command in production, configured except for a database; settings may change that."""

    def command(*arguments: str, env: dict[str, str] | None = None, **settings: str) -> Result:
        named = {"environment": "production", "data_dir": str(tmp_path / "data"), "signing_keys_dir": str(keys), "secret": SECRET, "sandbox": "true"} | settings
        return CliRunner().invoke(cli, arguments, env={f"PORTICO_{name.upper()}": value for name, value in named.items()} | (env or {}))

    with logging_as_before():
        yield command
    assert not (tmp_path / "data/postgres").exists()


def commands(command: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands of the command line."""
    command = command or get_command(cli)
    if children := getattr(command, "commands", None):
        for name, child in children.items():
            yield from commands(child, (*before, name))
    else:
        yield before


WITHOUT_DATABASE = {
    ("keys", "new"),
    ("keys", "secret"),
    ("settings",),
    ("errors",),
    ("schema", "diff"),
    ("catalog", "schema"),
    ("demo",),
    ("seed",),
    ("letters",),
    ("import-from", "stripe"),
    ("import-format",),
    ("doctor",),  # prints what is wrong as one of its lines: tests/gateway/cli/test_doctor.py
}
BODY = "query A { __typename }"
MANIFEST = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": hashlib.sha256(BODY.encode()).hexdigest(), "name": "A", "type": "query", "body": BODY}],
}
CATALOG = str(Path(demo.__file__).with_name("catalog.yaml"))
EXAMPLE = str(Path(demo.__file__).parents[1] / "docs" / "import" / "example")
ARGUMENTS = {
    ("token",): ["--email", "ada@example.com"],
    ("explain",): ["Summary"],
    ("export",): ["exported"],
    ("import",): [EXAMPLE, "--source", "shop"],
    ("import-release",): ["--all"],
    ("serve",): ["--port", "0"],
    ("catalog", "plan"): [CATALOG],
    ("catalog", "apply"): [CATALOG],
    ("clients", "add"): ["acme", "--name", "Acme"],
    ("clients", "disable"): ["acme"],
    ("clients", "enable"): ["acme"],
    ("clients", "grant"): ["acme", "read", "--customer", "cus_1"],
    ("documents", "deprecate"): ["a" * 64, "--client", "acme"],
    ("documents", "retire"): ["a" * 64, "--client", "acme"],
    **{("webhooks", name): ["whe_1"] for name in ("delete", "rotate", "ping", "redeliver", "dry-run")},
    ("webhooks", "replay"): ["whe_1", "--since", "2026-11-01T00:00:00"],
}


@pytest.mark.parametrize("command", [command for command in commands() if command not in WITHOUT_DATABASE], ids=" ".join)
def test_production_without_a_database_of_its_own_refuses_every_command_that_needs_one(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    arguments = ARGUMENTS.get(command, [])
    if command == ("documents", "publish"):
        (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
        arguments = [str(tmp_path / "manifest.json"), "--client", "acme"]
    says = (
        "PORTICO_DATABASE_URL: is needed in production, which does not use the built-in Postgres; write postgresql://user:password@db.example.com:5432/billing."
    )
    # Without it the command says that first.
    previous = {"PORTICO_PREVIOUS_SECRET": hashlib.sha256(b"previous").hexdigest()} if command == ("keys", "reseal") else {}
    for env, hint in (({}, ""), ({"DATABASE_URL": AWAY}, " DATABASE_URL is set without the prefix PORTICO_.")):
        ended = run(*command, *arguments, env=env | previous)
        if command == ("audit",):  # its exit code 1 says that an invariant is broken
            assert (ended.exit_code, " ".join(ended.stderr.split()), ended.stdout) == (2, f"Error: {says}{hint}", "")
            continue
        assert (ended.exit_code, type(ended.exception), str(ended.exception), ended.stdout) == (1, WrongSetting, says + hint, "")
    assert not (tmp_path / "data").exists()


def test_production_with_a_database_of_its_own_works(run: Run, urls: Urls) -> None:
    ended = run("clients", "list", database_url=urls.admin)
    assert (ended.exit_code, "Kind" in ended.stdout) == (0, True)


def test_a_token_of_a_customer_that_operators_make_says_that_the_customer_did_not_sign_in(run: Run, urls: Urls) -> None:
    def acting(environment: str, *who: str) -> object:
        ended = run("token", *who, database_url=urls.admin, environment=environment)
        return jwt.decode(ended.stdout.strip(), options={"verify_signature": False}).get("act")

    customer = ("--customer", ADA.customer_id or "")
    assert (acting("production", *customer), acting("development", *customer)) == ({"sub": "portico-cli"}, None)
    assert acting("production", "--staff") is None


COUNTS = "select (select count(*) from portico.customer), (select count(*) from portico.plan), (select count(*) from portico.invoice), (select count(*) from portico.payment)"


def counts(url: str) -> tuple[int, ...]:
    async def fetch() -> tuple[int, ...]:
        connection = await asyncpg.connect(url)
        try:
            return tuple(await connection.fetchrow(COUNTS))
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.mark.parametrize("command", [["demo", "--port", "0"], ["seed"], ["seed", "--customers", "3"]], ids=" ".join)
def test_production_refuses_demo_customers_and_nothing_is_written(run: Run, urls: Urls, tmp_path: Path, command: list[str]) -> None:
    before = counts(urls.admin)
    ended = run(*command, database_url=urls.admin)
    assert (ended.exit_code, type(ended.exception), "does not run in production" in str(ended.exception)) == (1, WrongSetting, True)
    assert str(ended.exception).startswith("PORTICO_ENVIRONMENT: ")
    assert counts(urls.admin) == before
    assert not (tmp_path / "data").exists()


REAL_MONEY = {
    "production": {"database_url": AWAY},
    "a live key in development": {"environment": "development", "database_url": AWAY, "stripe_secret_key": "sk_live_x"},
    "a restricted live key in development": {"environment": "development", "database_url": AWAY, "stripe_secret_key": "rk_live_x"},
}


@pytest.mark.parametrize("settings", REAL_MONEY.values(), ids=REAL_MONEY)
def test_a_tick_in_the_future_is_refused_where_money_is_real_unless_it_is_confirmed(run: Run, settings: dict[str, str]) -> None:
    refused = run("tick", "--at", FUTURE, **settings)
    assert (refused.exit_code, type(refused.exception)) == (1, WrongSetting)
    assert str(refused.exception).startswith("--at: is in the future")
    assert "--charge-real-customers" in str(refused.exception)
    for arguments in (["--at", FUTURE, "--charge-real-customers"], ["--at", PAST], []):
        assert "Connection refused" in str(run("tick", *arguments, **settings).exception), "it goes on to the database"


def test_a_tick_in_the_future_is_the_demos_time_travel_elsewhere(run: Run) -> None:
    for key in ("", "sk_test_x"):
        ended = run("tick", "--at", FUTURE, environment="development", database_url=AWAY, stripe_secret_key=key)
        assert "Connection refused" in str(ended.exception)


def test_a_refused_tick_charges_nobody(run: Run, urls: Urls) -> None:
    before = counts(urls.admin)
    assert run("tick", "--at", FUTURE, database_url=urls.admin).exit_code == 1
    assert counts(urls.admin) == before


def test_the_demo_does_not_start_with_a_live_key(run: Run, tmp_path: Path) -> None:
    ended = run("demo", "--port", "0", environment="development", stripe_secret_key="sk_live_x")
    assert (ended.exit_code, str(ended.exception)) == (1, "PORTICO_STRIPE_SECRET_KEY: is a live key, and the demo takes no real money; write sk_test_….")
    assert not (tmp_path / "data").exists()


@contextmanager
def own_database(urls: Urls, name: str) -> Iterator[str]:
    """A database of its own, with tables and without rows."""
    url = asyncio.run(create_database(urls, name)).admin
    yield url
    execute(urls.admin, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def migrated(urls: Urls) -> Iterator[str]:
    """The database of tests that leave no rows."""
    with own_database(urls, "own_customers") as url:
        yield url


@pytest.fixture
def empty(urls: Urls) -> Iterator[str]:
    """The database of a test that adds the demo."""
    with own_database(urls, "own_demo") as url:
        yield url


def execute(url: str, statement: str) -> str:
    async def executed() -> str:
        connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
        try:
            return await connection.execute(statement)
        finally:
            await connection.close()

    return asyncio.run(executed())


OWN_ROWS = {
    "customer": "insert into customer (id, name, email, locale, time_zone, currency, created_at) values ('cus_own', 'Own', 'own@example.net', 'en', 'UTC', 'EUR', now())",
    "plan": "insert into plan (id, code, name, description, created_at) values ('plan_own', 'own', 'Own', '', now())",
    "coupon": "insert into coupon (id, code, name, duration, percent_off_ppm, created_at) values ('cpn_own', 'OWN', 'Own', 'ONCE', 1000, now())",
}


@pytest.mark.parametrize("table", OWN_ROWS)
@pytest.mark.parametrize("command", [["seed"], ["seed", "--customers", "3"], ["demo", "--port", "0"]], ids=" ".join)
def test_demo_customers_are_not_added_to_a_database_with_rows_of_its_own(run: Run, migrated: str, table: str, command: list[str]) -> None:
    execute(migrated, OWN_ROWS[table])
    before = counts(migrated)
    try:
        ended = run(*command, environment="development", database_url=migrated)
        assert (ended.exit_code, type(ended.exception)) == (1, OperatorError)
        assert f"(1 in {table})" in str(ended.exception)
        assert counts(migrated) == before
    finally:
        execute(migrated, f"delete from {table}")


def test_the_demo_is_added_to_an_empty_database_and_to_its_own_and_to_no_other(run: Run, empty: str) -> None:
    for customers in (0, 3):
        ended = run("seed", "--customers", str(customers), environment="development", database_url=empty)
        assert ended.exit_code == 0, ended.exception
        assert counts(empty)[0] == len(demo.PERSONAS) + customers
    execute(empty, OWN_ROWS["customer"])
    ended = run("seed", "--customers", "9", environment="development", database_url=empty)
    assert "(1 in customer)" in str(ended.exception)
    assert counts(empty)[0] == len(demo.PERSONAS) + 4


def test_a_refusal_is_one_line_of_the_command_without_a_traceback(
    run: Run, urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], migrated: str
) -> None:
    """As `python -m gateway` prints it: a forgotten prefix in production, and a database with a customer of its own."""
    execute(migrated, OWN_ROWS["plan"])
    rows = (
        (["migrate"], {"PORTICO_ENVIRONMENT": "production", "DATABASE_URL": urls.admin}, "DATABASE_URL is set without the prefix PORTICO_."),
        (["seed"], {"PORTICO_DATABASE_URL": migrated}, "1 in plan"),
    )
    for arguments, variables, says in rows:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["gateway", *arguments])
            for name, value in (variables | {"PORTICO_DATA_DIR": str(tmp_path / "data")}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main.main()
        printed = capfd.readouterr().err
        assert (ended.value.code, printed.count("\n"), says in printed) == (1, 1, True)
    execute(migrated, "delete from plan where id = 'plan_own'")


COMPLETE = {
    "environment": "production",
    "database_url": AWAY,
    "portal_url": "https://portal.example.com",
    "public_url": "https://api.example.com",
    "merchant": "Gym",
    "merchant_address": "Gym Ltd,1 High Street",
    "merchant_country": "GB",
    "mail_from": "Gym <gym@example.com>",
    "smtp_host": "smtp.example.com",
    "s3_bucket": "files",
    "throttle_url": "redis://redis.example.com",
    "throttle_secret": SECRET,
    "stripe_secret_key": "sk_live_1",
    "stripe_publishable_key": "pk_live_1",
    "stripe_webhook_secret": "whsec_1",
}
MISSING = sorted(set(COMPLETE) - {"environment", "database_url", "stripe_secret_key"})


def test_production_that_is_complete_warns_of_nothing_and_development_never_does() -> None:
    assert production.warnings(Settings(**COMPLETE), {}) == []
    assert production.warnings(Settings(environment="development"), {}) == []


@pytest.mark.parametrize("name", MISSING)
def test_production_warns_of_each_setting_that_is_missing_in_one_line(name: str) -> None:
    settings = Settings(**{key: value for key, value in COMPLETE.items() if key != name})
    (line,) = production.warnings(settings, {})
    assert line.startswith(f"PORTICO_{name.upper()} is not set: ")
    assert "\n" not in line
    (line,) = production.warnings(settings, {name.upper(): "x"})
    assert line.endswith(f" {name.upper()} is set without the prefix PORTICO_.")


@pytest.mark.parametrize(("portal", "says"), [(None, True), (False, True), (True, False)])
def test_production_warns_of_letters_that_lead_to_pages_that_are_not_there(portal: bool | None, says: bool) -> None:
    (line,) = production.warnings(Settings(**COMPLETE | {"portal_url": None, "portal": portal}), {})
    assert line.startswith("PORTICO_PORTAL_URL is not set: letters link to the address that the gateway listens on")
    assert line.endswith(", which answers 404 for pages without PORTICO_PORTAL=true.") is says
    assert production.warnings(Settings(**COMPLETE | {"portal": portal}), {}) == []


def test_production_warns_where_no_real_money_is_taken() -> None:
    (line,) = production.warnings(Settings(**COMPLETE | {"sandbox": True}), {})
    assert line.startswith("PORTICO_SANDBOX is true: ")
    (line,) = production.warnings(Settings(**COMPLETE | {"stripe_secret_key": "sk_test_1", "stripe_publishable_key": "pk_test_1"}), {})
    assert line.startswith("PORTICO_STRIPE_SECRET_KEY is a test key: ")


# Of a server or worker with nothing but what it needs to start.
WARNED = ["PORTAL_URL", "PUBLIC_URL", "MERCHANT", "MERCHANT_ADDRESS", "MERCHANT_COUNTRY", "SMTP_HOST", "S3_BUCKET", "THROTTLE_URL", "SANDBOX"]


def warned(text: str) -> list[str]:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line["event"].split()[0].removeprefix("PORTICO_") for line in lines if line["logger"] == "portico.settings" and line["level"] == "warning"]


def test_a_server_in_production_logs_its_warnings_before_it_is_ready(root: Path, urls: Urls, tmp_path: Path, keys: Path) -> None:
    with process(root, urls, tmp_path, environment="production", signing_keys_dir=str(keys), secret=SECRET, sandbox="true"):
        pass
    text = (tmp_path / SAID).read_text()
    assert warned(text.partition("READY")[0]) == WARNED


def test_a_worker_in_production_logs_its_warnings_first(root: Path, tmp_path: Path) -> None:
    named = {"environment": "production", "data_dir": str(tmp_path), "database_url": AWAY, "secret": SECRET, "sandbox": "true"}
    environment = os.environ | {f"PORTICO_{name.upper()}": value for name, value in named.items()}
    with preloaded.start(["worker"], cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as worker:
        assert worker.stdout
        first = "".join(worker.stdout.readline() for _ in WARNED)
        worker.terminate()
        worker.stdout.read()
    assert warned(first) == WARNED
