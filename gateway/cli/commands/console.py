"""What commands say. Text is printed as it is: an error, a name or a statement may hold `[/red]`, which rich would take for markup."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.http.log_format import without_secrets


def plain(*, is_error: bool = False, width: int | None = None) -> Console:
    """A console that reads no markup, no emoji codes and no highlighting out of what it prints. What is to be bold is a `Text`."""
    return Console(stderr=is_error, soft_wrap=True, markup=False, emoji=False, highlight=False, width=width)


def bold(text: str, style: str = "bold") -> Text:
    return Text(text, style)


console = plain()
MAX_WIDTH = 5000


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 document`, `2 documents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say_error(message: str) -> None:
    """Print one line to standard error, without the secrets of the settings."""
    plain(is_error=True).print(bold("Error:", "bold red"), without_secrets(message))


def show(table: Table) -> None:
    """A table for people and for `grep`: as wide as its widest row, so that rows stay lines and nothing is cut off."""
    needed = plain(width=MAX_WIDTH).measure(table).maximum
    plain(width=max(200, needed)).print(table)
