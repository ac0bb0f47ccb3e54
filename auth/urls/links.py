"""Signed URLs of files. Valid for a few minutes for every holder, and made only for a row that the caller may read."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth.jwt.keys import Key
from auth.seal import NotSealed, Seal

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TemporaryUrl:
    """A URL, and the instant at which it expires."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """Maker of URLs at one instant. `url` is the gateway's public address; `app` is the partner's app that requests them, and downloads count against its budgets.

    `calendars` seals the secrets of calendar links, which do not expire.
    """

    url: str
    secret: bytes = field(repr=False)
    now: datetime
    app: str = ""
    calendars: Seal | None = field(default=None, repr=False)

    def download(self, identifier: str, customer_id: str) -> str:
        return self._link("files", identifier, customer_id).url

    def export(self, identifier: str, customer_id: str) -> str:
        """Return the URL of an export of the customer's data."""
        return self._link("exports", identifier, customer_id).url

    def paper(self, name: str, customer_id: str) -> TemporaryUrl:
        """Return the URL of a PDF. `name` is the id of an invoice, a credit note or a payment, or names a statement."""
        return self._link("papers", name, customer_id)

    def calendar(self, sealed: str, customer_id: str) -> str | None:
        """Return the URL of a calendar whose secret `seal_calendar` has sealed; None where it was sealed with another secret of the portal."""
        if self.calendars is None:
            return None
        try:
            return f"{self.url}/calendar/{self.calendars.open(bytes.fromhex(sealed), customer_id)}.ics"
        except NotSealed:
            return None

    def seal_calendar(self, secret: str, customer_id: str) -> str:
        """Return the secret of a calendar as its row stores it. Raises LookupError where the process makes no calendars."""
        if self.calendars is None:
            raise LookupError("this process is configured without calendars")
        return self.calendars.close(secret, customer_id).hex()

    def _link(self, place: str, name: str, customer_id: str) -> TemporaryUrl:
        expires = int((self.now + LIFETIME).timestamp())
        signature = _signature(f"{place}/{name}", (customer_id, str(expires), self.app), self.secret)
        query = urlencode({"customer": customer_id, "expires": expires, **({"app": self.app} if self.app else {}), "signature": signature})
        return TemporaryUrl(f"{self.url}/{place}/{quote(name)}?{query}", datetime.fromtimestamp(expires, UTC))


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """The parts of a signed URL. `place` is the first part of its path."""

    identifier: str
    customer_id: str
    expires: str
    signature: str
    place: str = "files"
    app: str = ""

    def seconds_left(self, now: datetime) -> int:
        """Return the whole seconds until the URL expires, at least one; for a URL that was verified."""
        return max(1, int(int(self.expires) - now.timestamp()))

    def verify(self, secrets: Iterable[bytes], *, now: datetime) -> bool:
        if not (self.expires.isascii() and self.expires.isdigit() and len(self.expires) < 12 and now.timestamp() < int(self.expires)):
            return False
        signed = (self.customer_id, str(int(self.expires)), self.app)
        signatures = (_signature(f"{self.place}/{self.identifier}", signed, secret) for secret in secrets)
        return any(hmac.compare_digest(signature.encode(), self.signature.encode()) for signature in signatures)


def parse_signed_url(name: str, parameters: Mapping[str, str], place: str) -> SignedUrl:
    """Return the signed URL of a request, from its path and its parameters."""
    customer_id, expires, signature, app = (parameters.get(key, "") for key in ("customer", "expires", "signature", "app"))
    return SignedUrl(name, customer_id, expires, signature, place, app)


def secret_of(key: Key) -> bytes:
    """Return the secret that signs URLs, derived from a key that signs tokens: processes that share the key share the secret, and the key cannot be computed from it."""
    signing = key.signing
    raw = signing if isinstance(signing, bytes) else signing.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return hmac.new(raw, b"portico: addresses of files", hashlib.sha256).digest()


def _signature(path: str, signed: tuple[str, ...], secret: bytes) -> str:
    return hmac.new(secret, "\n".join((path, *(part for part in signed if part))).encode(), hashlib.sha256).hexdigest()
