"""The rows of demo/catalog.yaml: plans, their prices in four currencies, coupons and cancellation options. They are the same in every demo database."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from billing.catalog.items import CatalogCoupon, CatalogOption, CatalogPlan, CatalogPrice
from billing.ids import type_id
from demo.records.rows import SeedCoupon, SeedPlan, SeedPrice, SeedRetentionOffer
from demo.records.tables import Rows
from resolvers.catalog.catalog_file import read_catalog

FILE = Path(__file__).parents[1] / "catalog.yaml"
OPENED_AT = datetime(2021, 3, 1, 9, tzinfo=UTC)
OPENED_MILLISECONDS = int(OPENED_AT.timestamp() * 1000)

Item = TypeVar("Item")


def constant_id(prefix: str, name: str) -> str:
    """Return an id that is the same in every demo database."""
    return type_id(prefix, OPENED_MILLISECONDS, entropy=Random(f"{prefix} {name}").getrandbits(74))


def _plan(plan: CatalogPlan) -> SeedPlan:
    return SeedPlan(
        id=constant_id("plan", plan.code),
        code=plan.code,
        name=plan.name,
        description=plan.description,
        trial_days=plan.trial_days,
        is_archived=plan.is_archived,
        created_at=OPENED_AT,
    )


def _price(price: CatalogPrice) -> SeedPrice:
    return SeedPrice(
        id=constant_id("price", f"{price.plan} {price.currency} {price.billing_interval}"),
        plan_id=PLANS[str(price.plan)].id,
        code=price.code,
        currency=str(price.currency),
        unit_minor=price.unit_minor or 0,
        billing_interval=str(price.billing_interval),
        is_archived=price.is_archived,
        created_at=OPENED_AT,
    )


def _coupon(coupon: CatalogCoupon) -> SeedCoupon:
    return SeedCoupon(
        id=constant_id("cpn", coupon.code),
        code=coupon.code,
        name=coupon.name,
        duration=str(coupon.duration),
        created_at=OPENED_AT,
        percent_off_ppm=coupon.percent_off_ppm,
        amount_off_minor=coupon.amount_off_minor,
        currency=coupon.currency,
        duration_periods=coupon.duration_periods,
        redeem_until_on=coupon.redeem_until_on,
        max_redemptions=coupon.max_redemptions,
    )


def _offer(option: CatalogOption) -> SeedRetentionOffer:
    return SeedRetentionOffer(
        id=constant_id("off", option.code),
        code=option.code,
        rank=option.rank or 0,
        kind=str(option.kind),
        headline=option.headline,
        plan_id=PLANS[option.plan].id if option.plan else None,
        coupon_id=COUPONS[option.coupon].id if option.coupon else None,
    )


def _items(kind: type[Item]) -> list[Item]:
    return [item for item in _CATALOG.values() if isinstance(item, kind)]


_CATALOG: dict[Any, Any] = read_catalog(FILE.read_text("utf-8")).items
PLANS = {plan.code: _plan(plan) for plan in _items(CatalogPlan)}
PLAN_BY_ID = {plan.id: plan for plan in PLANS.values()}
PRICES = {(str(price.plan), str(price.currency), str(price.billing_interval)): _price(price) for price in _items(CatalogPrice)}
COUPONS = {coupon.code: _coupon(coupon) for coupon in _items(CatalogCoupon)}
OFFERS = [_offer(option) for option in _items(CatalogOption)]


def catalogue_rows() -> Rows:
    return {SeedPlan: list(PLANS.values()), SeedPrice: list(PRICES.values()), SeedCoupon: list(COUPONS.values()), SeedRetentionOffer: OFFERS}
