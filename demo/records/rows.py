"""A row of each table. Rows are mutable while the data of a customer are made, and copied into the database at the end. Computed columns are left out."""

from dataclasses import dataclass, field
from datetime import date, datetime

from demo.records.issued import PrintedParty


@dataclass(slots=True, kw_only=True)
class SeedPlan:
    id: str
    code: str
    name: str
    description: str
    trial_days: int
    is_archived: bool
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class SeedPrice:
    id: str
    plan_id: str
    code: str
    currency: str
    unit_minor: int
    billing_interval: str
    is_archived: bool
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class SeedCoupon:
    id: str
    code: str
    name: str
    duration: str
    created_at: datetime
    percent_off_ppm: int | None = None
    amount_off_minor: int | None = None
    currency: str | None = None
    duration_periods: int | None = None
    redeem_until_on: date | None = None
    max_redemptions: int | None = None


@dataclass(slots=True, kw_only=True)
class SeedRetentionOffer:
    id: str
    code: str
    rank: int
    kind: str
    headline: str
    plan_id: str | None = None
    coupon_id: str | None = None


@dataclass(slots=True, kw_only=True)
class SeedCustomer(PrintedParty):
    id: str
    currency: str
    tax_rate_ppm: int
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class SeedPaymentMethod:
    customer_id: str
    id: str
    kind: str
    fingerprint: str
    processor_reference: str
    created_at: datetime
    processor: str = "sandbox"
    brand: str | None = None
    last4: str | None = None
    expires_on: date | None = None
    is_default: bool = False
    deleted_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedSubscription:
    customer_id: str
    id: str
    plan_id: str
    price_id: str
    currency: str
    quantity: int
    status: str
    started_at: datetime
    anchor_at: datetime
    billing_zone: str
    renewal_minor: int
    created_at: datetime
    suspended_by: str | None = None
    holds: list[str] = field(default_factory=list)
    trial_ends_at: datetime | None = None
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None
    renews_at: datetime | None = None
    pending_kind: str | None = None
    pending_at: datetime | None = None
    pending_price_id: str | None = None
    pending_plan_id: str | None = None
    pending_quantity: int | None = None
    pending_resumes_at: datetime | None = None
    resumes_at: datetime | None = None
    paused_at: datetime | None = None
    suspended_at: datetime | None = None
    canceled_at: datetime | None = None
    cancel_reason: str | None = None
    cancel_comment: str | None = None
    payment_method_id: str | None = None


@dataclass(slots=True, kw_only=True)
class SeedTakenPlan:
    customer_id: str
    plan_id: str
    subscription_id: str
    has_trial: bool
    taken_at: datetime


@dataclass(slots=True, kw_only=True)
class SeedSubscriptionEvent:
    customer_id: str
    id: str
    subscription_id: str
    kind: str
    actor: str
    note: str
    happened_at: datetime


@dataclass(slots=True, kw_only=True)
class SeedCouponRedemption:
    customer_id: str
    id: str
    coupon_id: str
    subscription_id: str
    redeemed_at: datetime
    periods_left: int | None = None
    used_until: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedPaymentSchedule:
    customer_id: str
    id: str
    name: str
    currency: str
    invoicing: str
    total_minor: int
    created_at: datetime
    subscription_id: str | None = None
    status: str = "ACTIVE"
    paid_minor: int = 0
    refunded_minor: int = 0

    @property
    def remaining_minor(self) -> int:
        return self.total_minor - self.paid_minor - self.refunded_minor


@dataclass(slots=True, kw_only=True)
class SeedInvoice:
    customer_id: str
    id: str
    reason: str
    currency: str
    issued_at: datetime
    due_on: date
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    created_at: datetime
    number: str = ""
    sequence: int = 0
    status: str = "OPEN"
    subscription_id: str | None = None
    schedule_id: str | None = None
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None
    paid_minor: int = 0
    credited_minor: int = 0
    refunded_minor: int = 0
    noted_minor: int = 0
    paid_at: datetime | None = None
    collection: str = "NONE"
    collect_at: datetime | None = None
    failed_attempts: int = 0
    retry_count: int = 0
    retry_began_on: date | None = None
    retry_last_on: date | None = None
    retry_method_id: str | None = None

    @property
    def remaining_minor(self) -> int:
        return self.total_minor - self.paid_minor - self.credited_minor


@dataclass(slots=True, kw_only=True)
class SeedInvoiceLine:
    customer_id: str
    id: str
    invoice_id: str
    currency: str
    position: int
    description: str
    quantity: int
    unit_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    tax_rate_ppm: int
    wording: str | None = None
    wording_of: str | None = None
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedInstallment:
    customer_id: str
    id: str
    schedule_id: str
    currency: str
    position: int
    name: str
    due_on: date
    amount_minor: int
    invoice_id: str | None = None
    invoice_at: datetime | None = None
    paid_minor: int = 0
    refunded_minor: int = 0
    status: str = "DUE"

    @property
    def remaining_minor(self) -> int:
        return self.amount_minor - self.paid_minor - self.refunded_minor


@dataclass(slots=True, kw_only=True)
class SeedAttachment:
    customer_id: str
    id: str
    group_id: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    object_key: str
    status: str
    uploaded_by: str
    uploader: str
    uploaded_at: datetime
    invoice_id: str | None = None
    schedule_id: str | None = None
