"""What is sent is verified by the stock libraries of Standard Webhooks, with the secret as `saveWebhookEndpoint` returns it. A changed message is refused by them."""

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.conftest import needs, npm_packages
from tests.lifecycle.webhooks.conftest import Hooks
from tests.webhooks.sinks import Received, sink


@pytest.fixture(scope="module")
def project(root: Path) -> Path:
    return npm_packages(root / "tests/clients/webhooks").parent


async def delivered(hooks: Hooks, **arguments: Any) -> tuple[dict[str, Any], Received]:
    """Return an endpoint, and a message that was sent to it just now: the libraries refuse timestamps of more than 5 minutes ago."""
    hooks.life.now = datetime.now(UTC)
    async with sink() as target:
        endpoint = await hooks.endpoint(target, **arguments)
        await hooks.change()
        await hooks.deliver()
        (message,) = target.received
        return endpoint, message


def verified_by_node(project: Path, endpoint: dict[str, Any], headers: dict[str, str], body: bytes) -> Any:
    message = {"secret": endpoint["secret"], "publicKey": endpoint["publicKey"], "headers": headers, "body": body.decode()}
    command = [needs("node"), "verify.mjs"]
    return json.loads(subprocess.run(command, cwd=project, input=json.dumps(message), capture_output=True, check=True, text=True, timeout=60).stdout)


@pytest.mark.parametrize("signs_ed25519", [False, True])
async def test_the_library_for_python_verifies_a_delivery(hooks: Hooks, signs_ed25519: bool) -> None:
    endpoint, message = await delivered(hooks, signsEd25519=signs_ed25519)
    assert Webhook(endpoint["secret"]).verify(message.body, message.headers) == message.json
    for changed in (message.headers | {"webhook-id": "evt_other"}, message.headers | {"webhook-timestamp": str(int(message.headers["webhook-timestamp"]) - 1)}):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(endpoint["secret"]).verify(message.body, changed)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(endpoint["secret"]).verify(message.body + b" ", message.headers)


@pytest.mark.parametrize("signs_ed25519", [False, True])
async def test_the_library_for_javascript_verifies_a_delivery(hooks: Hooks, project: Path, signs_ed25519: bool) -> None:
    endpoint, message = await delivered(hooks, signsEd25519=signs_ed25519)
    assert verified_by_node(project, endpoint, message.headers, message.body) == {"event": message.json, "ed25519": [True] * signs_ed25519}
    changed = verified_by_node(project, endpoint, message.headers, message.body + b" ")
    assert changed == {"event": {"refused": "No matching signature found"}, "ed25519": [False] * signs_ed25519}


async def test_both_libraries_verify_by_the_new_and_the_old_secret_during_a_rotation(hooks: Hooks, project: Path) -> None:
    async with sink() as target:
        hooks.life.now = datetime.now(UTC)
        endpoint = await hooks.endpoint(target)
        rotated = await hooks.send("rotateWebhookSecret", "secret endpoint { publicKey }", endpointId=endpoint["id"], overlapHours=24)
        await hooks.change()
        await hooks.deliver()
        (message,) = target.received
    for secret in (rotated["secret"], endpoint["secret"]):
        assert Webhook(secret).verify(message.body, message.headers) == message.json
        assert verified_by_node(project, endpoint | {"secret": secret}, message.headers, message.body)["event"] == message.json


async def test_the_public_key_verifies_v1a(hooks: Hooks) -> None:
    endpoint, message = await delivered(hooks, signsEd25519=True)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(endpoint["publicKey"].removeprefix("whpk_")))
    (signature,) = [each for each in message.headers["webhook-signature"].split(" ") if each.startswith("v1a,")]
    content = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    public.verify(base64.b64decode(signature.removeprefix("v1a,")), content)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature.removeprefix("v1a,")), content + b" ")
