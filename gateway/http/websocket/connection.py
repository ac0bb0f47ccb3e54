"""One WebSocket: its initialisation, its operations, each in a task, and its end."""

import asyncio
from functools import partial
from secrets import token_hex
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from auth.jwt.jwks import KeysUnavailable
from billing.refusals import Unauthenticated
from gateway.http.graphql.endpoint import GraphQLEndpoint
from gateway.http.graphql.state import AppState, RequestState
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.request_log import RequestLogEntry
from gateway.http.responses import Answer, ResponseFormat
from gateway.http.serving.protocol import ABORT
from gateway.http.statuses import JSON
from gateway.http.streaming.formats import SSE, encoded_errors
from gateway.http.streaming.sending import BEAT_SECONDS, READ_SECONDS, StreamAnswer
from gateway.http.websocket.messages import (
    BAD_REQUEST,
    DUPLICATE_ID,
    FORBIDDEN,
    INIT_TIMEOUT,
    RESTART,
    TOO_MANY,
    TRY_LATER,
    UNAUTHORIZED,
    ClientMessage,
    SocketClosed,
    authorization_of,
    of_operation,
    read,
)
from gateway.live.streams import DRAINING, SLOW, LiveStream, StreamEnd

INIT_SECONDS = 10.0
# A client may send so many messages at once, and so many a second.
BURST = 100.0
PER_SECOND = 20.0
MAX_OPERATIONS = 50
# Headers of the handshake that an operation of the connection has too.
PASSED_ON = (b"host", b"user-agent", b"x-forwarded-for", b"traceparent", b"graphql-cost")


class Disconnected(Exception):
    """The client has closed the connection."""


