"""Outgoing webhooks: endpoints, deliveries and attempts, for staff."""

from enum import StrEnum

import strawberry

from schema.declarations.enums import AgeOrder, described
from schema.declarations.fields import many, page
from schema.declarations.scalars import DateTime


class WebhookPayload(StrEnum):
    THIN = "THIN"
    DOCUMENT = "DOCUMENT"


class WebhookEndpointStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class WebhookDisabledReason(StrEnum):
    GONE = "GONE"
    FAILING = "FAILING"
    STAFF = "STAFF"


class WebhookDeliveryStatus(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


described(
    WebhookPayload,
    "What an endpoint is sent of an event.",
    THIN="The ids, the version and the names of the changed fields: no personal data.",
    DOCUMENT="The answer of a trusted document, as of the delivery.",
)
described(WebhookEndpointStatus, "The state of an endpoint.", ENABLED="It is sent events.", DISABLED="It is sent nothing until it is enabled again.")
described(
    WebhookDisabledReason,
    "Why an endpoint is disabled.",
    GONE="It answered 410 Gone.",
    FAILING="All attempts of five days failed.",
    STAFF="Staff disabled it.",
)
described(
    WebhookDeliveryStatus,
    "The state of a delivery.",
    PENDING="It is sent, or sent again, at `nextAttemptAt`.",
    DELIVERED="The endpoint answered with a status of 200 to 299.",
    FAILED="The last attempt of the schedule failed.",
)


@strawberry.input(description="Narrows deliveries.")
class WebhookDeliveryFilter:
    status: list[WebhookDeliveryStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")


@strawberry.type(description="For staff: one attempt of a delivery.")
class WebhookAttempt:
    number: int = strawberry.field(description="Counts the attempts of the delivery from 1.")
    started_at: DateTime = strawberry.field(description="When it began.")
    milliseconds: int = strawberry.field(description="How long it took.")
    status_code: int | None = strawberry.field(description="The HTTP status of the answer; null where there was none.")
    error: str = strawberry.field(description="Why there was no answer, or why the message could not be made; else empty.")
    answer: str = strawberry.field(description="The first 2,048 characters of the answer.")


@strawberry.type(description="For staff: an event that is sent to an endpoint.")
class WebhookDelivery:
    id: strawberry.ID = strawberry.field(description="For `redeliver`.")
    event_id: strawberry.ID = strawberry.field(description="The event: the header `webhook-id` of every attempt.")
    type: str = strawberry.field(description="The type of the event.")
    about_customer_id: strawberry.ID | None = strawberry.field(name="customerId", description="The customer; null for an event of the deployment.")
    object_id: strawberry.ID = strawberry.field(description="What the event is about.")
    object_version: int | None = strawberry.field(description="The version of the object after it, where the object has versions.")
    status: WebhookDeliveryStatus = strawberry.field(description="Its state.")
    attempt_count: int = strawberry.field(description="How many attempts there were.")
    next_attempt_at: DateTime | None = strawberry.field(
        description="When it is sent next, or sent again if the attempt under way does not end; null at its end."
    )
    occurred_at: DateTime = strawberry.field(description="When the event happened.")
    created_at: DateTime = strawberry.field(description="When it was queued for the endpoint.")
    finished_at: DateTime | None = strawberry.field(description="When it was delivered, or given up.")
    attempts = many("deliveries.attempts", key="id", graphql_type=WebhookAttempt, description="Its last 50 attempts, the newest first.")


@strawberry.type(description="For staff: where events are sent.")
class WebhookEndpoint:
    id: strawberry.ID = strawberry.field(description="Its id.")
    url: str = strawberry.field(description="Where they are sent.")
    description: str = strawberry.field(description="What it is for; may be empty.")
    contact_email: str | None = strawberry.field(description="Who gets a letter when it is disabled.")
    types: list[str] = strawberry.field(description="The types of events that it is sent; empty for all.")
    payload: WebhookPayload = strawberry.field(description="What it is sent of an event.")
    document_id: strawberry.ID | None = strawberry.field(description="For DOCUMENT, the trusted document.")
    scopes: list[str] = strawberry.field(description="For DOCUMENT, the scopes with which the document is run.")
    signs_ed25519: bool = strawberry.field(name="signsEd25519", description="Whether messages have a signature `v1a` (Ed25519) beside `v1` (HMAC-SHA256).")
    public_key: str = strawberry.field(description="The key that verifies `v1a`.")
    previous_until: DateTime | None = strawberry.field(name="previousSecretUntil", description="Until when the secret of before the last rotation signs too.")
    status: WebhookEndpointStatus = strawberry.field(description="Whether it is sent events.")
    disabled_reason: WebhookDisabledReason | None = strawberry.field(description="Why it is disabled; null while it is enabled.")
    disabled_at: DateTime | None = strawberry.field(description="Since when it is disabled; null while it is enabled.")
    failing_since: DateTime | None = strawberry.field(description="Since when all attempts have failed; null after a success.")
    version: int = strawberry.field(description="Counts its changes.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    deliveries = page(
        "deliveries.of_endpoint",
        key="id",
        graphql_type=WebhookDelivery,
        sort=AgeOrder,
        filter=WebhookDeliveryFilter,
        description="What it was sent or will be sent. Deliveries are kept for 30 days after their end.",
    )
