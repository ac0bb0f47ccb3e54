"""`/oauth/token`: the client credentials grant (RFC 6749 §4.4) for partners' apps, that act for one customer who has let them in."""

import logging
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.jwt import assertions
from auth.reasons import NotValid, Reason
from auth.throttle import Kind, Throttle, Throttled, account_of, network_of
from auth.viewer import Viewer
from billing.refusals import RETRY_AFTER_SECONDS
from billing.states import Actor
from db.unit_of_work import Caller, DatabaseUnavailable, Transaction, UnitOfWork
from gateway.http.headers import media_type_of
from gateway.http.proxies import Network, address_of
from gateway.http.request_log import refusals
from gateway.http.requests import body_of
from gateway.http.responses import TransportError, log_outage

logger = logging.getLogger("portico.oauth")

LIFETIME = timedelta(minutes=15)
MAX_BYTES = 16 * 1024
BY_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


class OAuthError(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class InvalidClient(OAuthError):
    """The client is not who it says it is. The answer is one and the same; `reason` is for the log, and has no part of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_client", "The client cannot be authenticated.", 401)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """What the token endpoint needs. `audiences` are what an assertion may name as us."""

    session: Callable[[Caller], UnitOfWork]
    sign: Callable[[Viewer, datetime, timedelta], str]
    throttle: Throttle
    clock: Callable[[], datetime]
    audiences: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Who somebody says to be, and by what: a secret or an assertion."""

    client_id: str
    secret: str | None = None
    assertion: str | None = None


def route(desk: TokenEndpoint) -> Route:
    async def token(request: Request) -> Response:
        try:
            return JSONResponse(await _counted(desk, request), headers=HEADERS)
        except OAuthError as denied:
            if isinstance(denied, InvalidClient):
                _log(denied)
            challenge = {"WWW-Authenticate": "Basic"} if denied.status == 401 else {}
            return JSONResponse({"error": denied.error, "error_description": str(denied)}, denied.status, {**HEADERS, **challenge})
        except TransportError as error:
            return JSONResponse({"error": "invalid_request", "error_description": str(error)}, 413, HEADERS)
        except ClientDisconnect:
            return Response(status_code=400)
        except Throttled as spent:
            return JSONResponse({"error": "temporarily_unavailable"}, 429, {**HEADERS, "Retry-After": str(spent.retry_after_seconds)})
        except DatabaseUnavailable as error:
            log_outage(error)
            return JSONResponse({"error": "temporarily_unavailable"}, 503, {**HEADERS, "Retry-After": str(RETRY_AFTER_SECONDS)})

    return Route("/oauth/token", token, methods=["POST"])


async def _counted(desk: TokenEndpoint, request: Request) -> dict[str, Any]:
    """What is refused is counted by the network it comes from, and what is proved by the client: nobody else in its network can keep it from its tokens.

    A right secret is heard however many wrong ones came before: there is nothing to guess in 256 random bits. Raises Throttled.
    """
    try:
        return await granted(desk, request)
    except OAuthError:
        await desk.throttle.hit(Kind.TOKEN, network_of(address_of(request, desk.trusted_proxies)))
        raise


async def granted(desk: TokenEndpoint, request: Request) -> dict[str, Any]:
    """The answer of RFC 6749 §5.1. Raises OAuthError, Throttled."""
    form = await _form(request)
    claimed = _credentials_of(request.headers.get("authorization"), form)
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Only client_credentials is offered.")
    customer_id = form.get("customer_id")
    if not customer_id:
        raise OAuthError("invalid_request", "Name the customer in customer_id.")
    now = desk.clock()
    async with desk.session(Caller(None, Actor.SYSTEM, now)).write() as transaction:
        client = await _authenticated_client(transaction, desk, claimed, now)
        await transaction.impersonate_verified(customer_id)
        grant = await transaction.first("grants.current", client_id=client.id)
    await desk.throttle.hit(Kind.TOKEN, account_of(client.id))
    # Whether there is such a customer is nobody's business but theirs.
    if grant is None:
        raise OAuthError("invalid_grant", "The customer has not granted access to this app.")
    scopes = _scopes(form.get("scope"), set(grant.scopes) & set(client.scopes))
    access = desk.sign(Viewer(Actor.PARTNER, customer_id, scopes, client.id, grant.id), now, LIFETIME)
    return {"access_token": access, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds()), "scope": " ".join(scopes)}


