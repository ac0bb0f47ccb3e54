"""A protocol around asyncpg's, which sends statements ahead of the next one and does not wait for their answer.

asyncpg waits for the answer to each statement. What opens a transaction has an answer that nobody reads, so it is written as a simple query before asyncpg's next message,
in the same packet where the transport joins them (`db/pipelining/transport.py`). This protocol removes the answer, except for an error, which becomes the answer to
the next message: what that message itself returned is removed then, because its statement ran in a transaction that was not opened.

Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import struct
from typing import Any

import asyncpg

from db.observing.statements import UNTRACED, StatementTrace
from db.pipelining.transport import connect as connect

LENGTH = struct.Struct("!i")
HEADER_BYTES = 5

ERROR, READY = b"E", b"Z"
# Messages that may come at any time, and belong to no statement: the value of a parameter, a notice, a notification.
ASYNCHRONOUS = (b"S", b"N", b"A")


class PipelinedProtocol(asyncio.Protocol):
    """The protocol of a transport whose statements asyncpg sends and reads, apart from those that are sent ahead."""

    def __init__(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        self._write, self._protocol = getattr(transport, "write_ahead", transport.write), protocol
        self._received = b""
        self._unanswered = 0
        # The error of statements that were sent ahead, until the end of the answer to the message after them, and whether asyncpg has read it.
        self._error = b""
        self._is_reported = False

    def send(self, statements: str) -> None:
        """Send statements without parameters. asyncpg must have read the answer to its last message."""
        text = statements.encode() + b"\0"
        self._unanswered += 1
        self._write(b"Q" + LENGTH.pack(LENGTH.size + len(text)) + text)

    def data_received(self, data: bytes) -> None:
        if self._unanswered or self._error:
            data = self._without_answers(self._received + data)
        if data:
            self._protocol.data_received(data)

    def _without_answers(self, data: bytes) -> bytes:
        """Return what asyncpg reads of the data. The beginning of a message stays here until its end has come."""
        passed = []
        at = 0
        while (self._unanswered or self._error) and len(data) >= at + HEADER_BYTES:
            end = at + 1 + LENGTH.unpack_from(data, at + 1)[0]
            if len(data) < end:
                break
            passed.append(self._passed(data[at : at + 1], data[at:end]))
            at = end
        if self._unanswered or self._error:
            self._received = data[at:]
        else:
            self._received = b""
            passed.append(data[at:])
        return b"".join(passed)

    def _passed(self, kind: bytes, message: bytes) -> bytes:
        """Return what asyncpg reads in place of a message: nothing of an answer to what was sent ahead, and its error for the message after it."""
        if kind in ASYNCHRONOUS:
            return message
        if self._unanswered:
            self._unanswered -= kind == READY
            self._error = self._error or (message if kind == ERROR else b"")
            return b""
        error = b"" if self._is_reported else self._error
        self._is_reported = kind != READY
        if kind != READY:
            return error
        self._error = b""
        return error + message

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


def install(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let statements be sent ahead on a new connection. Where this asyncpg has no transport of this name, none are."""
    transport: Any = getattr(connection, "_transport", None)
    if transport is not None:
        transport.set_protocol(PipelinedProtocol(transport, transport.get_protocol()))


def send_ahead(connection: "asyncpg.Connection[asyncpg.Record]", statements: str, trace: StatementTrace | None = None) -> bool:
    """Send statements without parameters in one packet with the next statement of the connection, which raises their error. Returns false if that is not possible."""
    transport: Any = getattr(connection, "_transport", None)
    protocol = transport.get_protocol() if transport is not None else None
    if not isinstance(protocol, PipelinedProtocol):
        return False
    with trace(statements) if trace else UNTRACED:
        protocol.send(statements)
    return True
