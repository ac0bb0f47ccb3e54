"""Traces, if PORTICO_OTEL is set. Otherwise OpenTelemetry is not imported, and need not be installed."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.http.graphql.state import AppState
from gateway.wiring.configuration.settings import Settings, WrongSetting
from jobs.passes import Duties

if TYPE_CHECKING:
    from gateway.monitoring.tracing import Tracing

MISSING = "PORTICO_OTEL: needs OpenTelemetry, which is not installed. Install it with `.venv/bin/pip install --group otel`."


def tracing_of(settings: Settings, database_url: str) -> "Tracing | None":
    """Return the sender of spans; None without the setting. Raises WrongSetting where OpenTelemetry is not installed."""
    if not settings.otel:
        return None
    try:
        from gateway.monitoring.tracing import Tracing
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise WrongSetting(MISSING) from None
    return Tracing(urlsplit(database_url).path.strip("/"))


def traced(app: AppState, tracing: "Tracing | None") -> AppState:
    """Return the state of the application, whose requests, statements, and calls of processors and the bucket have spans, if there is a sender of spans."""
    if tracing is None:
        return app
    app.database.trace = tracing.statement
    processors = {name: tracing.around_processor(processor) for name, processor in app.payments.processors.items()}
    files = replace(app.files, bucket=tracing.around_bucket(app.files.bucket))
    return replace(app, payments=replace(app.payments, processors=processors), files=files, tracer=tracing.begin)


def traced_duties(duties: Duties, tracing: "Tracing") -> Duties:
    """Return the duties of a worker, whose jobs, and calls of processors and the bucket, have spans."""
    processors = {name: tracing.around_processor(processor) for name, processor in duties.billing.processors.items()}
    return replace(duties, billing=replace(duties.billing, processors=processors), bucket=tracing.around_bucket(duties.bucket), trace=tracing.job)


def tracing_tasks(tracing: "Tracing | None") -> tuple[Coroutine[Any, Any, None], ...]:
    """Return what a server runs for its traces: it waits until it is cancelled, and then sends the spans that are left."""
    return (_run(tracing),) if tracing else ()


async def _run(tracing: "Tracing") -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await tracing.close()
