"""Who sends a request to `/graphql`, and the answer when that is not known.

In production every unauthenticated request that needs a token gets the same answer, whatever it contains: nothing is told of the schema, nor of what is wrong
with a token. Outside of production the answer has the reason, and a document or a body that is wrong in itself gets its own error: whoever writes
the sign-in page has no token yet. What is read until then is bounded, and paid for, as that of any request without a token.
"""

import logging
from datetime import datetime

from auth.reasons import Reason, unauthenticated
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from billing.states import Actor
from db.outages import ClientDisabled, SessionEnded, UnknownCustomer
from gateway.documents.document_cache import PreparedDocument
from gateway.http.graphql.state import AppState, RequestState
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import Answer, ResponseFormat, TransportError, respond

logger = logging.getLogger("portico.http")

ANONYMOUS = Viewer(Actor.ANONYMOUS, None, (), "")
# Who issued a token that we signed ourselves, in the log.
OURS = "this gateway"
# What is wrong with the body itself.
UNREADABLE = ("BAD_REQUEST", "BAD_PARAMETERS")


async def viewer_of(portal: AppState, visit: RequestState, now: datetime) -> Viewer:
    """The caller. For one without a valid token `visit.refusal` says what the answer is if the operation needs one.

    Raises Unauthenticated in production for a token that is not accepted, before anything of the body is read.
    """
    authorization = visit.request.headers.get("authorization")
    if authorization is None:
        visit.refusal = unauthenticated(Reason.MISSING)
        return ANONYMOUS
    try:
        return portal.persisted_documents.registry.with_client(await portal.tokens.viewer_of(authorization, now=now))
    except Unauthenticated as refusal:
        if not portal.terms.tells_reasons:
            raise
        visit.refusal = refusal
        return ANONYMOUS


def check_readable(portal: AppState, visit: RequestState, error: TransportError) -> None:
    """Raises Unauthenticated where the caller may not learn what is wrong with the request, or should renew its token first."""
    refusal = visit.refusal
    if refusal is None:
        return
    if error.code in UNREADABLE:
        if not portal.terms.tells_reasons:
            raise refusal from None
    elif refusal.reason != Reason.MISSING:
        raise refusal from None


def check_authenticated(portal: AppState, visit: RequestState, document: PreparedDocument, call: GraphQLRequest) -> None:
    """Raises Unauthenticated, unless the operation needs no token, or the caller may learn what is wrong with the document itself."""
    refusal = visit.refusal
    if refusal is None or (refusal.reason == Reason.MISSING and document.is_public(call.operation_name)):
        return
    is_wrong = document.errors or document.operation(call.operation_name) is None
    if not (is_wrong and portal.terms.tells_reasons and portal.terms.is_open):
        raise refusal


def refused(error: Unauthenticated | SessionEnded, portal: AppState, visit: RequestState) -> Answer:
    """The answer 401, with the reason outside of production, and the reason for the log in any case."""
    if isinstance(error, UnknownCustomer) and visit.context:
        portal.known.forget(visit.context.viewer.customer_id)
        _warn_of_unknown(visit.context.viewer)
    refusal = error if isinstance(error, Unauthenticated) else refusal_of(error)
    visit.log_entry.reason, visit.log_entry.claim = refusal.reason, refusal.claim
    return _answer(refusal, visit.response_format, tells_reason=portal.terms.tells_reasons)


def refusal_of(error: SessionEnded) -> Unauthenticated:
    match error:
        case UnknownCustomer():
            return unauthenticated(Reason.UNKNOWN_CUSTOMER)
        case ClientDisabled():
            return unauthenticated(Reason.CLIENT_DISABLED)
    return unauthenticated(Reason.SESSION_ENDED)


def _answer(refusal: Unauthenticated, form: ResponseFormat, *, tells_reason: bool) -> Answer:
    message, extensions = str(refusal), dict(refusal.extensions)
    if tells_reason:
        message, extensions = refusal.hint, {**extensions, "reason": refusal.reason, **({"claim": refusal.claim} if refusal.claim else {})}
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return respond(body, refusal.code, form, **{"WWW-Authenticate": "Bearer"})


def _warn_of_unknown(viewer: Viewer) -> None:
    """Only the operator can mend it: by importing the customer, or by naming the right claim of the issuer."""
    logger.warning("a valid token names a customer who has no row: issuer %r, subject %r", viewer.issuer or OURS, viewer.customer_id)
