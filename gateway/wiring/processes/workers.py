"""`serve` with several processes."""

import logging
import socket
from collections.abc import Callable
from contextlib import ExitStack

from starlette.types import ASGIApp

from gateway.http.serving.server import ShutdownPolicy
from gateway.http.serving.server import serve as serve_app
from gateway.http.serving.supervisor import DidNotBegin, Supervisor
from gateway.monitoring.endpoint import MetricsListener, metrics_listener
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.settings import Settings

logger = logging.getLogger("portico.supervisor")


class CannotServe(OperatorError):
    """The processes cannot be started; the message says what to do."""


def require_database(settings: Settings) -> None:
    """Raises CannotServe for several processes with the built-in Postgres, which is for one."""
    if settings.workers > 1 and not settings.database_url:
        raise CannotServe("PORTICO_WORKERS: several processes need a database of their own. Name it with PORTICO_DATABASE_URL, or serve with one process.")


def metrics_listeners(settings: Settings, stack: ExitStack) -> list[MetricsListener]:
    """Return the listener of the metrics of each process, on ports one after the other; none without PORTICO_METRICS_PORT. Raises PortInUse."""
    if settings.metrics_port is None:
        return []
    ports = [settings.metrics_port and settings.metrics_port + number for number in range(settings.workers)]
    listeners = [listener for port in ports if (listener := metrics_listener(settings.metrics_host, port, settings.metrics_secret))]
    for listener in listeners:
        stack.enter_context(listener.socket)
    return listeners


def serve_with_workers(
    settings: Settings, make_app: Callable[[MetricsListener | None], ASGIApp], listener: socket.socket, shutdown: ShutdownPolicy, on_ready: Callable[[], None]
) -> None:
    """Build the application once, and serve it in several processes. Raises PortInUse, CannotServe."""
    with ExitStack() as stack:
        listeners = metrics_listeners(settings, stack)
        metrics = MetricsListener(listeners[0].socket, listeners[0].secret) if listeners else None
        app = make_app(metrics)

        def run(number: int, is_ready: Callable[[], None]) -> None:
            if metrics:
                metrics.socket = listeners[number].socket
            serve_app(app, listener, shutdown, on_ready=is_ready)

        for line in notes(settings):
            logger.info(line)
        # Its own socket would still take connections after the last process has closed it.
        supervisor = Supervisor(settings.workers, run, shutdown.drain_seconds + shutdown.shutdown_seconds, on_ready, on_end=listener.close)
        try:
            supervisor.supervise()
        except DidNotBegin:
            raise CannotServe("A server process ended before it accepted requests; its message is above.") from None


def notes(settings: Settings) -> list[str]:
    """Return what is true of each of several processes, and not of all of them together."""
    count = settings.workers
    lines = [f"{count} processes have up to {settings.pool_size} connections each (PORTICO_POOL_SIZE), {count * settings.pool_size} in all."]
    lines.append("Each process counts places, budgets and allowances by itself: one caller may have those of several processes.")
    if not settings.throttle_url:
        lines.append("Without PORTICO_THROTTLE_URL each process counts attempts to sign in by itself.")
    return lines
