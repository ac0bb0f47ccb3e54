"""The GraphQL endpoint: from an HTTP request to its answer, one unit of work in between."""

import asyncio
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from databases import Database
from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.jwks import KeysUnavailable
from auth.tokens import Tokens
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from billing.states import Actor
from db.session import Caller, DatabaseUnavailable, Session, SessionEnded
from gateway import answers, calls
from gateway.answers import TransportError
from gateway.calls import Call
from gateway.documents import Document, Documents
from resolvers.context import Context, Identity, Origin, Payments

logger = logging.getLogger("portico.http")

STRANGER = Viewer(Actor.ANONYMOUS, None, (), "")
NO_TOKEN = "Send a bearer token that holds in the Authorization header."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take."""

    body_bytes: int
    operation_seconds: float
    acquire_seconds: float


@dataclass(frozen=True, slots=True)
class Portal:
    """What every request needs, made once per process."""

    schema: GraphQLSchema
    documents: Documents
    database: Database
    tokens: Tokens
    identity: Identity
    payments: Payments
    clock: Callable[[], datetime]
    limits: Limits
    shows_timings: bool


class GraphQLEndpoint:
    """An ASGI application. The caller is found before the body is read, and the transaction is ended after the answer is sent."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        media = answers.JSON
        context: Context | None = None
        try:
            if request.method == "OPTIONS":
                response = Response(status_code=204, headers={"Allow": calls.ALLOWED})
            else:
                media = answers.media_type(request.headers.get("accept"))
                context = await self._context(request)
                response = await self._answer(request, context, media)
        except (Unauthenticated, SessionEnded):
            response = answers.refused("UNAUTHENTICATED", NO_TOKEN, media, **{"WWW-Authenticate": "Bearer"})
        except TransportError as error:
            response = answers.refused(error.code, str(error), media, **error.headers)
        except (DatabaseUnavailable, KeysUnavailable):
            response = answers.unavailable(media)
        except Exception as error:
            response = answers.unexpected(error, media)
        try:
            await response(scope, receive, send)
        finally:
            if context:
                await context.session.close()

    async def _context(self, request: Request) -> Context:
        """Who calls, before anything else. Without a token it is a stranger, for whom the operation itself will say whether that is enough."""
        portal = self._portal
        now = portal.clock()
        authorization = request.headers.get("authorization")
        viewer = STRANGER if authorization is None else await self._portal.tokens.viewer_of(authorization, now=now)
        caller = Caller(viewer.customer_id, viewer.kind, now, viewer.session_id)
        session = Session(portal.database, caller, acquire_seconds=portal.limits.acquire_seconds)
        network = request.client.host if request.client else ""
        return Context(
            viewer, session, Origin(uuid4().hex, network, viewer.client or request.headers.get("user-agent", "")[:200]), portal.identity, portal.payments
        )

    async def _answer(self, request: Request, context: Context, media: str) -> Response:
        """What is wrong with a stranger's request is not told."""
        try:
            call = await calls.read(request, max_body_bytes=self._portal.limits.body_bytes)
        except TransportError:
            if context.viewer is STRANGER:
                raise Unauthenticated(NO_TOKEN) from None
            raise
        return await answer(self._portal, call, context, media)


async def answer(portal: Portal, call: Call, context: Context, media: str) -> Response:
    """Judge the document, run it, present the result."""
    document = portal.documents.prepare(call.query)
    if context.viewer is STRANGER and not document.is_public(call.operation_name):
        raise Unauthenticated(NO_TOKEN)
    if document.errors:
        return answers.request_errors(document.errors, document.error_code, media)
    operation = document.operation(call.operation_name)
    if operation is None:
        raise TransportError("BAD_REQUEST", "Name one of the document's operations in `operationName`.")
    if call.is_get and operation.operation.value != "query":
        raise TransportError("METHOD_NOT_ALLOWED", "Only queries may be sent by GET.", Allow="POST")
    try:
        async with asyncio.timeout(portal.limits.operation_seconds):
            planned = await run_planned(document, operation, call, context)
            if planned is not None:
                return answers.raw(planned, 200, media, **_timing(portal, context, "planner"))
            result = await run(portal.schema, document, call, context)
    except (TimeoutError, DatabaseUnavailable):
        return answers.unavailable(media)
    return _presented(result, media, _timing(portal, context, "executor"))


async def run_planned(document: Document, operation: OperationDefinitionNode, call: Call, context: Context) -> bytes | None:
    """The planner: the whole query as one statement; None where the executor has to answer. A statement that fails is the executor's to explain."""
    if document.plans is None:
        return None
    try:
        bound = document.plans.bind(operation, call.variables, context.viewer)
        return bound.answer((await context.session.fetch(bound.plan.sql, bound.values))[0][0]) if bound else None
    except (DatabaseUnavailable, SessionEnded):
        raise
    except Exception:
        logger.warning("a planned query failed; the executor answers", exc_info=True)
        document.plans.failed()
        await context.session.close()
        return None


async def run(schema: GraphQLSchema, document: Document, call: Call, context: Context) -> ExecutionResult:
    """The executor: graphql-core over the loaders. The row behind Query is the viewer."""
    assert document.ast is not None
    result = execute(schema, document.ast, root_value=context.viewer, context_value=context, variable_values=call.variables, operation_name=call.operation_name)
    return await result if inspect.isawaitable(result) else result


def _presented(result: ExecutionResult, media: str, headers: dict[str, str]) -> Response:
    if not result.errors:
        return answers.respond({"data": result.data}, 200, media, **headers)
    if answers.is_outage(result.errors):
        return answers.unavailable(media)
    if any(isinstance(error.original_error, SessionEnded) for error in result.errors):
        raise Unauthenticated(NO_TOKEN)
    if result.data is None and all(error.path is None for error in result.errors):
        return answers.request_errors(result.errors, "BAD_USER_INPUT", media)
    body: dict[str, Any] = {"errors": [answers.shown(error) for error in result.errors], "data": result.data}
    return answers.respond(body, 200, media, **headers)


def _timing(portal: Portal, context: Context, way: str) -> dict[str, str]:
    return {"Server-Timing": f'{way};desc="{context.session.statements} statements"'} if portal.shows_timings else {}
