"""The GraphQL endpoint: from an HTTP request to its answer, one unit of work in between."""

import asyncio
import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.jwt.jwks import KeysUnavailable
from auth.permissions import DEVELOP, is_allowed
from auth.viewer import Viewer
from billing.files.attachments import MAX_REQUEST_BYTES
from billing.refusals import Unauthenticated
from billing.rows import CostBudget
from db.outages import DatabaseUnavailable, SessionEnded, cause_of
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.cost import reading_cost
from gateway.documents.document_cache import DocumentCache, PreparedDocument
from gateway.documents.limits import LimitExceeded, check_values
from gateway.http import requests, responses
from gateway.http.caching import tagged
from gateway.http.capacity.admission import CancelOnDisconnect, ClientDisconnected, Overloaded, ReleaseAfterSend, noop
from gateway.http.capacity.callers import caller_of
from gateway.http.graphql import authentication, budgets, uploads
from gateway.http.graphql.authentication import ANONYMOUS, check_authenticated, check_readable
from gateway.http.graphql.execution import run, run_planned
from gateway.http.graphql.presentation import presented
from gateway.http.graphql.state import AppState, RequestState
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.proxies import address_of, user_agent_of
from gateway.http.request_log import RequestLogEntry
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import Answer, ResponseFormat, TransportError
from gateway.http.statuses import JSON
from resolvers.context import Context, RequestOrigin
from resolvers.pace import CompletionPacer

logger = logging.getLogger("portico.http")

# What the fields of a mutation have left after its deadline, to read what their payloads show.
PAYLOAD_SECONDS = 1.0


