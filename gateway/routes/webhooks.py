"""`/webhooks/{processor}`: events from payment processors."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing.refusals import RETRY_AFTER_SECONDS
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller, DatabaseUnavailable, UnitOfWork
from gateway.http.capacity.after_response import DeferredTasks
from gateway.http.requests import body_of, read_within
from gateway.http.responses import TransportError, log_outage
from gateway.http.statuses import JSON, status
from payments.processor import BadSignature
from resolvers.changes.writing import system_writer
from resolvers.context import Payments
from resolvers.payments.webhooks import apply_event, store

MAX_BYTES = 256 * 1024


def webhooks(payments: Payments, database: Database, clock: Callable[[], datetime], later: DeferredTasks, *, body_seconds: float) -> Route:
    """Return the route. A signed event is stored, and applied after the response, or else by the next pass of the billing clock. A repeated event has no effect.

    A signed event about an unknown payment is acknowledged, so that it is not sent again, and nothing is written.
    """

    async def receive(request: Request) -> Response:
        processor = payments.processors.get(request.path_params["processor"])
        if processor is None:
            return _refused(404, "There is no such payment processor.")
        try:
            body = await read_within(body_of(request, MAX_BYTES), seconds=body_seconds)
            event = processor.read_event(dict(request.headers), body, now=clock())
            if event.key is None and event.processor_reference is None:
                return JSONResponse({"stored": False})
            session = UnitOfWork(database, Caller(None, Actor.SYSTEM, clock()))
            stored = await store(session, processor.name, event)
        except TransportError as error:
            return _refused(status(error.code, JSON, "compat"), str(error), **error.headers)
        except BadSignature:
            return _refused(400, "The signature is invalid.")
        except DatabaseUnavailable as error:
            log_outage(error)
            return _refused(503, "Try again shortly.", **{"Retry-After": str(RETRY_AFTER_SECONDS)})
        if stored is not None:
            writer = system_writer(clock(), payments.numbering, payments.policy, payments.letterhead)
            later(apply_event(session, stored, by=replace(writer, service_begins=payments.service_begins, issuer=payments.issuer)))
        return JSONResponse({"stored": stored is not None})

    return Route("/webhooks/{processor}", receive, methods=["POST"])


def _refused(status: int, message: str, **headers: Any) -> Response:
    return JSONResponse({"error": message}, status, headers=headers)
