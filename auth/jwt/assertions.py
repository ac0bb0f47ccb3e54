"""How a partner's app proves itself at the token endpoint: by a secret, or by an assertion that its private key signed (RFC 7523 §2.2 and §3)."""

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
# An assertion lives this long at most, so that those that were used need not be remembered for longer.
MAX_SECONDS = 300
ALGORITHMS: tuple[Asymmetric, ...] = ("EdDSA", "ES256", "ES384", "PS256", "RS256")
TYPES = frozenset({None, "jwt", "client-authentication+jwt"})


class AssertionKey(Protocol):
    """One of a client's; either is None."""

    @property
    def secret_hash(self) -> str | None: ...
    @property
    def jwk(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Assertion:
    """One that holds. It must not hold again: `jti` is good once, and of no use after `expires_at`."""

    jti: str
    expires_at: datetime


def is_secret(given: str, credentials: Iterable[AssertionKey]) -> bool:
    """All are compared, whichever is right."""
    hashed = hash_of(given)
    return any([hmac.compare_digest(hashed, found.secret_hash) for found in credentials if found.secret_hash])


def subject_of(assertion: str) -> str:
    """The client that an assertion says it is of; nothing is believed yet. Raises ValueError."""
    claims = read(_bounded(assertion)).claims
    require_name(claims, "sub")
    return str(claims["sub"])


def verify_assertion(assertion: str, client_id: str, credentials: Iterable[AssertionKey], *, audiences: Sequence[str], now: datetime) -> Assertion:
    """Raises ValueError for an assertion that does not hold."""
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
    """Whether a public key is one that we can verify with."""
    return any(True for _ in of_jwk(jwk, ALGORITHMS))


def _keys(credentials: Iterable[AssertionKey]) -> list[Key]:
    return [key for found in credentials if found.jwk for key in of_jwk(json.loads(found.jwk), ALGORITHMS)]


def _fits(key: Key, kid: str | None, algorithm: str) -> bool:
    return key.algorithm == algorithm and (kid is None or key.kid is None or kid == key.kid)


def _listed(audience: object) -> list[object]:
    return audience if isinstance(audience, list) else [audience]


def _bounded(assertion: str) -> str:
    if not assertion.isascii() or len(assertion) > MAX_BYTES:
        raise NotValid(Reason.MALFORMED, "too long")
    return assertion
