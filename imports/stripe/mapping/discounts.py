"""The coupon of a subscription, and for how many further periods it has effect."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from billing.catalog.items import CatalogCoupon, CatalogPrice
from imports.stripe.mapping.account import SharedFacts
from imports.stripe.mapping.reasons import SkipReason
from imports.stripe.mapping.values import Line, Thing, instant, reference

MAX_PERIODS_LEFT = 1_200
MONTHS = {"MONTH": 1, "YEAR": 12}
DAYS = {"DAY": 1, "WEEK": 7}


class Unmatched(Exception):
    """Something has no counterpart in the import folder."""

    def __init__(self, reason: SkipReason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def coupon_of(subscription: Thing, item: Thing, customer: Thing, price: CatalogPrice, shared: SharedFacts) -> Line | None:
    """Return the coupon. One of the customer has effect where the subscription has none of its own. Raises Unmatched.

    One that has no effect on the next invoice is left out: a coupon for once on the first invoice, and one that ends before.
    """
    own = [*subscription.get("discounts", []), *item.get("discounts", [])]
    discounts = own or [one for one in [customer.get("discount")] if one]
    if len(discounts) > 1:
        raise Unmatched(SkipReason.SEVERAL_DISCOUNTS, str(len(discounts)))
    if not discounts:
        return None
    discount = discounts[0]
    if not isinstance(discount, dict):
        raise Unmatched(SkipReason.COUPON_NOT_READ, str(discount))
    name = reference((discount.get("source") or {}).get("coupon"))
    coupon = shared.coupons.get(name or "")
    if coupon is None:
        raise Unmatched(SkipReason.COUPON_NOT_READ, str(name))
    if coupon.currency not in (None, price.currency):
        raise Unmatched(SkipReason.OTHER_CURRENCY, f"{name} in {coupon.currency}")
    left = _periods_left(discount, coupon, price, item["current_period_end"])
    if left == 0:
        return None
    return {"code": coupon.code, "redeemedAt": instant(discount["start"])} | ({} if left is None else {"periodsLeft": left})


def _periods_left(discount: Thing, coupon: CatalogCoupon, price: CatalogPrice, period_end: int) -> int | None:
    """Return how many periods that begin from the end of the running one on are discounted; None for all."""
    if coupon.duration == "ONCE":
        # Stripe takes a discount for once off as soon as it was used, so one that is still there is for the next invoice.
        return 1 if discount["start"] < period_end else 0
    if discount.get("end") is None:
        return None if coupon.duration == "FOREVER" else coupon.duration_periods
    end, boundary = datetime.fromtimestamp(discount["end"], UTC), datetime.fromtimestamp(period_end, UTC)
    count = 0
    while _after(boundary, price, count) < end and count < MAX_PERIODS_LEFT:
        count += 1
    return count


def _after(boundary: datetime, price: CatalogPrice, periods: int) -> datetime:
    """Return the start of the period that is so many after a boundary. A day that a month does not have is its last one."""
    steps = periods * price.interval_count
    if price.billing_interval in DAYS:
        return boundary + timedelta(days=steps * DAYS[price.billing_interval])
    months = boundary.year * 12 + boundary.month - 1 + steps * MONTHS[price.billing_interval or "MONTH"]
    year, month = divmod(months, 12)
    return boundary.replace(year=year, month=month + 1, day=min(boundary.day, monthrange(year, month + 1)[1]))