class SocketConnection:
    def __init__(self, app: AppState, endpoint: GraphQLEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._endpoint, self._scope, self._receive, self._send = app, endpoint, scope, receive, send
        self._authorization: str | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._allowance, self._counted_at = BURST, asyncio.get_running_loop().time()
        self._ending: asyncio.Future[SocketClosed] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Serve the connection until its client or this server closes it."""
        reading: asyncio.Task[None] = asyncio.create_task(self._read_all())
        ends: set[asyncio.Future[Any]] = {reading, self._ending}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            ended: BaseException | None = reading.exception() if reading.done() else self._ending.result()
            if isinstance(ended, SocketClosed):
                await self._write({"type": "websocket.close", "code": ended.code, "reason": ended.reason})
            elif ended is not None and not isinstance(ended, Disconnected):
                raise ended
        except TimeoutError:
            self._abort()
        except OSError:  # the client was faster
            return
        finally:
            tasks = {reading, *self._operations.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _read_all(self) -> None:
        """Read and handle messages. Raises SocketClosed, Disconnected."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initialise()
        except TimeoutError:
            raise SocketClosed(INIT_TIMEOUT, "Connection initialisation timeout") from None
        while True:
            await self._handle(await self._next())

    async def _initialise(self) -> None:
        """Wait for connection_init, check its token, and acknowledge it. The token may also be in a header of the handshake."""
        while (message := await self._next()).type != "connection_init":
            if message.type == "subscribe":
                raise SocketClosed(UNAUTHORIZED, "Unauthorized")
            await self._answer_ping(message)
        header = next((value.decode("latin-1") for name, value in self._scope["headers"] if name == b"authorization"), None)
        self._authorization = authorization_of(message.payload) or header
        try:
            await self._app.tokens.viewer_of(self._authorization, now=self._app.clock())
        except Unauthenticated as refusal:
            raise SocketClosed(FORBIDDEN, f"Forbidden: {refusal.reason}" if self._app.policy.tells_reasons else "Forbidden") from None
        except KeysUnavailable:
            raise SocketClosed(TRY_LATER, "Try again shortly.") from None
        await self._write_text('{"type":"connection_ack"}')

    async def _handle(self, message: ClientMessage) -> None:
        match message.type:
            case "connection_init":
                raise SocketClosed(TOO_MANY, "Too many initialisation requests")
            case "subscribe" if message.id in self._operations:
                raise SocketClosed(DUPLICATE_ID, f"Subscriber for {message.id} already exists")
            case "subscribe" if len(self._operations) >= MAX_OPERATIONS:
                await self._write_text(of_operation("error", message.id, encoded_errors(StreamEnd("THROTTLED", "The connection has too many operations."))))
            case "subscribe":
                task = asyncio.create_task(self._operate(message))
                self._operations[message.id] = task
                task.add_done_callback(partial(self._forget, message.id))
            case "complete" if message.id in self._operations:
                self._operations.pop(message.id).cancel()
            case _:
                await self._answer_ping(message)

    def _forget(self, identifier: str, task: asyncio.Task[None]) -> None:
        """Remove an operation that has ended, unless its id is in use again."""
        if self._operations.get(identifier) is task:
            del self._operations[identifier]

    async def _operate(self, message: ClientMessage) -> None:
        """Run one operation, and send what it answers."""
        state = self._state(message)
        answer = await self._endpoint.answered(state)
        try:
            if self._operations.get(message.id) is not asyncio.current_task():
                return  # the client has completed it meanwhile
            if isinstance(answer, StreamAnswer):
                await self._forward(message.id, answer)
            else:
                await self._write_answer(message.id, answer)
        except TimeoutError:
            self._abort()
        except OSError:  # the client has closed the connection, which the reading task notices too
            return
        finally:
            if isinstance(answer, StreamAnswer):
                answer.remove(answer.stream)
            if state.context:
                await state.context.session.close()
            state.write_log(answer, self._app.observe)

    async def _forward(self, identifier: str, answer: StreamAnswer) -> None:
        """Send the messages of a stream until it ends."""
        end = await self._forward_messages(identifier, answer.stream)
        answer.ended = end.code
        await self._write_text(of_operation("error", identifier, encoded_errors(end)))
        if end.code == "UNAUTHENTICATED":
            self._close(SocketClosed(FORBIDDEN, "Forbidden"))
        elif end is DRAINING:
            self._close(SocketClosed(RESTART, "Service restart"))

    async def _forward_messages(self, identifier: str, stream: LiveStream) -> StreamEnd:
        while True:
            item = await stream.next(BEAT_SECONDS)
            if isinstance(item, StreamEnd):
                return item
            if item is not None:
                await self._write_text(of_operation("next", identifier, item))

    async def _write_answer(self, identifier: str, answer: Answer) -> None:
        """Send the response of an operation that has one, or why it was refused."""
        if answer.code == "UNAUTHENTICATED":
            self._close(SocketClosed(FORBIDDEN, "Forbidden"))
        elif answer.code in ("OK", "PARTIAL"):
            await self._write_text(of_operation("next", identifier, bytes(answer.body)))
            await self._write_text(of_operation("complete", identifier))
        else:
            await self._write_text(of_operation("error", identifier, orjson.dumps(orjson.loads(answer.body)["errors"])))

    def _state(self, message: ClientMessage) -> RequestState:
        """Return the request that an operation is: a POST with the token of the connection."""
        entry = RequestLogEntry(token_hex(16), is_by_socket=True)
        headers = [(name, value) for name, value in self._scope["headers"] if name in PASSED_ON]
        headers += [(b"content-type", b"application/json"), (b"authorization", (self._authorization or "").encode("latin-1", "replace"))]
        scope = {**self._scope, "type": "http", "method": "POST", "headers": headers, "query_string": b""}
        body: list[Message] = [{"type": "http.request", "body": orjson.dumps(message.payload), "more_body": False}]

        async def receive() -> Message:
            """Return the body, and then nothing: a client that goes away cancels the task."""
            return body.pop() if body else await asyncio.get_running_loop().create_future()

        state = RequestState(GraphQLHTTPRequest(scope, receive), ResponseFormat(JSON, self._app.policy.profile, entry.request_id), entry)
        state.stream_format = SSE  # what frames a message is this connection, so any form will do
        return state

    async def _next(self) -> ClientMessage:
        """Return the client's next message. Raises SocketClosed, Disconnected."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Disconnected
        now = asyncio.get_running_loop().time()
        self._allowance, self._counted_at = min(BURST, self._allowance + (now - self._counted_at) * PER_SECOND) - 1, now
        if self._allowance < 0:
            raise SocketClosed(TOO_MANY, "Too many messages")
        if event.get("text") is None:
            raise SocketClosed(BAD_REQUEST, "Messages are text.")
        return read(event["text"])

    async def _answer_ping(self, message: ClientMessage) -> None:
        if message.type == "ping":
            await self._write_text('{"type":"pong"}')

    async def _write_text(self, text: str) -> None:
        await self._write({"type": "websocket.send", "text": text})

    async def _write(self, event: dict[str, Any]) -> None:
        """Send. Raises TimeoutError if the client reads nothing."""
        async with asyncio.timeout(READ_SECONDS), self._sending:
            await self._send(event)

    def _close(self, reason: SocketClosed) -> None:
        if not self._ending.done():
            self._ending.set_result(reason)

    def _abort(self) -> None:
        """End the connection of a client that reads nothing, without sending the rest."""
        if abort := self._scope.get("extensions", {}).get(ABORT):
            abort()
        self._close(SocketClosed(BAD_REQUEST, SLOW.message))
