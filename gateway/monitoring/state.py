"""The state of a process as it is at a scrape: places, connections, streams, limits, documents, and what the process is."""

import platform
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

from db.deployment.revisions import revisions
from db.pool import Database
from gateway.http.capacity.admission import Admission
from gateway.http.graphql.state import AppState
from gateway.monitoring.families import MetricTotal, Reading, Readings

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@cache
def version() -> str:
    return str(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"])


def build(process: Literal["server", "worker"]) -> Callable[[], Readings]:
    """Return the source of what the process is."""
    labels = (version(), revisions()[0], platform.python_version(), process)

    def readings() -> Readings:
        yield Reading("portico_build_info", labels, 1)

    return readings


def pool(database: Database) -> Callable[[], Readings]:
    def readings() -> Readings:
        usage = database.usage
        yield Reading("portico_pool_connections_max", (), usage.maximum)
        yield Reading("portico_pool_connections", (), usage.opened)
        yield Reading("portico_pool_connections_idle", (), usage.idle)
        yield Reading("portico_pool_waiting", (), usage.waiting)
        yield Reading("portico_pool_wait_seconds", (), MetricTotal(usage.waits, usage.waited_seconds))
        yield Reading("portico_pool_exhausted_seconds", (), database.seconds_without_place)

    return readings


def app(state: AppState) -> Callable[[], Readings]:
    """Return the source of what a server has beside its connections."""
    places = {"operations": state.admission, "cost": state.running_costs, "uploads": state.uploads, "streams": state.hub.places}

    def readings() -> Readings:
        for name, admission in places.items():
            yield from _places(name, admission)
        yield from _streams(state)
        yield from _documents(state)
        yield Reading("portico_throttled_total", ("budget",), state.budgets.refused)
        for kind, count in list(state.identity.throttle.refused.items()):
            yield Reading("portico_throttled_total", (kind.lower(),), count)
        yield Reading("portico_upload_bytes_total", (), state.flow.received_bytes)

    return readings


def _places(name: str, admission: Admission) -> Readings:
    yield Reading("portico_admission_running", (name,), admission.taken)
    yield Reading("portico_admission_queued", (name,), admission.queued)
    yield Reading("portico_admission_refused_total", (name,), admission.refused)


def _streams(state: AppState) -> Readings:
    hub = state.hub
    yield Reading("portico_throttled_total", ("streams",), hub.refused)
    yield Reading("portico_streams", (), hub.count)
    yield Reading("portico_streams_opened_total", (), hub.opened)
    for reason, count in list(hub.ended.items()):
        yield Reading("portico_streams_ended_total", (reason,), count)
    yield Reading("portico_stream_messages_total", (), hub.messages)
    yield Reading("portico_event_lag_seconds", (), hub.lag)


def _documents(state: AppState) -> Readings:
    yield Reading("portico_documents_cached", ("published",), state.trusted_documents.size)
    yield Reading("portico_documents_cached", ("text",), state.documents.size)
    for reason, count in list(state.documents.fallbacks.items()):
        yield Reading("portico_planner_fallbacks_total", (reason,), count)
    yield Reading("portico_documents_loaded", (), int(state.persisted_documents.registry.loaded.is_set()))
