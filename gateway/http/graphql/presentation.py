"""What the executor found, as the answer to a request: data, data with errors, or why there is no data."""

from typing import Any

from graphql import ExecutionResult

from db.outages import SessionEnded
from gateway.http import responses
from gateway.http.graphql.state import RequestState
from gateway.http.responses import Answer, TransportError


def presented(result: ExecutionResult, extensions: dict[str, Any] | None, visit: RequestState, *, suggests: bool) -> Answer:
    """The answer that a result makes. Raises TransportError, SessionEnded."""
    more = {"extensions": extensions} if extensions else {}
    if not result.errors:
        return responses.respond({"data": result.data, **more}, "OK", visit.response_format, **visit.headers)
    visit.log_entry.cause, visit.log_entry.reason = responses.cause(result.errors), responses.reason(result.errors)
    if not _has_effects(result, visit):
        for error in result.errors:
            if isinstance(error.original_error, TransportError | SessionEnded):
                raise error.original_error
        if responses.is_outage(result.errors):
            return responses.unavailable(visit.response_format)
    if result.data is None and all(error.path is None for error in result.errors):
        return responses.request_errors(result.errors, "BAD_USER_INPUT", visit.response_format, suggests=suggests)
    body = {"errors": [responses.format_error(error, visit.response_format) for error in result.errors], "data": result.data, **more}
    return responses.respond(body, "PARTIAL", visit.response_format, **visit.headers, **responses.retry_after(result.errors))


def _has_effects(result: ExecutionResult, visit: RequestState) -> bool:
    """Whether a field of a mutation is done and has a payload: whatever becomes of the other fields, the client must hear of it."""
    has_effect = visit.context is not None and visit.context.has_effect
    return has_effect and any(isinstance(payload, dict) for payload in (result.data or {}).values())