class GraphQLEndpoint:
    """An ASGI application. The caller is found before the body is read, and the transaction is ended after the answer is sent."""

    def __init__(self, portal: AppState) -> None:
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = GraphQLHTTPRequest(scope, receive)
        if request.method == "OPTIONS":
            await Response(status_code=204, headers={**responses.HEADERS, **self._portal.origins.preflight(request)})(scope, receive, send)
            return
        entry = RequestLogEntry(token_hex(16))
        visit = RequestState(request, ResponseFormat(JSON, self._portal.terms.profile, entry.request_id), entry)
        answer = await self._answered(visit)
        if allowed := self._portal.origins.headers(request):
            answer.headers.update(allowed)
        if self._portal.drain.has_begun:
            answer.headers["Connection"] = "close"
        session = visit.context.session if visit.context else None
        try:
            async with ReleaseAfterSend(session.close if session else noop):
                await _sent(answer, scope, receive, send)
        finally:
            entry.ends("send")
            entry.write(answer.code, answer.status_code, session.statements if session else 0)

    async def _answered(self, visit: RequestState) -> Answer:
        """The answer, whatever goes wrong."""
        try:
            visit.response_format = ResponseFormat(
                responses.media_type(visit.request.headers.get("accept")), visit.response_format.profile, visit.response_format.reference
            )
            return await self._answer(visit)
        except (Unauthenticated, SessionEnded) as error:
            return authentication.refused(error, self._portal, visit)
        except TransportError as error:
            return responses.refused_request(error, visit.response_format)
        except ClientDisconnected:
            return responses.refused("CLIENT_CLOSED_REQUEST", "The client has left.", visit.response_format)
        except (DatabaseUnavailable, KeysUnavailable, Overloaded, asyncio.CancelledError) as error:
            # Cancelled is what is still running when the time to shut down is over.
            visit.log_entry.cause = cause_of(error)
            return responses.unavailable(visit.response_format)
        except Exception as error:  # a bug; here is the edge, and the caller hears a reference instead of its words
            visit.log_entry.cause = cause_of(error)
            return responses.unexpected(error, visit.response_format)

    async def _answer(self, visit: RequestState) -> Answer:
        portal = self._portal
        portal.origins.check(visit.request)
        reader = None if visit.is_upload else requests.reader_of(visit.request)
        context = visit.context = await self._context(visit)
        caller = visit.caller = caller_of(context.viewer, context.origin.network)
        (portal.uploads if visit.is_upload else portal.admission).check(caller)
        if reader is None:
            return await self._answer_upload(visit, context)
        call = await self._call(visit, reader, context)
        visit.waits_until = portal.admission.deadline()
        async with portal.admission.place(caller, until=visit.waits_until):
            visit.log_entry.ends("wait")
            found = await answer(portal, call, visit, context)
        return tagged(found, visit.request) if call.is_get and call.is_stored and found.code == "OK" else found

    async def _call(self, visit: RequestState, reader: requests.Reader, context: Context) -> GraphQLRequest:
        """Raises TransportError, and Unauthenticated in place of it where the caller may not learn what is wrong."""
        terms = self._portal.terms
        try:
            call = await requests.read(visit.request, reader, terms.anonymous if context.viewer is ANONYMOUS else terms.authenticated)
            call = self._portal.persisted_documents.resolve(call, context.viewer, now=context.now)
        except TransportError as error:
            check_readable(self._portal, visit, error)
            raise
        visit.log_entry.ends("read")
        return call

    async def _answer_upload(self, visit: RequestState, context: Context) -> Answer:
        """The files are read while the operation runs, so it has more time, and places apart from the others: a slow line keeps nobody from asking."""
        if visit.refusal:
            raise visit.refusal
        terms = self._portal.terms
        with_files = replace(self._portal, terms=replace(terms, operation_seconds=terms.patience.longest(MAX_REQUEST_BYTES)))

        async def run(sent: GraphQLRequest) -> Answer:
            call = self._portal.persisted_documents.resolve(sent, context.viewer, now=context.now)
            portal, places = (with_files, with_files.uploads) if call.has_files else (self._portal, self._portal.admission)
            visit.log_entry.ends("read")
            try:
                async with places.place(visit.caller):
                    visit.log_entry.ends("wait")
                    return await answer(portal, call, visit, context)
            finally:  # what is left of the body may take long to come, and needs no connection
                await context.session.close()

        return await uploads.respond(visit.request, run, terms, flow=self._portal.flow)

    async def _context(self, visit: RequestState) -> Context:
        """Who calls, before anything else. Without a token the operation itself will say whether one is needed."""
        portal = self._portal
        now = portal.clock()
        viewer = await authentication.viewer_of(portal, visit, now)
        names_customer, is_known = viewer.customer_id is not None, portal.known.holds(viewer.customer_id, now=now)
        caller = Caller(viewer.customer_id, viewer.kind, now, viewer.session_id, is_of_token=names_customer, is_known=is_known)
        caller = replace(caller, app=viewer.app, acting_party=viewer.acting_party)
        session = UnitOfWork(portal.database, caller, acquire_seconds=portal.terms.acquire_seconds)
        visit.log_entry.client, visit.log_entry.acting_party = viewer.client, viewer.acting_party or ""
        origin = RequestOrigin(visit.log_entry.request_id, address_of(visit.request, portal.terms.trusted_proxies), user_agent_of(visit.request))
        if viewer is ANONYMOUS:
            visit.log_entry.user_agent = origin.user_agent
        pace, issuer = CompletionPacer(portal.running_costs.is_shared), portal.identity.issuer
        return Context(viewer, session, origin, portal.identity, portal.payments, portal.files, validate=portal.validate, pace=pace, issuer=issuer)


