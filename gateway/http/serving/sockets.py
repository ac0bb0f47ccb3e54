"""WebSockets by uvicorn and the library `websockets`."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.http.serving.protocol import ABORT


class SocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application end the connection of a client that does not read."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"] = {**(self.scope.get("extensions") or {}), ABORT: self.transport.abort}  # type: ignore[dict-item]
