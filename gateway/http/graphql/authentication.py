"""Authentication of requests to `/graphql`, and the response to unauthenticated ones.

In production every unauthenticated request that needs a token gets the same response, whatever it contains: it discloses neither the schema nor what is wrong with
a token. Outside of production the response has the reason, and an invalid document or body gets its own error, because the developer of a sign-in page has no token
yet. What is read of the request until then has the limits and the cost of any request without a token.
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
# The issuer, in the log, of a token that this gateway signed.
OURS = "this gateway"
# The codes of errors in the body itself.
UNREADABLE = ("BAD_REQUEST", "BAD_PARAMETERS")


async def viewer_of(app: AppState, state: RequestState, now: datetime) -> Viewer:
    """Return the caller. For a request without a valid token, `state.refusal` is the error to answer with if the operation needs one.

    Raises Unauthenticated in production for a token that is not accepted, before any of the body is read.
    """
    authorization = state.request.headers.get("authorization")
    if authorization is None:
        state.refusal = unauthenticated(Reason.MISSING)
        return ANONYMOUS
    try:
        return app.persisted_documents.registry.with_client(await app.tokens.viewer_of(authorization, now=now))
    except Unauthenticated as refusal:
        if not app.policy.tells_reasons:
            raise
        state.refusal = refusal
        return ANONYMOUS


def check_readable(app: AppState, state: RequestState, error: TransportError) -> None:
    """Raises Unauthenticated if the caller may not learn what is wrong with the request, or should renew its token first."""
    refusal = state.refusal
    if refusal is None:
        return
    if error.code in UNREADABLE:
        if not app.policy.tells_reasons:
            raise refusal from None
    elif refusal.reason != Reason.MISSING:
        raise refusal from None


def check_authenticated(app: AppState, state: RequestState, document: PreparedDocument, call: GraphQLRequest) -> None:
    """Raises Unauthenticated, unless the operation needs no token, or the caller may learn what is wrong with the document itself."""
    refusal = state.refusal
    if refusal is None or (refusal.reason == Reason.MISSING and document.is_public(call.operation_name)):
        return
    is_wrong = document.errors or document.operation(call.operation_name) is None
    if not (is_wrong and app.policy.tells_reasons and app.policy.is_open):
        raise refusal


def refused(error: Unauthenticated | SessionEnded, app: AppState, state: RequestState) -> Answer:
    """Return the response 401, outside of production with the reason. The reason is logged in any case."""
    if isinstance(error, UnknownCustomer) and state.context:
        app.recognised_callers.forget(state.context.viewer.customer_id)
        _warn_of_unknown(state.context.viewer)
    refusal = error if isinstance(error, Unauthenticated) else refusal_of(error)
    state.log_entry.reason, state.log_entry.claim = refusal.reason, refusal.claim
    return _answer(refusal, state.response_format, tells_reason=app.policy.tells_reasons)


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
    """Log the token's issuer and subject, because only the operator can correct this: by importing the customer, or by naming the right claim of the issuer."""
    logger.warning("a valid token names a customer who has no row: issuer %r, subject %r", viewer.issuer or OURS, viewer.customer_id)
