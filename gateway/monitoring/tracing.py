"""Traces by OpenTelemetry, sent over OTLP: one span for each request to `/graphql`, and below it one for each phase, statement, and call of a processor or the bucket.
A worker sends one for each pass of a job, and below it those of processors and the bucket; its statements are too many.

Endpoint, headers, sampler and limits are set by OpenTelemetry's own environment variables. This module is imported only where traces are sent. Names are those of the
semantic conventions for GraphQL, HTTP and databases (https://opentelemetry.io/docs/specs/semconv/).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter_ns, time_ns
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from db.observing.statements import UNTRACED
from gateway.http.graphql.state import RequestState, RequestTrace
from gateway.http.request_log import RequestLogEntry
from gateway.http.responses import Answer
from gateway.monitoring.calls import PROCESSOR_CALLS, observed
from gateway.monitoring.state import version
from payments.processor import Processor
from storage.bucket import Bucket

SERVICE = "portico"
# How long the spans that were not sent yet may take at the end of the process.
SHUTDOWN_SECONDS = 3.0
BUCKET_CALLS = ("put", "delete", "address", "presigned_post")
# Phases that are spans. What runs in the phase `run` has spans of its own.
PHASES = ("read", "wait", "prepare", "send")
PROPAGATED = ("traceparent", "tracestate")
PROPAGATOR = TraceContextTextMapPropagator()
NO_PARENT = Context()
LIVE = "subscription"


class Tracing:
    """The sender of a process's spans. `database` is the name of the database, for their attributes."""

    def __init__(self, database: str) -> None:
        names = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": SERVICE}
        self._ids = ChosenIds()
        self._provider = TracerProvider(resource=Resource.create({**names, "service.version": version()}), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(SERVICE, version())
        self._statement = {"db.system.name": "postgresql", "db.namespace": database}

    def begin(self, state: RequestState) -> RequestTrace:
        """Begin the span of a request, as a child of the caller's, and write the ids of trace and span into its log entry.

        The sampler is called before the span is made: making one that is not sampled takes five times as long.
        """
        entry, headers = state.log_entry, state.request.headers
        parent = PROPAGATOR.extract({name: value for name in PROPAGATED if (value := headers.get(name))}) if entry.trace_id else NO_PARENT
        trace_id = int(entry.trace_id, 16) if entry.trace_id else self._ids.generate_trace_id()
        entry.trace_id = entry.trace_id or f"{trace_id:032x}"
        if self._provider.sampler.should_sample(parent, trace_id, "graphql", SpanKind.SERVER).decision is Decision.DROP:
            return NOT_SAMPLED
        if parent is NO_PARENT:  # otherwise the span has the caller's trace, and the next trace would get this id
            self._ids.chosen = trace_id
        # What has to be added to perf_counter, in nanoseconds, to give the time of spans.
        epoch = time_ns() - perf_counter_ns()
        span = self._tracer.start_span("graphql", parent, SpanKind.SERVER, start_time=int(entry.started * 1e9) + epoch)
        entry.span_id = f"{span.get_span_context().span_id:016x}"
        entry.periods = []
        return RequestSpan(self._tracer, span, state.request.method, epoch)

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """Return the context of a statement: its span, below a request that is sampled. The text is left out, because that of a page is long."""
        if not get_current_span().is_recording():
            return UNTRACED
        operation = sql.lstrip("( \n").partition(" ")[0].rstrip(";").upper()
        return child(self._tracer, f"{operation} {self._statement['db.namespace']}", {**self._statement, "db.operation.name": operation})

    def job(self, name: str) -> AbstractContextManager[object]:
        """Return the context of a pass of a job: a trace of its own."""
        return child(self._tracer, f"job {name}", {"portico.job": name}, kind=SpanKind.INTERNAL)

    def around_processor(self, processor: Processor) -> Processor:
        return observed(processor, PROCESSOR_CALLS, self._observer(f"processor.{processor.name}", {"portico.processor": processor.name}))

    def around_bucket(self, bucket: Bucket) -> Bucket:
        return observed(bucket, BUCKET_CALLS, self._observer("bucket", {"portico.bucket": type(bucket).__name__.lower()}))

    def _observer(self, prefix: str, attributes: dict[str, str]) -> Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]:
        async def observe(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
            if not get_current_span().is_recording():
                return await call()
            with child(self._tracer, f"{prefix}.{name}", attributes):
                return await call()

        return observe

    async def close(self) -> None:
        """Send the spans that are left, for a limited time: the thread that sends them waits for nobody longer."""
        await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(self._provider.force_flush, int(SHUTDOWN_SECONDS * 1000)))}, timeout=SHUTDOWN_SECONDS + 1)
        await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(self._provider.shutdown))}, timeout=SHUTDOWN_SECONDS)


class ChosenIds(RandomIdGenerator):
    """Generates random ids. The next trace has the id `chosen`, if there is one."""

    chosen: int | None = None

    def generate_trace_id(self) -> int:
        chosen, self.chosen = self.chosen, None
        return chosen or int(super().generate_trace_id())


class NotSampled:
    """The trace of a request that has no span."""

    def active(self) -> AbstractContextManager[object]:
        return UNTRACED

    def end(self, entry: RequestLogEntry, answer: Answer, statements: int) -> None:
        """Do nothing."""


NOT_SAMPLED = NotSampled()


class RequestSpan:
    """The span of one request, of the kind SERVER."""

    def __init__(self, tracer: Tracer, span: Span, method: str, epoch: int) -> None:
        self._tracer, self._span, self._method, self._epoch = tracer, span, method, epoch

    def active(self) -> AbstractContextManager[object]:
        return use_span(self._span, record_exception=False, set_status_on_exception=False) if self._span.is_recording() else UNTRACED

    def end(self, entry: RequestLogEntry, answer: Answer, statements: int) -> None:
        """End the span, with a child for each phase. The span of a live operation ends with its first message."""
        if not self._span.is_recording():
            return
        is_live = entry.kind == LIVE
        periods = [period for period in entry.periods or () if not (is_live and period[0] == "send")]
        context = set_span_in_context(self._span)
        for phase, began, ended in periods:
            if phase in PHASES:
                self._tracer.start_span(phase, context, start_time=self._time(began)).end(self._time(ended))
        self._span.update_name(entry.kind or "graphql")
        self._span.set_attributes(_attributes(entry, answer, statements) | {"http.request.method": self._method})
        if answer.status_code >= 500 or answer.code == "INTERNAL_SERVER_ERROR":
            self._span.set_attribute("error.type", answer.code)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end(self._time(periods[-1][2]) if periods else None)

    def _time(self, seconds: float) -> int:
        return int(seconds * 1e9) + self._epoch


def _attributes(entry: RequestLogEntry, answer: Answer, statements: int) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.route": "/graphql",
        "url.path": "/graphql",
        "http.response.status_code": answer.status_code,
        "portico.code": answer.code,
        "portico.request_id": entry.request_id,
        "portico.statements": statements,
    }
    optional = {
        "graphql.operation.type": entry.kind,
        "graphql.operation.name": entry.operation,
        "portico.document": entry.document,
        "portico.way": entry.way,
        "portico.cost": entry.cost,
        "portico.client": entry.client,
        "portico.cause": entry.cause,
    }
    return attributes | {name: value for name, value in optional.items() if value}


@contextmanager
def child(tracer: Tracer, name: str, attributes: dict[str, str], *, kind: SpanKind = SpanKind.CLIENT) -> Iterator[Span]:
    """Run within a span below the current one. An exception is its class only: messages may have data of customers."""
    span = tracer.start_span(name, kind=kind, attributes=attributes)
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
