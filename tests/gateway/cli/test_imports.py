"""What commands and servers must not import: each of these takes tenths of a second, and a command that does not use it should not wait for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from db.deployment.migrate import scripts
from db.deployment.revisions import revisions

# Everything of ours that is slow, and everything of others' except typer, which imports pydantic for the options of a command.
OF_NO_HELP = [
    "strawberry",
    "graphql",
    "starlette",
    "asyncpg",
    "databases",
    "sqlalchemy",
    "alembic",
    "aiobotocore",
    "botocore",
    "aiohttp",
    "typst",
    "pikepdf",
    "stripe",
    "babel",
    "httpx",
    "uvicorn",
    "rich",
    "pydantic_settings",
    "structlog",
    "orjson",
    "jwt",
    "cryptography",
    "limits",
    "valkey",
    "argon2",
    "aiosmtplib",
    "schema",
    "planner",
    "resolvers",
    "loaders",
    "db",
    "auth",
    "billing",
    "jobs",
    "papers",
    "payments",
    "storage",
    "mail",
    "gateway.wiring.configuration.settings",
    "gateway.wiring.app",
]
# What only some settings or other commands need.
OF_NO_PLAIN_SERVER = [
    "icalendar",
    "alembic",
    "aiobotocore",
    "botocore",
    "aiohttp",
    "pikepdf",
    "sqlalchemy",
    "httpx",
    "rich",
    "stripe",
    "valkey",
    "aiosmtplib",
    "prometheus_client",
    "opentelemetry",
    "mako",
    "db.deployment.migrate",
    "demo",
    "jobs.worker",
    "payments.stripe",
    "storage.s3",
    "typst",
    "noto_cjk_sans_otc",
    "pdf.printing",
    "puremagic",
    "sqlite3",
    "greenlet",
]
HELP = "import sys\nsys.argv = ['portico', *{arguments!r}]\nfrom gateway.cli.main import main\ntry:\n    main()\nexcept SystemExit:\n    print('MODULES', *sys.modules)"


def imported(root: Path, program: str) -> set[str]:
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=120, check=True)
    return set(ended.stdout.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve", "--help"], ["documents", "publish", "--help"], ["clients", "add", "--help"], ["--version"]], ids=" ".join
)
def test_help_imports_typer_and_little_else(root: Path, arguments: list[str]) -> None:
    modules = imported(root, HELP.format(arguments=arguments))
    assert "typer" in modules
    assert modules & set(OF_NO_HELP) == set()


def test_the_list_of_commands_does_without_pydantic(root: Path) -> None:
    assert "pydantic" not in imported(root, HELP.format(arguments=["--help"]))


def test_a_server_starts_without_the_data_of_any_locale(root: Path) -> None:
    """That of one takes 4 MB."""
    assert imported(root, "import gateway.cli.commands.serve, babel.localedata\nprint('MODULES', *babel.localedata._cache, '')") == set()


def test_a_server_imports_nothing_that_its_settings_do_not_use(root: Path) -> None:
    modules = imported(root, "import sys, gateway.cli.commands.serve\nprint('MODULES', *sys.modules)")
    assert "strawberry" in modules
    assert modules & set(OF_NO_PLAIN_SERVER) == set()


def test_a_server_has_imported_what_its_settings_use_before_it_takes_requests(root: Path, tmp_path: Path) -> None:
    """Or else the first request would wait for it."""
    program = f"""
import sys
from pathlib import Path
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import sender
from gateway.wiring.payments import payments
from gateway.wiring.configuration.settings import Settings

settings = Settings(data_dir=Path({str(tmp_path)!r}), s3_bucket="files", stripe_secret_key="sk_test_x", smtp_host="127.0.0.1", smtp_security="none")
bucket_of(settings, "http://127.0.0.1/files/uploads", b"secret")
sender(settings)
payments(settings)
print("MODULES", *sys.modules)
"""
    assert imported(root, program) >= {"aiobotocore", "botocore", "stripe", "aiosmtplib"}


STARTING = """
import gc, sys, types
from gateway.cli.main import main

def start(*_):
    from gateway.http.serving import server

    print("starting", gc.isenabled(), gc.get_stats()[2]["collections"] - collections, gc.get_freeze_count() > 10_000)
    server.configured = lambda *_: None
    server.GatewayServer = lambda *_: type("Server", (), {"run": lambda *_: print("serving", gc.isenabled(), gc.get_freeze_count() > 10_000)})()
    server.serve(None, None, server.ShutdownPolicy(), on_ready=lambda: None)

# The command, which main imports last.
sys.modules["gateway.cli.commands.serve"] = command = types.ModuleType("serve")
command.serve = start
sys.argv = ["portico", "serve"]
collections = gc.get_stats()[2]["collections"]
print("before", gc.isenabled())
main()
"""


def test_no_garbage_is_collected_while_a_server_starts(root: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", STARTING], cwd=root, capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.splitlines() == ["before True", "starting False 0 True", "serving True True"]


def test_the_revisions_are_those_of_alembic() -> None:
    assert revisions() == [script.revision for script in scripts()]
