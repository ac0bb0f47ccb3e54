"""The items of a catalog: plans, prices, coupons and cancellation options. A code names an item among those of its kind, and never changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import auto

from billing.states import UpperStrEnum


class ItemKind(UpperStrEnum):
    PLAN = auto()
    PRICE = auto()
    COUPON = auto()
    CANCELLATION_OPTION = auto()


class Existing(UpperStrEnum):
    """What becomes of subscriptions to earlier versions of a price: they keep them, or move to the present version at their next renewal."""

    KEEP = auto()
    AT_RENEWAL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPlan:
    code: str
    name: str = ""
    description: str = ""
    trial_days: int = 0
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPrice:
    """A price of the plan with the code `plan`. It is incomplete, and refused, without an amount, a currency or an interval."""

    code: str
    plan: str | None = None
    currency: str | None = None
    unit_minor: int | None = None
    billing_interval: str | None = None
    interval_count: int = 1
    tax_behavior: str = "EXCLUSIVE"
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogCoupon:
    code: str
    name: str = ""
    percent_off_ppm: int | None = None
    amount_off_minor: int | None = None
    currency: str | None = None
    duration: str | None = None
    duration_periods: int | None = None
    redeem_until_on: date | None = None
    max_redemptions: int | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogOption:
    """An offer to a customer who wants to cancel. `plan` and `coupon` are codes."""

    code: str
    rank: int | None = None
    kind: str | None = None
    headline: str = ""
    plan: str | None = None
    coupon: str | None = None
    is_archived: bool = False


CatalogItem = CatalogPlan | CatalogPrice | CatalogCoupon | CatalogOption
ItemKey = tuple[ItemKind, str]
Catalog = Mapping[ItemKey, CatalogItem]

KINDS: dict[type, ItemKind] = {
    CatalogPlan: ItemKind.PLAN,
    CatalogPrice: ItemKind.PRICE,
    CatalogCoupon: ItemKind.COUPON,
    CatalogOption: ItemKind.CANCELLATION_OPTION,
}


@dataclass(frozen=True, slots=True)
class CatalogUse:
    """What depends on the items of a stored catalog: running subscriptions by item, redemptions by coupon, and the prices with earlier versions whose subscriptions stay."""

    subscriptions: Mapping[ItemKey, int] = field(default_factory=dict)
    redemptions: Mapping[str, int] = field(default_factory=dict)
    staying: frozenset[str] = frozenset()


def key_of(item: CatalogItem) -> ItemKey:
    return KINDS[type(item)], item.code


def catalog_of(items: Iterable[CatalogItem]) -> dict[ItemKey, CatalogItem]:
    """Return a catalog. Of two items with one key the later one stays."""
    return {key_of(item): item for item in items}


def coupon_form(code: str) -> str:
    """Return a coupon code in the one form in which codes are stored: capitals without spaces around them. (`coupon_code` is the same in SQL.)"""
    return code.strip().upper()
