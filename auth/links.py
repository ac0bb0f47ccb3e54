"""Addresses of files, good for a few minutes for whoever has them. Made only for a row that the caller was allowed to see."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth.keys import Key

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses of one moment. `url` is where the gateway is reached from outside."""

    url: str
    secret: bytes = field(repr=False)
    now: datetime

    def download(self, identifier: str, customer_id: str) -> str:
        expires = int((self.now + LIFETIME).timestamp())
        query = urlencode({"customer": customer_id, "expires": expires, "signature": _signature(identifier, customer_id, expires, self.secret)})
        return f"{self.url}/files/{quote(identifier)}?{query}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a download says."""

    identifier: str
    customer_id: str
    expires: str
    signature: str

    def holds(self, secrets: Iterable[bytes], *, now: datetime) -> bool:
        if not (self.expires.isascii() and self.expires.isdigit() and len(self.expires) < 12 and now.timestamp() < int(self.expires)):
            return False
        made = (_signature(self.identifier, self.customer_id, int(self.expires), secret) for secret in secrets)
        return any(hmac.compare_digest(one.encode(), self.signature.encode()) for one in made)


def secret_of(key: Key) -> bytes:
    """What signs addresses, made of a key that signs tokens: processes that share the one share the other, and neither is found from the other."""
    signing = key.signing
    raw = signing if isinstance(signing, bytes) else signing.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return hmac.new(raw, b"portico: addresses of files", hashlib.sha256).digest()


def _signature(identifier: str, customer_id: str, expires: int, secret: bytes) -> str:
    return hmac.new(secret, f"download\n{identifier}\n{customer_id}\n{expires}".encode(), hashlib.sha256).hexdigest()
