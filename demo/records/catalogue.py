"""The catalogue: plans, their prices in four currencies, and coupons. It is the same in every demo database."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

from billing.ids import type_id
from demo.records.rows import SeedCoupon, SeedPlan, SeedPrice, SeedRetentionOffer
from demo.records.tables import Rows

OPENED_AT = datetime(2021, 3, 1, 9, tzinfo=UTC)
OPENED_MILLISECONDS = int(OPENED_AT.timestamp() * 1000)
CURRENCIES = ("USD", "EUR", "JPY", "KWD")

# A year costs as much as ten months.
YEAR_FACTOR = {"MONTH": 1, "YEAR": 10}

# code: name, description, trial days, archived, monthly price in minor units of USD, EUR, JPY, KWD
PLANS_FOR_SALE: dict[str, tuple[str, str, int, bool, tuple[int, int, int, int]]] = {
    "starter": ("Starter", "One workspace for a person or a small shop.", 14, False, (900, 890, 1200, 2_750)),
    "team": ("Team", "Shared workspaces, roles and an audit log.", 14, False, (2900, 2700, 3900, 8_900)),
    "business": ("Business", "Single sign-on, approvals and priority support.", 30, False, (9900, 9200, 13_800, 30_500)),
    "enterprise-support": ("Enterprise support", "A named engineer and answers within the hour.", 0, False, (49_900, 46_900, 69_000, 153_500)),
    "storage": ("Storage add-on", "Another 100 GB for files and backups.", 0, False, (500, 480, 700, 1_525)),
    "solo-2019": ("Solo (2019)", "The plan before Starter; kept for those who have it.", 0, True, (700, 690, 900, 2_150)),
}


def constant_id(prefix: str, name: str) -> str:
    """Return an id that is the same in every demo database."""
    return type_id(prefix, OPENED_MILLISECONDS, entropy=Random(f"{prefix} {name}").getrandbits(74))


def _plan(code: str) -> SeedPlan:
    name, description, trial_days, is_archived, _ = PLANS_FOR_SALE[code]
    return SeedPlan(
        id=constant_id("plan", code), code=code, name=name, description=description, trial_days=trial_days, is_archived=is_archived, created_at=OPENED_AT
    )


def _price(code: str, currency: str, interval: str) -> SeedPrice:
    unit_minor = PLANS_FOR_SALE[code][4][CURRENCIES.index(currency)] * YEAR_FACTOR[interval]
    return SeedPrice(
        id=constant_id("price", f"{code} {currency} {interval}"),
        plan_id=PLANS[code].id,
        currency=currency,
        unit_minor=unit_minor,
        billing_interval=interval,
        is_archived=PLANS[code].is_archived,
        created_at=OPENED_AT,
    )


PLANS = {code: _plan(code) for code in PLANS_FOR_SALE}
PLAN_BY_ID = {plan.id: plan for plan in PLANS.values()}
PRICES = {(code, currency, interval): _price(code, currency, interval) for code in PLANS for currency in CURRENCIES for interval in YEAR_FACTOR}


def _coupon(code: str, name: str, duration: str, **terms: Any) -> SeedCoupon:
    return SeedCoupon(id=constant_id("cpn", code), code=code, name=name, duration=duration, created_at=OPENED_AT, **terms)


COUPONS = {
    coupon.code: coupon
    for coupon in (
        _coupon("WELCOME20", "20 % off the first invoice", "ONCE", percent_off_ppm=200_000),
        _coupon("SPRING15", "15 % off for three periods", "REPEATING", percent_off_ppm=150_000, duration_periods=3),
        _coupon("LOYAL5", "5 dollars off, always", "FOREVER", amount_off_minor=500, currency="USD"),
        _coupon("LAUNCH2021", "Launch offer", "ONCE", percent_off_ppm=500_000, redeem_until_on=date(2021, 12, 31)),
        _coupon("STAY25", "25 % off for three periods, for who stays", "REPEATING", percent_off_ppm=250_000, duration_periods=3),
        _coupon("FOUNDERS", "Half price for the first two who ask", "FOREVER", percent_off_ppm=500_000, max_redemptions=2),
    )
}

OFFERS = [
    SeedRetentionOffer(
        id=constant_id("off", "coupon"), rank=1, kind="COUPON", headline="Stay, and pay a quarter less for three periods", coupon_id=COUPONS["STAY25"].id
    ),
    SeedRetentionOffer(id=constant_id("off", "pause"), rank=2, kind="PAUSE", headline="Take a break instead"),
    SeedRetentionOffer(id=constant_id("off", "downgrade"), rank=3, kind="DOWNGRADE", headline="Go on with Starter", plan_id=PLANS["starter"].id),
]


def catalogue_rows() -> Rows:
    return {SeedPlan: list(PLANS.values()), SeedPrice: list(PRICES.values()), SeedCoupon: list(COUPONS.values()), SeedRetentionOffer: OFFERS}
