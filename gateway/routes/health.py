"""Liveness and readiness of the process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from billing.refusals import RETRY_AFTER_SECONDS
from db.outages import describe
from gateway.http.capacity.drain import Drain

logger = logging.getLogger("portico.health")

PING_SECONDS = 0.5
CACHE_SECONDS = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# A process whose connection pool has had no free connection for so long is not ready.
NO_CONNECTION_SECONDS = 10.0

# Returns the database's revision. Raises if the database cannot be used.
Ping = Callable[[], Awaitable[str]]


class NoConnectionFree(Exception):
    """The connection pool has neither had a free connection nor handed one over for NO_CONNECTION_SECONDS."""


class Readiness:
    """The readiness, checked at most once a second and cached. `older` are the revisions before the one that this program needs;
    `loaded` is set when the registry of documents has been loaded.

    An unknown revision is a newer one: during an update the old processes continue with it.
    """

    def __init__(self, ping: Ping, older: frozenset[str], drain: Drain, loaded: asyncio.Event) -> None:
        self._ping = ping
        self._loaded = loaded
        self._older = older
        self._drain = drain
        self._state = ""
        self._checked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def state(self) -> str:
        if self._drain.has_begun:
            return "draining"
        async with self._lock:
            if monotonic() - self._checked_at > CACHE_SECONDS:
                self._state, self._checked_at = await self._check(), monotonic()
        return self._state

    async def _check(self) -> str:
        try:
            async with asyncio.timeout(PING_SECONDS):
                if await self._ping() in self._older:
                    return "migrations are missing"
                return "ready" if self._loaded.is_set() else "the documents are not loaded"
        except NoConnectionFree as error:
            logger.error("%s", error)
            return "no connection is free"
        except Exception as error:  # any failure means not ready
            logger.warning("the database does not answer: %s", describe(error))
            return "the database does not answer"


def routes(readiness: Readiness) -> list[BaseRoute]:
    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=HEADERS)

    async def readyz(_: Request) -> Response:
        state = await readiness.state()
        if state == "ready":
            return JSONResponse({"status": state}, headers=HEADERS)
        return JSONResponse({"status": state}, 503, headers={**HEADERS, "Retry-After": str(RETRY_AFTER_SECONDS)})

    return [Route("/livez", livez), Route("/readyz", readyz)]
