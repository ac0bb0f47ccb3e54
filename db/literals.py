"""Values as Postgres takes them: what its text cannot hold, and literals where a statement takes no parameters."""

from typing import Any


def storable(value: Any) -> Any:
    """Postgres' text cannot hold NUL, so a text with one equals nothing there. It is looked for with a character that nobody types."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [storable(item) for item in value] if isinstance(value, list | tuple) else value


def literal(text: str) -> str:
    """A SQL string literal; SET takes no parameters."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
