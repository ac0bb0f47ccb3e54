"""Bearer tokens: JWTs after RFC 9068, judged by the rules of RFC 8725."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt

from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from billing.states import Actor

MAX_BYTES = 8192
LEEWAY_SECONDS = 30
TOKEN_TYPE = "at+jwt"
REQUIRED = ["iss", "aud", "exp", "iat", "sub"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens we take. Algorithm and key come from here, never from the token."""

    name: str
    audience: str
    algorithm: str
    key: str


class Tokens:
    """Tokens that held lately are remembered until they expire: a signature is as good the second time. Bounded; what does not hold is not kept."""

    def __init__(self, issuer: Issuer, *, size: int = 10_000) -> None:
        self._issuer = issuer
        self._size = size
        self._held: dict[str, tuple[Viewer, float]] = {}

    def viewer_of(self, authorization: str | None, *, now: datetime) -> Viewer:
        """As the function of this name, and judged by `now` once more."""
        found = self._held.get(authorization or "")
        if found and now.timestamp() < found[1]:
            return found[0]
        viewer, expires_at = _verified(authorization, self._issuer)
        if len(self._held) >= self._size:
            self._held.clear()
        self._held[authorization or ""] = viewer, expires_at
        return viewer


def viewer_of(authorization: str | None, issuer: Issuer) -> Viewer:
    """The Viewer named by an `Authorization: Bearer …` header.

    Raises Unauthenticated in the same words for every token that does not hold.
    """
    return _verified(authorization, issuer)[0]


def _verified(authorization: str | None, issuer: Issuer) -> tuple[Viewer, float]:
    scheme, _, token = (authorization or "").partition(" ")
    if not authorization:
        raise Unauthenticated("Send a bearer token in the Authorization header.")
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_BYTES:
        raise Unauthenticated("The bearer token is not valid.")
    claims = _claims(token.strip(), issuer)
    return _viewer(claims), float(claims["exp"])


def sign(viewer: Viewer, issuer: Issuer, *, now: datetime, lifetime: timedelta) -> str:
    """A token that `viewer_of` takes until `now + lifetime`."""
    claims = {
        "iss": issuer.name,
        "aud": issuer.audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": uuid4().hex,
        "sub": viewer.customer_id or viewer.client,
        "kind": viewer.kind.value,
        "client_id": viewer.client,
        "scope": " ".join(viewer.scopes),
    }
    return jwt.encode(claims, issuer.key, algorithm=issuer.algorithm, headers={"typ": TOKEN_TYPE})


def _claims(token: str, issuer: Issuer) -> dict[str, Any]:
    try:
        decoded = jwt.decode_complete(
            token,
            issuer.key,
            algorithms=[issuer.algorithm],
            audience=issuer.audience,
            issuer=issuer.name,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise Unauthenticated("The bearer token is not valid.") from None
    if str(decoded["header"].get("typ", "")).lower() != TOKEN_TYPE:
        raise Unauthenticated("The bearer token is not valid.")
    claims: dict[str, Any] = decoded["payload"]
    return claims


def _viewer(claims: dict[str, Any]) -> Viewer:
    kind = claims.get("kind", Actor.CUSTOMER)
    if kind not in (Actor.CUSTOMER, Actor.STAFF, Actor.PARTNER):
        raise Unauthenticated("The bearer token is not valid.")
    actor = Actor(kind)
    customer_id = None if actor is Actor.STAFF else str(claims["sub"])
    return Viewer(actor, customer_id, tuple(str(claims.get("scope", "")).split()), str(claims.get("client_id", "")))
