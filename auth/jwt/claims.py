"""Strict parsing of tokens, and validation of their claims against the issuer, the audience and the time. Claims are not trusted before the signature is checked.

PyJWT is not used for this: it accepts padded base64, repeated names and dates in quotes, and reads its own clock. A token is parsed by this module only,
so that two parsers cannot read it differently.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auth.reasons import NotValid, Reason, quoted
from billing.utf8 import is_storable

LEEWAY_SECONDS = 30
MAX_NAME = 255
MAX_INSTANT = 2**53
# How many lists and objects a part of a token may have. Python's parser refuses deep ones, from a depth on that differs from version to version.
MAX_CONTAINERS = 500
ACCESS_TOKEN = frozenset({"at+jwt", "application/at+jwt"})
# The claims that are read as texts, besides those that the settings of an issuer name. Parts of them are stored: who acted, by which app, in which session.
TEXTS = frozenset({"sub", "client_id", "azp", "sid", "jti", "act", "scope"})
# Keys inside a token, and extensions that would change what is signed (RFC 7515 §4.1.11, RFC 7797).
FORBIDDEN_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64"})

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of a token. `text` is the signed text."""

    algorithm: str
    kid: str | None
    type: str | None
    claims: Claims
    text: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """The claims that a token of an issuer must have. `types` are in lower case; None means no `typ` header. Postgres must be able to store the claims `texts`."""

    issuer: str
    audience: str
    types: frozenset[str | None] = ACCESS_TOKEN
    texts: frozenset[str] = TEXTS


def read(token: str) -> Signed:
    """Parse a token in compact form. Raises NotValid, or another ValueError."""
    parts = token.split(".")
    if len(parts) != 3:
        raise NotValid(Reason.MALFORMED, "not three parts")
    header = _object(_decoded(parts[0]))
    if not FORBIDDEN_HEADERS.isdisjoint(header):
        raise NotValid(Reason.MALFORMED, "a header that is not taken")
    if not all(isinstance(header[name], str) and len(header[name]) <= MAX_NAME for name in ("alg", "kid", "typ") if name in header) or "alg" not in header:
        raise NotValid(Reason.MALFORMED, "a header of the wrong type")
    algorithm, kid, kind = header["alg"], header.get("kid"), header.get("typ")
    text = token.rpartition(".")[0].encode()
    return Signed(algorithm, kid, kind and kind.lower(), _object(_decoded(parts[1])), text, _decoded(parts[2]))


def validate_claims(signed: Signed, expected: Expected, *, now: datetime) -> None:
    """Check the type, the issuer, the audience, the texts, the subject and the dates of a token. Raises NotValid."""
    claims, at = signed.claims, now.timestamp()
    if signed.type not in expected.types:
        raise NotValid(Reason.TYPE, expected=" or ".join(sorted(kind or "absent" for kind in expected.types)))
    if claims.get("iss") != expected.issuer:
        raise NotValid(Reason.ISSUER, expected=quoted(expected.issuer))
    audience = claims.get("aud")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise NotValid(Reason.AUDIENCE, expected=quoted(expected.audience))
    for claim in sorted(expected.texts & claims.keys()):
        if not all(map(is_storable, _texts(claims[claim]))):
            raise NotValid(Reason.CLAIM_INVALID, claim=claim)
    require_name(claims, "sub")
    if _instant(claims, "exp") <= at - LEEWAY_SECONDS:
        raise NotValid(Reason.EXPIRED)
    for name in ("iat", "nbf") if "nbf" in claims else ("iat",):
        if _instant(claims, name) > at + LEEWAY_SECONDS:
            raise NotValid(Reason.NOT_YET_VALID, claim=name)


def require_name(claims: Claims, claim: str) -> None:
    """Require a claim that is a name. Raises NotValid for a claim that is absent or not a valid name."""
    if not is_name(claims.get(claim)):
        raise unusable(claims, claim)


def acting_party(claims: Claims) -> str | None:
    """Return the party that acts for the subject (RFC 8693 §4.1); None if the subject acts alone, "unknown" for a claim that cannot be read."""
    act = claims.get("act")
    if act is None:
        return None
    subject = act.get("sub") if isinstance(act, dict) else None
    return str(subject) if is_name(subject) else "unknown"


def unusable(claims: Claims, claim: str) -> NotValid:
    """Return the refusal of a token for a claim that is absent or has a wrong value."""
    return NotValid(Reason.CLAIM_MISSING if claims.get(claim) in (None, "") else Reason.CLAIM_INVALID, claim=claim)


def is_name(value: object) -> bool:
    """Return whether a value is a text of at most MAX_NAME characters that Postgres can store."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and is_storable(value)


def _texts(claim: Any) -> Iterator[str]:
    """Yield the texts in a claim, those in lists and objects included."""
    pending = [claim]
    while pending:
        match pending.pop():
            case str() as text:
                yield text
            case list() as values:
                pending += values
            case dict() as members:
                pending += members.values()


def _instant(claims: Claims, name: str) -> float:
    value: Any = claims.get(name)
    # Excludes true and "1", Infinity and NaN, and numbers that are too large for a float.
    if type(value) not in (int, float) or not abs(value) < MAX_INSTANT:
        raise unusable(claims, name)
    return float(value)


def _decoded(part: str) -> bytes:
    # A text that encodes to itself had no padding, no invalid character and no stray bits. Python's decoder ignores all three.
    decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        raise NotValid(Reason.MALFORMED, "base64")
    return decoded


def _object(text: bytes) -> Claims:
    if text.count(b"[") + text.count(b"{") > MAX_CONTAINERS:
        raise NotValid(Reason.MALFORMED, "too many lists and objects")
    members = json.loads(text.decode(), object_pairs_hook=_once_each)
    if not isinstance(members, dict):
        raise NotValid(Reason.MALFORMED, "not an object")
    return members


def _once_each(pairs: list[tuple[str, Any]]) -> Claims:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotValid(Reason.MALFORMED, "a name twice")
    return members
