"""The first start in production: what is missing is one line each, which says how to make it, and nothing is made instead."""

import os
from pathlib import Path

import pytest

from auth.jwt.keys import new_pem
from auth.secret import new_secret
from tests.servers import preloaded

AWAY = "postgresql://portico@127.0.0.1:1/portico"
SAYS = {
    "DATABASE_URL": "is needed in production, which does not use the built-in Postgres; write postgresql://user:password@db.example.com:5432/billing.",
    "SIGNING_KEYS_DIR": "is needed in production, which does not sign with a PORTICO_TOKEN_SECRET. Make one with `./portico keys new`.",
    "SECRET": "is needed in production, the same for all servers and workers. Make one with `./portico keys secret`.",
    "STRIPE_SECRET_KEY": "is needed in production, because the sandbox takes no real money. PORTICO_SANDBOX=true allows the sandbox.",
}
# What each command needs. Commands that only read or change the database need no secret.
NEEDS = {
    "serve": ("DATABASE_URL", "SIGNING_KEYS_DIR", "SECRET", "STRIPE_SECRET_KEY"),
    "worker": ("DATABASE_URL", "SECRET", "STRIPE_SECRET_KEY"),
    "tick": ("DATABASE_URL", "SECRET", "STRIPE_SECRET_KEY"),
    "migrate": ("DATABASE_URL",),
    "audit": ("DATABASE_URL",),
}
MISSING = [(command, name) for command, names in NEEDS.items() for name in names]


def run(root: Path, folder: Path, command: str, settings: dict[str, str]) -> tuple[int, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    named = {"PORTICO_ENVIRONMENT": "production", "PORTICO_DATA_DIR": str(folder / "data")}
    ended = preloaded.run([command], cwd=root, env=inherited | named | {f"PORTICO_{name}": value for name, value in settings.items()}, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def complete(tmp_path: Path) -> dict[str, str]:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "1.pem").write_bytes(new_pem("EdDSA"))
    return {"DATABASE_URL": AWAY, "SIGNING_KEYS_DIR": str(keys), "SECRET": new_secret(), "STRIPE_SECRET_KEY": "sk_live_1"}


@pytest.mark.parametrize("missing", MISSING, ids="-".join)
def test_one_thing_that_is_missing_is_one_line_and_nothing_is_made(root: Path, tmp_path: Path, complete: dict[str, str], missing: tuple[str, str]) -> None:
    command, name = missing
    del complete[name]
    code, printed = run(root, tmp_path, command, complete)
    assert (code, printed) == (2 if command == "audit" else 1, f"Error: PORTICO_{name}: {SAYS[name]}\n")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", NEEDS)
def test_everything_that_is_missing_is_said_at_once(root: Path, tmp_path: Path, command: str) -> None:
    code, printed = run(root, tmp_path, command, {})
    assert code != 0
    lines = printed.removeprefix("Error: ").splitlines()
    assert [line.partition(":")[0].removeprefix("PORTICO_") for line in lines] == list(NEEDS[command])
    assert not (tmp_path / "data").exists()


def test_an_empty_folder_of_keys_says_how_to_make_one(root: Path, tmp_path: Path, complete: dict[str, str]) -> None:
    (tmp_path / "keys" / "1.pem").unlink()
    assert run(root, tmp_path, "serve", complete) == (
        1,
        "Error: PORTICO_SIGNING_KEYS_DIR: has no key that signs (NAME.pem). Make one with `./portico keys new`.\n",
    )
