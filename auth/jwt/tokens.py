"""Bearer tokens: JWTs of RFC 9068, verified by the rules of RFC 8725."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import jwt

from auth.jwt.claims import Claims, Expected, Signed, acting_party, read, unusable, validate_claims
from auth.jwt.keys import Key, chosen, named
from auth.reasons import NotValid, Reason, quoted, unauthenticated
from auth.viewer import Viewer, staff_id_of
from billing.states import Actor

MAX_BYTES = 8192
TOKEN_TYPE = "at+jwt"
KINDS = (Actor.CUSTOMER, Actor.STAFF, Actor.PARTNER)


@dataclass(frozen=True, slots=True)
class OwnIssuer:
    """This gateway as an issuer. The first of `keys` signs, all of them verify."""

    name: str
    audience: str
    keys: tuple[Key, ...]


Find = Callable[[str | None, str, datetime], Awaitable[Key | None]]


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer whose tokens are accepted: the claims they must have, the algorithms and the source of its keys, the Viewer that claims name, and for how many seconds a
    verified token is not verified again."""

    expected: Expected
    algorithms: frozenset[str]
    find: Find
    viewer: Callable[[Claims], Viewer]
    remembered_seconds: float = float("inf")


class Tokens:
    """Verification of tokens with a cache. Verified tokens stay in the cache until they expire. The cache has an upper bound; tokens that are not valid are not stored."""

    def __init__(self, ours: OwnIssuer, others: Iterable[TrustedIssuer] = (), *, size: int = 10_000) -> None:
        self._trusted = {one.expected.issuer: one for one in (*others, _ourselves(ours))}
        self._size = size
        self._verified: dict[str, tuple[Viewer, float]] = {}

    async def viewer_of(self, authorization: str | None, *, now: datetime) -> Viewer:
        """Return the Viewer that an `Authorization: Bearer …` header names.

        Raises Unauthenticated with the reason, and KeysUnavailable if another issuer's keys cannot be fetched.
        """
        entry = self._verified.get(authorization or "")
        if entry and now.timestamp() < entry[1]:
            return entry[0]
        viewer, until = await self._validated(bearer(authorization), now)
        if len(self._verified) >= self._size:
            self._verified.clear()
        self._verified[authorization or ""] = viewer, until
        return viewer

    def seconds_left(self, authorization: str, *, now: datetime) -> float:
        """Return for how long a verified header is not verified again; 0 for one that is not stored."""
        entry = self._verified.get(authorization)
        return entry[1] - now.timestamp() if entry else 0.0

    async def _validated(self, token: str, now: datetime) -> tuple[Viewer, float]:
        try:
            signed = read(token)
            trusted = self._issuer(signed)
            validate_claims(signed, trusted.expected, now=now)
            await _verify(signed, trusted, now)
            return trusted.viewer(signed.claims), min(float(signed.claims["exp"]), now.timestamp() + trusted.remembered_seconds)
        except NotValid as error:
            raise unauthenticated(error.reason, claim=error.claim, expected=error.expected) from None
        except (ValueError, RecursionError):  # of the decoders of base64, UTF-8 and JSON
            raise unauthenticated(Reason.MALFORMED) from None

    def _issuer(self, signed: Signed) -> TrustedIssuer:
        name = signed.claims.get("iss")
        if not isinstance(name, str) or name not in self._trusted:
            raise NotValid(Reason.ISSUER, expected=quoted(*self._trusted))
        return self._trusted[name]


async def _verify(signed: Signed, trusted: TrustedIssuer, now: datetime) -> None:
    """Verify the signature with a key of the issuer. Raises NotValid and KeysUnavailable."""
    if signed.algorithm not in trusted.algorithms:
        raise NotValid(Reason.ALGORITHM, expected=quoted(*sorted(trusted.algorithms)))
    key = await trusted.find(signed.kid, signed.algorithm, now)
    if key is None:
        raise NotValid(Reason.KEY_UNKNOWN)
    if not key.holds(signed.text, signed.signature):
        raise NotValid(Reason.SIGNATURE)


def bearer(authorization: str | None) -> str:
    """Return the token in the header. Raises Unauthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    if not authorization:
        raise unauthenticated(Reason.MISSING)
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_BYTES:
        raise unauthenticated(Reason.SCHEME, expected=str(MAX_BYTES))
    return token.strip(" ")


def sign(viewer: Viewer, issuer: OwnIssuer, *, now: datetime, lifetime: timedelta) -> str:
    """Return a signed token that `Tokens` accepts until `now + lifetime`."""
    key = issuer.keys[0]
    acting = viewer.client if viewer.kind is Actor.PARTNER else viewer.acting_party
    claims = {
        "iss": issuer.name,
        "aud": issuer.audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": uuid4().hex,
        "sub": viewer.customer_id or viewer.staff_id or viewer.client,
        "kind": viewer.kind.value,
        "client_id": viewer.client,
        "scope": " ".join(viewer.scopes),
        **({"sid": viewer.session_id} if viewer.session_id else {}),
        # The party that acts for the customer (RFC 8693 §4.1).
        **({"act": {"sub": acting}} if acting is not None else {}),
    }
    return jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"typ": TOKEN_TYPE, **({"kid": key.kid} if key.kid else {})})


def _ourselves(issuer: OwnIssuer) -> TrustedIssuer:
    keys = named(issuer.keys)

    async def find(kid: str | None, algorithm: str, _: datetime) -> Key | None:
        return chosen(keys, kid, algorithm)

    return TrustedIssuer(Expected(issuer.name, issuer.audience), frozenset(key.algorithm for key in issuer.keys), find, _viewer)


def _viewer(claims: Claims) -> Viewer:
    kind, scope, client, session_id = claims.get("kind", Actor.CUSTOMER), claims.get("scope", ""), claims.get("client_id", ""), claims.get("sid")
    is_valid = {
        "kind": kind in KINDS,
        "scope": isinstance(scope, str),
        "client_id": isinstance(client, str),
        "sid": isinstance(session_id, str | None),
    }
    for claim in (name for name, holds in is_valid.items() if not holds):
        raise unusable(claims, claim)
    actor = Actor(kind)
    customer_id = None if actor is Actor.STAFF else claims["sub"]
    subject = claims["sub"]
    acting = acting_party(claims) if actor is Actor.CUSTOMER else None
    return Viewer(actor, customer_id, tuple(scope.split()), client, session_id, staff_id_of(actor, subject, client), acting_party=acting, subject=subject)
