"""Signed deliveries: HMAC-SHA256 over `timestamp.body`, in a header `t=…,v1=…`. Stripe's scheme, which the sandbox uses too."""

import hashlib
import hmac
from datetime import UTC, datetime

from payments.processor import EVENT_AGE, BadSignature

MAX_HEADER = 4_000  # characters


def sign(body: bytes, secret: str, *, at: datetime) -> str:
    """Return the header's value."""
    timestamp = int(at.timestamp())
    return f"t={timestamp},v1={_digest(body, secret, timestamp)}"


def verify(body: bytes, header: str, secret: str, *, now: datetime) -> None:
    """Raise BadSignature unless one of the header's signatures is valid and its time is within EVENT_AGE of `now`, before or after."""
    if not secret or len(header) > MAX_HEADER:
        raise BadSignature("there is no usable signature")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdigit() and len(value) <= 11]
    if len(times) != 1 or abs(now.astimezone(UTC).timestamp() - int(times[0])) > EVENT_AGE.total_seconds():
        raise BadSignature("the signature has no time, or one too far away")
    expected = _digest(body, secret, int(times[0])).encode()
    # Several signatures are normal while a secret is being replaced.
    if not any(hmac.compare_digest(value.encode("utf-8", "replace"), expected) for name, _, value in parts if name == "v1"):
        raise BadSignature("no signature holds")


def _digest(body: bytes, secret: str, timestamp: int) -> str:
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
