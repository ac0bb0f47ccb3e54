"""Tokens that hold give a Viewer; all others are refused in the same words."""

from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest

from auth.jwt.claims import LEEWAY_SECONDS, Expected, is_name, read, validate_claims
from auth.jwt.keys import new_pem, of_pem
from auth.jwt.tokens import OwnIssuer, Tokens, sign
from auth.reasons import NotValid
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from tests.auth.attacks import BAD, LENIENT, SHAPE, TWICE
from tests.auth.forge import AT, CLAIMS, ED, MISSING, NOW, RS, b64, crafted, made, signer
from tests.conftest import ADA, ISSUER, STAFF

OURS = OwnIssuer("portico", "portico", (ED, RS))


async def viewer_of(token: str, issuer: OwnIssuer = OURS, *, now: datetime = NOW) -> Viewer:
    return await Tokens(issuer).viewer_of(f"Bearer {token}", now=now)


@pytest.mark.parametrize("issuer", [ISSUER, OURS, replace(OURS, keys=(RS, ED))], ids=["HS256", "EdDSA", "RS256"])
@pytest.mark.parametrize(
    "viewer", [ADA, STAFF, replace(ADA, session_id="ses_1"), replace(ADA, acting_party="desk")], ids=["customer", "staff", "session", "acted for"]
)
async def test_a_signed_token_names_its_viewer(issuer: OwnIssuer, viewer: Viewer) -> None:
    token = sign(viewer, issuer, now=NOW, lifetime=timedelta(minutes=5))
    assert await viewer_of(token, issuer) == viewer
    assert jwt.get_unverified_header(token).get("kid") == issuer.keys[0].kid


async def test_scopes_and_client_come_from_the_token() -> None:
    viewer = await Tokens(OURS).viewer_of(f"bearer {made()}", now=NOW)
    assert (viewer.customer_id, viewer.scopes, viewer.client, viewer.session_id) == ("cus_1", ("a", "b"), "web", None)


@pytest.mark.parametrize(
    ("act", "party"),
    [(MISSING, None), (None, None), ({"sub": "agent|7"}, "agent|7"), ({"sub": "a", "act": {"sub": "b"}}, "a")]
    + [(malformed, "unknown") for malformed in ({}, [], "agent", 7, True, False, {"sub": 7}, {"sub": ""}, {"sub": "x" * 300})],
)
async def test_a_customer_in_whose_name_another_acts_has_not_signed_in(act: object, party: str | None) -> None:
    """RFC 8693 §4.1. What cannot be read names somebody all the same."""
    viewer = await viewer_of(made({"act": act}))
    assert (viewer.acting_party, viewer.needs_sign_in) == (party, party is not None)
    for kind in ("STAFF", "PARTNER"):
        assert (await viewer_of(made({"act": act, "kind": kind}))).acting_party is None, "their kind says so"


GOOD = {
    "as it should be": made(),
    "by the other key": made(key=RS),
    "type in capitals": made(typ="AT+JWT"),
    "type in full": made(typ="application/at+jwt"),
    "several audiences": made({"aud": ["elsewhere", "portico"]}),
    "NUL in a claim that is not read": made({"name": "a\0"}),
    "a fraction of a second": made({"exp": AT + 600.5}),
    "a thumbprint": made(x5t="abc"),
    "no kid where only one key can be meant": made(kid=MISSING),
    "expired within the leeway": made({"exp": AT - LEEWAY_SECONDS + 1}),
    "clocks apart within the leeway": made({"iat": AT + LEEWAY_SECONDS, "nbf": AT + LEEWAY_SECONDS}),
}


@pytest.mark.parametrize("token", GOOD.values(), ids=GOOD)
async def test_a_token_that_holds_is_taken(token: str) -> None:
    assert (await viewer_of(token)).customer_id == "cus_1"


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The access token is missing, invalid or expired\. Send"):
        await viewer_of(token)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (made(typ="JWT"), "type"),
        (made({"iss": "evil"}), "issuer"),
        (made({"aud": "evil"}), "audience"),
        (made({"sub": ""}), "claim_missing sub"),
        (made({"sub": 7}), "claim_invalid sub"),
        (made({"exp": MISSING}), "claim_missing exp"),
        (made({"exp": "soon"}), "claim_invalid exp"),
        (made({"exp": AT - 60}), "expired"),
        (made({"iat": AT + 60}), "not_yet_valid iat"),
        (made({"nbf": AT + 60}), "not_yet_valid nbf"),
        (made() + ".", "malformed not three parts"),
        (made(jwk={}), "malformed a header that is not taken"),
        (made(kid=1), "malformed a header of the wrong type"),
        (TWICE["sub twice"], "malformed a name twice"),
        (LENIENT["padded part 1"], "malformed base64"),
        (LENIENT["another spelling of the signature"], "malformed base64"),
        (SHAPE["claims a list"], "malformed not an object"),
    ],
    ids=lambda value: value if len(value) < 50 else None,
)
def test_it_is_refused_for_the_reason_that_is_meant(token: str, reason: str) -> None:
    with pytest.raises(NotValid, match=f"^{reason}$"):
        validate_claims(read(token), Expected("portico", "portico"), now=NOW)


