"""Credit notes: documents that credit a part of an issued invoice. Net and tax are split so that the credit notes of an invoice never exceed its net or its tax."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from billing.money.money import share
from billing.money.wording import Wording
from billing.periods import BillingPeriod


@dataclass(frozen=True, slots=True)
class RemainingAmounts:
    """Net and tax that can be credited on an invoice: its own, less those of its credit notes; or a part of them."""

    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line of a credit note. Its amounts are positive: the credited amounts. `line_id` is the line of the invoice that it credits, with the tax rate of that line;
    None for a credit of the invoice as a whole."""

    description: str
    net_minor: int
    tax_minor: int
    period: BillingPeriod | None = None
    wording: Wording | None = None
    line_id: str | None = None
    tax_rate_ppm: int | None = None

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class IssuedCreditNote:
    """A credit note on an invoice. Of its total, `released_minor` was open and is no longer charged, `granted_minor` becomes the customer's credit, and
    `refunded_minor` was paid back by the refund."""

    invoice_id: str
    reason: str
    lines: tuple[NoteLine, ...]
    released_minor: int = 0
    granted_minor: int = 0
    refunded_minor: int = 0
    refund_id: str | None = None
    memo: str | None = None

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def remaining_of(invoice: RemainingAmounts, notes: Iterable[RemainingAmounts]) -> RemainingAmounts:
    """Return the amounts that the credit notes so far leave of an invoice."""
    return reduce(minus, notes, invoice)


def minus(one: RemainingAmounts, other: RemainingAmounts) -> RemainingAmounts:
    return RemainingAmounts(one.net_minor - other.net_minor, one.tax_minor - other.tax_minor)


def part_of(left: RemainingAmounts, amount_minor: int) -> RemainingAmounts:
    """Split an amount with tax into net and tax. The whole amount has exactly the whole tax. Raises ValueError for more than is left."""
    if not 0 <= amount_minor <= left.total_minor:
        raise ValueError("no more can be credited on an invoice than is left of it")
    tax = share(left.tax_minor, amount_minor, left.total_minor or 1)
    return RemainingAmounts(amount_minor - tax, tax)


def note_line(left: RemainingAmounts, amount_minor: int, description: str | Wording, period: BillingPeriod | None = None) -> NoteLine:
    """Return a line that credits an amount with tax on an invoice of which `left` can be credited."""
    part = part_of(left, amount_minor)
    return described(description, part, period)


def described(description: str | Wording, part: RemainingAmounts, period: BillingPeriod | None) -> NoteLine:
    """Return a line with the merchant's description or with Portico's own wording."""
    if isinstance(description, Wording):
        return NoteLine(description.english, part.net_minor, part.tax_minor, period, description)
    return NoteLine(description, part.net_minor, part.tax_minor, period)
