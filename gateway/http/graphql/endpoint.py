"""The GraphQL endpoint: from an HTTP request to its response, with one unit of work."""

import asyncio
import logging
from contextlib import nullcontext
from dataclasses import replace
from secrets import token_hex
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.jwt.jwks import KeysUnavailable
from auth.permissions import DEVELOP, is_allowed, staff_scopes
from auth.viewer import Viewer
from billing.files.attachments import MAX_REQUEST_BYTES
from billing.refusals import Forbidden, Unauthenticated
from db.outages import DatabaseUnavailable, SessionEnded, cause_of
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.cost import reading_cost
from gateway.documents.document_cache import DocumentCache
from gateway.documents.limits import LimitExceeded, check_values
from gateway.http import requests, responses
from gateway.http.capacity.admission import CancelOnDisconnect, ClientDisconnected, Overloaded, ReleaseAfterSend
from gateway.http.capacity.callers import caller_of
from gateway.http.graphql import authentication, budgets, uploads
from gateway.http.graphql.authentication import ANONYMOUS, check_authenticated, check_readable
from gateway.http.graphql.live import answer_live
from gateway.http.graphql.presentation import presented, refused_operation, way_of_executor
from gateway.http.graphql.replica_reads import executed
from gateway.http.graphql.revisions import conditional_request
from gateway.http.graphql.state import AppState, PreparedOperation, RequestState
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.negotiation.caching import represented, unchanged, with_etag
from gateway.http.proxies import address_of, user_agent_of
from gateway.http.request_log import RequestLogEntry
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import Answer, ResponseFormat, TransportError
from gateway.http.statuses import JSON
from gateway.http.streaming.sending import StreamAnswer, as_stream
from gateway.http.trace_context import trace_of
from resolvers.context import Context, RequestOrigin
from resolvers.pace import CompletionPacer

logger = logging.getLogger("portico.http")

# The time that a mutation has after its deadline to read the fields of its payloads.
PAYLOAD_SECONDS = 1.0


