"""Live operations. The first message is the response to the request; each later one runs the same document in a unit of work of its own, in the name of the same caller."""

import asyncio
import logging
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    VariableNode,
    VariableValues,
    Visitor,
    get_variable_values,
    visit,
)

from auth.jwt.jwks import KeysUnavailable
from auth.permissions import LIVE, is_allowed
from auth.viewer import Viewer
from billing.refusals import RequestError, ResyncRequired, Unauthenticated
from db.outages import DatabaseUnavailable, SessionEnded, cause_of
from db.unit_of_work import Caller, UnitOfWork
from gateway.http import responses
from gateway.http.graphql.execution import run
from gateway.http.graphql.live_plans import data_of, read_message
from gateway.http.graphql.presentation import presented
from gateway.http.graphql.replica_reads import noted_position
from gateway.http.graphql.state import AppState, PreparedOperation, RequestState
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import Answer, ResponseFormat, TransportError
from gateway.http.streaming.sending import StreamAnswer
from gateway.live.hub import BudgetSpent, TooManyStreams
from gateway.live.streams import RESYNC, SESSION_ENDED, TOKEN_ENDED, LiveMessage, LiveStream, StreamFailed, StreamOwner
from planner.fields import DocumentContext, collect
from planner.values import Arguments, arguments_of
from resolvers.context import Context, RequestOrigin
from resolvers.pace import CompletionPacer
from resolvers.reads.live_events import EventSlice, cursor_of, events_after, is_for, last_seq, seq_of, slice_of
from schema.live import LiveEventRow, LiveRoot

logger = logging.getLogger("portico.live")

# After so many seconds a session that has too many streams may try again: those whose clients are gone have ended by then.
STREAM_RETRY_SECONDS = 30
# A first response of these codes has data, and goes on.
STREAMED = ("OK", "PARTIAL")


@dataclass(frozen=True, slots=True)
class LiveOperation:
    """What each message of a stream is computed from. `types` are the types of its events; None for all of them. `key` is the caller's key for places and budgets."""

    app: AppState
    work: PreparedOperation
    viewer: Viewer
    caller: Caller
    origin: RequestOrigin
    key: str
    form: ResponseFormat
    types: frozenset[str] | None

    @property
    def customer_id(self) -> str:
        return self.viewer.customer_id or ""


async def answer_live(app: AppState, work: PreparedOperation, state: RequestState, context: Context, *, suggests: bool) -> Answer:
    """Return the stream with its first message, or the response of an operation that has none. Raises TransportError, Overloaded, and the errors of an outage."""
    if state.stream_format is None:
        raise TransportError(
            "NOT_ACCEPTABLE", "A subscription is sent with `Accept: text/event-stream`, or multipart/mixed with subscriptionSpec=1.0, or by WebSocket."
        )
    arguments = _arguments(app, work) if is_allowed(context.viewer, LIVE) else None
    if arguments is None:  # the executor says what is wrong
        return presented(await run(app.schema, work.document, work.call, context, root=_Refused(None)), None, state, suggests=suggests)
    operation = _operation(app, work, state, context, arguments)
    stream = LiveStream(_owner(context.viewer), _stream_key(operation, work.call), partial(_compute, operation))
    try:
        app.hub.add(stream)
    except TooManyStreams:
        message = "This session or customer has as many streams as it may have. Close one first."
        return responses.throttled(message, STREAM_RETRY_SECONDS, state.response_format)
    answer: Answer | None = None
    try:
        answer = await _first(operation, stream, (arguments.get("after"), context), state, suggests=suggests)
        await context.session.close()
        return answer
    finally:
        if not isinstance(answer, StreamAnswer):
            app.hub.remove(stream)


