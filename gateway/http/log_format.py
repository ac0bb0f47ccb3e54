"""The log: what every part says through `logging`, written by structlog. One line each; JSON where a machine reads them, and never a secret."""

import logging
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor

SECRET_NAMES = re.compile(r"authorization|cookie|password|secret|token$", re.IGNORECASE)
# A JSON Web Token, what follows Bearer or Basic, a password in a URL, a value that is named so in a URL or in a keyword, and what may be the number of a card.
SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|(?<=bearer )\S+|(?<=basic )\S+|(?<=://)[^\s/:@]*:\S+(?=@)"
    r"|(?<=password=)[^\s&,)]+|(?<=secret=)[^\s&,)]+|(?<=token=)[^\s&,)]+|(?<=signature=)[^\s&,)]+|(?<=password': ')[^']+|(?<=password\": \")[^\"]+"
    r"|(?<![\w-])(?<!\d\.)(?:\d[ -]?){12,18}\d(?![\w-])(?!\.\d)",
    re.IGNORECASE,
)
HIDDEN = "[hidden]"
# No secret that is known by its looks is this short. A shorter one of the settings may be a word of its own, such as the name of a database.
SHORTEST = 8
NOTHING = re.compile(r"(?!)")
# The secrets of this process's settings, which are hidden wherever they are whole words.
_known = NOTHING


def hide(secrets: Iterable[str]) -> None:
    """From now on, in every line of this process. In place of those before."""
    global _known
    escaped = [re.escape(secret) for secret in sorted(secrets, key=len, reverse=True) if len(secret) >= SHORTEST]
    _known = re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)") if escaped else NOTHING


def configure(*, as_json: bool, level: str, stream: TextIO | None = None) -> None:
    """Once, at the start of a process. Lines go to standard output where no other stream is named."""
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
    # Nobody reads these, and each record would pay for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # What these say of every request is our own line already; of bytes that are no HTTP, uvicorn warns each time.
    for name, least in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("uvicorn.error", logging.ERROR), ("databases", logging.WARNING)):
        logging.getLogger(name).setLevel(max(least, logging.getLevelNamesMapping()[level]))


def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Whatever was said, with secrets taken out. What begins with _ is structlog's own and is not written."""
    return {name: value if name.startswith("_") else HIDDEN if value and _is_secret(name) else hidden(value) for name, value in line.items()}


def hidden(value: Any) -> Any:
    """The value with secrets taken out; what a renderer would write as text is text from here on."""
    if isinstance(value, str):
        return _known.sub(HIDDEN, SECRETS.sub(_replacement, value)) if len(value) >= SHORTEST else value
    if isinstance(value, dict):
        return redact(None, "", {hidden(str(name)): item for name, item in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else hidden(str(value))


def without_known(text: str) -> str:
    """Text for a terminal: only the secrets of the settings are taken out."""
    return _known.sub(HIDDEN, text)


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
