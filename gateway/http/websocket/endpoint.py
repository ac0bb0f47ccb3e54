"""The endpoint of WebSockets: the handshake, and who may open one."""

from starlette.types import Receive, Scope, Send

from gateway.http.graphql.endpoint import GraphQLEndpoint
from gateway.http.graphql.state import AppState
from gateway.http.headers import HeaderIndex
from gateway.http.websocket.connection import SocketConnection
from gateway.http.websocket.messages import FORBIDDEN, PROTOCOL, SUBPROTOCOL, TRY_LATER


class SocketEndpoint:
    """An ASGI application. Operations run in the endpoint of HTTP, with the same limits."""

    def __init__(self, app: AppState, endpoint: GraphQLEndpoint) -> None:
        self._app = app
        self._endpoint = endpoint
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._app.origins.allows_socket(HeaderIndex(scope["headers"])):
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await receive()
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": SUBPROTOCOL, "reason": f"The subprotocol is {PROTOCOL}."})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        if self._open >= self._app.hub.limits.per_process or self._app.drain.has_begun:
            await send({"type": "websocket.close", "code": TRY_LATER, "reason": "Try again shortly."})
            return
        self._open += 1
        try:
            await SocketConnection(self._app, self._endpoint, scope, receive, send).run()
        finally:
            self._open -= 1
