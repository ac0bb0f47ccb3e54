"""Addresses of files, good for a few minutes for whoever has them. Made only for a row that the caller was allowed to see."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth.jwt.keys import Key

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TemporaryUrl:
    """An address, and until when it is good."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses of one moment. `url` is where the gateway is reached from outside; `app` is the partner's app that asks for them, whose budgets their use counts against."""

    url: str
    secret: bytes = field(repr=False)
    now: datetime
    app: str = ""

    def download(self, identifier: str, customer_id: str) -> str:
        return self._link("files", identifier, customer_id).url

    def paper(self, name: str, customer_id: str) -> TemporaryUrl:
        """`name` says what is printed: an invoice's, a credit note's or a payment's id, or a statement."""
        return self._link("papers", name, customer_id)

    def _link(self, place: str, name: str, customer_id: str) -> TemporaryUrl:
        expires = int((self.now + LIFETIME).timestamp())
        signature = _signature(f"{place}/{name}", (customer_id, str(expires), self.app), self.secret)
        query = urlencode({"customer": customer_id, "expires": expires, **({"app": self.app} if self.app else {}), "signature": signature})
        return TemporaryUrl(f"{self.url}/{place}/{quote(name)}?{query}", datetime.fromtimestamp(expires, UTC))


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """What an address says. `place` is where it leads."""

    identifier: str
    customer_id: str
    expires: str
    signature: str
    place: str = "files"
    app: str = ""

    def seconds_left(self, now: datetime) -> int:
        """For an address that holds; at least one."""
        return max(1, int(int(self.expires) - now.timestamp()))

    def verify(self, secrets: Iterable[bytes], *, now: datetime) -> bool:
        if not (self.expires.isascii() and self.expires.isdigit() and len(self.expires) < 12 and now.timestamp() < int(self.expires)):
            return False
        signed = (self.customer_id, str(int(self.expires)), self.app)
        made = (_signature(f"{self.place}/{self.identifier}", signed, secret) for secret in secrets)
        return any(hmac.compare_digest(one.encode(), self.signature.encode()) for one in made)


def parse_signed_url(name: str, parameters: Mapping[str, str], place: str) -> SignedUrl:
    """What a request to an address says, by its path and its parameters."""
    customer_id, expires, signature, app = (parameters.get(key, "") for key in ("customer", "expires", "signature", "app"))
    return SignedUrl(name, customer_id, expires, signature, place, app)


def secret_of(key: Key) -> bytes:
    """What signs addresses, made of a key that signs tokens: processes that share the one share the other, and neither is found from the other."""
    signing = key.signing
    raw = signing if isinstance(signing, bytes) else signing.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return hmac.new(raw, b"portico: addresses of files", hashlib.sha256).digest()


def _signature(path: str, signed: tuple[str, ...], secret: bytes) -> str:
    return hmac.new(secret, "\n".join((path, *(part for part in signed if part))).encode(), hashlib.sha256).hexdigest()
