"""Tokens built for tests: signed with the right key, or wrong in exactly one way."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jwt.algorithms import get_default_algorithms

from auth.jwt.keys import Key, new_pem, of_pem

ALGORITHMS = get_default_algorithms()
NOW = datetime.now(UTC).replace(microsecond=0)
AT = int(NOW.timestamp())
# Later than the end of the longest run of tests, because servers compare it with their clock.
EXPIRES = AT + 6 * 3600
ED = of_pem("ed", new_pem("EdDSA"))
RS = of_pem("rs", new_pem("RS256"))
EVIL = of_pem("evil", new_pem("EdDSA"))

HEADER = {"alg": "EdDSA", "kid": "ed", "typ": "at+jwt"}
CLAIMS = {"iss": "portico", "aud": "portico", "iat": AT, "exp": EXPIRES, "sub": "cus_1", "kind": "CUSTOMER", "client_id": "web", "scope": "a b"}
MISSING = object()

Part = dict[str, Any] | str | bytes


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def part(value: Part) -> str:
    if isinstance(value, dict):
        value = json.dumps({name: one for name, one in value.items() if one is not MISSING})
    return b64(value.encode() if isinstance(value, str) else value)


def crafted(header: Part, claims: Part, sign: Callable[[bytes], bytes]) -> str:
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{b64(sign(text.encode()))}"


def signer(key: Key, algorithm: str | None = None) -> Callable[[bytes], bytes]:
    return lambda text: ALGORITHMS[algorithm or key.algorithm].sign(text, key.signing)


def made(claims: dict[str, Any] | None = None, *, key: Key = ED, **headers: Any) -> str:
    """Return a token that is valid except for the changed claims; MISSING omits a claim."""
    named = {"alg": key.algorithm, "kid": key.kid if key.kid is not None else MISSING}
    return crafted(HEADER | named | headers, CLAIMS | (claims or {}), signer(key))
