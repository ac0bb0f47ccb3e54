"""The command that writes previews of the letters about money."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gateway.cli.reference.letter_previews import write_previews
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.letterhead import brand, logo_of, switched_off
from mail.letters import OPTIONAL, Letter

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50"><rect width="200" height="50" fill="#c00"/></svg>'


def test_previews_of_all_letters_are_written_with_the_merchants_name_colour_and_logo(root: Path, tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(SVG, "utf-8")
    merchant = {"PORTICO_MERCHANT": "Fabrikam <GmbH>", "PORTICO_MERCHANT_ACCENT": "#FFE600", "PORTICO_MERCHANT_LOGO": str(logo)}
    command = [sys.executable, "-m", "gateway", "letters", str(tmp_path / "out"), "--language", "ar"]
    done = subprocess.run(command, cwd=root, env=os.environ | merchant, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{letter}.ar.{kind}" for letter in OPTIONAL for kind in ("html", "txt"))
    html = (tmp_path / "out" / "receipt.ar.html").read_text("utf-8")
    assert 'alt="Fabrikam &lt;GmbH&gt;"' in html
    assert "#ffe600" in html
    assert "data:image/png;base64," in html
    assert "cid:" not in html
    assert "Fabrikam <GmbH>" in (tmp_path / "out" / "receipt.ar.txt").read_text("utf-8")


def test_a_language_without_letters_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"There are no letters in xx\. The languages are ar, de, en, es, fr;"):
        write_previews(tmp_path / "out", "xx")
    assert not (tmp_path / "out").exists()
    write_previews(tmp_path / "out", "de-CH")
    assert 'lang="de"' in (tmp_path / "out" / "receipt.de-CH.html").read_text("utf-8")


def test_a_logo_of_lines_is_sent_as_one_of_dots_and_others_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG, "utf-8")
    drawn = logo_of(tmp_path / "logo.svg")
    assert drawn is not None
    assert drawn.image is not None
    assert drawn.image.subtype == "png"
    (tmp_path / "drawn.png").write_bytes(drawn.image.content)
    with Image.open(tmp_path / "drawn.png") as picture:
        assert picture.size == (320, 80)
    same = logo_of(tmp_path / "drawn.png")
    assert same is not None
    assert same.image == drawn.image


def test_a_logo_that_cannot_be_read_stops_no_letter(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "logo.svg").write_text("no picture", "utf-8")
    for name in ("logo.svg", "nowhere.png"):
        logo = logo_of(tmp_path / name)
        assert logo is not None
        assert logo.image is None
    assert "PORTICO_MERCHANT_LOGO" in caplog.text


def test_only_letters_about_money_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_LETTERS_OFF", "receipt, renewal_to_come")
    assert switched_off(load()) == {Letter.RECEIPT, Letter.RENEWAL_TO_COME}
    assert switched_off(Settings()) == {Letter.RECEIPT, Letter.RENEWAL_TO_COME}
    assert brand(load()).has_logo is False
    for wrong in ("receipts", "password_reset", "receipt,"):
        monkeypatch.setenv("PORTICO_LETTERS_OFF", wrong)
        with pytest.raises(OperatorError, match="PORTICO_LETTERS_OFF"):
            load()
