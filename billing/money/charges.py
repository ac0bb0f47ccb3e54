"""The amounts of an invoice's line: the price, less the discount, plus tax. Each line is rounded once."""

from dataclasses import dataclass

from billing.money.money import MILLION, share
from billing.money.wording import Wording
from billing.periods import BillingPeriod
from billing.states import TaxBehavior


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a line. `subtotal` and `discount` are without tax. total = subtotal - discount + tax, whether the price includes the tax or not."""

    subtotal_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount: either parts per million of the price, or an amount in the price's currency for a whole period."""

    percent_off_ppm: int | None
    amount_off_minor: int | None

    def of(self, price_minor: int, part: int, whole: int) -> int:
        """Return the discount on a price for part/whole of a period: never more than the price."""
        if self.percent_off_ppm is not None:
            return share(price_minor, self.percent_off_ppm)
        return min(share(self.amount_off_minor or 0, part, whole), price_minor)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice. `unit_minor` is the unit amount of the price, with or without tax. The rate is None for a line that credits amounts of several rates."""

    description: str
    quantity: int
    unit_minor: int
    amounts: Amounts
    period: BillingPeriod
    tax_rate_ppm: int | None = None
    wording: Wording | None = None


def amounts_of(price_minor: int, discount_minor: int, *, rate_ppm: int, behavior: str) -> Amounts:
    """Return the amounts of a price. Tax is on the price less the discount. A price that includes tax is split so that the customer pays exactly the price less the discount."""
    if behavior == TaxBehavior.EXCLUSIVE:
        return Amounts(price_minor, discount_minor, share(price_minor - discount_minor, rate_ppm))
    tax = _tax_within(price_minor - discount_minor, rate_ppm)
    subtotal = price_minor - _tax_within(price_minor, rate_ppm)
    return Amounts(subtotal, subtotal + tax - (price_minor - discount_minor), tax)


def _tax_within(gross_minor: int, rate_ppm: int) -> int:
    return share(gross_minor, rate_ppm, MILLION + rate_ppm)
