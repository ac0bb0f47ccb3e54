"""The price of the next renewal of an imported subscription, by the rule of the lifecycle's bills."""

from functools import lru_cache

from billing.money.charges import Discount, amounts_of
from billing.rows.contracts import CouponOffer, Offer


@lru_cache(maxsize=50_000)
def renewal_minor(price: Offer, quantity: int, tax_rate_ppm: int, coupon: CouponOffer | None) -> int:
    """Return the total of a whole period with a coupon that lasts, or none (`billing.lifecycle.bills.renewal_minor`, and `renewal_of` in SQL)."""
    price_minor = price.unit_minor * quantity
    discount = Discount(coupon.percent_off_ppm, coupon.amount_off_minor).of(price_minor, 1, 1) if coupon else 0
    return amounts_of(price_minor, discount, rate_ppm=tax_rate_ppm, behavior=price.tax_behavior).total_minor
