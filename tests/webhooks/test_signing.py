"""Signatures by the published algorithm of Standard Webhooks 1.0.0, which the stock libraries have."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from webhooks.signing import EndpointKeys, new_keys, read_keys, signed_headers, written_keys

AT = datetime(2027, 1, 31, 10, 15, 30, 999_999, tzinfo=UTC)


def verified(keys: str, headers: dict[str, str], body: bytes) -> bool:
    """Verify as the stock libraries do: one of the signatures is that of the content."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    secret = base64.b64decode(keys.removeprefix("whsec_"), validate=True)
    wanted = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return any(
        hmac.compare_digest(value, wanted) for version, _, value in (one.partition(",") for one in headers["webhook-signature"].split(" ")) if version == "v1"
    )


def test_the_example_of_the_specification() -> None:
    """From standard-webhooks/standard-webhooks, libraries' test vectors."""
    keys = EndpointKeys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", new_keys().seed)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1_614_265_330, UTC), b'{"test": 2432232314}', [keys], has_ed25519=False)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_a_secret_is_unguessable_and_in_the_form_of_the_libraries() -> None:
    secrets = {new_keys().secret for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32 for secret in secrets)
    assert all(secret not in repr(keys) for keys in [new_keys()] for secret in (keys.secret, keys.seed))


def test_both_keys_sign_during_a_rotation_and_a_changed_message_is_refused() -> None:
    new, old = new_keys(), new_keys()
    headers = signed_headers("evt_1", AT, b"{}", [new, old], has_ed25519=False)
    assert verified(new.secret, headers, b"{}")
    assert verified(old.secret, headers, b"{}")
    assert not verified(new_keys().secret, headers, b"{}")
    assert not verified(new.secret, headers, b"{ }")
    assert not verified(new.secret, headers | {"webhook-id": "evt_2"}, b"{}")
    assert not verified(new.secret, headers | {"webhook-timestamp": "1"}, b"{}")


def test_an_endpoint_may_have_a_signature_by_a_public_key_too() -> None:
    keys = read_keys(written_keys(new_keys()))
    headers = signed_headers("evt_1", AT, b"{}", [keys], has_ed25519=True)
    first, second = headers["webhook-signature"].split(" ")
    assert first.startswith("v1,")
    assert second.startswith("v1a,")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys.public_key.removeprefix("whpk_")))
    content = f"evt_1.{headers['webhook-timestamp']}.".encode() + b"{}"
    public.verify(base64.b64decode(second.removeprefix("v1a,")), content)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(second.removeprefix("v1a,")), content + b" ")
