"""What the log keeps of a request: one line, with the names of variables and never their values."""

import logging
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

logger = logging.getLogger("portico.operation")

MAX_NAMES = 20
LOGGED_FIELDS = (
    "request_id",
    "client",
    "acting_party",
    "user_agent",
    "document",
    "operation",
    "kind",
    "way",
    "cost",
    "deprecated",
    "variables",
    "cause",
    "reason",
    "claim",
)


class LogRateLimit:
    """So many lines a second, and how many were left out since the last one."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._second = 0
        self._written = 0
        self._left_out = 0

    def take(self, now: float) -> int | None:
        """How many lines were left out before this one; None if this one is left out too."""
        if int(now) != self._second:
            self._second, self._written = int(now), 0
        if self._written >= self._lines:
            self._left_out += 1
            return None
        self._written += 1
        found, self._left_out = self._left_out, 0
        return found


# Operations are always written. What never became one may come in any number.
refusals = LogRateLimit(100)


@dataclass(slots=True)
class RequestLogEntry:
    """The line while the request runs. Phases are in seconds here, and milliseconds in the log."""

    request_id: str
    client: str = ""
    # Who acts in the customer's name beside the customer: by a portal link, or by another issuer's `act`.
    acting_party: str = ""
    user_agent: str = ""
    document: str = ""
    operation: str | None = None
    kind: str = ""
    way: str = ""
    cost: int | None = None
    deprecated: bool = False
    cause: str = ""
    # Why the caller was refused (`auth/reasons.py`, `auth/permissions.py`), and the claim of the token that it is about.
    reason: str = ""
    claim: str = ""
    variables: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=perf_counter)
    _mark: float = field(default_factory=perf_counter)

    def ends(self, phase: str) -> None:
        """A phase ends, and the next begins. What ends in several parts, such as waiting, is their sum."""
        now = perf_counter()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self._mark
        self._mark = now

    def names(self, variables: dict[str, Any]) -> None:
        self.variables = [name[:64] for name in list(variables)[:MAX_NAMES]]

    def write(self, code: str, status: int, statements: int) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        left_out = 0 if self.document else refusals.take(self._mark)
        if left_out is None:
            return
        line = {name: value for name in LOGGED_FIELDS if (value := getattr(self, name))}
        line["phases"] = {phase: round(seconds * 1000, 2) for phase, seconds in self.phases.items()}
        line |= {"statements": statements, "code": code, "status": status, "milliseconds": round((self._mark - self.began) * 1000, 2)}
        logger.info("operation", extra=line | {"left_out": left_out} if left_out else line)
