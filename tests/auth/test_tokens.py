"""Tokens that hold give a Viewer; all others are refused in the same words."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.claims import LEEWAY_SECONDS, Expected, NotValid, is_name, judge, read
from auth.keys import Key, new_pem, of_pem, published
from auth.tokens import Issuer, Tokens, sign
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from tests.auth.forge import AT, CLAIMS, ED, EVIL, HEADER, MISSING, NOW, RS, b64, crafted, made, part, signer
from tests.conftest import ADA, ISSUER, STAFF

OURS = Issuer("portico", "portico", (ED, RS))


async def viewer_of(token: str, issuer: Issuer = OURS, *, now: datetime = NOW) -> Viewer:
    return await Tokens(issuer).viewer_of(f"Bearer {token}", now=now)


@pytest.mark.parametrize("issuer", [ISSUER, OURS, replace(OURS, keys=(RS, ED))], ids=["HS256", "EdDSA", "RS256"])
@pytest.mark.parametrize("viewer", [ADA, STAFF, replace(ADA, session_id="ses_1")], ids=["customer", "staff", "session"])
async def test_a_signed_token_names_its_viewer(issuer: Issuer, viewer: Viewer) -> None:
    token = sign(viewer, issuer, now=NOW, lifetime=timedelta(minutes=5))
    assert await viewer_of(token, issuer) == viewer
    assert jwt.get_unverified_header(token).get("kid") == issuer.keys[0].kid


async def test_scopes_and_client_come_from_the_token() -> None:
    viewer = await Tokens(OURS).viewer_of(f"bearer {made()}", now=NOW)
    assert (viewer.customer_id, viewer.scopes, viewer.client, viewer.session_id) == ("cus_1", ("a", "b"), "web", None)


GOOD = {
    "as it should be": made(),
    "by the other key": made(key=RS),
    "type in capitals": made(typ="AT+JWT"),
    "type in full": made(typ="application/at+jwt"),
    "several audiences": made({"aud": ["elsewhere", "portico"]}),
    "a fraction of a second": made({"exp": AT + 600.5}),
    "a thumbprint": made(x5t="abc"),
    "no kid where only one key can be meant": made(kid=MISSING),
    "expired within the leeway": made({"exp": AT - LEEWAY_SECONDS + 1}),
    "clocks apart within the leeway": made({"iat": AT + LEEWAY_SECONDS, "nbf": AT + LEEWAY_SECONDS}),
}


@pytest.mark.parametrize("token", GOOD.values(), ids=GOOD)
async def test_a_token_that_holds_is_taken(token: str) -> None:
    assert (await viewer_of(token)).customer_id == "cus_1"


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{part(HEADER | {'alg': algorithm})}.{part(CLAIMS)}.{signature}"


def confused(secret: bytes, kid: object) -> str:
    """The public key, which everybody has, taken for the secret of an HMAC."""
    return crafted(HEADER | {"alg": "HS256", "kid": kid}, CLAIMS, lambda text: hmac.new(secret, text, hashlib.sha256).digest())


def public(key: Key, encoding: Encoding, form: PublicFormat) -> bytes:
    return key.verifying.public_bytes(encoding, form)


def with_part(number: int, change: Callable[[str], str]) -> str:
    parts = made().split(".")
    parts[number] = change(parts[number])
    return ".".join(parts)


def other_spelling(part: str) -> str:
    """The last character again, with a bit set that no byte needs: Python decodes it to the same."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4
    return part[:-1] + alphabet[alphabet.index(part[-1]) + 1]


def raw(header: str | bytes | None = None, claims: str | bytes | None = None) -> str:
    return crafted(HEADER if header is None else header, CLAIMS if claims is None else claims, signer(ED))


JSON = json.dumps(CLAIMS)
EVIL_JWK = published([EVIL])["keys"][0]
SPKI = PublicFormat.SubjectPublicKeyInfo

