"""The log line of a request: one per request, with the names of variables and never their values."""

import logging
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

logger = logging.getLogger("portico.operation")

MAX_NAMES = 20
LOGGED_FIELDS = (
    "request_id",
    "trace_id",
    "span_id",
    "parent_span_id",
    "client",
    "acting_party",
    "user_agent",
    "document",
    "operation",
    "kind",
    "way",
    "replica",
    "shard",
    "cost",
    "deprecated",
    "variables",
    "cause",
    "reason",
    "claim",
)


class LogRateLimit:
    """Limits log lines to `lines` per second, and counts those that were left out."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._second = 0
        self._written = 0
        self._left_out = 0

    def take(self, now: float) -> int | None:
        """Return how many lines were left out before this one; None if this line must be left out too."""
        if int(now) != self._second:
            self._second, self._written = int(now), 0
        if self._written >= self._lines:
            self._left_out += 1
            return None
        self._written += 1
        left_out, self._left_out = self._left_out, 0
        return left_out


# Operations are always logged. Requests that were refused before they became an operation are limited.
refusals = LogRateLimit(100)


@dataclass(slots=True)
class RequestLogEntry:
    """The log line of a running request. Phases are in seconds here, and in milliseconds in the log."""

    request_id: str
    # The caller's trace and span (header traceparent); empty without one.
    trace_id: str = ""
    parent_span_id: str = ""
    # The span of this request, where traces are sent.
    span_id: str = ""
    client: str = ""
    # Who acts on behalf of the customer: from a portal link, or from the `act` claim of another issuer.
    acting_party: str = ""
    user_agent: str = ""
    document: str = ""
    operation: str | None = None
    kind: str = ""
    way: str = ""
    # The replica that answered, from 1; None for the primary.
    replica: int | None = None
    # The group of shards that answered, on its worker; None for the coordinator, and where the database is not distributed.
    shard: int | None = None
    cost: int | None = None
    deprecated: bool = False
    # Whether the document is published, so that its operation is not a name of the caller's choice.
    is_stored: bool = False
    # Whether it is an operation of a WebSocket.
    is_by_socket: bool = False
    # Whether the request has files.
    is_upload: bool = False
    # How many mutations were answered with what is stored under their idempotency key.
    replays: int = 0
    cause: str = ""
    # Why the caller was refused (`auth/reasons.py`, `auth/permissions.py`), and the claim of the token concerned.
    reason: str = ""
    claim: str = ""
    variables: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    # The name, beginning and end of each phase by perf_counter, for a request whose trace is sampled.
    periods: list[tuple[str, float, float]] | None = None
    started: float = field(default_factory=perf_counter)
    _phase_started: float = field(default_factory=perf_counter)

    def end_phase(self, phase: str) -> None:
        """End a phase, and begin the next. The times of a phase that occurs several times, such as waiting, are added up."""
        now = perf_counter()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self._phase_started
        if self.periods is not None:
            self.periods.append((phase, self._phase_started, now))
        self._phase_started = now

    def timings(self, statements: int) -> str:
        """Return the header Server-Timing (https://www.w3.org/TR/server-timing/): the phases so far in milliseconds, of which the last is named by the way of execution."""
        names = {"run": f'{self.way};desc="{statements} statements"'}
        return ", ".join(f"{names.get(phase, phase)};dur={seconds * 1000:.2f}" for phase, seconds in self.phases.items())

    @property
    def seconds(self) -> float:
        """Return the seconds from the arrival to the last phase that has ended."""
        return self._phase_started - self.started

    def note_variables(self, variables: dict[str, Any]) -> None:
        self.variables = [name[:64] for name in list(variables)[:MAX_NAMES]]

    def write(self, code: str, status: int, statements: int) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        left_out = 0 if self.document else refusals.take(self._phase_started)
        if left_out is None:
            return
        line = {name: value for name in LOGGED_FIELDS if (value := getattr(self, name))}
        line["phases"] = {phase: round(seconds * 1000, 2) for phase, seconds in self.phases.items()}
        line |= {"statements": statements, "code": code, "status": status, "milliseconds": round(self.seconds * 1000, 2)}
        logger.info("operation", extra=line | {"left_out": left_out} if left_out else line)
