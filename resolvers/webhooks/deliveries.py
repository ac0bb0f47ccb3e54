"""Sending again: named deliveries, or all events since an instant; and what an endpoint would be sent."""

import re
from dataclasses import dataclass
from typing import Any

from billing.ids import prefix_of
from billing.refusals import ErrorCode, Refused
from billing.rows.webhooks import EndpointKeysRow, ReplayCount, WebhookDeliveryRow, WebhookEventRow
from billing.webhooks.endpoints import MAX_REDELIVERIES, MAX_REPLAYED, checked_types
from db.unit_of_work import Transaction
from resolvers.audit import note
from resolvers.context import Context, PayloadFailed, webhooks_of
from resolvers.webhooks.endpoints import NO_ENDPOINT, check_holds
from resolvers.webhooks.messages import body_for

EVENT_ID = re.compile(r"evt_([0-9a-z]{26}|)_([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would be sent, or why it cannot be made."""

    event_id: str
    body: str | None
    problem: str | None = None


async def redeliver(arguments: Any, context: Context) -> list[WebhookDeliveryRow]:
    """Send deliveries once more, with their ids. Raises Refused where one is unknown, and then sends none."""
    ids = list(dict.fromkeys(map(str, arguments.delivery_ids)))
    if not 1 <= len(ids) <= MAX_REDELIVERIES:
        raise Refused(ErrorCode.INVALID_VALUE, f"Name 1 to {MAX_REDELIVERIES} deliveries.", "deliveryIds")
    async with context.session.write() as transaction:
        if len(await transaction.run("deliveries.again", ids=ids)) != len(ids):
            raise Refused(ErrorCode.NOT_FOUND, "There is no such delivery.", "deliveryIds")
        deliveries: list[WebhookDeliveryRow] = await transaction.run("deliveries.by_ids", ids=ids)
        await note(transaction, context, "redeliver", detail=str(len(ids)))
    return deliveries


async def replay(arguments: Any, context: Context) -> ReplayCount:
    """Send the events that an endpoint has read since an instant once more, with their ids. Raises Refused."""
    types = checked_types(arguments.types or [])
    async with context.session.write() as transaction:
        endpoint_id = str(arguments.endpoint_id)
        if prefix_of(endpoint_id) != "whe" or await transaction.first("endpoints.sealed", key=endpoint_id) is None:
            raise Refused(ErrorCode.NOT_FOUND, NO_ENDPOINT, "endpointId")
        replayed: ReplayCount = await transaction.first("deliveries.replay", key=endpoint_id, since=arguments.since, types=types, wanted=MAX_REPLAYED)
        await note(transaction, context, "replayEvents", detail=f"{endpoint_id} {replayed.queued}")
    return replayed


async def dry_run(arguments: Any, context: Context) -> DryRun:
    """Return what an endpoint would be sent of an event, the newest if none is named. Nothing is sent. Raises Refused."""
    endpoint_id, event_id = str(arguments.endpoint_id), arguments.event_id and str(arguments.event_id)
    async with context.session.write() as transaction:
        endpoint: EndpointKeysRow | None = await transaction.first("endpoints.sealed", key=endpoint_id)
        if endpoint is None:
            raise Refused(ErrorCode.NOT_FOUND, NO_ENDPOINT, "endpointId")
        check_holds(endpoint.scopes, context, "endpointId")
        event = await _event(transaction, event_id)
        if event is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such event.", "eventId")
        await note(transaction, context, "dryRunWebhook", detail=endpoint_id)
    try:
        body = await body_for(event, endpoint, webhooks_of(context).documents, now=context.now)
    except PayloadFailed as error:
        return DryRun(event.id, None, str(error))
    return DryRun(event.id, body.decode())


async def _event(transaction: Transaction, event_id: str | None) -> WebhookEventRow | None:
    """Return the event with the id, or the newest one. The id has the customer and the number of the event."""
    if event_id is None:
        newest: WebhookEventRow | None = await transaction.first("deliveries.newest_event")
        return newest
    parts = EVENT_ID.fullmatch(event_id)
    if parts is None:
        return None
    event: WebhookEventRow | None = await transaction.first("deliveries.event", owner=f"cus_{parts[1]}" if parts[1] else "", seq=int(parts[2]))
    return event
