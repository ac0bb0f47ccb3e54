"""GraphQL requests over HTTP (https://graphql.github.io/graphql-over-http/draft/): reading and checking before execution."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.documents.deprecation import Deprecation
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.responses import TransportError

ALLOWED = "GET, POST, OPTIONS"
NAMES = ("query", "variables", "operationName", "extensions", "documentId")
PARAMETERS = tuple(f'"{name}"'.encode() for name in NAMES)
# URLs with at most so many bytes of parameters are remembered as they were parsed.
CACHED_URL_BYTES = 300
CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """`others` are parameters of other names, one of which may be a document id. `is_stored` is set when the text is that of a stored document, and then
    `deprecation` if the document is deprecated. `has_files` is set for a multipart request with files."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    is_get: bool
    extensions: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    is_stored: bool = False
    deprecation: Deprecation | None = None
    has_files: bool = False


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The maximum size of a request, and the time in seconds in which it must arrive."""

    body_bytes: int
    url_bytes: int
    seconds: float


Reader = Callable[[Request, BodyLimits], Awaitable[GraphQLRequest]]
Read = TypeVar("Read")


async def read(request: Request, reader: Reader, limits: BodyLimits) -> GraphQLRequest:
    """Read the request. Raises TransportError if it is not a valid GraphQL request."""
    reading = reader(request, limits)
    return await reading if request.method == "GET" else await read_within(reading, seconds=limits.seconds)


async def read_within(reading: Awaitable[Read], *, seconds: float) -> Read:
    """Return the result of `reading`, which must end within `seconds`. Raises TransportError if it does not, or if the body is incomplete."""
    try:
        async with asyncio.timeout(seconds):
            return await reading
    except TimeoutError:
        raise TransportError("REQUEST_TIMEOUT", f"The request did not arrive within {seconds:g} seconds.", Connection="close") from None
    except ClientDisconnect:
        raise TransportError("BAD_REQUEST", "The request ended before its body was complete.") from None


def reader_of(request: GraphQLHTTPRequest) -> Reader:
    """Return the reader for the request's method and media type, before its body is read. Raises TransportError."""
    if request.method == "GET":
        return _in_url
    if request.method != "POST":
        raise TransportError("METHOD_NOT_ALLOWED", "Send GraphQL by POST, or a query by GET.", Allow=ALLOWED)
    reader = READERS.get(request.media_type)
    if reader is None or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise TransportError("UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json in UTF-8, not compressed.")
    return reader


async def _in_url(request: Request, limits: BodyLimits) -> GraphQLRequest:
    text: bytes = request.scope["query_string"]
    if len(text) > limits.url_bytes:
        raise TransportError("URI_TOO_LONG", f"A URL may have at most {limits.url_bytes} bytes of parameters.")
    pairs = (_short_pairs if len(text) <= CACHED_URL_BYTES else _pairs)(text)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise TransportError("BAD_REQUEST", "A parameter occurs twice.")
    return request_of({name: _parameter(name, value) for name, value in parameters.items()}, is_get=True)


def _pairs(text: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise TransportError("BAD_REQUEST", "The URL's parameters cannot be read.") from None


# The same few documents are requested by their ids again and again.
_short_pairs = lru_cache(1024)(_pairs)


async def _as_json(request: Request, limits: BodyLimits) -> GraphQLRequest:
    charset = CHARSET.search(request.headers["content-type"].lower())
    if charset and charset[1] not in ("utf-8", "utf8"):
        raise TransportError("UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.")
    body = await body_of(request, limits.body_bytes)
    parameters = _json(body)
    if isinstance(parameters, dict) and _may_repeat(body) and _repeats(body):
        raise TransportError("BAD_REQUEST", "A parameter occurs twice.")
    return request_of(parameters, is_get=False)


# The readers of bodies by media type. A reader is called after the caller is identified and before a byte of the body is read.
READERS: dict[str, Reader] = {"application/json": _as_json}


async def body_of(request: Request, limit: int) -> bytes:
    """Return the whole body. Raises TransportError for more than `limit` bytes, announced or sent."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    received, is_whole = bytearray(), False
    while not is_whole:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, is_whole = message.get("body", b""), not message.get("more_body", False)
        if len(received) + len(part) > limit:
            raise _too_large(limit)
        received += part
    return bytes(received)


def _too_large(limit: int) -> TransportError:
    return TransportError("CONTENT_TOO_LARGE", f"A request may have at most {limit} bytes.")


def _json(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise TransportError("BAD_REQUEST", "The request is not valid JSON.") from None


def _may_repeat(body: bytes) -> bool:
    """Whether a parameter's name occurs twice in the text, or an escape could hide one. A fast check before `_repeats`."""
    return b"\\u" in body or any(body.count(name) > 1 for name in PARAMETERS)


def _repeats(body: bytes) -> bool:
    """Whether a parameter occurs twice. Parsers differ in which value they use, so such a body could be two different requests."""
    outermost: list[tuple[str, Any]] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs

    try:
        json.loads(body, object_pairs_hook=note)
    except RecursionError:
        return True
    names = [name for name, _ in outermost]
    return len(set(names)) < len(names)


def _parameter(name: str, value: str) -> Any:
    """Return the value of a URL parameter: an empty optional parameter is None, and maps are JSON."""
    if name == "query":
        return value
    if not value:
        return None
    return _json(value) if name in ("variables", "extensions") else value


def request_of(body: Any, *, is_get: bool) -> GraphQLRequest:
    """Return the request of these parameters. Without `query`, another parameter must name a document, which is not checked here. Raises TransportError."""
    if not isinstance(body, dict):
        raise TransportError("BAD_PARAMETERS", "The request must be one JSON object; batches are not supported.")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str | None):
        raise TransportError("BAD_PARAMETERS", "`query` must be a string.")
    if not isinstance(variables, dict | None):
        raise TransportError("BAD_PARAMETERS", "`variables` must be an object.")
    if not isinstance(body.get("extensions"), dict | None):
        raise TransportError("BAD_PARAMETERS", "`extensions` must be an object.")
    if not isinstance(name, str | None):
        raise TransportError("BAD_PARAMETERS", "`operationName` must be a string.")
    others = {key: value for key, value in body.items() if key not in NAMES[:4]}
    return GraphQLRequest(query or "", variables or {}, name, is_get, body.get("extensions") or {}, others)
