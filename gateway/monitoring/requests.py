"""Counts responses by HTTP of all that is answered beside `/graphql`, whose requests are counted from their log entries."""

from collections import Counter
from collections.abc import Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.monitoring.families import Reading, Readings

# The route of paths that nothing is served at, and the status of a request without a response.
OTHER, NONE = "other", "none"


class RequestCounter:
    """An ASGI application around another one. Routes are told apart by the first segment of their paths, so that their number does not depend on callers."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._segments = {first_segment(getattr(route, "path", "")) for route in routes}
        self._counts = Counter[tuple[str, int]]()
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._running += 1
        try:
            await self._app(scope, receive, counted)
        finally:
            self._running -= 1
            segment = first_segment(scope["path"])
            self._counts[segment if segment in self._segments else OTHER, status] += 1

    def readings(self) -> Readings:
        yield Reading("portico_http_requests_running", (), self._running)
        for (route, status), count in list(self._counts.items()):
            yield Reading("portico_http_requests_total", (route, str(status) if status else NONE), count)


def first_segment(path: str) -> str:
    """Return the first segment of a path with its slash; `/` for the root and for a path that begins with a parameter."""
    segment = path.split("/", 2)[1] if path.startswith("/") else ""
    return "/" if segment.startswith("{") else f"/{segment}"