ALG = {
    **{f"alg {name}": unsigned(name) for name in ("none", "None", "NONE", "nOnE")},
    "alg none with a signature": unsigned("none", made().split(".")[2]),
    "no signature": unsigned("EdDSA"),
    "HS256 with the Ed25519 key in PEM": confused(public(ED, Encoding.PEM, SPKI), "ed"),
    "HS256 with the Ed25519 key, raw": confused(public(ED, Encoding.Raw, PublicFormat.Raw), "ed"),
    "HS256 with the RSA key in PEM": confused(public(RS, Encoding.PEM, SPKI), "rs"),
    "HS256 with the RSA key in DER": confused(public(RS, Encoding.DER, SPKI), "rs"),
    "HS256 with the JWK": confused(json.dumps(published([RS])["keys"][0]).encode(), "rs"),
    "HS256 without kid": confused(public(RS, Encoding.PEM, SPKI), MISSING),
    "HS256 with nothing": confused(b"", "rs"),
    "the kid of a key of another algorithm": made(key=RS, kid="ed"),
    "and the other way round": made(kid="rs"),
    "alg of the kid, signed by the other": crafted(HEADER | {"kid": "rs", "alg": "RS256"}, CLAIMS, signer(ED)),
    "RS512 by a key for RS256": crafted(HEADER | {"alg": "RS512", "kid": "rs"}, CLAIMS, signer(RS, "RS512")),
    "PS256 by a key for RS256": crafted(HEADER | {"alg": "PS256", "kid": "rs"}, CLAIMS, signer(RS, "PS256")),
    "alg in small letters": made(alg="eddsa"),
    "alg missing": made(alg=MISSING),
    "alg null": made(alg=None),
    "alg a list": made(alg=["EdDSA"]),
    "a key that is not ours": made(key=EVIL),
    "a key that is not ours under the name of ours": made(key=EVIL, kid="ed"),
}
KID = {
    f"kid {name}": made(kid=kid)
    for name, kid in {
        "path": "../../etc/passwd",
        "device": "/dev/null",
        "file": "ed.pem",
        "sql": "' or '1'='1",
        "union": "x' union select 'secret' --",
        "shell": "ed; sleep 9",
        "url": "https://evil.example/key",
        "empty": "",
        "long": "e" * 5000,
        "with NUL": "ed\0",
        "in capitals": "ED",
        "number": 1,
        "null": None,
        "list": ["ed"],
        "object": {"kid": "ed"},
        "true": True,
    }.items()
}
EMBEDDED = {
    "jwk": crafted({**HEADER, "jwk": EVIL_JWK}, CLAIMS, signer(EVIL)),
    "jwk and its kid": crafted({**HEADER, "jwk": EVIL_JWK, "kid": "evil"}, CLAIMS, signer(EVIL)),
    "jwk without kid": crafted({"alg": "EdDSA", "typ": "at+jwt", "jwk": EVIL_JWK}, CLAIMS, signer(EVIL)),
    # These are signed by our own key: it is the header that is not taken.
    **{
        f"{name} signed by us": made(**{name: value})
        for name, value in {
            "jwk": published([ED])["keys"][0],
            "jku": "https://evil.example/jwks.json",
            "x5u": "https://evil.example/chain.pem",
            "x5c": ["MIIB"],
            "crit": ["exp"],
            "b64": False,
        }.items()
    },
    "crit empty": made(crit=[]),
    "crit and b64": made(crit=["b64"], b64=True),
    "detached payload": made(crit=["b64"], b64=False).replace(part(CLAIMS), ""),
}
SAID = {
    "another issuer": made({"iss": "evil"}),
    "issuers": made({"iss": ["portico"]}),
    "issuer null": made({"iss": None}),
    "another audience": made({"aud": "evil"}),
    "other audiences": made({"aud": ["evil", "portico.evil"]}),
    "audience in a list in a list": made({"aud": [["portico"]]}),
    "audience an object": made({"aud": {"portico": 1}}),
    "no audience at all": made({"aud": []}),
    "expired": made({"exp": AT - LEEWAY_SECONDS}),
    "exp in quotes": made({"exp": str(AT + 600)}),
    "exp true": made({"exp": True}),
    "exp infinite": raw(claims=JSON.replace(str(AT + 600), "Infinity")),
    "exp too large for a float": raw(claims=JSON.replace(str(AT + 600), "1" + "0" * 400)),
    "exp with an exponent": raw(claims=JSON.replace(str(AT + 600), "1e999")),
    "exp not a number": raw(claims=JSON.replace(str(AT + 600), "NaN")),
    "from the future": made({"iat": AT + LEEWAY_SECONDS + 1}),
    "iat in quotes": made({"iat": str(AT)}),
    "not yet": made({"nbf": AT + LEEWAY_SECONDS + 1}),
    "nbf in quotes": made({"nbf": str(AT)}),
    "nbf null": made({"nbf": None}),
    "subject a number": made({"sub": 1}),
    "subject empty": made({"sub": ""}),
    "subject with NUL": made({"sub": "cus_1\0"}),
    "subject with half a character": made({"sub": "cus_\ud800"}),
    "subject too long": made({"sub": "c" * 256}),
    "an unknown kind": made({"kind": "ROOT"}),
    "a kind that nobody may claim": made({"kind": "SYSTEM"}),
    "kind a list": made({"kind": ["STAFF"]}),
    "scopes as a list": made({"scope": ["a"]}),
    "client an object": made({"client_id": {}}),
    "session a number": made({"sid": 1}),
    **{f"without {name}": made({name: MISSING}) for name in ("iss", "aud", "exp", "iat", "sub")},
    **{f"{name} null": made({name: None}) for name in ("aud", "exp", "iat", "sub")},
}
TYPE = {
    f"typ {name}": made(typ=value)
    for name, value in {
        "JWT": "JWT",
        "none": MISSING,
        "empty": "",
        "ID token": "id+jwt",
        "longer": "at+jwtx",
        "number": 1,
        "null": None,
        "logout": "logout+jwt",
    }.items()
}
TWICE = {
    "alg twice": raw(header='{"alg":"none","alg":"EdDSA","kid":"ed","typ":"at+jwt"}'),
    "kid twice, the same": raw(header='{"alg":"EdDSA","kid":"ed","kid":"ed","typ":"at+jwt"}'),
    "sub twice": raw(claims=JSON[:-1] + ', "sub": "cus_2"}'),
    "sub twice, once escaped": raw(claims=JSON[:-1] + ', "\\u0073ub": "cus_2"}'),
    "twice inside": raw(claims=JSON[:-1] + ', "act": {"sub": "a", "sub": "b"}}'),
}
SHAPE = {
    "rubbish": "rubbish",
    "two parts": "a.b",
    "dots": "..",
    "four parts": made() + ".",
    "five parts, encrypted": "a.b.c.d.e",
    "nested": raw(claims=made()),
    "nested as a JSON string": raw(claims=json.dumps(made())),
    "nested and says so": crafted(HEADER | {"cty": "JWT"}, made(), signer(ED)),
    "claims a list": raw(claims=f"[{JSON}]"),
    "claims null": raw(claims="null"),
    "claims empty": raw(claims=""),
    "claims cut": raw(claims=JSON[:-1]),
    "claims and more": raw(claims=JSON + "{}"),
    "header a list": raw(header="[]"),
    "claims in UTF-16": raw(claims=JSON.encode("utf-16")),
    "claims with a byte order mark": raw(claims=JSON.encode("utf-8-sig")),
    "claims not UTF-8": raw(claims=JSON.encode().replace(b"cus_1", b"\xff\xfe")),
    "claims nested deeply": raw(claims=JSON[:-1] + ', "x": ' + "[" * 2500 + "]" * 2500 + "}"),
    "header nested deeply": raw(header="[" * 2500),
    "too long": made({"x": "y" * 9000}),
    "another's claims under a signature of ours": made().replace(part(CLAIMS), part(CLAIMS | {"sub": "cus_2"})),
    "a changed signature": with_part(2, lambda text: ("A" if text[0] != "A" else "B") + text[1:]),
    "a cut signature": with_part(2, lambda text: text[:-4]),
}
LENIENT = {
    **{f"padded part {n}": with_part(n, lambda text: text + "=" * (-len(text) % 4 or 4)) for n in range(3)},
    **{f"newline in part {n}": with_part(n, lambda text: text[:8] + "\n" + text[8:]) for n in range(3)},
    **{f"foreign characters in part {n}": with_part(n, lambda text: text[:8] + "!!!!" + text[8:]) for n in range(3)},
    "another spelling of the signature": with_part(2, other_spelling),
    "a character over": with_part(2, lambda text: text + "A"),
    "not ASCII": with_part(2, lambda text: text + "é"),
    "the other alphabet": next(
        token.replace("-", "+").replace("_", "/") for token in (made({"jti": str(n)}) for n in range(999)) if "-" in token.split(".")[2] and "_" in token
    ),
}
BAD = ALG | KID | EMBEDDED | SAID | TYPE | TWICE | SHAPE | LENIENT


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The bearer token is not valid\.$"):
        await viewer_of(token)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (made(typ="JWT"), "typ"),
        (made({"iss": "evil"}), "iss"),
        (made({"aud": "evil"}), "aud"),
        (made({"sub": ""}), "sub"),
        (made({"exp": AT - 60}), "exp"),
        (made({"iat": AT + 60}), "iat"),
        (made({"nbf": AT + 60}), "nbf"),
        (made() + ".", "three parts"),
        (made(jwk={}), "header that is not taken"),
        (made(kid=1), "header of the wrong type"),
        (TWICE["sub twice"], "name twice"),
        (LENIENT["padded part 1"], "base64"),
        (LENIENT["another spelling of the signature"], "base64"),
        (SHAPE["claims a list"], "not an object"),
    ],
    ids=lambda value: value if " " in value or len(value) == 3 else None,
)
def test_it_is_refused_for_the_reason_that_is_meant(token: str, reason: str) -> None:
    with pytest.raises(NotValid, match=reason):
        judge(read(token), Expected("portico", "portico"), now=NOW)


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
    with pytest.raises(Unauthenticated, match="Send a bearer token"):
        await Tokens(OURS).viewer_of(header, now=NOW)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", f"Token {made()}", f"Bearer\t{made()}", f"Bearer {made()} {made()}", made()])
async def test_another_scheme_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated, match="not valid"):
        await Tokens(OURS).viewer_of(header, now=NOW)


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
    assert len(tokens._held) <= 2


async def test_what_does_not_hold_is_not_remembered() -> None:
    tokens = Tokens(OURS)
    for token in BAD.values():
        with pytest.raises(Unauthenticated):
            await tokens.viewer_of(f"Bearer {token}", now=NOW)
    assert tokens._held == {}


@pytest.mark.parametrize(("value", "holds"), [("cus_1", True), ("é\u2028", True), ("", False), (None, False), (1, False), ("\udfff", False), ("a\0", False)])
def test_a_name_is_text_that_postgres_can_keep(value: object, holds: bool) -> None:
    assert is_name(value) is holds


def test_the_parts_are_put_together_as_pyjwt_does_it() -> None:
    """The forger of these tests and PyJWT agree on what a good token is."""
    for key in (ED, RS):
        assert jwt.decode(made(key=key), key.verifying, algorithms=[key.algorithm], audience="portico", issuer="portico")["sub"] == "cus_1"
    assert b64(b"\xff\xfe") == "__4"
