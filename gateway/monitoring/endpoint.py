"""The endpoint `/metrics`, on a port of its own that only the monitoring system should reach."""

import asyncio
import hmac
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.http.serving.server import configured, listen

logger = logging.getLogger("portico.metrics")

# Connections at a time; further ones are answered 503. A monitoring system has one or two.
MAX_CONNECTIONS = 20
# How long a scrape may take that the process still answers at its end.
SHUTDOWN_SECONDS = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class MonitoringServer(uvicorn.Server):
    """A server that runs beside the process's own work and leaves signals to it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class MetricsText(Protocol):
    """The metrics of a process. Its module, which imports prometheus-client, is imported only by processes with a listener."""

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the body and its content type, in the form that the header Accept has."""


@dataclass(slots=True)
class MetricsListener:
    """The socket of the endpoint, and the secret that a scrape must send as a bearer token; without one everybody may read who reaches the port.

    Each of several processes replaces the socket by its own.
    """

    socket: socket.socket
    secret: str | None = field(default=None, repr=False)


def metrics_listener(host: str, port: int | None, secret: str | None) -> MetricsListener | None:
    """Return the bound listener; None without a port. Raises PortInUse."""
    if port is None:
        return None
    return MetricsListener(listen(host, port, "PORTICO_METRICS_PORT", host_setting="PORTICO_METRICS_HOST"), secret)


async def no_refresh() -> None:
    """Do nothing: a process all of whose metrics are in memory has nothing to read before a scrape."""


@asynccontextmanager
async def metrics_endpoint(listener: MetricsListener, metrics: MetricsText, refresh: Callable[[], Awaitable[None]] = no_refresh) -> AsyncIterator[None]:
    """Answer scrapes as long as the context. `refresh` is awaited before each scrape."""
    config = configured(_application(listener, metrics, refresh), SHUTDOWN_SECONDS)
    config.limit_concurrency = MAX_CONNECTIONS
    server = MonitoringServer(config)
    serving = asyncio.create_task(server.serve([listener.socket]))
    logger.info("metrics are at http://%s:%d/metrics", *listener.socket.getsockname()[:2])
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _application(listener: MetricsListener, exposition: MetricsText, refresh: Callable[[], Awaitable[None]]) -> Starlette:
    turn = asyncio.Lock()

    async def metrics(request: Request) -> Response:
        if not is_authorized(request.headers.get("authorization", ""), listener.secret):
            return PlainTextResponse("unauthorized\n", 401, {**HEADERS, "WWW-Authenticate": "Bearer"})
        async with turn:
            await refresh()
            body, content_type = await asyncio.to_thread(exposition.text, request.headers.get("accept", ""))
        return Response(body, headers={**HEADERS, "Content-Type": content_type})

    return Starlette(routes=[Route("/metrics", metrics)])


def is_authorized(header: str, secret: str | None) -> bool:
    """Whether the header Authorization has the secret, compared in constant time; always without a secret."""
    if secret is None:
        return True
    scheme, _, token = header.partition(" ")
    is_equal = hmac.compare_digest(token.strip().encode("utf-8", "surrogatepass"), secret.encode())
    return is_equal and scheme.lower() == "bearer"
