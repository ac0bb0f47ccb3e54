"""Tokens that hold give a Viewer; all others are refused in the same words."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from auth.tokens import LEEWAY_SECONDS, Issuer, Tokens, sign, viewer_of
from billing.refusals import Unauthenticated
from tests.conftest import ADA, ISSUER, STAFF

NOW = int(datetime.now(UTC).timestamp())
CLAIMS = {"iss": "portico", "aud": "portico", "iat": NOW, "exp": NOW + 600, "sub": "cus_1", "kind": "CUSTOMER", "client_id": "web", "scope": "a b"}


def made(claims: dict | None = None, *, key: str = ISSUER.key, algorithm: str = "HS256", **headers: object) -> str:
    return jwt.encode(CLAIMS | (claims or {}), key, algorithm=algorithm, headers={"typ": "at+jwt", **headers})


def without(name: str) -> str:
    claims = {key: value for key, value in CLAIMS.items() if key != name}
    return jwt.encode(claims, ISSUER.key, algorithm="HS256", headers={"typ": "at+jwt"})


def unsigned(algorithm: str) -> str:
    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'at+jwt'})}.{part(CLAIMS)}."


def test_a_signed_token_names_its_viewer() -> None:
    for viewer in (ADA, STAFF):
        token = sign(viewer, ISSUER, now=datetime.now(UTC), lifetime=timedelta(minutes=5))
        assert viewer_of(f"Bearer {token}", ISSUER) == viewer


def test_scopes_and_client_come_from_the_token() -> None:
    viewer = viewer_of(f"bearer {made()}", ISSUER)
    assert (viewer.customer_id, viewer.scopes, viewer.client) == ("cus_1", ("a", "b"), "web")


BAD = {
    "another key": made(key="another secret that is long enough to be used"),
    "another algorithm": made(algorithm="HS512"),
    "another issuer": made({"iss": "evil"}),
    "another audience": made({"aud": "evil"}),
    "expired": made({"exp": NOW - 60}),
    "from the future": made({"iat": NOW + 600}),
    "not yet": made({"nbf": NOW + 600}),
    "another type": made(typ="JWT"),
    "an unknown kind": made({"kind": "ROOT"}),
    "a kind that nobody may claim": made({"kind": "SYSTEM"}),
    "too long": made({"x": "y" * 9000}),
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "two parts": "a.b",
    "rubbish": "rubbish",
    **{f"without {name}": without(name) for name in ("iss", "aud", "exp", "iat", "sub")},
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The bearer token is not valid\.$"):
        viewer_of(f"Bearer {token}", ISSUER)


@pytest.mark.parametrize("header", [None, ""])
def test_no_token_is_asked_for(header: str | None) -> None:
    with pytest.raises(Unauthenticated, match="Send a bearer token"):
        viewer_of(header, ISSUER)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", f"Token {made()}"])
def test_another_scheme_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated, match="not valid"):
        viewer_of(header, ISSUER)


def test_a_token_of_another_key_does_not_hold_for_an_issuer_with_ours() -> None:
    other = Issuer("portico", "portico", "HS256", "yet another secret that is long enough, surely")
    with pytest.raises(Unauthenticated):
        viewer_of(f"Bearer {made()}", other)


def test_a_token_is_remembered_until_it_expires_and_no_longer() -> None:
    tokens = Tokens(ISSUER, size=2)
    now = datetime.now(UTC)
    held = f"Bearer {made({'exp': NOW + 5})}"
    assert tokens.viewer_of(held, now=now) == tokens.viewer_of(held, now=now)
    expired = f"Bearer {made({'exp': NOW - LEEWAY_SECONDS + 3})}"
    tokens.viewer_of(expired, now=now)
    with pytest.raises(Unauthenticated):
        tokens.viewer_of(f"Bearer {BAD['expired']}", now=now)
    for number in range(5):
        tokens.viewer_of(f"Bearer {made({'jti': str(number)})}", now=now)
    assert len(tokens._held) <= 2
