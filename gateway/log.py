"""The log: what every part says through `logging`, written by structlog. One line each; JSON where a machine reads them, and never a secret."""

import logging
import re
import sys
from functools import lru_cache
from typing import Any

import orjson
import structlog
from structlog.types import EventDict, Processor

SECRET_NAMES = re.compile(r"authorization|cookie|password|secret|token$", re.IGNORECASE)
# A JSON Web Token, what follows Bearer or Basic, a password in a URL, and what may be the number of a card.
SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|(?<=bearer )\S+|(?<=basic )\S+|(?<=://)[^\s/:@]*:[^\s@]+(?=@)|(?<![\w-])(?<!\d\.)(?:\d[ -]?){12,18}\d(?![\w-])(?!\.\d)",
    re.IGNORECASE,
)
HIDDEN = "[hidden]"
# No secret that is known by its looks is this short.
SHORTEST = 8


def configure(*, as_json: bool, level: str) -> None:
    """Once, at the start of a process that serves."""
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
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer])
    )
    # Nobody reads these, and each record would pay for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # What these say of every request is our own line already; of bytes that are no HTTP, uvicorn warns each time.
    for name, least in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("uvicorn.error", logging.ERROR), ("databases", logging.WARNING)):
        logging.getLogger(name).setLevel(max(least, logging.getLevelNamesMapping()[level]))


def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Whatever was said, with secrets taken out."""
    return {name: HIDDEN if value and _is_secret(name) else hidden(value) for name, value in line.items()}


def hidden(value: Any) -> Any:
    if isinstance(value, str):
        return SECRETS.sub(_replacement, value) if len(value) > SHORTEST else value
    if isinstance(value, dict):
        return redact(None, "", value)
    return [hidden(item) for item in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def _replacement(match: re.Match[str]) -> str:
    """Digits are a card's number only if they have its check digit; others are amounts and times."""
    text = match[0]
    digits = [int(character) for character in text if character.isdecimal()]
    return text if not text.strip("0123456789 -") and not _has_check_digit(digits) else HIDDEN


def _has_check_digit(digits: list[int]) -> bool:
    """Luhn's formula (ISO/IEC 7812-1)."""
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _dumped(line: Any, **_: Any) -> str:
    return orjson.dumps(line, default=str).decode()
