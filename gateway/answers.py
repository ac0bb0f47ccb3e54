"""Answers over HTTP: which status, which media type, which error codes. The one table of them.

The status codes are those of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/) as its public audits read them: a request error
(no `data`) is 400 for application/graphql-response+json, and 200 for application/json, which older clients ask for.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import orjson
from graphql import GraphQLError
from starlette.responses import Response

from billing.refusals import RequestError
from db.session import DatabaseUnavailable
from storage.bucket import BucketUnavailable

logger = logging.getLogger("portico.http")

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
RETRY_AFTER_SECONDS = 2

STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "CONTENT_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}

HEADERS = {"Cache-Control": "private, no-store", "Vary": "Accept, Authorization, Origin", "X-Content-Type-Options": "nosniff"}


class TransportError(Exception):
    """The HTTP request cannot be read as a GraphQL request."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers


def media_type(accept: str | None) -> str:
    """The media type to answer in. Raises TransportError when the caller takes neither of ours."""
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in (GRAPHQL, JSON):
            return kind
    if not {"*/*", "application/*"}.isdisjoint(wanted):
        return JSON
    raise TransportError("NOT_ACCEPTABLE", f"The answer can be {GRAPHQL} or {JSON}.")


def refused(code: str, message: str, media: str = JSON, **headers: str) -> Response:
    """An answer without `data`: the request was not run."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return respond(body, STATUS[code], media, **headers)


def unavailable(media: str) -> Response:
    return refused(
        "SERVICE_UNAVAILABLE",
        "The service is busy, or its database or its bucket cannot be reached. Try again shortly.",
        media,
        **{"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def request_errors(errors: Iterable[GraphQLError], code: str, media: str) -> Response:
    """The document or its variables are wrong, so nothing was run."""
    return respond({"errors": [{**error.formatted, "extensions": {"code": code}} for error in errors]}, 400 if media == GRAPHQL else 200, media)


def respond(body: Any, status: int, media: str, **headers: str) -> Response:
    return raw(orjson.dumps(body), status, media, **headers)


def raw(body: bytes, status: int, media: str, **headers: str) -> Response:
    return Response(body, status, headers={"Content-Type": f"{media}; charset=utf-8", **HEADERS, **headers})


def is_outage(errors: Sequence[GraphQLError]) -> bool:
    return any(isinstance(error.original_error, DatabaseUnavailable | BucketUnavailable | TimeoutError) for error in errors)


def shown(error: GraphQLError) -> dict[str, Any]:
    """An error as the client sees it. What is not meant for clients is masked, with a reference that finds it in the log."""
    original = error.original_error
    if isinstance(original, RequestError):
        return {**error.formatted, "extensions": original.extensions}
    if original is None:
        return {**error.formatted, "extensions": {"code": "BAD_USER_INPUT"}}
    return {**error.formatted, **_masked(original)}


def unexpected(error: Exception, media: str) -> Response:
    """A bug outside of any field."""
    return respond({"errors": [_masked(error)]}, STATUS["INTERNAL_SERVER_ERROR"], media)


def _masked(error: Exception) -> dict[str, Any]:
    reference = uuid4().hex
    logger.error("unexpected error, reference %s", reference, exc_info=error)
    return {"message": f"Something went wrong on our side. Reference: {reference}", "extensions": {"code": "INTERNAL_SERVER_ERROR", "reference": reference}}
