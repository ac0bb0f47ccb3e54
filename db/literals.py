"""Values for Postgres: parameters without characters that its text cannot hold, and literals for statements that take no parameters."""

from typing import Any


def encode_param(value: Any) -> Any:
    """Return a parameter with NUL replaced by U+FFFD. Postgres' text cannot hold NUL, so no stored text equals a text with one."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [encode_param(item) for item in value] if isinstance(value, list | tuple) else value


def literal(value: str | int | None) -> str:
    """Return the SQL literal of a text, a whole number or null, for statements that take no parameters, such as SET."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(int(value))
    text = value
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
