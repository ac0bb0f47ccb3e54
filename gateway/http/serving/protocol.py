"""Limits that uvicorn's parser does not have: the size of the head of a request, and the time in which it must arrive."""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.http.serving.writing import ResponseTransport

# The extension of the scope that ends a connection without sending the rest.
ABORT = "portico.abort"
HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0
# How long a process that ends waits for the first request of a connection that it has accepted.
FIRST_REQUEST_SECONDS = 0.5

REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """Refuses a head that is too large or too slow and closes the connection, before the application is called."""

    # Beside the attributes of uvicorn's class, which fill their dictionary: four more would double it for each connection.
    __slots__ = ("_deadline", "_has_unread", "_head_bytes", "_is_ending", "_is_in_head")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._is_in_head = True
        self._has_unread = False
        self._is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrowed by uvicorn already
        super().connection_made(ResponseTransport(transport, self.loop))  # type: ignore[arg-type]  # it has all that uvicorn uses of one
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_in_head:
            return
        self._head_bytes += len(data)
        if self._deadline is None:
            self._start_deadline()
        if self._head_bytes > HEAD_BYTES:
            self._refuse(431, "HEADERS_TOO_LARGE", f"The head of a request may have at most {HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._cancel_deadline()
        self._is_in_head = False
        self._has_unread = True
        # For a response that its client does not read.
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # uvicorn's type has no functions
        super().on_headers_complete()
        if self._is_ending and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._has_unread = False
        self._cancel_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Discard the rest of the body of a refused request, for at most HEAD_SECONDS."""
        super().on_response_complete()
        if self._has_unread and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def shutdown(self) -> None:
        """End the connection after the response that is being sent. The first request of a connection may be on the way, and is answered if it comes soon."""
        if self.cycle is None and not self._is_ending:
            self._is_ending = True
            self.loop.call_later(FIRST_REQUEST_SECONDS, self.shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "BAD_REQUEST", msg)

    def _start_deadline(self) -> None:
        message = f"The head of a request must arrive within {HEAD_SECONDS:g} s."
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._refuse, 408, "REQUEST_TIMEOUT", message)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Send an error and close the connection. While another response is being sent, only close it."""
        self._cancel_deadline()
        self._is_in_head = False
        if self.cycle is None or self.cycle.response_complete:
            body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
            head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
            self.transport.write(head.encode() + b"cache-control: no-store\r\nconnection: close\r\n\r\n" + body)
        self.transport.close()