async def _sent(response: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer; a client that has closed its connection meanwhile is no error."""
    try:
        await response(scope, receive, send)
    except RuntimeError as error:  # uvloop's, for a transport that is closed
        if "TCPTransport closed=True" not in str(error):
            raise


async def answer(portal: AppState, call: GraphQLRequest, visit: RequestState, context: Context) -> Answer:
    """Judge the document, run it, present the result."""
    documents = portal.trusted_documents if call.is_stored else portal.documents
    if throttled := _pay_for_reading(portal, documents, call, visit):
        check_readable(portal, visit, TransportError(throttled.code, ""))
        return throttled
    document = documents.prepare(call.query)
    check_authenticated(portal, visit, document, call)
    is_open = _is_open(portal, context.viewer)
    errors = document.errors or ((GraphQLError("Introspection is for developers."),) if document.introspects and not is_open else ())
    if errors:
        return responses.request_errors(errors, document.error_code or "GRAPHQL_VALIDATION_FAILED", visit.response_format, suggests=is_open)
    operation = document.operation(call.operation_name)
    if operation is None:
        raise TransportError("OPERATION_RESOLUTION_FAILURE", "Name one of the document's operations in `operationName`.")
    if call.is_get and operation.operation.value != "query":
        raise TransportError("METHOD_NOT_ALLOWED", "Only queries may be sent by GET.", Allow="POST")
    try:
        check_values(call.variables)
        cost = documents.cost(document, operation, call.variables)
    except LimitExceeded as error:
        return responses.request_errors((error,), "LIMIT_EXCEEDED", visit.response_format, suggests=is_open)
    budget = context.budget = await portal.budgets.spend(visit.caller, context, cost)
    work = PreparedOperation(document, operation, call, cost, budget)
    _note(visit, work)
    if budget and not budget.is_paid:
        return budgets.throttled(budget, cost, visit.response_format)
    async with portal.running_costs.place(visit.caller, size=max(1, cost), until=visit.waits_until):
        visit.log_entry.ends("wait")
        return await _run(portal, work, visit, context)


def _pay_for_reading(portal: AppState, documents: DocumentCache, call: GraphQLRequest, visit: RequestState) -> Answer | None:
    """A text that is new costs processor time before anything is known of it, right or wrong. The answer where the caller's budget does not have so much."""
    if call.is_stored or documents.is_cached(call.query):
        return None
    cost = reading_cost(call.query)
    budget = portal.budgets.take(visit.caller, cost)
    return budgets.throttled(budget, cost, visit.response_format) if budget and not budget.is_paid else None


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """An operation that may run."""

    document: PreparedDocument
    operation: OperationDefinitionNode
    call: GraphQLRequest
    cost: int
    budget: CostBudget | None = None


def _note(visit: RequestState, work: PreparedOperation) -> None:
    entry, name = visit.log_entry, work.operation.name
    if work.call.deprecation:
        entry.deprecated = True
        visit.headers |= work.call.deprecation.headers
    entry.document = work.document.digest
    entry.operation = name.value[:100] if name else None
    entry.kind = work.operation.operation.value
    entry.cost = work.cost
    entry.names(work.call.variables)
    entry.ends("prepare")


async def _run(portal: AppState, work: PreparedOperation, visit: RequestState, context: Context) -> Answer:
    """Within the deadline; a query also only as long as somebody waits for it."""
    is_query = visit.log_entry.kind == "query"
    is_watched = is_query and not visit.is_upload
    context.ends_at = asyncio.get_running_loop().time() + portal.terms.operation_seconds
    try:
        async with asyncio.timeout_at(context.ends_at + (0 if is_query else PAYLOAD_SECONDS)):
            async with CancelOnDisconnect(visit.request.receive) if is_watched else nullcontext():
                planned = await run_planned(work.document, work.operation, work.call, context)
                result = await run(portal.schema, work.document, work.call, context) if planned is None else None
                await context.session.confirm()
    except (TimeoutError, DatabaseUnavailable) as error:
        visit.log_entry.cause = responses.DEADLINE if isinstance(error, TimeoutError) else error.cause
        return responses.unavailable(visit.response_format)
    visit.log_entry.way = "executor" if planned is None else "planner"
    visit.log_entry.ends("run")
    if portal.terms.shows_timings:
        visit.headers["Server-Timing"] = f'{visit.log_entry.way};desc="{context.session.statements} statements"'
    extensions = _extensions(portal, work, visit)
    if planned is not None:
        _remember(portal, context)
        body = planned[:-1] + b',"extensions":' + orjson.dumps(extensions) + b"}" if extensions else planned
        return responses.raw(body, "OK", visit.response_format, **visit.headers)
    assert result is not None
    response = presented(result, extensions, visit, suggests=_is_open(portal, context.viewer))
    _remember(portal, context)
    return response


def _is_open(portal: AppState, viewer: Viewer) -> bool:
    """Whether the caller may see the schema: by introspection, and by suggestions in errors."""
    return portal.terms.is_open or is_allowed(viewer, DEVELOP)


def _remember(portal: AppState, context: Context) -> None:
    """Note that the customer has a row, if the database has judged the caller."""
    caller = context.session.caller
    if context.session.is_judged and caller.is_of_token and caller.customer_id and not caller.is_known:
        portal.known.add(caller.customer_id, now=caller.now)


def _extensions(portal: AppState, work: PreparedOperation, visit: RequestState) -> dict[str, Any]:
    """What the answer says beside its data: that the document is deprecated, and to callers who ask for it the cost."""
    deprecation = {"deprecation": work.call.deprecation.extension} if work.call.deprecation else {}
    if not visit.wants_cost:
        return deprecation
    status = {"throttleStatus": budgets.budget_extensions(work.budget)} if work.budget else {}
    return {"cost": {"requested": work.cost, "limit": portal.documents.limits.cost, **status}, **deprecation}