async def _authenticated_client(transaction: Transaction, desk: TokenEndpoint, claimed: ClientCredentials, now: datetime) -> Any:
    """The client, or one and the same answer whatever is wrong, which only the log tells. Raises OAuthError."""
    client = await transaction.first("clients.by_id", key=claimed.client_id)
    credentials = await transaction.run("client_credentials.of_client", key=claimed.client_id)
    reason = _reason_against(client) or await _reason_against_proof(transaction, desk, claimed, credentials, now=now)
    if reason:
        raise InvalidClient(reason)
    return client


def _reason_against(client: Any) -> str:
    """Why this client gets no tokens here, whatever it proves; empty if it does."""
    if client is None:
        return "client_unknown"
    if client.disabled_at is not None:
        return Reason.CLIENT_DISABLED.value
    return "" if client.kind == "PARTNER" and client.issuer is None else "client_of_another_kind"


async def _reason_against_proof(transaction: Transaction, desk: TokenEndpoint, claimed: ClientCredentials, credentials: list[Any], *, now: datetime) -> str:
    """Why the secret or the assertion is not accepted; empty if it is."""
    if claimed.secret is not None:
        return "" if assertions.is_secret(claimed.secret, credentials) else "secret"
    try:
        found = assertions.verify_assertion(claimed.assertion or "", claimed.client_id, credentials, audiences=desk.audiences, now=now)
    except (ValueError, RecursionError) as error:
        return _reason_of(error)
    await transaction.run("client_assertions.forget")
    is_first = await transaction.first("client_assertions.use", client_id=claimed.client_id, jti=found.jti, expires_at=found.expires_at)
    return "" if is_first else "assertion_used"


def _reason_of(error: Exception) -> str:
    """Why an assertion cannot be accepted: as of an access token, with the name of the claim that it is about."""
    return f"{error.reason} {error.claim}".strip() if isinstance(error, NotValid) else Reason.MALFORMED.value


def _log(refusal: InvalidClient) -> None:
    """As often as `gateway/http/request_log.py` lets requests be logged that never became an operation."""
    left_out = refusals.take(perf_counter())
    if left_out is not None:
        logger.info("a client could not be authenticated", extra={"reason": refusal.reason, **({"left_out": left_out} if left_out else {})})


async def _form(request: Request) -> dict[str, str]:
    if media_type_of(request.headers) != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Send application/x-www-form-urlencoded.")
    body = await body_of(request, MAX_BYTES)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise OAuthError("invalid_request", "The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in value for value in form.values()):
        raise OAuthError("invalid_request", "A parameter is given twice, or is not text.")
    return form


def _credentials_of(authorization: str | None, form: dict[str, str]) -> ClientCredentials:
    """By exactly one of the three ways. Raises OAuthError."""
    ways = (authorization is not None, "client_secret" in form, "client_assertion" in form)
    if sum(ways) != 1:
        raise OAuthError("invalid_client", "Use exactly one way to authenticate: HTTP Basic, client_secret or client_assertion.", 401)
    if authorization is not None:
        return _basic(authorization)
    if "client_secret" in form:
        return ClientCredentials(form.get("client_id", ""), secret=form["client_secret"])
    if form.get("client_assertion_type") != BY_JWT:
        raise InvalidClient("client_assertion_type")
    try:
        subject = assertions.subject_of(form["client_assertion"])
    except (ValueError, RecursionError) as error:
        raise InvalidClient(_reason_of(error)) from None
    if form.get("client_id", subject) != subject:
        raise InvalidClient(f"{Reason.CLAIM_INVALID} sub")
    return ClientCredentials(subject, assertion=form["client_assertion"])


def _basic(authorization: str) -> ClientCredentials:
    """Both halves are form-encoded inside the header (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient(Reason.SCHEME.value)
    return ClientCredentials(unquote_plus(name), secret=unquote_plus(secret))


def _scopes(asked: str | None, allowed: set[str]) -> tuple[str, ...]:
    wanted = set(asked.split()) if asked else allowed
    if not wanted or not wanted <= allowed:
        raise OAuthError("invalid_scope", "The customer has not granted this scope.")
    return tuple(sorted(wanted))
