"""Outgoing webhooks: inputs and payloads."""

import strawberry

from schema.declarations.costs import CHANGED
from schema.declarations.merchant import SaveOutcome
from schema.declarations.payloads import Payload
from schema.declarations.scalars import DateTime
from schema.payloads.webhooks.endpoints import WebhookDelivery, WebhookEndpoint, WebhookPayload

SECRET = "The secret that signs messages, `whsec_…`, for a library of Standard Webhooks. It is shown once"


@strawberry.input(description="An endpoint to create, or with an id to change: what is left out stays.")
class SaveWebhookEndpointInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The endpoint to change.")
    url: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where events are sent: https, and an address of the public internet. No two endpoints have the same URL."
    )
    types: list[str] | None = strawberry.field(default=strawberry.UNSET, description="The types of events that it is sent; empty for all.")
    payload: WebhookPayload | None = strawberry.field(default=strawberry.UNSET, description="What it is sent of an event. Default: THIN.")
    document_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="For DOCUMENT: a trusted document with one query, whose variables are among `$eventId`, `$objectId` and `$customerId`, each an ID.",
    )
    scopes: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="For DOCUMENT: the scopes with which the document is run, among `read`, `customers:read`, `customers:search` and `audit:read`. You need them too. Default: `read`.",
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What it is for; at most 500 characters.")
    contact_email: str | None = strawberry.field(default=strawberry.UNSET, description="Who gets a letter when it is disabled.")
    signs_ed25519: bool | None = strawberry.field(
        name="signsEd25519", default=strawberry.UNSET, description="Whether messages have a signature `v1a` (Ed25519), too. Default: false."
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is sent events. One that is enabled again is sent what happened meanwhile, too. Default: true."
    )


@strawberry.input(description="The endpoint to delete.")
class DeleteWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="The endpoint that gets a new secret.")
class RotateWebhookSecretInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    overlap_hours: int = strawberry.field(default=24, description="For how many hours the secret of before signs too, 0 to 168.")


@strawberry.input(description="The endpoint to try.")
class PingWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="Deliveries to send once more.")
class RedeliverInput:
    delivery_ids: list[strawberry.ID] = strawberry.field(description="1 to 1,000 deliveries.")


@strawberry.input(description="Events to send once more.")
class ReplayEventsInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    since: DateTime = strawberry.field(description="Events that happened at this instant or later.")
    types: list[str] | None = strawberry.field(default=None, description="Only these types, among those of the endpoint.")


@strawberry.input(description="The endpoint whose message is shown.")
class DryRunWebhookInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")
    event_id: strawberry.ID | None = strawberry.field(default=None, description="The event. Default: the newest one.")


@strawberry.type(description="How many events are sent once more.")
class WebhookReplay:
    queued: int = strawberry.field(description="How many.")
    continues_at: DateTime | None = strawberry.field(description="Where there are more than 10,000: call again with this as `since`. Else null.")


@strawberry.type(description="What an endpoint would be sent.")
class WebhookDryRun:
    event_id: strawberry.ID = strawberry.field(description="The event.")
    body: str | None = strawberry.field(description="The body, as JSON; null where it cannot be made.")
    problem: str | None = strawberry.field(description="Why it cannot be made, such as a field that the scopes of the endpoint do not allow.")


@strawberry.type(description="The payload of `saveWebhookEndpoint`.")
class SaveWebhookEndpointPayload(Payload):
    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint; null if it was refused.")
    secret: str | None = strawberry.field(description=f"{SECRET}, when the endpoint is created.")
    outcome: SaveOutcome | None = strawberry.field(description="What was done; null if it was refused.")


@strawberry.type(description="The payload of `deleteWebhookEndpoint`.")
class DeleteWebhookEndpointPayload(Payload):
    deleted_endpoint_id: strawberry.ID | None = strawberry.field(description="The id of the endpoint; null if it was refused.")


@strawberry.type(description="The payload of `rotateWebhookSecret`.")
class RotateWebhookSecretPayload(Payload):
    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint; null if it was refused.")
    secret: str | None = strawberry.field(description=f"{SECRET}.")


@strawberry.type(description="The payload of `pingWebhookEndpoint`.")
class PingWebhookEndpointPayload(Payload):
    delivery: WebhookDelivery | None = strawberry.field(description="The delivery of an event of type `webhook_endpoint.ping`; null if it was refused.")


@strawberry.type(description="The payload of `redeliver`.")
class RedeliverPayload(Payload):
    deliveries: list[WebhookDelivery] | None = strawberry.field(
        description="The deliveries, which have the same ids as before; null if it was refused.", metadata=CHANGED
    )


@strawberry.type(description="The payload of `replayEvents`.")
class ReplayEventsPayload(Payload):
    replay: WebhookReplay | None = strawberry.field(description="Null if it was refused.")


@strawberry.type(description="The payload of `dryRunWebhook`.")
class DryRunWebhookPayload(Payload):
    dry_run: WebhookDryRun | None = strawberry.field(description="Null if it was refused.")
