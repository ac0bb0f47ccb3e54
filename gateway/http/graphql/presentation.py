"""The response for an execution result: data, data with errors, or errors without data."""

from typing import Any

from graphql import ExecutionResult

from billing.refusals import Forbidden
from db.outages import SessionEnded
from gateway.documents.limits import LimitExceeded
from gateway.http import responses
from gateway.http.graphql.state import RequestState
from gateway.http.responses import Answer, TransportError
from resolvers.context import Context


def presented(result: ExecutionResult, extensions: dict[str, Any] | None, state: RequestState, *, suggests: bool) -> Answer:
    """Return the response for a result. Raises TransportError, SessionEnded."""
    more = {"extensions": extensions} if extensions else {}
    if not result.errors:
        return responses.respond({"data": result.data, **more}, "OK", state.response_format, **state.headers)
    state.log_entry.cause, state.log_entry.reason = responses.cause(result.errors), responses.reason(result.errors)
    if not _has_effects(result, state):
        for error in result.errors:
            if isinstance(error.original_error, TransportError | SessionEnded):
                raise error.original_error
        if responses.is_outage(result.errors):
            return responses.unavailable(state.response_format)
    if result.data is None and all(error.path is None for error in result.errors):
        return responses.request_errors(result.errors, "BAD_USER_INPUT", state.response_format, suggests=suggests)
    body = {"errors": [responses.format_error(error, state.response_format) for error in result.errors], "data": result.data, **more}
    return responses.respond(body, "PARTIAL", state.response_format, **state.headers, **responses.retry_after(result.errors))


def refused_operation(error: LimitExceeded | Forbidden, state: RequestState, *, suggests: bool) -> Answer:
    """Return the response to a valid operation that is refused as a whole, before anything of it runs."""
    if isinstance(error, LimitExceeded):
        return responses.request_errors((error,), "LIMIT_EXCEEDED", state.response_format, suggests=suggests)
    state.log_entry.reason = error.reason
    return responses.respond({"errors": [{"message": str(error), "extensions": error.extensions}]}, error.code, state.response_format)


def _has_effects(result: ExecutionResult, state: RequestState) -> bool:
    """Whether a field of a mutation has been executed and has a payload, which the client must get even if other fields fail."""
    has_effect = state.context is not None and state.context.has_effect
    return has_effect and any(isinstance(payload, dict) for payload in (result.data or {}).values())


def way_of_executor(context: Context) -> str:
    """Return how an operation was run, for its log line: by the executor alone, or with statements of the planner for what it selects below its root fields."""
    return "executor+planner" if context.has_planned_parts else "executor"
