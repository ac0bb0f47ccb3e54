"""The output of commands. Text is printed without markup, because an error, a name or a statement may contain `[/red]`, which rich would interpret."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.http.log_format import without_secrets


def plain(*, is_error: bool = False, width: int | None = None) -> Console:
    """Return a console without markup, emoji codes and highlighting. Bold text is a `Text`."""
    return Console(stderr=is_error, soft_wrap=True, markup=False, emoji=False, highlight=False, width=width)


def bold(text: str, style: str = "bold") -> Text:
    return Text(text, style)


console = plain()
MAX_WIDTH = 5000


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 document`, `2 documents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say_error(message: str) -> None:
    """Print one line to standard error, without the secrets of the settings."""
    plain(is_error=True).print(bold("Error:", "bold red"), without_secrets(message))


def show(table: Table) -> None:
    """Print a table as wide as its widest row, so that each row is one line, for `grep` too."""
    needed = plain(width=MAX_WIDTH).measure(table).maximum
    plain(width=max(200, needed)).print(table)
