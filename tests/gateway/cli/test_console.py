"""What commands print is printed as it is, whoever wrote it."""

import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.errors import MarkupError
from rich.table import Table

from gateway.cli import main
from gateway.cli.commands.console import plain, show

WRITTEN_BY_OTHERS = "[/red] [bold]b[/bold] [link=x]y[/link] :smile: [/]"


def test_rich_would_read_it_as_markup() -> None:
    """The control of the tests below."""
    with pytest.raises(MarkupError):
        Console().print(WRITTEN_BY_OTHERS)


def test_an_error_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["portico", "schema", "diff", str(tmp_path / WRITTEN_BY_OTHERS), "x"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("Error: ")
    assert WRITTEN_BY_OTHERS in said
    assert said.count("\n") == 1


def test_a_line_and_a_table_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Name", box=None)
    table.add_row(WRITTEN_BY_OTHERS)
    show(table)
    plain().print(WRITTEN_BY_OTHERS)
    assert capsys.readouterr().out.count(WRITTEN_BY_OTHERS) == 2


def test_every_command_prints_through_that_console(root: Path) -> None:
    makers = {
        path.name
        for path in (root / "gateway").rglob("*.py")
        if re.search(r"\bConsole\(|\brich\.print\b|from rich import print|\.from_markup\(", path.read_text())
    }
    assert makers == {"console.py"}
