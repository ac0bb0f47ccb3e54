"""The secrets that a data directory keeps: several processes start at once, and all of them sign and seal with the same one."""

import secrets
from pathlib import Path

import pytest

from gateway.issuer import kept_secret


def test_a_kept_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    kept = kept_secret(tmp_path / "data", "secret")
    assert len(kept) == 64
    assert kept_secret(tmp_path / "data", "secret") == kept
    assert [(file.name, file.stat().st_mode & 0o777) for file in (tmp_path / "data").iterdir()] == [("secret", 0o600)]


def test_a_kept_secret_has_its_name_only_once_it_is_whole_and_who_was_first_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"

    def made_by_two_at_once(_: int) -> str:
        assert not path.exists(), "somebody could read it empty"
        path.write_text("of who was first")
        return "of who came second"

    monkeypatch.setattr(secrets, "token_hex", made_by_two_at_once)
    assert kept_secret(tmp_path, "secret") == "of who was first"
