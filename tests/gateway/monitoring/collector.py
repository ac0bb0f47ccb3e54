"""A receiver of traces over OTLP, by HTTP."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import until

SERVER, CLIENT = 2, 3


@dataclass
class Collector:
    """An OTLP receiver: it parses what is sent with the protocol's own messages."""

    port: int = 0
    spans: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def receive(self, path: str, body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.paths.add(path)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(_pairs(resource.resource.attributes))
            for scope in resource.scope_spans:
                self.spans += [_span(span) for span in scope.spans]

    def of(self, trace_id: str) -> list[dict[str, Any]]:
        return [span for span in list(self.spans) if span["trace_id"] == trace_id]

    async def server_span(self, trace_id: str) -> dict[str, Any]:
        """Return the SERVER span of a trace, once it has arrived; it is the last one to end."""

        async def arrived() -> bool:
            return any(span["kind"] == SERVER for span in self.of(trace_id))

        await until(arrived)
        (span,) = [span for span in self.of(trace_id) if span["kind"] == SERVER]
        return span

    def children(self, span: dict[str, Any]) -> list[dict[str, Any]]:
        return [other for other in self.of(span["trace_id"]) if other["parent_id"] == span["span_id"]]


def _pairs(attributes: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


def _span(span: Any) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_id": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "attributes": _pairs(span.attributes),
        "events": len(span.events),
        "is_error": span.status.code == 2,
        "status_text": span.status.message,
        "began": span.start_time_unix_nano,
        "ended": span.end_time_unix_nano,
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.receive(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        gc.collect()
