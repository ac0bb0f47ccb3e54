"""uvicorn, started from here so that a port in use is one line, `READY` is said when it is true, and SIGTERM loses no request."""

import asyncio
import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from gateway.http.capacity.drain import Drain
from gateway.http.serving.protocol import Protocol
from gateway.operator_errors import OperatorError

# Freed memory that the process keeps for the next upload, at most.
RETAINED_BYTES = 16 * 1024**2
# How long the application may take to end after a second SIGINT.
FORCED_SECONDS = 5


class PortInUse(OperatorError):
    """We cannot listen there: somebody else does, or the host is not this machine. The message says what to do."""


@dataclass(frozen=True, slots=True)
class ShutdownPolicy:
    """How the process ends: for `drain_seconds` it still takes requests and says that it is not ready, then what runs has `shutdown_seconds`."""

    drain: Drain = field(default_factory=Drain)
    drain_seconds: float = 0.0
    shutdown_seconds: float = 25.0


class GatewayServer(uvicorn.Server):
    """Calls `on_ready` once requests are taken."""

    def __init__(self, config: uvicorn.Config, ending: ShutdownPolicy, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending
        self._on_ready = on_ready
        self._ends_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins the drain. Whoever is at the keyboard, or asks again, does not want to wait for it."""
        if sig == signal.SIGTERM and not self._ending.drain.has_begun and self._ending.drain_seconds:
            self._ends_at = monotonic() + self._ending.drain_seconds
        else:
            super().handle_exit(sig, frame)
        self._ending.drain.has_begun = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A second SIGINT ends requests at once. The application still ends in order, or its background tasks would be cancelled with a traceback."""
        await super().shutdown(sockets)
        if self.force_exit:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.lifespan.shutdown(), FORCED_SECONDS)

    async def on_tick(self, counter: int) -> bool:
        if monotonic() >= self._ends_at and not self.should_exit:
            super().handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)


def listen(host: str, port: int, setting: str = "--port or PORTICO_PORT") -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises PortInUse."""
    # Named as TCP, so that asyncio sends small writes at once (TCP_NODELAY); without it the second half of an answer waits 40 ms for an acknowledgement.
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except (OSError, UnicodeError) as error:  # a name that is none cannot be encoded
        found.close()
        reason = getattr(error, "strerror", None) or "not the name of a host"
        if _is_of_host(error):
            raise PortInUse(f"PORTICO_HOST: is no address of this machine ({reason}).") from None
        raise PortInUse(f"Cannot listen on port {port} of {host} ({reason}). Choose another with {setting}.") from None
    return found


def _is_of_host(error: Exception) -> bool:
    """Whether the host is wrong, and not the port: a name that nobody knows, or an address of another machine."""
    return isinstance(error, UnicodeError | socket.gaierror) or getattr(error, "errno", None) in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def configured(app: ASGIApp, shutdown_seconds: float = 25.0) -> uvicorn.Config:
    """uvicorn as we run it. Who stands behind a proxy is for the settings to say, so uvicorn believes no header about it."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(shutdown_seconds),
    )


def serve(app: ASGIApp, listener: socket.socket, ending: ShutdownPolicy, *, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what runs."""
    # uvicorn ends by raising the signal again: here it only has to unwind what is around us, the built-in Postgres too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # What was made at start lives for ever: let the garbage collector pass it by, and look at the rest less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # Large answers are put together in threads; the event loop gets the interpreter back from them after so long (5 ms is Python's default),
    # which it needs about ten times for a short operation.
    sys.setswitchinterval(0.0002)
    # glibc gives freed memory back and fetches it again, page by page, for every few hundred KB of an upload, until it has seen a larger block come and go.
    bytes(RETAINED_BYTES // 2)
    with suppress(KeyboardInterrupt):
        GatewayServer(configured(app, ending.shutdown_seconds), ending, on_ready).run([listener])
