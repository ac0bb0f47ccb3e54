"""The table of attacks: tokens that must be refused, each for one reason. Tokens whose fault is not the signature are signed by our own key."""

import hashlib
import hmac
import json
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.jwt.claims import LEEWAY_SECONDS
from auth.jwt.keys import Key, published
from tests.auth.forge import AT, CLAIMS, ED, EVIL, EXPIRES, HEADER, MISSING, RS, crafted, made, part, signer


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{part(HEADER | {'alg': algorithm})}.{part(CLAIMS)}.{signature}"


def confused(secret: bytes, kid: object) -> str:
    """Sign with the public key as the secret of an HMAC."""
    return crafted(HEADER | {"alg": "HS256", "kid": kid}, CLAIMS, lambda text: hmac.new(secret, text, hashlib.sha256).digest())


def public(key: Key, encoding: Encoding, form: PublicFormat) -> bytes:
    return key.verifying.public_bytes(encoding, form)


def with_part(number: int, change: Callable[[str], str]) -> str:
    parts = made().split(".")
    parts[number] = change(parts[number])
    return ".".join(parts)


def other_spelling(part: str) -> str:
    """Return another spelling of a base64 text: the last character has an unused bit set, which Python's decoder ignores."""
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
    # These are signed by our own key; their header is refused.
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
    "exp in quotes": made({"exp": str(EXPIRES)}),
    "exp true": made({"exp": True}),
    "exp infinite": raw(claims=JSON.replace(str(EXPIRES), "Infinity")),
    "exp too large for a float": raw(claims=JSON.replace(str(EXPIRES), "1" + "0" * 400)),
    "exp with an exponent": raw(claims=JSON.replace(str(EXPIRES), "1e999")),
    "exp not a number": raw(claims=JSON.replace(str(EXPIRES), "NaN")),
    "from the future": made({"iat": AT + LEEWAY_SECONDS + 1}),
    "iat in quotes": made({"iat": str(AT)}),
    "not yet": made({"nbf": AT + LEEWAY_SECONDS + 1}),
    "nbf in quotes": made({"nbf": str(AT)}),
    "nbf null": made({"nbf": None}),
    "subject a number": made({"sub": 1}),
    "subject empty": made({"sub": ""}),
    "subject with NUL": made({"sub": "cus_1\0"}),
    "subject with half a character": made({"sub": "cus_\ud800"}),
    **{f"{name} with NUL": made({name: "a\0"}) for name in ("client_id", "azp", "sid", "jti", "scope", "act")},
    "party with NUL": made({"act": {"sub": "a", "act": [{"sub": "b\0"}]}}),
    "session with half a character": made({"sid": "\udfff"}),
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
    "claims nested as Python's parser takes them": raw(claims=JSON[:-1] + ', "x": ' + "[" * 600 + "]" * 600 + "}"),
    "claims with many lists": raw(claims=JSON[:-1] + ', "x": [' + "[]," * 600 + "[]]}"),
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
