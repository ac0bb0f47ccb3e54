"""uvicorn, started from here so that a port in use is one line and `READY` is said when it is true."""

import gc
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp


class PortInUse(Exception):
    """Somebody else listens there; the message says what to do."""


class Server(uvicorn.Server):
    """Calls `on_ready` once requests are taken."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises PortInUse."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except OSError as error:
        found.close()
        raise PortInUse(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with --port or PORTICO_PORT.") from None
    return found


def serve(app: ASGIApp, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what runs."""
    # uvicorn ends by raising the signal again: here it only has to unwind what is around us, the built-in Postgres too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", log_level="warning", access_log=False, server_header=False, date_header=False)
    # What was made at start lives for ever: let the garbage collector pass it by, and look at the rest less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with suppress(KeyboardInterrupt):
        Server(config, on_ready).run([listener])
