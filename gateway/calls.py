"""A GraphQL call as HTTP carries it (https://graphql.github.io/graphql-over-http/draft/), read and judged before anything runs."""

from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.answers import TransportError

ALLOWED = "GET, POST, OPTIONS"


@dataclass(frozen=True, slots=True)
class Call:
    query: str
    variables: dict[str, Any]
    operation_name: str | None
    is_get: bool


async def read(request: Request, *, max_body_bytes: int) -> Call:
    """Raises TransportError for everything that is not a GraphQL call."""
    if request.method == "GET":
        return checked({name: _parameter(name, value) for name, value in request.query_params.items()}, is_get=True)
    if request.method != "POST":
        raise TransportError("METHOD_NOT_ALLOWED", "Send GraphQL by POST, or a query by GET.", Allow=ALLOWED)
    if not _is_json(request.headers.get("content-type")):
        raise TransportError("UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json in UTF-8.")
    return checked(_json(await _body(request, max_body_bytes)), is_get=False)


async def _body(request: Request, limit: int) -> bytes:
    received = bytearray()
    try:
        async for part in request.stream():
            received += part
            if len(received) > limit:
                raise TransportError("CONTENT_TOO_LARGE", f"A request may have at most {limit} bytes.")
    except ClientDisconnect:
        raise TransportError("BAD_REQUEST", "The request broke off.") from None
    return bytes(received)


def _is_json(content_type: str | None) -> bool:
    kind, _, rest = (content_type or "").lower().partition(";")
    return kind.strip() == "application/json" and ("charset" not in rest or "utf-8" in rest)


def _json(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise TransportError("BAD_REQUEST", "The request is not valid JSON.") from None


def _parameter(name: str, value: str) -> Any:
    """In a URL, an empty optional parameter is an absent one, and maps are JSON."""
    if name == "query":
        return value
    if not value:
        return None
    return _json(value) if name in ("variables", "extensions") else value


def checked(body: Any, *, is_get: bool) -> Call:
    """A request's parameters as a call. Raises TransportError."""
    if not isinstance(body, dict):
        raise TransportError("BAD_REQUEST", "The request must be a JSON object.")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str) or not query:
        raise TransportError("BAD_REQUEST", "The request has no `query`, or it is not a string.")
    if not isinstance(variables, dict | None):
        raise TransportError("BAD_REQUEST", "`variables` must be an object.")
    if not isinstance(body.get("extensions"), dict | None):
        raise TransportError("BAD_REQUEST", "`extensions` must be an object.")
    if not isinstance(name, str | None):
        raise TransportError("BAD_REQUEST", "`operationName` must be a string.")
    return Call(query, variables or {}, name, is_get)
