"""What a period or the rest of one costs: lines, discount, credit for unused time, and what the customer's balance pays."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing.charges import Amounts, Discount, Line, amounts_of
from billing.lifecycle.facts import Bill, Facts, Redemption, Terms
from billing.money import share
from billing.periods import Period

# Days until an invoice of the billing clock is overdue. One that is charged while the customer waits is due the same day.
DAYS_TO_PAY = 14

# In the place of a redemption's id: one that is about to be made.
NEW = "new"


@dataclass(frozen=True, slots=True)
class Unused:
    """What was asked for the time that is not used. Of it, `released_minor` was not paid yet and is no longer asked for; the rest was paid and is given back."""

    total_minor: int
    tax_minor: int
    released_minor: int

    @property
    def paid_minor(self) -> int:
        return self.total_minor - self.released_minor


def due_on(facts: Facts, *, is_waiting: bool) -> date:
    return facts.today_on if is_waiting else facts.today_on + timedelta(days=DAYS_TO_PAY)


def period_bill(facts: Facts, period: Period, *, reason: str, is_waiting: bool) -> tuple[Bill, Redemption | None]:
    """A whole period, less the running coupon."""
    redemption = used(facts, period)
    line = _line(facts, facts.terms, redemption, period=period, whole_seconds=period.seconds)
    return _credited(facts, Bill(reason, period, (line,), due_on(facts, is_waiting=is_waiting), is_waiting)), redemption


def change_bill(facts: Facts, terms: Terms, *, period: Period, whole_seconds: int) -> tuple[Bill, int, Unused, Redemption | None]:
    """The rest of a period at another price, less the unused time at the old one: the bill, and what of the unused time is left over as credit."""
    unused = unused_time(facts)
    redemption = used(facts, period)
    line = _line(facts, terms, redemption, period=period, whole_seconds=whole_seconds)
    charge = replace(line, description=f"Remaining time on {line.description}")
    lines: tuple[Line, ...] = (charge,)
    credited = min(unused.paid_minor, charge.amounts.total_minor)
    if credited:
        lines = (Line(f"Unused time on {facts.terms.name}", 1, -credited, _credit(charge.amounts, credited, unused), period), charge)
    over = unused.paid_minor - credited
    bill = Bill("PLAN_CHANGE", period, lines, due_on(facts, is_waiting=True), True)
    return _credited(facts, bill), over, unused, redemption


def unused_time(facts: Facts) -> Unused:
    """The share, to the second, of what pays for the rest of the period. What of it stands open is taken off the open invoice first, so credit never exceeds what was paid."""
    account, now = facts.account, facts.now
    starts_at, ends_at = account.coverage_starts_at, account.coverage_ends_at
    if starts_at is None or ends_at is None or ends_at <= now or account.coverage_status in ("VOID", "REFUNDED"):
        return Unused(0, 0, 0)
    whole, left = Period(starts_at, ends_at).seconds, Period(max(now, starts_at), ends_at).seconds
    total = share(account.coverage_total_minor, left, max(whole, 1))
    return Unused(total, share(account.coverage_tax_minor, left, max(whole, 1)), min(total, account.coverage_remaining_minor))


def renewal_minor(facts: Facts, terms: Terms, redemption: Redemption | None) -> int:
    """What the next renewal will cost: a whole period, with the coupon if it still counts then."""
    lasts = redemption is not None and not redemption.is_ended and redemption.periods_left != 0
    discount = _discount(facts).of(terms.price_minor, 1, 1) if lasts else 0
    return amounts_of(terms.price_minor, discount, rate_ppm=facts.account.tax_rate_ppm, behavior=terms.offer.tax_behavior).total_minor


def is_free(facts: Facts) -> bool:
    """Whether no period to come costs anything, as it stands: by its price, or by a coupon without an end. Then nothing has to be charged, and no method is needed."""
    redemption = running(facts)
    lasts = redemption is not None and redemption.periods_left is None
    return renewal_minor(facts, facts.coming_terms, redemption if lasts else None) == 0


def running(facts: Facts) -> Redemption | None:
    account = facts.account
    if account.redemption_id is None or account.coupon_id is None:
        return None
    return Redemption(None if account.redemption_id == NEW else account.redemption_id, account.coupon_id, account.periods_left, account.used_until)


def used(facts: Facts, period: Period) -> Redemption | None:
    """The running coupon after a bill for a period. The rest of a period that it was used for uses up nothing; every other period does, and past its last one it ends."""
    redemption = running(facts)
    if redemption is None or redemption.used_until == period.ends_at:
        return redemption
    if redemption.periods_left == 0:
        return replace(redemption, is_ended=True)
    left = None if redemption.periods_left is None else redemption.periods_left - 1
    return replace(redemption, periods_left=left, used_until=period.ends_at)


def counts(redemption: Redemption | None) -> bool:
    return redemption is not None and not redemption.is_ended


def _line(facts: Facts, terms: Terms, redemption: Redemption | None, *, period: Period, whole_seconds: int) -> Line:
    """A period, or the rest of one whose whole has so many seconds."""
    left = period.seconds
    price = share(terms.price_minor, left, whole_seconds)
    off = _discount(facts).of(price, left, whole_seconds) if counts(redemption) else 0
    amounts = amounts_of(price, off, rate_ppm=facts.account.tax_rate_ppm, behavior=terms.offer.tax_behavior)
    if left == whole_seconds:
        return Line(terms.name, terms.quantity, terms.offer.unit_minor, amounts, period)
    return Line(terms.name, 1, price, amounts, period)


def _discount(facts: Facts) -> Discount:
    return Discount(facts.account.percent_off_ppm, facts.account.amount_off_minor)


def _credit(charge: Amounts, credited_minor: int, unused: Unused) -> Amounts:
    """A negative line. Its tax is the unused time's, as far as neither the net nor the tax of the whole bill falls below zero."""
    tax = share(unused.tax_minor, credited_minor, unused.total_minor)
    net = charge.subtotal_minor - charge.discount_minor
    tax = min(max(tax, credited_minor - net), charge.tax_minor)
    return Amounts(tax - credited_minor, 0, -tax)


def _credited(facts: Facts, bill: Bill) -> Bill:
    """The customer's credit pays first."""
    available = max(facts.account.balance_minor, 0)
    return replace(bill, credited_minor=min(available, bill.total_minor))
