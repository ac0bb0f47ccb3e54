"""What a direct upload that comes to the gateway may be: the contract of an S3 POST policy, signed by us, so that a client needs no second way.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.bucket import PRESIGNED_SECONDS, DeclaredFile, PresignedPost

# The fields that a client sends before the file.
FIELDS = ("key", "Content-Type", "policy", "x-portico-signature")


class PolicyRefused(Exception):
    """The fields are not ones that we gave out, or no longer hold."""


@dataclass(frozen=True, slots=True)
class PresignedPosts:
    """`url` is where our own route for direct uploads is reached; `secret` signs what that route will accept."""

    url: str
    secret: bytes

    def presigned_post(self, announced: DeclaredFile, *, now: datetime) -> PresignedPost:
        expires_at = now + timedelta(seconds=PRESIGNED_SECONDS)
        return PresignedPost(self.url, fields(announced, expires_at, self.secret), expires_at)


def fields(announced: DeclaredFile, expires_at: datetime, secret: bytes) -> dict[str, str]:
    policy = {
        "expiration": expires_at.astimezone(UTC).isoformat(),
        "conditions": [
            {"key": announced.key},
            {"Content-Type": announced.content_type},
            ["content-length-range", announced.size_bytes, announced.size_bytes],
        ],
    }
    text = b64encode(json.dumps(policy).encode()).decode()
    return {"key": announced.key, "Content-Type": announced.content_type, "policy": text, "x-portico-signature": _signature(text, secret)}


def check_policy(given: Mapping[str, str], secret: bytes, *, now: datetime) -> DeclaredFile:
    """What the fields announce. Raises PolicyRefused."""
    text = given.get("policy", "")
    if not hmac.compare_digest(_signature(text, secret).encode(), given.get("x-portico-signature", "").encode()):
        raise PolicyRefused("The signature is invalid.")
    policy = json.loads(b64decode(text))
    key, kind, (_, _, size) = policy["conditions"]
    if now >= datetime.fromisoformat(policy["expiration"]):
        raise PolicyRefused("The upload URL has expired. Request a new one.")
    if given.get("key") != key["key"] or given.get("Content-Type") != kind["Content-Type"]:
        raise PolicyRefused("The fields differ from those that were issued.")
    return DeclaredFile(key["key"], kind["Content-Type"], size)


def _signature(policy: str, secret: bytes) -> str:
    return hmac.new(secret, b"direct upload\n" + policy.encode(), hashlib.sha256).hexdigest()
