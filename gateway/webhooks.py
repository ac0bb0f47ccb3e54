"""`/webhooks/{processor}`: what processors tell by themselves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from databases import Database
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing.states import Actor
from db.session import Caller, DatabaseUnavailable, Session
from gateway.identity import Later
from payments.processor import BadSignature
from resolvers.context import Payments
from resolvers.lifecycle.writing import system_writer
from resolvers.webhooks import act, store

MAX_BYTES = 256 * 1024


def webhooks(payments: Payments, database: Database, clock: Callable[[], datetime], later: Later) -> Route:
    """Signed by the processor; stored, and acted on after the answer, or else by the next pass of the billing clock. Again and again is fine."""

    async def receive(request: Request) -> Response:
        processor = payments.processors.get(request.path_params["processor"])
        if processor is None:
            return _refused(404, "There is no such processor.")
        body = await _body(request)
        if body is None:
            return _refused(413, f"An event has at most {MAX_BYTES} bytes.")
        try:
            event = processor.read_event(dict(request.headers), body, now=clock())
            session = Session(database, Caller(None, Actor.SYSTEM, clock()))
            stored = await store(session, processor.name, event)
        except BadSignature:
            return _refused(400, "The signature does not hold.")
        except DatabaseUnavailable:
            return _refused(503, "Try again shortly.", **{"Retry-After": "5"})
        if stored is not None:
            later(act(session, stored, by=system_writer(clock())))
        return JSONResponse({"stored": stored is not None})

    return Route("/webhooks/{processor}", receive, methods=["POST"])


async def _body(request: Request) -> bytes | None:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BYTES:
            return None
    return bytes(read)


def _refused(status: int, message: str, **headers: Any) -> Response:
    return JSONResponse({"error": message}, status, headers=headers)