async def test_a_secret_of_ours_is_no_kid_and_no_key_for_another_algorithm() -> None:
    secret = ISSUER.keys[0].signing
    for header in ({"alg": "HS512"}, {"alg": "HS256", "kid": "x"}, {"alg": "HS256", "kid": ""}):
        algorithm = "HS512" if header["alg"] == "HS512" else "HS256"
        token = crafted({"typ": "at+jwt", **header}, CLAIMS, signer(replace(ISSUER.keys[0], signing=secret), algorithm))
        with pytest.raises(Unauthenticated):
            await viewer_of(token, ISSUER)


async def test_a_token_without_kid_is_refused_where_two_keys_could_be_meant() -> None:
    second = of_pem("ed2", new_pem("EdDSA"))
    for keys in ((ED, second), (second, ED)):
        with pytest.raises(Unauthenticated):
            await viewer_of(made(kid=MISSING), replace(OURS, keys=keys))


@pytest.mark.parametrize("header", [None, ""])
async def test_no_token_is_asked_for(header: str | None) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await Tokens(OURS).viewer_of(header, now=NOW)
    assert caught.value.reason == "missing"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", f"Token {made()}", f"Bearer\t{made()}", f"Bearer {made()} {made()}", made()])
async def test_another_scheme_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await Tokens(OURS).viewer_of(header, now=NOW)
    assert caught.value.reason in ("scheme", "malformed")


async def test_time_is_what_the_caller_says_it_is() -> None:
    later = NOW + timedelta(days=1000)
    token = sign(ADA, OURS, now=later, lifetime=timedelta(minutes=5))
    assert await viewer_of(token, now=later + timedelta(minutes=5, seconds=LEEWAY_SECONDS - 1)) == ADA
    for now in (NOW, later + timedelta(minutes=5, seconds=LEEWAY_SECONDS)):
        with pytest.raises(Unauthenticated):
            await viewer_of(token, now=now)


async def test_a_token_is_remembered_until_it_expires_and_no_longer() -> None:
    tokens = Tokens(OURS, size=2)
    held = f"Bearer {made({'exp': AT + 5})}"
    first = await tokens.viewer_of(held, now=NOW)
    assert await tokens.viewer_of(held, now=NOW) is first
    assert await tokens.viewer_of(held, now=NOW + timedelta(seconds=6)) is not first
    with pytest.raises(Unauthenticated):
        await tokens.viewer_of(held, now=NOW + timedelta(seconds=5 + LEEWAY_SECONDS))
    for number in range(5):
        await tokens.viewer_of(f"Bearer {made({'jti': str(number)})}", now=NOW)
    assert len(tokens._verified) <= 2


async def test_what_does_not_hold_is_not_remembered() -> None:
    tokens = Tokens(OURS)
    for token in BAD.values():
        with pytest.raises(Unauthenticated):
            await tokens.viewer_of(f"Bearer {token}", now=NOW)
    assert tokens._verified == {}


@pytest.mark.parametrize(("value", "holds"), [("cus_1", True), ("é\u2028", True), ("", False), (None, False), (1, False), ("\udfff", False), ("a\0", False)])
def test_a_name_is_text_that_postgres_can_keep(value: object, holds: bool) -> None:
    assert is_name(value) is holds


def test_the_parts_are_put_together_as_pyjwt_does_it() -> None:
    """The forger of these tests and PyJWT agree on what a good token is."""
    for key in (ED, RS):
        assert jwt.decode(made(key=key), key.verifying, algorithms=[key.algorithm], audience="portico", issuer="portico")["sub"] == "cus_1"
    assert b64(b"\xff\xfe") == "__4"
