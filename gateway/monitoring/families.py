"""The names, kinds and labels of all metrics. docs/operations.md has the same table, which a test compares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gateway.http.histogram import Histogram

Kind = Literal["counter", "gauge", "histogram", "summary"]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """A metric: its name without the suffixes that the text format adds, its help, and the names of its labels."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


class MetricTotal(NamedTuple):
    """The number of observations and their sum, of a metric of the kind `summary`."""

    observations: int
    total: float


class Reading(NamedTuple):
    """The value of one series: the name of its family, and the values of its labels in their order."""

    name: str
    labels: tuple[str, ...]
    value: float | MetricTotal | Histogram


Readings = Iterator[Reading]
OPERATION = ("kind", "operation", "way")

FAMILIES = (
    # Requests and operations.
    MetricFamily("portico_http_requests_total", "counter", "Responses by HTTP, by the first segment of the path and the status.", ("route", "status")),
    MetricFamily("portico_http_requests_running", "gauge", "Requests by HTTP beside /graphql that are being answered."),
    MetricFamily("portico_operations_total", "counter", "Requests to /graphql and operations by WebSocket, by the code of their answer.", (*OPERATION, "code")),
    MetricFamily(
        "portico_operation_seconds", "histogram", "Seconds from the arrival of an operation to its end; of a live operation to its first message.", OPERATION
    ),
    MetricFamily("portico_operation_statements_total", "counter", "Statements of SQL that operations ran.", OPERATION),
    MetricFamily("portico_operation_cost_total", "counter", "Cost of operations.", OPERATION),
    MetricFamily("portico_operation_phase_seconds", "histogram", "Seconds of each phase of an operation: read, wait, prepare, run, send.", ("phase",)),
    MetricFamily("portico_documents_total", "counter", "Operations by the source of their document: published or text.", ("source",)),
    MetricFamily("portico_documents_cached", "gauge", "Documents in the cache of parsed documents, by their source.", ("source",)),
    MetricFamily("portico_documents_loaded", "gauge", "1 once the registry of published documents has been loaded."),
    MetricFamily(
        "portico_planner_fallbacks_total",
        "counter",
        "Queries, and fields of payloads, that the executor read because they have no plan, by the reason.",
        ("reason",),
    ),
    MetricFamily("portico_idempotent_replays_total", "counter", "Mutations that were answered with what is stored under their idempotency key."),
    MetricFamily("portico_metrics_overflow_total", "counter", "Operations that were counted as `other` because the limit of series is reached."),
    # Capacity.
    MetricFamily("portico_admission_running", "gauge", "Places that are taken: of operations, their cost, uploads, messages of streams.", ("places",)),
    MetricFamily("portico_admission_queued", "gauge", "Operations that wait for a place.", ("places",)),
    MetricFamily("portico_admission_refused_total", "counter", "Operations that were refused because no place was free.", ("places",)),
    MetricFamily("portico_pool_connections_max", "gauge", "Connections that the pool may have."),
    MetricFamily("portico_pool_connections", "gauge", "Connections of the pool that are open."),
    MetricFamily("portico_pool_connections_idle", "gauge", "Open connections of the pool that are not in use."),
    MetricFamily("portico_pool_waiting", "gauge", "Units of work that wait for a connection."),
    MetricFamily("portico_pool_wait_seconds", "summary", "Seconds for which units of work waited for a connection, of those that waited."),
    MetricFamily("portico_pool_exhausted_seconds", "gauge", "Seconds since a connection was last free or passed on; 0 while one is free."),
    MetricFamily(
        "portico_throttled_total",
        "counter",
        "Refused attempts, by what limited them: `budget`, `streams`, or the kind of attempt, such as `sign_in`.",
        ("limit",),
    ),
    MetricFamily("portico_event_loop_lag_seconds", "histogram", "Seconds by which a timer of the event loop was late."),
    # Files and streams.
    MetricFamily("portico_upload_requests_total", "counter", "Requests with files, by the code of their answer.", ("code",)),
    MetricFamily("portico_upload_bytes_total", "counter", "Bytes of requests with files."),
    MetricFamily("portico_streams", "gauge", "Live operations that are open."),
    MetricFamily("portico_streams_opened_total", "counter", "Live operations that were opened."),
    MetricFamily("portico_streams_ended_total", "counter", "Live operations that have ended, by the reason.", ("reason",)),
    MetricFamily("portico_stream_messages_total", "counter", "Messages of live operations; equal streams share one."),
    MetricFamily("portico_event_lag_seconds", "histogram", "Seconds from a change to the message about it for live operations."),
    # Payment processors.
    MetricFamily(
        "portico_processor_call_seconds",
        "histogram",
        "Seconds of calls to payment processors, by their result: ok, a status of a charge, refused, unavailable, unknown or error.",
        ("processor", "call", "result"),
    ),
    # What waits in the database, from the worker.
    MetricFamily("portico_database_up", "gauge", "1 if the database answered the worker's last query of what waits, else 0."),
    MetricFamily("portico_events_waiting", "gauge", "Events that are not announced yet."),
    MetricFamily("portico_events_waiting_seconds", "gauge", "Age of the oldest event that is not announced yet."),
    MetricFamily("portico_webhook_deliveries_waiting", "gauge", "Deliveries to enabled endpoints that have not ended."),
    MetricFamily("portico_webhook_deliveries_waiting_seconds", "gauge", "Age of the oldest delivery to an enabled endpoint that has not ended."),
    MetricFamily("portico_webhook_endpoints_disabled", "gauge", "Endpoints that were disabled because they failed or answered 410."),
    MetricFamily("portico_webhook_attempts_total", "counter", "Attempts to deliver events by this worker: delivered, failed, or not recorded.", ("result",)),
    MetricFamily("portico_letters_waiting", "gauge", "Letters that are not sent yet."),
    MetricFamily("portico_letters_waiting_seconds", "gauge", "Age of the oldest letter that is not sent yet."),
    MetricFamily("portico_charges_unknown", "gauge", "Charges and refunds without an outcome a quarter of an hour after they were sent."),
    MetricFamily("portico_job_passes_total", "counter", "Passes of jobs by this worker, by their outcome.", ("job_name", "outcome")),
    MetricFamily("portico_job_pass_seconds", "gauge", "Seconds of the last pass of a job that has ended, of all workers.", ("job_name",)),
    MetricFamily("portico_job_age_seconds", "gauge", "Seconds since the last successful pass of a job, of all workers.", ("job_name",)),
    MetricFamily("portico_job_lag_seconds", "gauge", "Seconds for which a pass of a job has been due and has not begun.", ("job_name",)),
    # The process.
    MetricFamily(
        "portico_build_info",
        "gauge",
        "1, with the version, the newest revision it knows, Python, and server or worker.",
        ("version", "revision", "python", "process"),
    ),
)
BY_NAME = {family.name: family for family in FAMILIES}
