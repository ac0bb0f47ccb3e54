"""`/oauth/token`: the client credentials grant (RFC 6749 §4.4). A partner's app gets a token for one customer who has granted access, and a service of the merchant
a staff token."""

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
SERVICE = "SERVICE"
BY_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


class OAuthError(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class InvalidClient(OAuthError):
    """The client is not authenticated. The response is always the same; `reason` is for the log, and contains nothing of the request."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_client", "The client cannot be authenticated.", 401)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The state of the token endpoint. `audiences` are the accepted values of `aud` in an assertion."""

    session: Callable[[Caller], UnitOfWork]
    sign: Callable[[Viewer, datetime, timedelta], str]
    throttle: Throttle
    clock: Callable[[], datetime]
    audiences: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The client_credentials client id, and the proof: a secret or an assertion."""

    client_id: str
    secret: str | None = None
    assertion: str | None = None


def route(endpoint: TokenEndpoint) -> Route:
    async def token(request: Request) -> Response:
        try:
            return JSONResponse(await _issue_throttled(endpoint, request), headers=HEADERS)
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


async def _issue_throttled(endpoint: TokenEndpoint, request: Request) -> dict[str, Any]:
    """Issue a token. Refused requests are counted by the caller's network, and successful ones by client, so that others in a client's network cannot block it.

    A correct secret is accepted after any number of wrong ones, because 256 random bits cannot be guessed. Raises OAuthError, Throttled.
    """
    try:
        return await issue_token(endpoint, request)
    except OAuthError:
        await endpoint.throttle.hit(Kind.TOKEN, network_of(address_of(request, endpoint.trusted_proxies)))
        raise


async def issue_token(endpoint: TokenEndpoint, request: Request) -> dict[str, Any]:
    """Return the token response of RFC 6749 §5.1. Raises OAuthError, Throttled."""
    form = await _form(request)
    client_credentials = _credentials_of(request.headers.get("authorization"), form)
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Only client_credentials is offered.")
    customer_id, now = form.get("customer_id"), endpoint.clock()
    async with endpoint.session(Caller(None, Actor.SYSTEM, now)).write() as transaction:
        client = await _authenticated_client(transaction, endpoint, client_credentials, now)
        grant = await _grant_of(transaction, client, customer_id) if customer_id else None
    await endpoint.throttle.hit(Kind.TOKEN, account_of(client.id))
    viewer = _service(client, form) if client.kind == SERVICE else _partner(client, customer_id, grant, form)
    access, scope = endpoint.sign(viewer, now, LIFETIME), " ".join(viewer.scopes)
    return {"access_token": access, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds()), "scope": scope}


async def _grant_of(transaction: Transaction, client: Any, customer_id: str) -> Any:
    await transaction.impersonate_verified(customer_id)
    return await transaction.first("grants.current", client_id=client.id)


def _service(client: Any, form: dict[str, str]) -> Viewer:
    """Return the viewer of a service: staff with the scopes that it is registered with, or those of them that it requests. Raises OAuthError."""
    if "customer_id" in form:
        raise OAuthError("invalid_request", "A service acts for no single customer. Leave customer_id out.")
    return Viewer(Actor.STAFF, None, _scopes(form.get("scope"), set(client.scopes), "The service is not registered with this scope."), client.id)


def _partner(client: Any, customer_id: str | None, grant: Any, form: dict[str, str]) -> Viewer:
    """Return the viewer of a partner's app, which acts for one customer. Raises OAuthError."""
    if not customer_id:
        raise OAuthError("invalid_request", "Name the customer in customer_id.")
    # The same error as for an unknown customer, so that apps do not learn which customers exist.
    if grant is None:
        raise OAuthError("invalid_grant", "The customer has not granted access to this app.")
    scopes = _scopes(form.get("scope"), set(grant.scopes) & set(client.scopes), "The customer has not granted this scope.")
    return Viewer(Actor.PARTNER, customer_id, scopes, client.id, grant.id)


async def _authenticated_client(transaction: Transaction, endpoint: TokenEndpoint, client_credentials: ClientCredentials, now: datetime) -> Any:
    """Return the client. Raises InvalidClient, with the reason for the log."""
    client = await transaction.first("clients.by_id", key=client_credentials.client_id)
    credentials = await transaction.run("client_credentials.of_client", key=client_credentials.client_id)
    reason = _reason_against(client) or await _reason_against_proof(transaction, endpoint, client_credentials, credentials, now=now)
    if reason:
        raise InvalidClient(reason)
    return client


def _reason_against(client: Any) -> str:
    """Return why this client gets no tokens here, regardless of its proof; empty if it does."""
    if client is None:
        return "client_unknown"
    if client.disabled_at is not None:
        return Reason.CLIENT_DISABLED.value
    return "" if client.kind in ("PARTNER", SERVICE) and client.issuer is None else "client_of_another_kind"


async def _reason_against_proof(
    transaction: Transaction, endpoint: TokenEndpoint, client_credentials: ClientCredentials, credentials: list[Any], *, now: datetime
) -> str:
    """Return why the secret or the assertion is not accepted; empty if it is."""
    if client_credentials.secret is not None:
        return "" if assertions.is_secret(client_credentials.secret, credentials) else "secret"
    try:
        assertion = assertions.verify_assertion(
            client_credentials.assertion or "", client_credentials.client_id, credentials, audiences=endpoint.audiences, now=now
        )
    except (ValueError, RecursionError) as error:
        return _reason_of(error)
    await transaction.run("client_assertions.forget")
    is_first = await transaction.first("client_assertions.use", client_id=client_credentials.client_id, jti=assertion.jti, expires_at=assertion.expires_at)
    return "" if is_first else "assertion_used"


def _reason_of(error: Exception) -> str:
    """Return why an assertion is not accepted, with the claim concerned, in the terms used for access tokens."""
    return f"{error.reason} {error.claim}".strip() if isinstance(error, NotValid) else Reason.MALFORMED.value


def _log(refusal: InvalidClient) -> None:
    """Log the refusal, within the rate limit of `gateway/http/request_log.py` for refused requests."""
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
    """Return the credentials, which must be sent in exactly one of three ways. Raises OAuthError."""
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
    """Return the credentials of HTTP Basic, whose two parts are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient(Reason.SCHEME.value)
    return ClientCredentials(unquote_plus(name), secret=unquote_plus(secret))


def _scopes(scope: str | None, allowed: set[str], refusal: str) -> tuple[str, ...]:
    scopes = set(scope.split()) if scope else allowed
    if not scopes or not scopes <= allowed:
        raise OAuthError("invalid_scope", refusal)
    return tuple(sorted(scopes))
