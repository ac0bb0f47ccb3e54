"""The format of the log: records of `logging`, rendered by structlog in one line each, as JSON or for a terminal, with secrets removed."""

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TextIO

import orjson


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Within the context, a module that is not imported yet cannot be imported."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # an import of it is then an ImportError
    try:
        yield
    finally:
        del sys.modules[name]


# structlog imports what is installed for tracebacks and for threads that are not used here: rich takes long to import, greenlet a megabyte.
with _absent("rich"), _absent("greenlet"):
    import structlog
    from structlog.types import EventDict, Processor

SECRET_NAMES = re.compile(r"authorization|cookie|password|secret|token$", re.IGNORECASE)
# A JSON Web Token, the text after Bearer or Basic, a password in a URL, the value of a secret parameter in a URL or keyword argument, and a possible card number.
SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|(?<=bearer )\S+|(?<=basic )\S+|(?<=://)[^\s/:@]*:\S+(?=@)"
    r"|(?<=password=)[^\s&,)]+|(?<=secret=)[^\s&,)]+|(?<=token=)[^\s&,)]+|(?<=signature=)[^\s&,)]+|(?<=password': ')[^']+|(?<=password\": \")[^\"]+"
    r"|(?<![\w-])(?<!\d\.)(?:\d[ -]?){12,18}\d(?![\w-])(?!\.\d)",
    re.IGNORECASE,
)
HIDDEN = "[hidden]"
# A text shorter than this matches none of the patterns. A shorter secret of the settings may be an ordinary word, such as the name of a database.
MIN_SECRET_LENGTH = 8
NO_MATCH = re.compile(r"(?!)")
# Matches the secrets of this process's settings where they are whole words.
_secrets_pattern = NO_MATCH


def hide(secrets: Iterable[str]) -> None:
    """Hide these secrets in every later line of this process. They replace those of an earlier call."""
    global _secrets_pattern
    escaped = [re.escape(secret) for secret in sorted(secrets, key=len, reverse=True) if len(secret) >= MIN_SECRET_LENGTH]
    _secrets_pattern = re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)") if escaped else NO_MATCH


def configure(*, as_json: bool, level: str, stream: TextIO | None = None) -> None:
    """Configure logging, once at the start of a process. The default stream is standard output."""
    stream = stream or sys.stdout
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(_dumped)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer])
    )
    # Not collected, because they are not logged and take time for each record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # These loggers write a line for every request, which the request log has already; uvicorn also warns of every invalid HTTP request.
    for name, minimum in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("uvicorn.error", logging.ERROR), ("databases", logging.WARNING)):
        logging.getLogger(name).setLevel(max(minimum, logging.getLevelNamesMapping()[level]))


def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Return the event with secrets removed. Keys that begin with _ are structlog's own and are not written."""
    return {name: value if name.startswith("_") else HIDDEN if value and _is_secret(name) else hidden(value) for name, value in line.items()}


def hidden(value: Any) -> Any:
    """Return the value with secrets removed. A value of another type than JSON's becomes the text that a renderer would write."""
    if isinstance(value, str):
        return _secrets_pattern.sub(HIDDEN, SECRETS.sub(_replacement, value)) if len(value) >= MIN_SECRET_LENGTH else value
    if isinstance(value, dict):
        return redact(None, "", {hidden(str(name)): item for name, item in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else hidden(str(value))


def without_secrets(text: str) -> str:
    """Return text for a terminal with the secrets of the settings removed, but not those found by pattern."""
    return _secrets_pattern.sub(HIDDEN, text)


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def _replacement(match: re.Match[str]) -> str:
    """Return the replacement of a match. Digits are a card number only with a valid check digit; others are amounts and times."""
    text = match[0]
    digits = [int(character) for character in text if character.isdecimal()]
    return text if not text.strip("0123456789 -") and not _has_check_digit(digits) else HIDDEN


def _has_check_digit(digits: list[int]) -> bool:
    """Whether the last digit is the check digit by Luhn's formula (ISO/IEC 7812-1)."""
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _dumped(line: Any, **_: Any) -> str:
    return orjson.dumps(line, default=str).decode()
