"""Values as Postgres takes them: what its text cannot hold, and literals where a statement takes no parameters."""

from typing import Any


def encode_param(value: Any) -> Any:
    """Postgres' text cannot hold NUL, so a text with one equals nothing there. It is looked for with a character that nobody types."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [encode_param(item) for item in value] if isinstance(value, list | tuple) else value


def literal(value: str | int) -> str:
    """A SQL literal of a text or a whole number; SET takes no parameters."""
    if isinstance(value, int):
        return str(int(value))
    text = value
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