class GraphQLEndpoint:
    """An ASGI application. The caller is authenticated before the body is read, and the transaction ends after the response is sent."""

    def __init__(self, app: AppState) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            preflight = self._app.origins.preflight(GraphQLHTTPRequest(scope, receive))
            await Response(status_code=204, headers={**responses.HEADERS, **preflight})(scope, receive, send)
            return
        entry = RequestLogEntry(token_hex(16))
        if trace := trace_of(scope["headers"]):
            entry.trace_id, entry.parent_span_id = trace.trace_id, trace.parent_id
        form = ResponseFormat(JSON, self._app.policy.profile, entry.request_id, entry.trace_id)
        state = RequestState(GraphQLHTTPRequest(scope, receive), form, entry)
        answer = await self.answered(state)
        if state.stream_format and state.is_stream_only:
            answer = as_stream(answer, state.stream_format)
        await represented(answer, state.request, is_query=entry.kind == "query")
        if allowed := self._app.origins.headers(state.request):
            answer.headers.update(allowed)
        if self._app.drain.has_begun:
            answer.headers["Connection"] = "close"
        if isinstance(answer, StreamAnswer):
            state.release_request()
        try:
            async with ReleaseAfterSend(state.context.session.close) if state.context else nullcontext():
                await _sent(answer, scope, receive, send)
        finally:
            state.write_log(answer, self._app.observe)

    async def answered(self, state: RequestState) -> Answer:
        """Return the response, also for every kind of error."""
        with state.traced(self._app.tracer):
            try:
                state.negotiate()
                return await self._answer(state)
            except (Unauthenticated, SessionEnded) as error:
                return authentication.refused(error, self._app, state)
            except TransportError as error:
                return responses.refused_request(error, state.response_format)
            except ClientDisconnected:
                return responses.refused("CLIENT_CLOSED_REQUEST", "The client has closed the connection.", state.response_format)
            except (DatabaseUnavailable, KeysUnavailable, Overloaded, asyncio.CancelledError) as error:
                # Operations that still run at the end of the time for shutdown are cancelled.
                state.log_entry.cause = cause_of(error)
                return responses.unavailable(state.response_format)
            except Exception as error:  # a bug: the caller gets a reference id instead of the message
                state.log_entry.cause = cause_of(error)
                return responses.unexpected(error, state.response_format)

    async def _answer(self, state: RequestState) -> Answer:
        app = self._app
        app.origins.check(state.request)
        reader = None if state.is_upload else requests.reader_of(state.request)
        context = state.context = await self._context(state)
        caller = state.caller = caller_of(context.viewer, context.origin.network)
        (app.uploads if state.is_upload else app.admission).check(caller)
        if reader is None:
            return await self._answer_upload(state, context)
        call = await self._call(state, reader, context)
        state.waits_until = app.admission.deadline()
        async with app.admission.place(caller, until=state.waits_until):
            state.log_entry.end_phase("wait")
            response = await answer(app, call, state, context)
        is_cached = call.is_get and call.is_stored and response.code == "OK" and state.log_entry.kind == "query"
        return with_etag(response, state.conditional.tag if state.conditional else None) if is_cached and response.status_code == 200 else response

    async def _call(self, state: RequestState, reader: requests.Reader, context: Context) -> GraphQLRequest:
        """Read and resolve the request. Raises TransportError, or Unauthenticated if the caller may not learn what is wrong."""
        policy = self._app.policy
        try:
            call = await requests.read(state.request, reader, policy.anonymous if context.viewer is ANONYMOUS else policy.authenticated)
            call = self._app.persisted_documents.resolve(call, context.viewer, now=context.now)
        except TransportError as error:
            check_readable(self._app, state, error)
            raise
        state.log_entry.end_phase("read")
        return call

    async def _answer_upload(self, state: RequestState, context: Context) -> Answer:
        """Answer a request whose files are read while the operation runs. It has more time, and places of its own, so that slow uploads do not delay other operations."""
        if state.refusal:
            raise state.refusal
        policy = self._app.policy
        with_files = replace(self._app, policy=replace(policy, operation_seconds=policy.upload_timeout.maximum_seconds(MAX_REQUEST_BYTES)))

        async def run(request: GraphQLRequest) -> Answer:
            call = self._app.persisted_documents.resolve(request, context.viewer, now=context.now)
            app, places = (with_files, with_files.uploads) if call.has_files else (self._app, self._app.admission)
            state.log_entry.end_phase("read")
            try:
                async with places.place(state.caller):
                    state.log_entry.end_phase("wait")
                    return await answer(app, call, state, context)
            finally:  # the rest of the body may take long to arrive, and needs no connection
                await context.session.close()

        return await uploads.respond(state.request, run, policy, flow=self._app.flow)

    async def _context(self, state: RequestState) -> Context:
        """Authenticate the caller and return the context. Whether a missing token is an error depends on the operation, and is checked later."""
        app = self._app
        now, request_id = app.clock(), state.log_entry.request_id
        viewer = await authentication.viewer_of(app, state, now)
        names_customer, is_known = viewer.customer_id is not None, app.recognised_callers.holds(viewer.customer_id, now=now)
        caller = Caller(
            viewer.customer_id, viewer.kind, now, viewer.session_id, is_of_token=names_customer, is_known=is_known, app=viewer.app, acting_party=viewer.acting_party,
            scopes=staff_scopes(viewer), client=viewer.key_owner, request_id=request_id)  # fmt: skip
        session = UnitOfWork(app.database, caller, acquire_seconds=app.policy.acquire_seconds)
        state.log_entry.client, state.log_entry.acting_party = viewer.client, viewer.acting_party or ""
        origin = RequestOrigin(request_id, address_of(state.request, app.policy.trusted_proxies), user_agent_of(state.request))
        if viewer is ANONYMOUS:
            state.log_entry.user_agent = origin.user_agent
        pace, issuer = CompletionPacer(app.running_costs.is_shared), app.identity.issuer
        return Context(viewer, session, origin, app.identity, app.payments, app.files, validate=app.validate, pace=pace, issuer=issuer, webhooks=app.webhooks)


