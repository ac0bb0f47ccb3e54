"""Answers over HTTP: bodies, media types and headers. Their statuses are in `gateway/http/statuses.py`."""

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.reasons import Reason
from billing.refusals import RETRY_AFTER_SECONDS, Forbidden, RequestError, TooManyAttempts
from db.outages import SessionEnded, cause_of
from gateway.http.request_log import refusals
from gateway.http.statuses import GRAPHQL, JSON, Profile, status
from resolvers.mutating import OUTAGES

logger = logging.getLogger("portico.http")

Rest = Callable[[], Awaitable[None]]

HEADERS = {
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Authorization, Origin, Sec-Fetch-Site",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

FIXED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
TYPES = {media: f"{media}; charset=utf-8".encode() for media in (JSON, GRAPHQL)}

UNAVAILABLE = {
    "message": "The service is busy, or its database or its bucket cannot be reached. Try again shortly.",
    "extensions": {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": RETRY_AFTER_SECONDS},
}
# Timeouts of the database and of the bucket have other classes by the time that they are answered.
DEADLINE = "deadline"
ENDED = "The session of this token has ended."
REFUSALS = (Forbidden, SessionEnded)

QUALITY = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*")
SUGGESTION = " Did you mean "


class Answer(Response):
    """A body of ours. `code` is the row in the table of statuses that it was made by.

    `rest` lets fall what a client still sends, between the answer's last byte and the end of the connection: a connection that is closed while its client sends is
    reset, and the client may never read the answer.
    """

    def __init__(self, body: bytes, code: str, form: "ResponseFormat", headers: dict[str, str]) -> None:
        self.rest: Rest | None = None
        self.background = None
        self.body = body
        self.code = code
        self.status_code = status(code, form.media, form.profile)
        self.raw_headers = [
            (b"content-type", TYPES[form.media]),
            (b"content-length", b"%d" % len(body)),
            *(FIXED if "Cache-Control" not in headers else (pair for pair in FIXED if pair[0] != b"cache-control")),
            (b"x-request-id", form.reference.encode()),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.rest is None:
            return await super().__call__(scope, receive, send)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await self.rest()
        await send({"type": "http.response.body", "body": b""})


class TransportError(Exception):
    """The HTTP request cannot be read as a GraphQL request, or is not taken. `rest` is as in Answer."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers
        self.rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """How a caller gets answers: in which media type, by which reading of the statuses, and under which reference what went wrong is found in the log."""

    media: str
    profile: Profile
    reference: str = ""


def media_type(accept: str | None) -> str:
    """The media type to answer in: the best that the caller takes of ours. Raises TransportError when there is none."""
    best, found = 0.0, None
    for part in (accept or "*/*").lower().split(","):
        kind, *parameters = part.split(";")
        ours = {GRAPHQL: GRAPHQL, JSON: JSON, "*/*": JSON, "application/*": JSON}.get(kind.strip())
        quality = next((float(match[1]) for item in parameters if (match := QUALITY.fullmatch(item))), 1.0)
        if ours and quality > best:
            best, found = quality, ours
    if found is None:
        raise TransportError("NOT_ACCEPTABLE", f"The answer can be {GRAPHQL} or {JSON}.")
    return found


def refused(code: str, message: str, form: ResponseFormat, **headers: str) -> Answer:
    """An answer without `data`: the request was not run."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return respond(body, code, form, **headers)


def refused_request(error: TransportError, form: ResponseFormat) -> Answer:
    """As the error says it."""
    answer = refused(error.code, str(error), form, **error.headers)
    answer.rest = error.rest
    return answer


def unavailable(form: ResponseFormat, **headers: str) -> Answer:
    return respond({"errors": [UNAVAILABLE]}, "SERVICE_UNAVAILABLE", form, **{"Retry-After": str(RETRY_AFTER_SECONDS), **headers})


def outage(error: Exception, form: ResponseFormat, **headers: str) -> Answer:
    """The answer to a request that leaves no operation's line in the log, and a line that says why."""
    log_outage(error, form.reference)
    return unavailable(form, **headers)


def log_outage(error: Exception, reference: str = "") -> None:
    """As often as `gateway/http/request_log.py` lets requests be logged that never became an operation."""
    left_out = refusals.take(perf_counter())
    if left_out is None:
        return
    line = {"request_id": reference, "cause": cause_of(error)}
    logger.warning("a request was answered 503", extra=line | {"left_out": left_out} if left_out else line)


def request_errors(errors: Iterable[GraphQLError], code: str, form: ResponseFormat, *, suggests: bool) -> Answer:
    """The document or its variables are wrong, so nothing was run. Suggestions tell of the schema, so they are for developers."""
    shown: list[dict[str, Any]] = [{**error.formatted, "extensions": {"code": code, **(error.extensions or {})}} for error in errors]
    for error in shown:
        error["message"] = error["message"] if suggests else error["message"].partition(SUGGESTION)[0]
    return respond({"errors": shown}, code, form)


def respond(body: Any, code: str, form: ResponseFormat, **headers: str) -> Answer:
    """`code` is the row in the table of statuses."""
    return raw(orjson.dumps(body), code, form, **headers)


def raw(body: bytes, code: str, form: ResponseFormat, **headers: str) -> Answer:
    return Answer(body, code, form, headers)


def is_outage(errors: Sequence[GraphQLError]) -> bool:
    return any(isinstance(error.original_error, OUTAGES) for error in errors)


def cause(errors: Sequence[GraphQLError]) -> str:
    """Why fields failed that nobody refused, for the log: the outage if there is one, or else the first bug. An error without a path refuses a variable's value."""
    originals = [error.original_error for error in errors if error.path is not None]
    failures = [original for original in originals if original and not isinstance(original, RequestError | TransportError)]
    failures.sort(key=lambda failure: not isinstance(failure, OUTAGES))
    if not failures:
        return ""
    return DEADLINE if isinstance(failures[0], TimeoutError) else cause_of(failures[0])


def reason(errors: Sequence[GraphQLError]) -> str:
    """Why a field was refused to this caller, for the log: its scopes, its kind, or a session that ended meanwhile."""
    originals = [error.original_error for error in errors]
    refusals = [original.reason if isinstance(original, Forbidden) else Reason.SESSION_ENDED.value for original in originals if isinstance(original, REFUSALS)]
    return next(iter(refusals), "")


def retry_after(errors: Sequence[GraphQLError]) -> dict[str, str]:
    """The header for an answer in which attempts were throttled: when all of them will be heard."""
    waits = [error.original_error.retry_after_seconds for error in errors if isinstance(error.original_error, TooManyAttempts)]
    return {"Retry-After": str(max(waits))} if waits else {}


def format_error(error: GraphQLError, form: ResponseFormat) -> dict[str, Any]:
    """An error as the client sees it. What is not meant for clients is masked, with a reference that finds it in the log."""
    original = error.original_error
    if isinstance(original, RequestError):
        return {**error.formatted, "extensions": original.extensions}
    if original is None:
        return {**error.formatted, "extensions": {"code": "BAD_USER_INPUT"}}
    if isinstance(original, OUTAGES):
        return {**error.formatted, **UNAVAILABLE}
    if isinstance(original, SessionEnded):
        return {**error.formatted, "message": ENDED, "extensions": {"code": "UNAUTHENTICATED"}}
    if isinstance(original, TransportError):
        return {**error.formatted, "extensions": {"code": original.code}}
    return {**error.formatted, **_masked(original, form)}


def unexpected(error: Exception, form: ResponseFormat) -> Answer:
    """A bug outside of any field."""
    return respond({"errors": [_masked(error, form)]}, "INTERNAL_SERVER_ERROR", form)


def _masked(error: Exception, form: ResponseFormat) -> dict[str, Any]:
    logger.error("unexpected error, reference %s", form.reference, exc_info=error, extra={"request_id": form.reference})
    message = f"Something went wrong on our side. Reference: {form.reference}"
    return {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "reference": form.reference}}
