"""The two forms of a stream over HTTP.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as in graphql-sse's "distinct connections mode"
(https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `event: next` for each message, then `event: complete` with an empty `data:`, without which EventSource
ignores it. Lines end with LF, because urql's reader looks for nothing else.

multipart/mixed as in Apollo's protocol (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol): each part is
`{"payload": …}`, a heartbeat is `{}`, and an error that ends the stream comes with a payload of null. A part ends with the boundary that begins the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.http.qualities import quality_of
from gateway.live.streams import StreamEnd

EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
BOUNDARY = "graphql"
PART = b"\r\nContent-Type: application/json\r\n\r\n%b\r\n--graphql"


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """`opening` is sent at once, `beat` while there is no message; `message` frames a response, `ending` frames the errors that end a stream, `closing` is the last."""

    media: str
    content_type: bytes
    opening: bytes
    beat: bytes
    message: Callable[[bytes], bytes]
    ending: Callable[[bytes], bytes]
    closing: bytes


SSE = StreamFormat(
    EVENT_STREAM,
    b"text/event-stream; charset=utf-8",
    opening=b":\n\n",
    beat=b":\n\n",
    message=lambda body: b"event: next\ndata: %b\n\n" % body,
    ending=lambda errors: b'event: next\ndata: {"errors":%b}\n\n' % errors,
    closing=b"event: complete\ndata: \n\n",
)
PARTS = StreamFormat(
    MULTIPART,
    b'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
    opening=b"--graphql" + PART % b"{}",
    beat=PART % b"{}",
    message=lambda body: PART % (b'{"payload":%b}' % body),
    ending=lambda errors: PART % (b'{"payload":null,"errors":%b}' % errors),
    closing=b"--\r\n",
)
FORMATS = {EVENT_STREAM: SSE, MULTIPART: PARTS}


def stream_format(accept: str | None) -> StreamFormat | None:
    """Return the form of a stream that the header Accept names with the highest quality; of equal ones, server-sent events. None if it names neither."""
    qualities: dict[str, float] = {}
    for part in (accept or "").lower().split(","):
        media, *parameters = part.split(";")
        if media.strip() in FORMATS:
            qualities.setdefault(media.strip(), quality_of(parameters))
    best = max((media for media in FORMATS if qualities.get(media)), key=lambda media: qualities[media], default=None)
    return FORMATS[best] if best else None


def errors_of(end: StreamEnd) -> list[dict[str, Any]]:
    """Return the errors of the end of a stream."""
    reconnects = {"reconnects": True} if end.reconnects else {}
    return [{"message": end.message, "extensions": {"code": end.code, **reconnects}}]


def encoded_errors(end: StreamEnd) -> bytes:
    return orjson.dumps(errors_of(end))
