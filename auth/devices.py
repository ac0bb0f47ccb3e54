"""Device values: what a client keeps of an account that it has proved to be allowed into, so that its attempts are counted apart from everybody else's.

The idea is OWASP's "Slow Down Online Guessing Attacks with Device Cookies"; here the value is an argument and a field of the API instead of a cookie. It opens nothing: a sign-in with it
still needs the password. Its nonce and its time stand in it as they are, and the account only in the signature, so it tells nobody whose it is.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(days=365)
NONCE_BYTES = 16
INSTANT_BYTES = 8
# The nonce, the instant in microseconds, and HMAC-SHA256: 56 bytes are 75 characters of base64.
CHARACTERS = 75


@dataclass(frozen=True, slots=True)
class Device:
    """A value that was issued for the account it was presented with. `issued_at` is for the caller to compare with the last change of the password."""

    nonce: bytes
    issued_at: datetime

    @property
    def identity(self) -> str:
        """As `Throttle.hit` takes it."""
        return f"device:{self.nonce.hex()}"


class Devices:
    """Issues and reads device values. All processes with the same secret read each other's."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"devices", "sha256")

    def issue(self, email: str, *, now: datetime, known: Device | None = None) -> str:
        """A value for the account with this address, in small letters, which is what tells accounts apart.

        A device that is known keeps its nonce, so that a sign-in does not give it a second budget.
        """
        text = (known.nonce if known else secrets.token_bytes(NONCE_BYTES)) + _microseconds(now).to_bytes(INSTANT_BYTES)
        return urlsafe_b64encode(text + self._signature(text, email)).rstrip(b"=").decode()

    def read(self, value: str | None, email: str, *, now: datetime) -> Device | None:
        """None for every value that is not one of this account's and at most a year old; the caller treats it as if none had been sent."""
        if value is None or len(value) != CHARACTERS or not value.isascii():
            return None
        try:
            parts = urlsafe_b64decode(value + "=")
        except ValueError:
            return None
        text, signature = parts[: NONCE_BYTES + INSTANT_BYTES], parts[NONCE_BYTES + INSTANT_BYTES :]
        if not hmac.compare_digest(self._signature(text, email), signature):
            return None
        issued_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int.from_bytes(text[NONCE_BYTES:]))
        return Device(text[:NONCE_BYTES], issued_at) if now - issued_at < LIFETIME else None

    def _signature(self, text: bytes, email: str) -> bytes:
        return hmac.digest(self._key, text + email.encode("utf-8", "surrogatepass"), "sha256")


def _microseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
