"""Rows about plans, their prices, and coupons."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PlanRow:
    id: str
    code: str
    name: str
    description: str
    trial_days: int
    is_archived: bool


@dataclass(frozen=True, slots=True)
class PriceRow:
    id: str
    plan_id: str
    currency: str
    unit_minor: int
    billing_interval: str
    interval_count: int
    tax_behavior: str
    is_archived: bool
    code: str | None
    former_code: str | None


@dataclass(frozen=True, slots=True)
class CouponRow:
    id: str
    code: str
    name: str
    percent_off_ppm: int | None
    amount_off_minor: int | None
    currency: str | None
    duration: str
    duration_periods: int | None
    redeem_until_on: date | None
    max_redemptions: int | None
    redeemed_count: int
    is_archived: bool


@dataclass(frozen=True, slots=True)
class CatalogCancellationOptionRow:
    id: str
    code: str
    rank: int
    kind: str
    headline: str
    plan_id: str | None
    coupon_id: str | None
    is_archived: bool


@dataclass(frozen=True, slots=True)
class EarlierPriceRow:
    """A version of a price that was replaced, and the version to which its subscriptions move."""

    id: str
    former_code: str
    currency: str
    moves_to: str | None


@dataclass(frozen=True, slots=True)
class CatalogUseRow:
    """How many running subscriptions depend on an item of the catalog."""

    kind: str
    code: str
    subscriptions: int


@dataclass(frozen=True, slots=True)
class CouponRedemptionRow:
    id: str
    customer_id: str
    subscription_id: str
    coupon_id: str
    redeemed_at: datetime
    periods_left: int | None