async def _first(operation: LiveOperation, stream: LiveStream, opening: tuple[str | None, Context], state: RequestState, *, suggests: bool) -> Answer:
    """Return the response that goes on, or errors if the operation has no data. `opening` is the argument `after`, and the context of the request."""
    app, work, (after, context) = operation.app, operation.work, opening
    assert state.stream_format is not None
    try:
        part = await _opening(operation, after, context.session)
        result = await _result(operation, context, LiveRoot(_event_row(operation, part)))
    except (RequestError, DatabaseUnavailable, SessionEnded) as error:
        result = await run(app.schema, work.document, work.call, context, root=_Refused(error))
    answer = presented(result, None, state, suggests=suggests)
    if result.data is None or answer.code not in STREAMED:
        return answer
    app.hub.begin(stream, LiveMessage(part.seq, bytes(answer.body), part.is_full))
    _watch_token(app, stream, state.request.headers.get("authorization"))
    return StreamAnswer(stream, state.response_format, state.headers, stream_format=state.stream_format, remove=app.hub.remove)


async def _opening(operation: LiveOperation, after: str | None, session: UnitOfWork) -> EventSlice:
    """Return the events of the first message: those after the cursor, or none. Raises BadUserInput, ResyncRequired."""
    customer_id = operation.customer_id
    if after is None:
        return EventSlice((), await last_seq(session, customer_id))
    return await events_after(session, customer_id, seq_of(after, customer_id))


async def _compute(operation: LiveOperation, seq: int) -> LiveMessage:
    """Return the message after an event. Raises StreamFailed, BudgetSpent, and the errors of an outage."""
    context = _context(operation)
    try:
        async with asyncio.timeout(operation.app.policy.operation_seconds):
            return await _message(operation, context, seq)
    except SessionEnded:
        raise StreamFailed(SESSION_ENDED) from None
    except ResyncRequired:
        raise StreamFailed(RESYNC) from None
    finally:
        await context.session.close()


async def _message(operation: LiveOperation, context: Context, seq: int) -> LiveMessage:
    """Read the events and, if there are some for this stream, run the document in the same snapshot. Where the planner can, one statement reads both."""
    app, work, customer_id = operation.app, operation.work, operation.customer_id
    read = await read_message(app, work, context, LiveEventRow(cursor_of(customer_id, seq), customer_id), seq)
    part = await (slice_of(read.events, context.session, customer_id, seq) if read else events_after(context.session, customer_id, seq))
    row = _event_row(operation, part)
    if not row.events:
        return LiveMessage(part.seq, None, part.is_full)
    budget = context.budget = await app.budgets.spend(operation.key, context, work.cost)
    if budget and not budget.is_paid:
        raise BudgetSpent
    data = data_of(read, work, context, row) if read else None
    result = ExecutionResult(data, None) if data is not None else await _result(operation, context, LiveRoot(row))
    position = await noted_position(app, operation.key, context)
    message = LiveMessage(part.seq, _body(result, operation.form, position), part.is_full)
    app.hub.lag.observe((app.clock() - row.events[0].occurred_at).total_seconds())
    return message


async def _result(operation: LiveOperation, context: Context, root: LiveRoot) -> ExecutionResult:
    """Execute: the customer by the planner's one statement where it has a plan, and the events by the executor."""
    app, work = operation.app, operation.work
    return await run(app.schema, work.document, work.call, context, root=root, plans=work.document.plans)


def _body(result: ExecutionResult, form: ResponseFormat, position: str) -> bytes:
    """Return the response as JSON, with the position at which a page reads what it reports. Raises SessionEnded, DatabaseUnavailable."""
    for error in result.errors or ():
        if isinstance(error.original_error, SessionEnded):
            raise error.original_error
    if responses.is_outage(result.errors or ()):
        raise DatabaseUnavailable(responses.cause(result.errors or ()))
    errors = {"errors": [responses.format_error(error, form) for error in result.errors]} if result.errors else {}
    extensions = {"extensions": {"position": position}} if position else {}
    return orjson.dumps({**errors, "data": result.data, **extensions})


def _event_row(operation: LiveOperation, part: EventSlice) -> LiveEventRow:
    types = operation.types
    events = tuple(event for event in part.events if (types is None or event.event_type in types) and is_for(operation.viewer, event))
    return LiveEventRow(cursor_of(operation.customer_id, part.seq), operation.customer_id, events)


def _context(operation: LiveOperation) -> Context:
    """Return a context for another message, as of now."""
    app = operation.app
    now = app.clock()
    caller = replace(operation.caller, now=now, is_known=app.recognised_callers.holds(operation.customer_id, now=now))
    session = UnitOfWork(app.database, caller, acquire_seconds=app.policy.acquire_seconds)
    pace, issuer = CompletionPacer(app.running_costs.is_shared), app.identity.issuer
    return Context(operation.viewer, session, operation.origin, app.identity, app.payments, app.files, validate=app.validate, pace=pace, issuer=issuer)


