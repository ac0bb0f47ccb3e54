"""What a line of an invoice comes to: the price, less the discount, plus tax. Rounded once a line."""

from dataclasses import dataclass

from billing.money.money import MILLION, share
from billing.money.wording import Wording
from billing.periods import BillingPeriod
from billing.states import TaxBehavior


@dataclass(frozen=True, slots=True)
class Amounts:
    """`subtotal` and `discount` are without tax. total = subtotal - discount + tax, whether the price included the tax or not."""

    subtotal_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Discount:
    """Either parts per million of the price, or an amount of the price's currency for a whole period."""

    percent_off_ppm: int | None
    amount_off_minor: int | None

    def of(self, price_minor: int, part: int, whole: int) -> int:
        """What it takes off a price for part/whole of a period: never more than the price."""
        if self.percent_off_ppm is not None:
            return share(price_minor, self.percent_off_ppm)
        return min(share(self.amount_off_minor or 0, part, whole), price_minor)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice. `unit_minor` is as the price says, with or without tax. The rate is None where the line takes back what was taxed at several."""

    description: str
    quantity: int
    unit_minor: int
    amounts: Amounts
    period: BillingPeriod
    tax_rate_ppm: int | None = None
    wording: Wording | None = None


def amounts_of(price_minor: int, discount_minor: int, *, rate_ppm: int, behavior: str) -> Amounts:
    """Tax is on what is left after the discount. A price that includes tax is parted so that the customer pays exactly the price less the discount."""
    if behavior == TaxBehavior.EXCLUSIVE:
        return Amounts(price_minor, discount_minor, share(price_minor - discount_minor, rate_ppm))
    tax = _tax_within(price_minor - discount_minor, rate_ppm)
    subtotal = price_minor - _tax_within(price_minor, rate_ppm)
    return Amounts(subtotal, subtotal + tax - (price_minor - discount_minor), tax)


def _tax_within(gross_minor: int, rate_ppm: int) -> int:
    return share(gross_minor, rate_ppm, MILLION + rate_ppm)
