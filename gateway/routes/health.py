"""Whether the process lives, and whether it should be sent requests."""

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
REMEMBERED_SECONDS = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# A process whose pool has had no connection free for so long answers nobody.
WITHOUT_PLACE_SECONDS = 10.0

# Raises what is wrong; gives back the database's revision.
Ping = Callable[[], Awaitable[str]]


class NoConnectionFree(Exception):
    """The pool has had no connection free, nor passed one on, for WITHOUT_PLACE_SECONDS."""


class Readiness:
    """Asks the database at most once a second, however often it is asked itself. `older` are the revisions before the one that this program needs;
    `loaded` is set when the documents that others published are known.

    A revision that we do not know is a newer one: during an update the old processes go on with it.
    """

    def __init__(self, ping: Ping, older: frozenset[str], drain: Drain, loaded: asyncio.Event) -> None:
        self._ping = ping
        self._loaded = loaded
        self._older = older
        self._drain = drain
        self._found = ""
        self._found_at = float("-inf")
        self._turn = asyncio.Lock()

    async def state(self) -> str:
        if self._drain.has_begun:
            return "draining"
        async with self._turn:
            if monotonic() - self._found_at > REMEMBERED_SECONDS:
                self._found, self._found_at = await self._query(), monotonic()
        return self._found

    async def _query(self) -> str:
        try:
            async with asyncio.timeout(PING_SECONDS):
                if await self._ping() in self._older:
                    return "migrations are missing"
                return "ready" if self._loaded.is_set() else "the documents are not loaded"
        except NoConnectionFree as error:
            logger.error("%s", error)
            return "no connection is free"
        except Exception as error:  # whatever keeps it from answering, it is not ready
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