def _operation(app: AppState, work: PreparedOperation, state: RequestState, context: Context, arguments: Arguments) -> LiveOperation:
    """Return what the stream keeps of its request, without the text of its document."""
    call = replace(work.call, query="", extensions={}, others={})
    types = None if arguments.get("types") is None else frozenset(str(getattr(each, "value", each)) for each in arguments["types"])
    work = replace(work, call=call, budget=None)
    return LiveOperation(app, work, context.viewer, context.session.caller, context.origin, state.caller, state.response_format, types)


def _arguments(app: AppState, work: PreparedOperation) -> Arguments | None:
    """Return the arguments of the root field. None where the operation selects none, or its variables or arguments are refused."""
    variables = get_variable_values(app.schema, work.operation.variable_definitions or (), work.call.variables, max_errors=1, hide_suggestions=True)
    if not isinstance(variables, VariableValues):
        return None
    root, ast = app.schema.subscription_type, work.document.ast
    assert root is not None
    assert ast is not None
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    fields = collect(DocumentContext(app.schema, fragments, variables), root, work.operation.selection_set.selections)
    nodes = [nodes[0] for nodes in fields.values() if nodes[0].name.value in root.fields]
    try:
        return arguments_of(root.fields[nodes[0].name.value], nodes[0], variables) if nodes else None
    except (GraphQLError, RequestError):
        return None


def _owner(viewer: Viewer) -> StreamOwner:
    return StreamOwner(viewer.customer_id or "", viewer.session_id or f"{viewer.kind} {viewer.app or viewer.client}")


def _stream_key(operation: LiveOperation, call: GraphQLRequest) -> Hashable:
    """Return the key of streams with equal messages. A variable that is used for `after` of the root field alone is not in it: the messages after the first do not depend on it."""
    cursor = _cursor_variable(operation.work)
    variables = {name: value for name, value in call.variables.items() if name != cursor}
    # As text: bytes of orjson keep the space that they were written into.
    encoded = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()
    return operation.viewer, operation.work.document.digest, call.operation_name, encoded, operation.types


def _cursor_variable(work: PreparedOperation) -> str | None:
    """Return the variable that is `after` of a root field and nothing else: the document has it twice, where it is declared and there. None also for one in a fragment."""
    fields = [node for node in work.operation.selection_set.selections if isinstance(node, FieldNode)]
    values = [argument.value for field in fields for argument in field.arguments or () if argument.name.value == "after"]
    uses = Counter[str]()
    assert work.document.ast is not None
    visit(work.document.ast, _Variables(uses))
    return next((value.name.value for value in values if isinstance(value, VariableNode) and uses[value.name.value] == 2), None)


class _Variables(Visitor):
    """Counts the names of variables."""

    def __init__(self, uses: Counter[str]) -> None:
        super().__init__()
        self.uses = uses

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.uses[node.name.value] += 1


class _Refused:
    """The root value where `events` is refused: the executor puts the error beside the field."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    @property
    def live_event(self) -> LiveEventRow:
        assert self._error is not None
        raise self._error


def _watch_token(app: AppState, stream: LiveStream, authorization: str | None) -> None:
    """Look at the token again when it ends. For tokens of other issuers that may be earlier than their end."""
    seconds = app.tokens.seconds_left(authorization or "", now=app.clock())
    stream.call_after(max(seconds, 1.0), _begin_verifying, app, stream, authorization)


def _begin_verifying(app: AppState, stream: LiveStream, authorization: str | None) -> None:
    app.identity.later(_verify_again(app, stream, authorization))


async def _verify_again(app: AppState, stream: LiveStream, authorization: str | None) -> None:
    try:
        await app.tokens.viewer_of(authorization, now=app.clock())
    except Unauthenticated:
        stream.end(TOKEN_ENDED)
        return
    except KeysUnavailable as error:
        logger.info("a token of a stream is verified later", extra={"cause": cause_of(error)})
    _watch_token(app, stream, authorization)
