"""The messages of graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md): what clients send, read and checked, and what is sent to them."""

from dataclasses import dataclass, field
from typing import Any

import orjson

PROTOCOL = "graphql-transport-ws"
MAX_ID = 128
TYPES = ("connection_init", "ping", "pong", "subscribe", "complete")


class SocketClosed(Exception):
    """The connection is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
TOO_MANY = 4429
RESTART = 1012
TRY_LATER = 1013


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """`id` is empty for messages that have none."""

    type: str
    id: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def read(text: str | None) -> ClientMessage:
    """Return the message. Raises SocketClosed for one that the protocol does not have."""
    try:
        message = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        raise SocketClosed(BAD_REQUEST, "The message is not JSON text.") from None
    if not isinstance(message, dict) or message.get("type") not in TYPES:
        raise SocketClosed(BAD_REQUEST, "The message has no type of graphql-transport-ws.")
    kind, identifier, payload = message["type"], message.get("id", ""), message.get("payload")
    if kind in ("subscribe", "complete") and not (isinstance(identifier, str) and 0 < len(identifier) <= MAX_ID):
        raise SocketClosed(BAD_REQUEST, f"The id of an operation is a string of 1 to {MAX_ID} characters.")
    if not isinstance(payload, dict) and (payload is not None or kind == "subscribe"):
        raise SocketClosed(BAD_REQUEST, "`payload` must be an object.")
    return ClientMessage(kind, identifier if isinstance(identifier, str) else "", payload or {})


def authorization_of(payload: dict[str, Any]) -> str | None:
    """Return the header Authorization in the payload of connection_init, or in its `headers`; None without one."""
    headers = payload.get("headers")
    for members in (payload, headers if isinstance(headers, dict) else {}):
        for name, value in members.items():
            if name.lower() == "authorization" and isinstance(value, str):
                return value
    return None


def of_operation(kind: str, identifier: str, payload: bytes = b"") -> str:
    """Return a message about an operation; `payload` is JSON."""
    member = b',"payload":' + payload if payload else b""
    return (b'{"id":%b,"type":"%b"%b}' % (orjson.dumps(identifier), kind.encode(), member)).decode()
