"""The amounts of a charge: the price, less the coupon, plus tax. All prices of the demo are without tax."""

from billing.money import charges
from billing.money.charges import Amounts, Discount
from billing.states import TaxBehavior
from demo.records.rows import SeedCoupon


def amounts_of(price_minor: int, tax_rate_ppm: int, *, coupon: SeedCoupon | None = None) -> Amounts:
    discount = Discount(coupon.percent_off_ppm, coupon.amount_off_minor).of(price_minor, 1, 1) if coupon else 0
    return charges.amounts_of(price_minor, discount, rate_ppm=tax_rate_ppm, behavior=TaxBehavior.EXCLUSIVE)
