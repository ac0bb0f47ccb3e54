"""HTTP responses: bodies, media types and headers. Their statuses are in `gateway/http/statuses.py`."""

import logging
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
from gateway.http.qualities import quality_of
from gateway.http.request_log import refusals
from gateway.http.statuses import GRAPHQL, JSON, Profile, status
from resolvers.mutating import OUTAGES

logger = logging.getLogger("portico.http")

DiscardBody = Callable[[], Awaitable[None]]

HEADERS = {
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Accept-Encoding, Authorization, Cookie, Origin, Sec-Fetch-Site",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

FIXED_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (JSON, GRAPHQL)}

UNAVAILABLE = {
    "message": "The service is busy, or its database or its bucket cannot be reached. Try again shortly.",
    "extensions": {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": RETRY_AFTER_SECONDS},
}
# The cause of a TimeoutError in the log. Timeouts of the database and of the bucket have been turned into other exceptions before.
DEADLINE = "deadline"
SESSION_ENDED = "The session of this token has ended."
REFUSALS = (Forbidden, SessionEnded)

SUGGESTION = " Did you mean "


class Answer(Response):
    """A response. `code` is the row of the table of statuses that gives its status.

    `discard_body` reads and discards what a client still sends, after the last byte of the response and before the end of the connection: a connection that is closed
    while its client sends is reset, and the client may not receive the response.
    """

    def __init__(self, body: bytes, code: str, form: "ResponseFormat", headers: dict[str, str]) -> None:
        self.discard_body: DiscardBody | None = None
        self.background = None
        self.body = body
        self.code = code
        self.status_code = status(code, form.media, form.profile)
        self.raw_headers = [
            (b"content-type", CONTENT_TYPES[form.media]),
            (b"content-length", b"%d" % len(body)),
            *(FIXED_HEADERS if "Cache-Control" not in headers else (pair for pair in FIXED_HEADERS if pair[0] != b"cache-control")),
            (b"x-request-id", form.reference.encode()),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.discard_body is None:
            return await super().__call__(scope, receive, send)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await self.discard_body()
        await send({"type": "http.response.body", "body": b""})


class TransportError(Exception):
    """The HTTP request is not a valid GraphQL request, or is refused. `discard_body` is as in Answer."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers
        self.discard_body: DiscardBody | None = None


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """The format of responses to a caller: the media type, the profile of statuses, the reference id under which errors are logged, and the trace of the request."""

    media: str
    profile: Profile
    reference: str = ""
    trace_id: str = ""


def media_type(accept: str | None, *, otherwise: str | None = None) -> str:
    """Return the media type of the response: the one with the highest quality in Accept. If none is supported, return `otherwise`, or raise TransportError without it."""
    best, chosen = 0.0, None
    for part in (accept or "*/*").lower().split(","):
        kind, *parameters = part.split(";")
        ours = {GRAPHQL: GRAPHQL, JSON: JSON, "*/*": JSON, "application/*": JSON}.get(kind.strip())
        quality = quality_of(parameters)
        if ours and quality > best:
            best, chosen = quality, ours
    chosen = chosen or otherwise
    if chosen is None:
        raise TransportError("NOT_ACCEPTABLE", f"The answer can be {GRAPHQL} or {JSON}.")
    return chosen


def refused(code: str, message: str, form: ResponseFormat, **headers: str) -> Answer:
    """Return a response without `data`: the request was not executed."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return respond(body, code, form, **headers)


def throttled(message: str, seconds: int, form: ResponseFormat) -> Answer:
    """Return the response 429, with the seconds after which to try again as a header and as an extension."""
    error = {"message": message, "extensions": {"code": "THROTTLED", "retryAfterSeconds": seconds}}
    return respond({"errors": [error]}, "THROTTLED", form, **{"Retry-After": str(seconds)})


def refused_request(error: TransportError, form: ResponseFormat) -> Answer:
    """Return the response to a TransportError, with its code, message and headers."""
    answer = refused(error.code, str(error), form, **error.headers)
    answer.discard_body = error.discard_body
    return answer


def unavailable(form: ResponseFormat, **headers: str) -> Answer:
    return respond({"errors": [UNAVAILABLE]}, "SERVICE_UNAVAILABLE", form, **{"Retry-After": str(RETRY_AFTER_SECONDS), **headers})


def outage(error: Exception, form: ResponseFormat, **headers: str) -> Answer:
    """Return the response 503 to a request outside `/graphql`, and log its cause, because no operation is logged for it."""
    log_outage(error, form.reference)
    return unavailable(form, **headers)


def log_outage(error: Exception, reference: str = "") -> None:
    """Log the cause of a 503, within the rate limit of `gateway/http/request_log.py` for refused requests."""
    left_out = refusals.take(perf_counter())
    if left_out is None:
        return
    line = {"request_id": reference, "cause": cause_of(error)}
    logger.warning("a request was answered 503", extra=line | {"left_out": left_out} if left_out else line)


def request_errors(errors: Iterable[GraphQLError], code: str, form: ResponseFormat, *, suggests: bool) -> Answer:
    """Return the response to an invalid document or invalid variables. Suggestions disclose the schema, so they are for developers only."""
    formatted: list[dict[str, Any]] = [{**error.formatted, "extensions": {"code": code, **(error.extensions or {})}} for error in errors]
    for error in formatted:
        error["message"] = error["message"] if suggests else error["message"].partition(SUGGESTION)[0]
    return respond({"errors": formatted}, code, form)


def respond(body: Any, code: str, form: ResponseFormat, **headers: str) -> Answer:
    """Return a response with this body as JSON. `code` is the row in the table of statuses."""
    return raw(orjson.dumps(body), code, form, **headers)


def raw(body: bytes, code: str, form: ResponseFormat, **headers: str) -> Answer:
    return Answer(body, code, form, headers)


def is_outage(errors: Sequence[GraphQLError]) -> bool:
    return any(isinstance(error.original_error, OUTAGES) for error in errors)


def cause(errors: Sequence[GraphQLError]) -> str:
    """Return the cause of failed fields for the log: an outage if there is one, or else the first bug. Refusals, and errors of variables (without a path), do not count."""
    originals = [error.original_error for error in errors if error.path is not None]
    failures = [original for original in originals if original and not isinstance(original, RequestError | TransportError)]
    failures.sort(key=lambda failure: not isinstance(failure, OUTAGES))
    if not failures:
        return ""
    return DEADLINE if isinstance(failures[0], TimeoutError) else cause_of(failures[0])


def reason(errors: Sequence[GraphQLError]) -> str:
    """Return why a field was refused to this caller, for the log: its scopes, its kind, or a session that has ended."""
    originals = [error.original_error for error in errors]
    refusals = [original.reason if isinstance(original, Forbidden) else Reason.SESSION_ENDED.value for original in originals if isinstance(original, REFUSALS)]
    return next(iter(refusals), "")


def retry_after(errors: Sequence[GraphQLError]) -> dict[str, str]:
    """Return the Retry-After header for throttled attempts: the longest of their waits."""
    waits = [error.original_error.retry_after_seconds for error in errors if isinstance(error.original_error, TooManyAttempts)]
    return {"Retry-After": str(max(waits))} if waits else {}


def format_error(error: GraphQLError, form: ResponseFormat) -> dict[str, Any]:
    """Return an error in the form for the client. An unexpected error is masked, with a reference id under which it is logged."""
    original = error.original_error
    if isinstance(original, RequestError):
        return {**error.formatted, "extensions": original.extensions}
    if original is None:
        return {**error.formatted, "extensions": {"code": "BAD_USER_INPUT"}}
    if isinstance(original, OUTAGES):
        return {**error.formatted, **UNAVAILABLE}
    if isinstance(original, SessionEnded):
        return {**error.formatted, "message": SESSION_ENDED, "extensions": {"code": "UNAUTHENTICATED"}}
    if isinstance(original, TransportError):
        return {**error.formatted, "extensions": {"code": original.code}}
    return {**error.formatted, **_masked(original, form)}


def unexpected(error: Exception, form: ResponseFormat) -> Answer:
    """Return the response to a bug outside of any field."""
    return respond({"errors": [_masked(error, form)]}, "INTERNAL_SERVER_ERROR", form)


def _masked(error: Exception, form: ResponseFormat) -> dict[str, Any]:
    trace = {"trace_id": form.trace_id} if form.trace_id else {}
    logger.error("unexpected error, reference %s", form.reference, exc_info=error, extra={"request_id": form.reference, **trace})
    message = f"Something went wrong on our side. Reference: {form.reference}"
    extensions = {"code": "INTERNAL_SERVER_ERROR", "reference": form.reference}
    return {"message": message, "extensions": {**extensions, "traceId": form.trace_id} if form.trace_id else extensions}
