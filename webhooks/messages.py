"""The body of a message: the type of the event, its instant, and the ids of what it is about, or the answer of the endpoint's document."""

from typing import Any

import orjson

from billing.rows.webhooks import WebhookEventRow

MAX_BYTES = 20 * 1024


class MessageTooLarge(ValueError):
    """The body would be larger than MAX_BYTES."""


def thin(event: WebhookEventRow) -> dict[str, Any]:
    """Return the ids, the version and the names of the changed fields: no personal data."""
    return {
        "eventId": event.id,
        "customerId": event.owner_id or None,
        "objectId": event.object_id,
        "objectVersion": event.object_version,
        "changes": event.changes,
    }


def variables(event: WebhookEventRow) -> dict[str, Any]:
    """Return the variables of an endpoint's document."""
    return {"eventId": event.id, "objectId": event.object_id, "customerId": event.owner_id or None}


def body_of(event: WebhookEventRow, data: Any) -> bytes:
    """Return the body. Raises MessageTooLarge."""
    body = orjson.dumps({"type": event.type, "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"), "data": data})
    if len(body) > MAX_BYTES:
        raise MessageTooLarge(f"the message has {len(body)} bytes, more than {MAX_BYTES}")
    return body
