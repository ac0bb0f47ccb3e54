"""The uvicorn server. A port in use is a one-line error, `READY` is printed when requests are accepted, and SIGTERM loses no request."""

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
from gateway.http.serving.sockets import SocketProtocol
from gateway.operator_errors import OperatorError

# The maximum of freed memory that the process retains for the next upload.
RETAINED_BYTES = 16 * 1024**2
# The largest message of a WebSocket: a document of the largest size and its variables.
SOCKET_MESSAGE_BYTES = 256 * 1024
# How long the shutdown of the application may take after a second SIGINT.
FORCED_SECONDS = 5


class PortInUse(OperatorError):
    """The address cannot be listened on: another process does, or the host is not this machine. The message says what to do."""


@dataclass(frozen=True, slots=True)
class ShutdownPolicy:
    """The shutdown of the process: for `drain_seconds` it still accepts requests and reports that it is not ready, then running requests have `shutdown_seconds`."""

    drain: Drain = field(default_factory=Drain)
    drain_seconds: float = 0.0
    shutdown_seconds: float = 25.0


class GatewayServer(uvicorn.Server):
    """Calls `on_ready` once requests are accepted."""

    def __init__(self, config: uvicorn.Config, policy: ShutdownPolicy, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._policy = policy
        self._on_ready = on_ready
        self._ends_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the drain at SIGTERM. SIGINT, or a second signal, ends the process without waiting for it."""
        if sig == signal.SIGTERM and not self._policy.drain.has_begun and self._policy.drain_seconds:
            self._ends_at = monotonic() + self._policy.drain_seconds
        else:
            super().handle_exit(sig, frame)
        self._policy.drain.has_begun = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down. A second SIGINT ends requests at once, but the application is still shut down, or its background tasks would be cancelled with a traceback."""
        await super().shutdown(sockets)
        if self.force_exit:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.lifespan.shutdown(), FORCED_SECONDS)

    async def on_tick(self, counter: int) -> bool:
        if monotonic() >= self._ends_at and not self.should_exit:
            super().handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)


def listen(host: str, port: int, setting: str = "--port or PORTICO_PORT", *, host_setting: str = "PORTICO_HOST") -> socket.socket:
    """Return a bound socket; with port 0, on a free port. Raises PortInUse, whose message names the settings of the port and of the host."""
    # IPPROTO_TCP makes asyncio send small writes at once (TCP_NODELAY); without it the second half of a response waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name cannot be encoded
        listener.close()
        reason = getattr(error, "strerror", None) or "not a host name"
        if _is_host_error(error):
            raise PortInUse(f"{host_setting}: is not an address of this machine ({reason}).") from None
        raise PortInUse(f"Cannot listen on port {port} of {host} ({reason}). Choose another with {setting}.") from None
    return listener


def _is_host_error(error: Exception) -> bool:
    """Whether the host is wrong, not the port: an unknown name, or an address of another machine."""
    return isinstance(error, UnicodeError | socket.gaierror) or getattr(error, "errno", None) in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def configured(app: ASGIApp, shutdown_seconds: float = 25.0) -> uvicorn.Config:
    """Return the configuration of uvicorn. Proxy headers are off, because trusted proxies are a setting of the gateway."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws=SocketProtocol,
        ws_max_size=SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(shutdown_seconds),
    )


def serve(app: ASGIApp, listener: socket.socket, policy: ShutdownPolicy, *, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish running requests."""
    # uvicorn ends by raising the signal again; SystemExit leaves the surrounding context managers, the built-in Postgres included.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Objects created at start are never freed: exclude them from garbage collection, and collect the rest less often. There is little garbage among them.
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 20)
    # Large responses are assembled in threads. The event loop, which a short operation needs about ten times, gets the interpreter back from them after this interval
    # (Python's default is 5 ms).
    sys.setswitchinterval(0.0002)
    # Until a larger block has been allocated and freed once, glibc returns freed memory to the system and requests it again for every few hundred KB of an upload.
    bytes(RETAINED_BYTES // 2)
    with suppress(KeyboardInterrupt):
        GatewayServer(configured(app, policy.shutdown_seconds), policy, on_ready).run([listener])
