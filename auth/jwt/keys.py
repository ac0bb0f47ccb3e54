"""Keys. Each is used with one algorithm only (RFC 8725 §3.1), which comes from the configuration: a token or a JWK may fail to match it and cannot choose it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import get_default_algorithms

# The algorithms of an issuer with public keys. HS256 is excluded: a key that verifies it can also sign.
Asymmetric = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
Ours = Literal["EdDSA", "RS256"]
SHARED = "HS256"
RSA_BITS = 2048
MAX_RSA_BITS = 8192
_ALGORITHMS = get_default_algorithms()


class UnusableKey(ValueError):
    """A key that cannot be used. The message says why and follows the name of the key's file."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its one algorithm. `kid` is its name in tokens. A key without `signing` only verifies."""

    kid: str | None
    algorithm: str
    verifying: Any = field(repr=False)
    signing: Any = field(default=None, repr=False)

    def holds(self, text: bytes, signature: bytes) -> bool:
        return _ALGORITHMS[self.algorithm].verify(text, self.verifying, signature)


Keys = Mapping[tuple[str | None, str], Key]


def named(keys: Sequence[Key]) -> Keys:
    """Return the keys by name and algorithm; of two keys with the same name and algorithm the first is used."""
    return {(key.kid, key.algorithm): key for key in reversed(keys)}


def chosen(keys: Keys, kid: str | None, algorithm: str) -> Key | None:
    """Return the key that a token's header names; for a token that names none, the only key of the algorithm, if there is exactly one."""
    if kid is not None:
        return keys.get((kid, algorithm))
    fitting = [key for key in keys.values() if key.algorithm == algorithm]
    return fitting[0] if len(fitting) == 1 else None


def shared(secret: str) -> Key:
    """Return the key of a secret that signs and verifies, for demos and tests. Raises UnusableKey."""
    try:
        prepared = _ALGORITHMS[SHARED].prepare_key(secret)
    except jwt.InvalidKeyError as error:
        raise UnusableKey(str(error)) from None
    return Key(None, SHARED, prepared, prepared)


def of_pem(kid: str, text: bytes) -> Key:
    """Return a key of our own from an unencrypted PKCS8 file. Raises UnusableKey."""
    try:
        private = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey("is not an unencrypted private key in PEM (PKCS8)") from None
    if isinstance(private, Ed25519PrivateKey):
        return Key(kid, "EdDSA", private.public_key(), private)
    if isinstance(private, RSAPrivateKey) and _is_strong(private):
        return Key(kid, "RS256", private.public_key(), private)
    raise UnusableKey(f"is neither an Ed25519 key nor an RSA key of {RSA_BITS} to {MAX_RSA_BITS} bits")


def new_pem(algorithm: Ours) -> bytes:
    private = Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_private_key(65537, RSA_BITS)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def published(keys: Sequence[Key]) -> dict[str, list[dict[str, str]]]:
    """Return the public keys as a JWK Set (RFC 7517). A shared secret has no public key."""
    return {"keys": [_jwk(key) for key in keys if key.algorithm != SHARED]}


def _jwk(key: Key) -> dict[str, str]:
    public = _ALGORITHMS[key.algorithm].to_jwk(key.verifying, as_dict=True)
    public.pop("key_ops", None)
    return {**public, "use": "sig", "alg": key.algorithm, "kid": str(key.kid)}


def of_jwk(data: object, algorithms: Sequence[str]) -> Iterator[Key]:
    """Yield another party's key, once for each of `algorithms` that fits it; nothing for a key that is not for signatures, is private, or is too weak."""
    if not isinstance(data, dict) or not _is_for_verifying(data):
        return
    for algorithm in algorithms:
        if data.get("alg") in (None, algorithm) and (public := _public(data, algorithm)):
            yield Key(data.get("kid"), algorithm, public)


def _is_for_verifying(data: dict[str, Any]) -> bool:
    # PyJWT reads neither `use` nor `key_ops`. With a private member, PyJWT would return a signing key.
    operations = data.get("key_ops", ["verify"])
    says_so = data.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    return says_so and "d" not in data and isinstance(data.get("kid"), str | None)


def _public(data: dict[str, Any], algorithm: str) -> Any:
    try:
        public = _ALGORITHMS[algorithm].prepare_key(jwt.PyJWK(data, algorithm).key)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, UnsupportedAlgorithm):
        return None
    return None if isinstance(public, RSAPublicKey) and not _is_strong(public) else public


def _is_strong(key: RSAPrivateKey | RSAPublicKey) -> bool:
    return RSA_BITS <= key.key_size <= MAX_RSA_BITS
