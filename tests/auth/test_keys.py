"""Which keys are taken, and what of them is shown."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth.jwt.jwks import parsed
from auth.jwt.keys import Asymmetric, Key, UnusableKey, named, new_pem, of_jwk, of_pem, published, shared
from tests.auth.forge import CLAIMS, ED, HEADER, RS, crafted, signer

ED_JWK, RS_JWK = published([ED, RS])["keys"]
EVERY = Asymmetric.__args__


def jwk(private: Any, algorithm: str, **more: Any) -> dict[str, Any]:
    return json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key())) | more


def test_the_public_half_is_shown_and_nothing_else() -> None:
    assert ED_JWK.keys() == {"kty", "crv", "x", "use", "alg", "kid"}
    assert RS_JWK.keys() == {"kty", "n", "e", "use", "alg", "kid"}
    assert [(key["kid"], key["alg"], key["use"]) for key in (ED_JWK, RS_JWK)] == [("ed", "EdDSA", "sig"), ("rs", "RS256", "sig")]
    assert published([shared("s" * 64)]) == {"keys": []}


def test_what_is_shown_verifies_what_was_signed() -> None:
    text = b"signed"
    for key, jwk in ((ED, ED_JWK), (RS, RS_JWK)):
        (public,) = of_jwk(jwk, [key.algorithm])
        assert public == Key(key.kid, key.algorithm, key.verifying)
        assert public.holds(text, signer(key)(text))
        assert not public.holds(text + b"!", signer(key)(text))


@pytest.mark.parametrize("key", [ED, RS, shared("s" * 64)], ids=lambda key: key.algorithm)
def test_a_key_is_not_printed(key: Key) -> None:
    assert repr(key) == f"Key(kid={key.kid!r}, algorithm={key.algorithm!r})"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"use": None},
        {"use": ["sig"]},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"key_ops": None},
        {"key_ops": ["encrypt", "wrapKey"]},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": "RS384"},
        {"kid": 1},
        {"kid": ["rs"]},
        {"d": "AQAB"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"kty": None},
        {"kty": ["RSA"]},
        {"n": 1},
        {"n": ""},
        {"n": None},
        {"e": "AQ"},
        {"e": "AA"},
        {"e": {}},
    ],
    ids=str,
)
def test_a_jwk_that_is_not_for_verifying_is_passed_over(change: dict[str, Any]) -> None:
    assert list(of_jwk(RS_JWK, ["RS256"]))
    assert list(of_jwk(RS_JWK | change, ["RS256"])) == []


def test_a_private_key_is_passed_over() -> None:
    for key in (ED, RS):
        data = json.loads(jwt.get_algorithm_by_name(key.algorithm).to_jwk(key.signing)) | {"kid": key.kid}
        data.pop("key_ops", None)
        assert list(of_jwk(data, [key.algorithm])) == []


@pytest.mark.parametrize("data", [None, 1, "key", [], [RS_JWK], {}])
def test_what_is_no_jwk_is_passed_over(data: object) -> None:
    assert list(of_jwk(data, EVERY)) == []


def test_without_use_operations_or_alg_a_key_is_taken_as_configured() -> None:
    bare = {name: RS_JWK[name] for name in ("kty", "n", "e", "kid")}
    assert [key.algorithm for key in of_jwk(bare, ["RS256"])] == ["RS256"]
    assert [key.algorithm for key in of_jwk(bare | {"key_ops": ["verify"]}, ["PS256"])] == ["PS256"]
    assert [key.algorithm for key in of_jwk(bare, EVERY)] == ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    assert [key.algorithm for key in of_jwk(bare | {"alg": "RS512"}, EVERY)] == ["RS512"]


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_passed_over(bits: int) -> None:
    private = rsa.generate_private_key(65537, bits)
    assert list(of_jwk(jwk(private, "RS256", kid="weak"), ["RS256"])) == []
    with pytest.raises(UnusableKey, match="2048"):
        of_pem("weak", pem(private))


def test_a_key_fits_the_algorithms_of_its_curve_only() -> None:
    for curve, fits in ((ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")):
        private = ec.generate_private_key(curve)
        assert [key.algorithm for key in of_jwk(jwk(private, fits), EVERY)] == [fits]
    assert [key.algorithm for key in of_jwk(jwk(ec.generate_private_key(ec.SECP256K1()), "ES256K"), EVERY)] == []
    assert [key.algorithm for key in of_jwk(jwk(ed25519.Ed25519PrivateKey.generate(), "EdDSA"), EVERY)] == ["EdDSA"]


def pem(private: Any, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes | None = None) -> bytes:
    return private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(password) if password else NoEncryption())


UNUSABLE = {
    "nothing": b"",
    "rubbish": b"\0\xff rubbish",
    "a public key": ED.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "encrypted": pem(ED.signing, password=b"secret"),
    "a key on a curve": pem(ec.generate_private_key(ec.SECP256R1())),
    "Ed448": pem(ed448.Ed448PrivateKey.generate()),
    "DSA": pem(dsa.generate_private_key(2048)),
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_is_no_key_for_signing_says_so(text: bytes) -> None:
    with pytest.raises(UnusableKey, match=r"^is "):
        of_pem("kid", text)


def test_a_new_key_is_of_the_algorithm_asked_for() -> None:
    assert [of_pem("k", new_pem(algorithm)).algorithm for algorithm in ("EdDSA", "RS256")] == ["EdDSA", "RS256"]


@pytest.mark.parametrize("secret", [pem(RS.signing).decode(), json.dumps(RS_JWK)], ids=["PEM", "JWK"])
def test_a_key_pair_is_no_secret(secret: str) -> None:
    with pytest.raises(UnusableKey):
        shared(secret)


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    other = of_pem("ed", new_pem("EdDSA"))
    assert named([ED, other])["ed", "EdDSA"] is ED
    assert len(named([ED, Key("ed", "RS256", RS.verifying)])) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"<html>", b"\xff", b'{"keys": null}', b'{"keys": {}}', b'{"keys": []}', b'{"keys": [1, null, {}]}', b"[" * 100_000],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_set_of_usable_keys_is_an_error(body: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parsed(body, ["RS256"])


def test_the_good_keys_of_a_set_are_taken_and_the_number_is_bounded() -> None:
    body = json.dumps({"keys": [{"kty": "new"}, RS_JWK | {"use": "enc"}, RS_JWK, ED_JWK]}).encode()
    assert parsed(body, ["RS256"]).keys() == {("rs", "RS256")}
    with pytest.raises(ValueError, match="at most 100"):
        parsed(json.dumps({"keys": [RS_JWK] * 101}).encode(), ["RS256"])


def test_the_signature_is_of_the_algorithm_of_the_key() -> None:
    text = crafted(HEADER, CLAIMS, lambda _: b"").rpartition(".")[0].encode()
    assert not Key("rs", "RS256", RS.verifying).holds(text, signer(RS, "PS256")(text))
