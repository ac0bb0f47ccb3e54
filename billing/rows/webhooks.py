"""Outgoing webhooks: endpoints, deliveries and attempts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class WebhookEndpointRow:
    id: str
    url: str
    description: str
    contact_email: str | None
    types: list[str]
    payload: str
    document_id: str | None
    scopes: list[str]
    signs_ed25519: bool
    public_key: str
    previous_until: datetime | None
    status: str
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookDeliveryRow:
    id: str
    endpoint_id: str
    event_id: str
    about_customer_id: str | None
    type: str
    object_id: str
    object_version: int | None
    status: str
    attempt_count: int
    next_attempt_at: datetime | None
    occurred_at: datetime
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookAttemptRow:
    delivery_id: str
    number: int
    started_at: datetime
    milliseconds: int
    status_code: int | None
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class EndpointKeysRow:
    """How messages to an endpoint are made and signed."""

    id: str
    url: str
    payload: str
    document_id: str | None
    scopes: list[str]
    signs_ed25519: bool
    sealed: bytes = field(repr=False)
    previous_sealed: bytes | None = field(repr=False)
    previous_until: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookEventRow:
    """What a message says of an event. `owner_id` is the customer, or empty for an event of the deployment."""

    id: str
    owner_id: str
    type: str
    object_id: str
    object_version: int | None
    changes: list[str]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process sends now, with its endpoint. `step` is the place in the schedule of attempts."""

    id: str
    endpoint_id: str
    event_id: str
    owner_id: str
    type: str
    object_id: str
    object_version: int | None
    changes: list[str]
    occurred_at: datetime
    step: int
    url: str
    payload: str
    document_id: str | None
    scopes: list[str]
    signs_ed25519: bool
    sealed: bytes = field(repr=False)
    previous_sealed: bytes | None = field(repr=False)
    previous_until: datetime | None

    @property
    def event(self) -> WebhookEventRow:
        return WebhookEventRow(self.event_id, self.owner_id, self.type, self.object_id, self.object_version, self.changes, self.occurred_at)

    @property
    def endpoint(self) -> EndpointKeysRow:
        keys: tuple[Any, ...] = (self.sealed, self.previous_sealed, self.previous_until)
        return EndpointKeysRow(self.endpoint_id, self.url, self.payload, self.document_id, self.scopes, self.signs_ed25519, *keys)


@dataclass(frozen=True, slots=True)
class DisabledEndpoint:
    id: str
    url: str
    contact_email: str | None
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class ReplayCount:
    """How many events are sent once more, and from when to go on where there are more."""

    queued: int
    continues_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookId:
    id: str


@dataclass(frozen=True, slots=True)
class EnabledEndpoint:
    """`is_behind`: the feed has events that the endpoint has not read."""

    id: str
    is_behind: bool


@dataclass(frozen=True, slots=True)
class TrustedText:
    body: str


@dataclass(frozen=True, slots=True)
class WebhookCount:
    rows: int
