"""Rows about plans, their prices, and coupons."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True, slots=True)
class CouponRedemptionRow:
    id: str
    customer_id: str
    subscription_id: str
    coupon_id: str
    redeemed_at: datetime
    periods_left: int | None
