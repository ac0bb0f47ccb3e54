"""One scheme seals what rests in the database: AES-GCM, with a key for each purpose, bound to its row."""

import re
from pathlib import Path

import pytest

from auth.seal import NotSealed, Seal
from auth.secret import new_secret

ROOT = Path(__file__).parents[2]
CIPHER = re.compile(r"primitives\.ciphers|fernet")


def test_what_is_sealed_for_one_purpose_does_not_open_for_another() -> None:
    secret = new_secret()
    sealed = Seal(secret, "successor").close("a text", "row")
    assert Seal(secret, "successor").open(sealed, "row") == "a text"
    for other in (Seal(secret), Seal(new_secret(), "successor")):
        with pytest.raises(NotSealed):
            other.open(sealed, "row")


def test_a_changed_seal_does_not_open() -> None:
    """A one-time pad would open to another text."""
    seal = Seal(new_secret(), "successor")
    sealed = seal.close("a text", "row")
    for position in range(len(sealed)):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(NotSealed):
            seal.open(changed, "row")


def test_letters_keep_the_key_that_they_have_always_had() -> None:
    """Letters wait in the database while programs are replaced. This one was sealed before there were purposes."""
    sealed = "fd98c0696e0a7ec0397393056c08ee2947096e1e7051cf4d931f795d275d12c355df"
    assert Seal("the secret of a portal").open(bytes.fromhex(sealed), "let_1") == "a text"


def test_ciphers_are_used_in_one_module() -> None:
    packages = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    modules = [path for package in packages for path in package.rglob("*.py") if CIPHER.search(path.read_text(encoding="utf-8"))]
    assert [path.relative_to(ROOT).as_posix() for path in modules] == ["auth/seal.py"]
