"""`/calendar/….ics`: the calendar of a customer by its secret URL, for calendar programs.

Whoever has the URL reads the calendar, so it is answered like an unknown path once it is revoked, and it is in no log. Wrong secrets are counted by network, and
readings of one calendar by minute.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.secret import hash_of
from auth.throttle import Kind, Throttle, Throttled, network_of
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller, DatabaseUnavailable, UnitOfWork
from gateway.http import responses
from gateway.http.capacity.admission import Admission, CancelOnDisconnect, ClientDisconnected, Overloaded
from gateway.http.capacity.allowance import Allowance
from gateway.http.negotiation.caching import CACHE_CONTROL, etag_of, has_etag
from gateway.http.proxies import Network, address_of
from gateway.routes.downloads import form
from resolvers.reads.calendars import CalendarContents, contents_of, owner_of_link

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
HEADERS = {
    "Cache-Control": CACHE_CONTROL,
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
# Programs read a calendar every few minutes at most. A customer has some of them, and large calendars take half a second of a processor.
READS_PER_MINUTE = 10
AT_ONCE = 2
# How long the answer may take.
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class CalendarFeeds:
    """What calendars are made of. `portal_url` is the URL of the pages that they lead to, if the gateway serves them."""

    database: Database
    throttle: Throttle
    clock: Callable[[], datetime]
    trusted_proxies: tuple[Network, ...]
    merchant: str
    portal_url: str | None
    admission: Admission
    allowance: Allowance


def route(feeds: CalendarFeeds) -> Route:
    async def calendar(request: Request) -> Response:
        try:
            async with asyncio.timeout(SECONDS), CancelOnDisconnect(request.receive):
                return await _respond(feeds, request)
        except Throttled as spent:
            return _throttled(spent.retry_after_seconds)
        except ClientDisconnected:
            return responses.refused("CLIENT_CLOSED_REQUEST", "The client has closed the connection.", form())
        except (Overloaded, TimeoutError, DatabaseUnavailable) as error:
            return responses.outage(error, form())

    return Route("/calendar/{secret}.ics", calendar, methods=["GET"])


async def _respond(feeds: CalendarFeeds, request: Request) -> Response:
    """Raises HTTPException, which the router answers like an unknown path, Throttled, Overloaded, DatabaseUnavailable."""
    secret_hash = hash_of(request.path_params["secret"])
    network = network_of(address_of(request, feeds.trusted_proxies))
    if seconds := await feeds.allowance.spend(secret_hash):
        return _throttled(seconds)
    body = await _body(feeds, secret_hash) if SECRET.fullmatch(request.path_params["secret"]) else None
    if body is None:
        await feeds.throttle.hit(Kind.CALENDAR, network)
        raise HTTPException(404)
    tag = etag_of(body)
    headers = HEADERS | {"ETag": tag}
    if has_etag(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/calendar")


async def _body(feeds: CalendarFeeds, secret_hash: str) -> bytes | None:
    """Return the calendar; None for a secret that is unknown or revoked."""
    async with feeds.admission.place(f"calendar:{secret_hash}"):
        session = UnitOfWork(feeds.database, Caller(None, Actor.ANONYMOUS, feeds.clock()))
        try:
            customer_id = await owner_of_link(session, secret_hash)
        finally:
            await session.close()
        contents = await _contents(feeds, customer_id, secret_hash) if customer_id else None
        return await asyncio.to_thread(_text, contents, feeds) if contents else None


async def _contents(feeds: CalendarFeeds, customer_id: str, secret_hash: str) -> CalendarContents | None:
    session = UnitOfWork(feeds.database, Caller(customer_id, Actor.CUSTOMER, feeds.clock()))
    try:
        return await contents_of(session, customer_id, secret_hash)
    finally:
        await session.close()


def _text(contents: CalendarContents, feeds: CalendarFeeds) -> bytes:
    # Imported here, because the library takes half a second, and few servers are asked for a calendar as soon as they listen.
    from ical.feed import calendar_text
    from ical.words import writer_of

    return calendar_text(contents.entries, writer_of(contents.reader.locale, feeds.merchant), feeds.portal_url)


def _throttled(seconds: int) -> Response:
    return responses.throttled("Too many requests for calendars. Try again later.", seconds, form())
