"""What is counted of each request to `/graphql`, from its entry in the log: in plain numbers, because this runs for every request."""

from collections import Counter

from gateway.http.histogram import Histogram
from gateway.http.request_log import RequestLogEntry
from gateway.http.responses import Answer
from gateway.monitoring.families import Reading, Readings

# The upper bounds of the durations of operations and of their phases, in seconds.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
PHASE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# How many combinations of kind, operation and way are counted apart. Each has about twenty series.
MAX_COMBINATIONS = 500
# The name of operations whose document is not published, and of those beyond the limit.
OTHER = "other"
GRAPHQL = "/graphql"
# The labels of requests that were refused before they became an operation.
NONE = "none"
LIVE = "subscription"


class OperationCounts:
    """The numbers of the operations of one kind, name and way. `codes` has how many ended with each code."""

    __slots__ = ("codes", "cost", "seconds", "statements")

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.seconds = Histogram(SECONDS)
        self.statements = 0
        self.cost = 0


class OperationMetrics:
    """`observe` counts one request; it is called after its response was sent."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], OperationCounts] = {}
        self._phases: dict[str, Histogram] = {}
        self._uploads = Counter[str]()
        self._statuses: dict[int, int] = {}
        self._published = self._texts = self._replays = self._overflow = 0

    def observe(self, entry: RequestLogEntry, answer: Answer, statements: int) -> None:
        code = answer.code
        if not entry.is_by_socket:
            self._statuses[answer.status_code] = self._statuses.get(answer.status_code, 0) + 1
        name = (entry.operation or OTHER) if entry.is_stored else OTHER
        counts = self._counts.get((entry.kind, name, entry.way)) or self._added(entry.kind, name, entry.way)
        counts.codes[code] = counts.codes.get(code, 0) + 1
        counts.statements += statements
        counts.cost += entry.cost or 0
        # The last phase of a live operation, in which its messages are sent, is as long as its client listens.
        is_live = entry.kind == LIVE
        counts.seconds.observe(entry.seconds - entry.phases["send"] if is_live else entry.seconds)
        for phase, seconds in entry.phases.items():
            if not (is_live and phase == "send"):
                (self._phases.get(phase) or self._phases.setdefault(phase, Histogram(PHASE_SECONDS))).observe(seconds)
        if entry.kind:
            self._published += entry.is_stored
            self._texts += not entry.is_stored
        if entry.is_upload:
            self._uploads[code] += 1
        self._replays += entry.replays

    def _added(self, kind: str, name: str, way: str) -> OperationCounts:
        """Return new numbers. Beyond the limit they are those of `other`, whose combinations are few."""
        if len(self._counts) >= MAX_COMBINATIONS and name != OTHER:
            self._overflow += 1
            name = OTHER
        return self._counts.setdefault((kind, name, way), OperationCounts())

    def readings(self) -> Readings:
        for (kind, name, way), counts in list(self._counts.items()):
            labels = (kind or NONE, name if kind else NONE, way or NONE)
            for code, count in list(counts.codes.items()):
                yield Reading("portico_operations_total", (*labels, code), count)
            yield Reading("portico_operation_seconds", labels, counts.seconds)
            yield Reading("portico_operation_statements_total", labels, counts.statements)
            yield Reading("portico_operation_cost_total", labels, counts.cost)
        for phase, seconds in list(self._phases.items()):
            yield Reading("portico_operation_phase_seconds", (phase,), seconds)
        for status, count in list(self._statuses.items()):
            yield Reading("portico_http_requests_total", (GRAPHQL, str(status)), count)
        for code, count in list(self._uploads.items()):
            yield Reading("portico_upload_requests_total", (code,), count)
        yield Reading("portico_documents_total", ("published",), self._published)
        yield Reading("portico_documents_total", ("text",), self._texts)
        yield Reading("portico_idempotent_replays_total", (), self._replays)
        yield Reading("portico_metrics_overflow_total", (), self._overflow)
