"""Client authentication of a partner's app at the token endpoint: by a secret, or by an assertion signed with its private key (RFC 7523 §2.2 and §3)."""

import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from auth.jwt.claims import LEEWAY_SECONDS, Expected, read, require_name, validate_claims
from auth.jwt.keys import Asymmetric, Key, of_jwk
from auth.reasons import NotValid, Reason
from auth.secret import hash_of

MAX_BYTES = 8192
# The longest lifetime of an assertion, so that used assertions are stored no longer than this.
MAX_SECONDS = 300
ALGORITHMS: tuple[Asymmetric, ...] = ("EdDSA", "ES256", "ES384", "PS256", "RS256")
TYPES = frozenset({None, "jwt", "client-authentication+jwt"})


class AssertionKey(Protocol):
    """One credential of a client: a secret's hash or a public key; the other is None."""

    @property
    def secret_hash(self) -> str | None: ...
    @property
    def jwk(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion. It must be accepted only once: `jti` is valid once, and not after `expires_at`."""

    jti: str
    expires_at: datetime


def is_secret(secret: str, credentials: Iterable[AssertionKey]) -> bool:
    """Return whether the secret is one of the credentials. All are compared, so that the time does not depend on which one matches."""
    hashed = hash_of(secret)
    return any([hmac.compare_digest(hashed, credential.secret_hash) for credential in credentials if credential.secret_hash])


def subject_of(assertion: str) -> str:
    """Return the client that an assertion names, before anything is verified. Raises ValueError."""
    claims = read(_bounded(assertion)).claims
    require_name(claims, "sub")
    return str(claims["sub"])


def verify_assertion(assertion: str, client_id: str, credentials: Iterable[AssertionKey], *, audiences: Sequence[str], now: datetime) -> Assertion:
    """Verify an assertion's claims and signature. Raises ValueError for one that is not valid."""
    signed = read(_bounded(assertion))
    claims = signed.claims
    audience = next((name for name in audiences if name in _listed(claims.get("aud"))), audiences[0])
    validate_claims(signed, Expected(client_id, audience, TYPES), now=now)
    require_name(claims, "jti")
    for claim, is_wrong in (("sub", claims["sub"] != client_id), ("exp", claims["exp"] > now.timestamp() + MAX_SECONDS + LEEWAY_SECONDS)):
        if is_wrong:
            raise NotValid(Reason.CLAIM_INVALID, claim=claim)
    if not any(key.holds(signed.text, signed.signature) for key in _keys(credentials) if _fits(key, signed.kid, signed.algorithm)):
        raise NotValid(Reason.SIGNATURE)
    return Assertion(claims["jti"], datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS + 1, UTC))


def usable(jwk: Any) -> bool:
    """Return whether a public key fits one of the accepted algorithms."""
    return any(True for _ in of_jwk(jwk, ALGORITHMS))


def _keys(credentials: Iterable[AssertionKey]) -> list[Key]:
    return [key for credential in credentials if credential.jwk for key in of_jwk(json.loads(credential.jwk), ALGORITHMS)]


def _fits(key: Key, kid: str | None, algorithm: str) -> bool:
    return key.algorithm == algorithm and (kid is None or key.kid is None or kid == key.kid)


def _listed(audience: object) -> list[object]:
    return audience if isinstance(audience, list) else [audience]


def _bounded(assertion: str) -> str:
    if not assertion.isascii() or len(assertion) > MAX_BYTES:
        raise NotValid(Reason.MALFORMED, "too long")
    return assertion
