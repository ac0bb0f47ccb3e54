"""Device values: a client stores one for an account that it has signed in to, so that its attempts are counted apart from those of all other clients.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies"; here the value is an argument and a field of the API instead of a cookie. It grants no access: a sign-in with it
still needs the password. It contains its nonce and its time in plain form, and the account only in the signature, so it does not reveal the account.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(days=365)
NONCE_BYTES = 16
INSTANT_BYTES = 8
# The nonce, the instant in microseconds, and HMAC-SHA256: 56 bytes are 75 characters of base64.
CHARACTERS = 75


@dataclass(frozen=True, slots=True)
class Device:
    """A value that was issued for the account it was sent with. The caller compares `issued_at` with the last change of the password."""

    nonce: bytes
    issued_at: datetime

    @property
    def identity(self) -> str:
        """Return the identity that `Throttle.hit` takes."""
        return f"device:{self.nonce.hex()}"


class Devices:
    """Issuer and reader of device values. Processes with the same secret read each other's values; values of `others` are read, too."""

    def __init__(self, secret: str, others: Sequence[str] = ()) -> None:
        self._keys = [hmac.digest(one.encode(), b"devices", "sha256") for one in (secret, *others)]

    def issue(self, email: str, *, now: datetime, known: Device | None = None) -> str:
        """Return a value for the account with this address in lower case, which identifies the account.

        A known device keeps its nonce, so that a sign-in does not give it a second budget.
        """
        text = (known.nonce if known else secrets.token_bytes(NONCE_BYTES)) + _microseconds(now).to_bytes(INSTANT_BYTES)
        return urlsafe_b64encode(text + _signature(self._keys[0], text, email)).rstrip(b"=").decode()

    def read(self, value: str | None, email: str, *, now: datetime) -> Device | None:
        """Return the device of a value, or None unless the value was issued for this account and is at most a year old; the caller treats None as if no value had been sent."""
        if value is None or len(value) != CHARACTERS or not value.isascii():
            return None
        try:
            parts = urlsafe_b64decode(value + "=")
        except ValueError:
            return None
        text, signature = parts[: NONCE_BYTES + INSTANT_BYTES], parts[NONCE_BYTES + INSTANT_BYTES :]
        if not any(hmac.compare_digest(_signature(key, text, email), signature) for key in self._keys):
            return None
        issued_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int.from_bytes(text[NONCE_BYTES:]))
        return Device(text[:NONCE_BYTES], issued_at) if now - issued_at < LIFETIME else None


def _signature(key: bytes, text: bytes, email: str) -> bytes:
    return hmac.digest(key, text + email.encode("utf-8", "surrogatepass"), "sha256")


def _microseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
