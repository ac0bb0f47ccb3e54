"""Rows about subscriptions and their events."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    id: str
    customer_id: str
    plan_id: str
    price_id: str
    currency: str
    quantity: int
    status: str
    suspended_by: str | None
    started_at: datetime
    trial_ends_at: datetime | None
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    renews_at: datetime | None
    renewal_minor: int
    pending_kind: str | None
    pending_at: datetime | None
    pending_plan_id: str | None
    pending_price_id: str | None
    pending_quantity: int | None
    pending_resumes_at: datetime | None
    resumes_at: datetime | None
    paused_at: datetime | None
    suspended_at: datetime | None
    canceled_at: datetime | None
    cancel_reason: str | None
    cancel_comment: str | None
    payment_method_id: str | None
    has_overdue: bool
    is_charging: bool
    version: int
    created_at: datetime
    running_coupon: str | None
    external_id: str | None
    metadata: str


@dataclass(frozen=True, slots=True)
class SubscriptionEventRow:
    id: str
    customer_id: str
    subscription_id: str
    kind: str
    actor: str
    note: str
    happened_at: datetime