async def _sent(response: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response. A client that has closed its connection meanwhile is not an error."""
    try:
        await response(scope, receive, send)
    except RuntimeError as error:  # raised by uvloop for a closed transport
        if "TCPTransport closed=True" not in str(error):
            raise


async def answer(app: AppState, call: GraphQLRequest, state: RequestState, context: Context) -> Answer:
    """Check the document and its cost, execute the operation, and return the response."""
    documents = app.trusted_documents if call.is_stored else app.documents
    if throttled := _pay_for_reading(app, documents, call, state):
        check_readable(app, state, TransportError(throttled.code, ""))
        return throttled
    document = documents.prepare(call.query)
    check_authenticated(app, state, document, call)
    is_open = _is_open(app, context.viewer)
    errors = document.errors or ((GraphQLError("Introspection is allowed for developers only."),) if document.introspects and not is_open else ())
    if errors:
        return responses.request_errors(errors, document.error_code or "GRAPHQL_VALIDATION_FAILED", state.response_format, suggests=is_open)
    operation = document.operation(call.operation_name)
    if operation is None:
        raise TransportError("OPERATION_RESOLUTION_FAILURE", "Name one of the document's operations in `operationName`.")
    if call.is_get and operation.operation.value == "mutation":
        raise TransportError("METHOD_NOT_ALLOWED", "Mutations may not be sent by GET.", Allow="POST")
    try:
        check_values(call.variables)
        cost = documents.check(document, operation, call.variables, context.viewer)
    except (LimitExceeded, Forbidden) as error:
        return refused_operation(error, state, suggests=is_open)
    budget = context.budget = await app.budgets.spend(state.caller, context, cost)
    state.conditional = conditional_request(app, state, context, (document, operation, call))
    work = PreparedOperation(document, operation, call, cost, budget, state.conditional)
    _note(state, work)
    if budget and not budget.is_paid:
        return budgets.throttled(budget, cost, state.response_format)
    async with app.running_costs.place(state.caller, size=max(1, cost), until=state.waits_until):
        state.log_entry.end_phase("wait")
        return await _run(app, work, state, context)


def _pay_for_reading(app: AppState, documents: DocumentCache, call: GraphQLRequest, state: RequestState) -> Answer | None:
    """Charge the caller's budget for parsing and validating a text that is not in the cache. Return the response if the budget is too small, else None."""
    if call.is_stored or documents.is_cached(call.query):
        return None
    cost = reading_cost(call.query)
    budget = app.budgets.take(state.caller, cost)
    return budgets.throttled(budget, cost, state.response_format) if budget and not budget.is_paid else None


def _note(state: RequestState, work: PreparedOperation) -> None:
    entry, name = state.log_entry, work.operation.name
    if work.call.deprecation:
        entry.deprecated = True
        state.headers |= work.call.deprecation.headers
    entry.document = work.document.digest
    entry.operation = name.value[:100] if name else None
    entry.kind = work.operation.operation.value
    entry.cost = work.cost
    entry.is_stored = work.call.is_stored
    entry.note_variables(work.call.variables)
    entry.end_phase("prepare")


async def _run(app: AppState, work: PreparedOperation, state: RequestState, context: Context) -> Answer:
    """Execute within the deadline. A query is cancelled when its client disconnects."""
    if state.log_entry.kind == "subscription":
        return await _open_stream(app, work, state, context)
    is_query = state.log_entry.kind == "query"
    is_watched = is_query and not state.is_upload
    context.ends_at = asyncio.get_running_loop().time() + app.policy.operation_seconds
    try:
        async with asyncio.timeout_at(context.ends_at + (0 if is_query else PAYLOAD_SECONDS)):
            async with CancelOnDisconnect(state.request.receive) if is_watched else nullcontext():
                planned, result = await executed(app, work, state, context)
    except (TimeoutError, DatabaseUnavailable) as error:
        state.log_entry.cause = responses.DEADLINE if isinstance(error, TimeoutError) else error.cause
        return responses.unavailable(state.response_format)
    is_unchanged = state.conditional is not None and state.conditional.is_unchanged
    state.log_entry.way = "revision" if is_unchanged else "planner" if planned is not None else way_of_executor(context)
    state.log_entry.end_phase("run")
    if app.policy.shows_timings:
        state.headers["Server-Timing"] = state.log_entry.timings(context.session.statements)
    extensions = _extensions(app, work, state)
    if planned is not None:
        _remember(app, context)
        if is_unchanged and state.conditional:
            return unchanged(with_etag(responses.raw(b"", "OK", state.response_format, **state.headers), state.conditional.tag))
        body = planned[:-1] + b',"extensions":' + orjson.dumps(extensions) + b"}" if extensions else planned
        return responses.raw(body, "OK", state.response_format, **state.headers)
    assert result is not None
    response = presented(result, extensions, state, suggests=_is_open(app, context.viewer))
    _remember(app, context)
    return response


async def _open_stream(app: AppState, work: PreparedOperation, state: RequestState, context: Context) -> Answer:
    """Return the response that goes on, which is begun within the deadline."""
    try:
        async with asyncio.timeout(app.policy.operation_seconds):
            return await answer_live(app, work, state, context, suggests=_is_open(app, context.viewer))
    except (TimeoutError, DatabaseUnavailable) as error:
        state.log_entry.cause = responses.DEADLINE if isinstance(error, TimeoutError) else error.cause
        return responses.unavailable(state.response_format)
    finally:
        state.log_entry.way = "executor"
        state.log_entry.end_phase("run")


def _is_open(app: AppState, viewer: Viewer) -> bool:
    """Whether the caller may see the schema, by introspection and by suggestions in errors."""
    return app.policy.is_open or is_allowed(viewer, DEVELOP)


def _remember(app: AppState, context: Context) -> None:
    """Note that the customer has a row, if the database has checked the caller in this request."""
    caller = context.session.caller
    if context.session.is_judged and caller.is_of_token and caller.customer_id and not caller.is_known:
        app.recognised_callers.add(caller.customer_id, now=caller.now)


def _extensions(app: AppState, work: PreparedOperation, state: RequestState) -> dict[str, Any]:
    """Return the extensions of the response: the deprecation of the document, and the cost if the request has the header GraphQL-Cost."""
    deprecation = {"deprecation": work.call.deprecation.extension} if work.call.deprecation else {}
    if not state.wants_cost:
        return deprecation
    status = {"throttleStatus": budgets.budget_extensions(work.budget)} if work.budget else {}
    return {"cost": {"requested": work.cost, "limit": app.documents.limits.cost, **status}, **deprecation}
