"""Signatures of Standard Webhooks 1.0.0: `v1` is HMAC-SHA256 with the endpoint's secret, `v1a` is Ed25519 with its key."""

import base64
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SECRET_BYTES = 32  # the specification asks for 24 to 64
SECRET, PUBLIC = "whsec_", "whpk_"


@dataclass(frozen=True, slots=True)
class EndpointKeys:
    """The secret as the merchant has it, and the seed of the Ed25519 key, in base64."""

    secret: str = field(repr=False)
    seed: str = field(repr=False)

    @property
    def public_key(self) -> str:
        """Return the key that verifies `v1a`, as the specification writes it."""
        return PUBLIC + _text(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.seed))

    def hmac_of(self, content: bytes) -> str:
        return "v1," + _text(hmac.digest(base64.b64decode(self.secret.removeprefix(SECRET)), content, "sha256"))

    def ed25519_of(self, content: bytes) -> str:
        return "v1a," + _text(self._key.sign(content))


def new_keys() -> EndpointKeys:
    seed = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return EndpointKeys(SECRET + _text(secrets.token_bytes(SECRET_BYTES)), _text(seed))


def written_keys(keys: EndpointKeys) -> str:
    return json.dumps(asdict(keys))


def read_keys(text: str) -> EndpointKeys:
    return EndpointKeys(**json.loads(text))


def signed_headers(message_id: str, at: datetime, body: bytes, keys: Sequence[EndpointKeys], *, has_ed25519: bool) -> dict[str, str]:
    """Return the headers of a message, with a signature by each of the keys; `at` is the instant of the attempt."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [each.hmac_of(content) for each in keys] + ([each.ed25519_of(content) for each in keys] if has_ed25519 else [])
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
