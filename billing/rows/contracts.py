"""Rows for the rules of the lifecycle: the whole contract, the customer's account, and the offers."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Contract:
    """A subscription with all columns of its row. `holds` name who suspended it; `charging_payment_id` is the payment of a charge that decides about it."""

    customer_id: str
    id: str
    plan_id: str
    price_id: str
    currency: str
    quantity: int
    status: str
    holds: list[str]
    suspended_by: str | None
    started_at: datetime
    trial_ends_at: datetime | None
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    anchor_at: datetime
    billing_zone: str
    renews_at: datetime | None
    renewal_minor: int
    pending_kind: str | None
    pending_at: datetime | None
    pending_price_id: str | None
    pending_plan_id: str | None
    pending_quantity: int | None
    pending_resumes_at: datetime | None
    resumes_at: datetime | None
    paused_at: datetime | None
    suspended_at: datetime | None
    canceled_at: datetime | None
    cancel_reason: str | None
    cancel_comment: str | None
    payment_method_id: str | None
    charging_payment_id: str | None
    version: int
    created_at: datetime
    has_overdue: bool


@dataclass(frozen=True, slots=True)
class BillingAccount:
    """The customer's account for a contract, in the contract's currency. The coverage is the invoice line that pays for the rest of the running period."""

    customer_id: str
    email: str
    currency: str
    time_zone: str
    tax_rate_ppm: int
    balance_minor: int
    has_overdue: bool
    method_id: str | None
    method_processor: str | None
    method_reference: str | None
    method_kind: str | None
    method_brand: str | None
    method_last4: str | None
    coverage_invoice_id: str | None
    coverage_starts_at: datetime | None
    coverage_ends_at: datetime | None
    coverage_total_minor: int
    coverage_tax_minor: int
    coverage_remaining_minor: int
    redemption_id: str | None
    coupon_id: str | None
    coupon_code: str | None
    percent_off_ppm: int | None
    amount_off_minor: int | None
    periods_left: int | None
    used_until: datetime | None
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Cover:
    """An invoice of the running period: its net and its tax less its credit notes, and its open amount. The tax rate is None for several rates."""

    customer_id: str
    invoice_id: str
    net_minor: int
    tax_minor: int
    open_minor: int
    is_processing: bool
    tax_rate_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A price and its plan. `moves_to` is the price to which the merchant moves subscriptions from this one at their next renewal."""

    price_id: str
    plan_id: str
    plan_name: str
    trial_days: int
    currency: str
    unit_minor: int
    billing_interval: str
    interval_count: int
    tax_behavior: str
    is_archived: bool
    moves_to: str | None


@dataclass(frozen=True, slots=True)
class OrderableOffer(Offer):
    """An offer that a customer orders. `was_taken`: whether the customer has had or ordered the plan; `had_trial`: whether they have had or ordered a trial of any plan.
    `subscriptions`: how many subscriptions they have had or ordered."""

    was_taken: bool
    had_trial: bool
    subscriptions: int


@dataclass(frozen=True, slots=True)
class TakenPlanRow:
    """A plan that a subscription has had. `has_trial`: it was ordered with the plan's trial."""

    customer_id: str
    plan_id: str
    subscription_id: str
    has_trial: bool
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class CouponOffer:
    """A coupon for a code. `is_redeemable`: it is active, not expired, not used up, and this customer has not used it before."""

    id: str
    code: str
    percent_off_ppm: int | None
    amount_off_minor: int | None
    currency: str | None
    duration: str
    duration_periods: int | None
    is_redeemable: bool
    redeem_until_on: date | None
