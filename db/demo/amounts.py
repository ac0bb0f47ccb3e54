"""What a charge comes to: the price, less the coupon, plus tax, in whole minor units."""

from dataclasses import dataclass

from db.demo.rows import Coupon

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Amounts:
    subtotal_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor + self.tax_minor


def share(minor: int, part: int, *, whole: int = MILLION) -> int:
    """part/whole of an amount, rounded half up (away from zero)."""
    rounded = (2 * abs(minor) * part + whole) // (2 * whole)
    return rounded if minor >= 0 else -rounded


def amounts_of(subtotal_minor: int, tax_rate_ppm: int, *, coupon: Coupon | None = None) -> Amounts:
    discount = discount_of(subtotal_minor, coupon) if coupon else 0
    return Amounts(subtotal_minor, discount, share(subtotal_minor - discount, tax_rate_ppm))


def discount_of(subtotal_minor: int, coupon: Coupon) -> int:
    if coupon.percent_off_ppm is not None:
        return share(subtotal_minor, coupon.percent_off_ppm)
    return min(coupon.amount_off_minor or 0, subtotal_minor)
