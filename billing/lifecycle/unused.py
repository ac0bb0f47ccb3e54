"""Unused time of a period that a change of plan ends: the invoices that have it, the part of it that the new invoice uses, and the credit notes for the rest.

Net and tax are counted separately, and every amount here is a part of another one: line and notes add up to the unused time, and no more net or tax is credited of an
invoice than its credit notes leave of it. So the tax of all documents together is the tax of the used time, independent of rounding.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from billing.lifecycle.facts import SubscriptionFacts
from billing.money.charges import Amounts
from billing.money.money import share
from billing.money.notes import IssuedCreditNote, RemainingAmounts, described, minus, part_of
from billing.money.wording import Wording
from billing.periods import BillingPeriod
from billing.rows.contracts import Cover

NOTHING = RemainingAmounts(0, 0)

# How far the taxes of two equal amounts of one tax rate may differ, in minor units: each is a part of a sum that was rounded before.
ROUNDING_MINOR = 2


@dataclass(frozen=True, slots=True)
class UnusedPart:
    """The unused time on one invoice. The open part is released; the paid part is credited. The rate is None for an invoice with several rates."""

    invoice_id: str
    open: RemainingAmounts
    paid: RemainingAmounts
    tax_rate_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class UnusedTime:
    """The unused time of a period, by invoice, the newest first."""

    parts: tuple[UnusedPart, ...]

    @property
    def total_minor(self) -> int:
        return sum(part.open.total_minor + part.paid.total_minor for part in self.parts)

    @property
    def paid(self) -> RemainingAmounts:
        return RemainingAmounts(sum(part.paid.net_minor for part in self.parts), sum(part.paid.tax_minor for part in self.parts))


def unused_time(facts: SubscriptionFacts) -> UnusedTime:
    """Return the unused share, in seconds, of the line that pays for the rest of the period."""
    account, now = facts.account, facts.now
    starts_at, ends_at = account.coverage_starts_at, account.coverage_ends_at
    if starts_at is None or ends_at is None or ends_at <= now:
        return UnusedTime(())
    whole, left = BillingPeriod(starts_at, ends_at).seconds, BillingPeriod(max(now, starts_at), ends_at).seconds
    covered_net = account.coverage_total_minor - account.coverage_tax_minor
    total = share(account.coverage_total_minor, left, max(whole, 1))
    tax = max(share(account.coverage_tax_minor, left, max(whole, 1)), total - covered_net)
    return UnusedTime(tuple(_spread(RemainingAmounts(total - tax, tax), facts.covers)))


def taken_up(unused: UnusedTime, charge: Amounts) -> RemainingAmounts:
    """Return the part of the unused time that becomes a negative line beside the charge: the paid part, up to the charge. It is nothing if net or tax of the invoice would
    be wrong, as with another tax rate; then the credit notes have all of it, and their credit pays the invoice."""
    paid, net, tax = unused.paid, charge.subtotal_minor - charge.discount_minor, charge.tax_minor
    if paid.total_minor <= net + tax:
        return paid if paid.net_minor <= net and paid.tax_minor <= tax else NOTHING
    is_within = net <= paid.net_minor and tax <= paid.tax_minor
    return RemainingAmounts(net, tax) if is_within and abs(share(paid.tax_minor, net + tax, paid.total_minor) - tax) <= ROUNDING_MINOR else NOTHING


def rate_of(unused: UnusedTime, line: RemainingAmounts) -> int | None:
    """Return the tax rate of the line, which takes from the oldest invoice first; None for several rates or an unknown one."""
    rates = set()
    for part in reversed(unused.parts):
        taken = _smaller(part.paid, line)
        line = minus(line, taken)
        if taken.total_minor:
            rates.add(part.tax_rate_ppm)
    return rates.pop() if len(rates) == 1 else None


def notes_over(unused: UnusedTime, line: RemainingAmounts, words: Wording, period: BillingPeriod) -> tuple[IssuedCreditNote, ...]:
    """Return the credit notes for the part that the line does not use. The line takes from the oldest invoice first, so the rest is of the invoice that covers the period."""
    notes = []
    for part in reversed(unused.parts):
        taken = _smaller(part.paid, line)
        line, granted = minus(line, taken), minus(part.paid, taken)
        net, tax = part.open.net_minor + granted.net_minor, part.open.tax_minor + granted.tax_minor
        if net + tax:
            credited = described(words, RemainingAmounts(net, tax), period)
            notes.append(IssuedCreditNote(part.invoice_id, "UNUSED_TIME", (credited,), part.open.total_minor, granted.total_minor))
    return tuple(reversed(notes))


def _spread(amount: RemainingAmounts, covers: Iterable[Cover]) -> Iterable[UnusedPart]:
    """Yield the parts of an amount on the invoices of the period, the newest first. An amount beyond what they still charge is not credited."""
    for cover in covers:
        part = _smaller(amount, RemainingAmounts(cover.net_minor, cover.tax_minor))
        if part.total_minor:
            opened = part_of(part, min(part.total_minor, cover.open_minor))
            yield UnusedPart(cover.invoice_id, opened, minus(part, opened), cover.tax_rate_ppm)
            amount = minus(amount, part)


def _smaller(one: RemainingAmounts, other: RemainingAmounts) -> RemainingAmounts:
    return RemainingAmounts(min(one.net_minor, other.net_minor), min(one.tax_minor, other.tax_minor))
