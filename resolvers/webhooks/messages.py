"""The message of an event to an endpoint, as it is signed and sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth.seal import NotSealed, Seal
from billing.rows.webhooks import EndpointKeysRow, WebhookEventRow
from resolvers.context import PayloadDocuments, PayloadFailed, Webhooks
from webhooks.messages import MessageTooLarge, body_of, thin, variables
from webhooks.signing import EndpointKeys, read_keys, signed_headers

PING = "webhook_endpoint.ping"
HEADERS = {"content-type": "application/json", "user-agent": "Portico-Webhooks/1"}


@dataclass(frozen=True, slots=True)
class SignedMessage:
    headers: dict[str, str]
    body: bytes


async def message_of(event: WebhookEventRow, endpoint: EndpointKeysRow, webhooks: Webhooks, *, now: datetime) -> SignedMessage:
    """Return the signed message. Raises PayloadFailed where it cannot be made."""
    body = await body_for(event, endpoint, webhooks.documents, now=now)
    keys = keys_of(endpoint, webhooks.seal, now=now)
    return SignedMessage(HEADERS | signed_headers(event.id, now, body, keys, has_ed25519=endpoint.signs_ed25519), body)


async def body_for(event: WebhookEventRow, endpoint: EndpointKeysRow, documents: PayloadDocuments, *, now: datetime) -> bytes:
    """Return what an endpoint is sent of an event: ids, or the answer of its document with its scopes. Raises PayloadFailed."""
    try:
        return body_of(event, await _data(event, endpoint, documents, now))
    except MessageTooLarge as error:
        raise PayloadFailed(str(error)) from None


async def _data(event: WebhookEventRow, endpoint: EndpointKeysRow, documents: PayloadDocuments, now: datetime) -> Any:
    # A ping has no customer and no object to read.
    if endpoint.document_id is None or event.type == PING:
        return thin(event)
    return await documents.answer(endpoint.document_id, endpoint.scopes, variables(event), now)


def keys_of(endpoint: EndpointKeysRow, seal: Seal, *, now: datetime) -> Sequence[EndpointKeys]:
    """Return the keys that sign, the newest first. Raises PayloadFailed where the portal's secret has changed since."""
    sealed = [endpoint.sealed]
    if endpoint.previous_sealed is not None and endpoint.previous_until is not None and now < endpoint.previous_until:
        sealed.append(endpoint.previous_sealed)
    try:
        return [read_keys(seal.open(one, endpoint.id)) for one in sealed]
    except NotSealed:
        raise PayloadFailed("the secret of the endpoint was sealed with another PORTICO_SECRET: rotate it") from None
