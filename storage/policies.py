"""Policies of direct uploads to the gateway's own route: the contract of an S3 POST policy, signed by us, so that a client sends both in the same way.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.bucket import PRESIGNED_SECONDS, DeclaredFile, PresignedPost

# The fields that a client sends before the file.
FIELDS = ("key", "Content-Type", "policy", "x-portico-signature")


class PolicyRefused(Exception):
    """The fields were not issued by us, were changed, or have expired."""


@dataclass(frozen=True, slots=True)
class PresignedPosts:
    """The issuer of policies. `url` is the gateway's own route for direct uploads; `secret` signs the policies that this route accepts."""

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


def check_policy(form: Mapping[str, str], secrets: Iterable[bytes], *, now: datetime) -> DeclaredFile:
    """Return the file that the fields declare, which one of the secrets has signed. Raises PolicyRefused."""
    text = form.get("policy", "")
    signature = form.get("x-portico-signature", "").encode()
    if not any(hmac.compare_digest(_signature(text, secret).encode(), signature) for secret in secrets):
        raise PolicyRefused("The signature is invalid.")
    policy = json.loads(b64decode(text))
    key, kind, (_, _, size) = policy["conditions"]
    if now >= datetime.fromisoformat(policy["expiration"]):
        raise PolicyRefused("The upload URL has expired. Request a new one.")
    if form.get("key") != key["key"] or form.get("Content-Type") != kind["Content-Type"]:
        raise PolicyRefused("The fields differ from those that were issued.")
    return DeclaredFile(key["key"], kind["Content-Type"], size)


def _signature(policy: str, secret: bytes) -> str:
    return hmac.new(secret, b"direct upload\n" + policy.encode(), hashlib.sha256).hexdigest()
