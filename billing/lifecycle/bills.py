"""The price of a period or the rest of one: lines, discount, credit for unused time, and the part that the customer's balance pays."""

from dataclasses import replace
from datetime import date, timedelta

from billing.lifecycle.facts import InvoiceDraft, Redemption, SubscriptionFacts, Terms
from billing.lifecycle.unused import UnusedTime, notes_over, rate_of, taken_up, unused_time
from billing.money.charges import Amounts, Discount, Line, amounts_of
from billing.money.money import share
from billing.money.notes import IssuedCreditNote
from billing.money.wording import Wording, WordingKind
from billing.periods import BillingPeriod
from billing.rows.contracts import Contract

# Days until an invoice of the billing clock is overdue. An invoice that is charged while the customer waits is due the same day.
DAYS_TO_PAY = 14

# Stands for the id of a redemption that is not written yet.
NEW = "new"


def due_on(facts: SubscriptionFacts, *, is_waiting: bool) -> date:
    return facts.today_on if is_waiting else facts.today_on + timedelta(days=DAYS_TO_PAY)


def period_bill(facts: SubscriptionFacts, period: BillingPeriod, *, reason: str, is_waiting: bool) -> tuple[InvoiceDraft, Redemption | None]:
    """Return the bill for a whole period, less the running coupon, and the coupon after it."""
    redemption = used(facts, period)
    line = _line(facts, facts.terms, redemption, period=period, whole_seconds=period.seconds)
    return _credited(facts, InvoiceDraft(reason, period, (line,), due_on(facts, is_waiting=is_waiting), is_waiting)), redemption


def change_bill(
    facts: SubscriptionFacts, terms: Terms, *, period: BillingPeriod, whole_seconds: int
) -> tuple[InvoiceDraft, UnusedTime, tuple[IssuedCreditNote, ...], Redemption | None]:
    """Return the bill for the rest of a period at another price, less the unused time at the old price, and the credit notes for the unused time that the bill does not use."""
    unused = unused_time(facts)
    redemption = used(facts, period)
    line = _line(facts, terms, redemption, period=period, whole_seconds=whole_seconds)
    remaining, unused_words = Wording(WordingKind.REMAINING_TIME, line.description), Wording(WordingKind.UNUSED_TIME, facts.terms.name)
    charge = replace(line, description=remaining.english, wording=remaining)
    credit = taken_up(unused, charge.amounts)
    amounts = Amounts(-credit.net_minor, 0, -credit.tax_minor)
    credited = Line(unused_words.english, 1, -credit.total_minor, amounts, period, rate_of(unused, credit), unused_words)
    notes = notes_over(unused, credit, unused_words, BillingPeriod(facts.now, facts.account.coverage_ends_at or period.ends_at))
    lines = (credited, charge) if credit.total_minor else (charge,)
    bill = InvoiceDraft("PLAN_CHANGE", period, lines, due_on(facts, is_waiting=True), True)
    return _credited(facts, bill, granted_minor=sum(note.granted_minor for note in notes)), unused, notes, redemption


def renewal_minor(facts: SubscriptionFacts, terms: Terms, redemption: Redemption | None) -> int:
    """Return the price of the next renewal: a whole period, with the coupon if it is still valid then, at the price to which the merchant moves the subscription."""
    terms = facts.renewed(terms)
    lasts = redemption is not None and not redemption.is_ended and redemption.periods_left != 0
    discount = _discount(facts).of(terms.price_minor, 1, 1) if lasts else 0
    return amounts_of(terms.price_minor, discount, rate_ppm=facts.account.tax_rate_ppm, behavior=terms.offer.tax_behavior).total_minor


def retaxed(facts: SubscriptionFacts) -> Contract | None:
    """Return the subscription with the price of its next renewal at the account's rate; None if the price stays. What was billed before stays as it is."""
    price_minor = renewal_minor(facts, facts.coming_terms, running(facts))
    if price_minor == facts.contract.renewal_minor:
        return None
    return replace(facts.contract, renewal_minor=price_minor, version=facts.contract.version + 1)


def is_free(facts: SubscriptionFacts) -> bool:
    """Return whether all future periods cost nothing: by their price, or by a coupon without an end. Then no payment method is needed."""
    redemption = running(facts)
    lasts = redemption is not None and redemption.periods_left is None
    return renewal_minor(facts, facts.coming_terms, redemption if lasts else None) == 0


def running(facts: SubscriptionFacts) -> Redemption | None:
    account = facts.account
    if account.redemption_id is None or account.coupon_id is None:
        return None
    return Redemption(None if account.redemption_id == NEW else account.redemption_id, account.coupon_id, account.periods_left, account.used_until)


def used(facts: SubscriptionFacts, period: BillingPeriod) -> Redemption | None:
    """Return the running coupon after a bill for a period. The rest of a period for which it was used costs no further use; every other period costs one, and after the last use it ends."""
    redemption = running(facts)
    if redemption is None or redemption.used_until == period.ends_at:
        return redemption
    if redemption.periods_left == 0:
        return replace(redemption, is_ended=True)
    left = None if redemption.periods_left is None else redemption.periods_left - 1
    return replace(redemption, periods_left=left, used_until=period.ends_at)


def counts(redemption: Redemption | None) -> bool:
    return redemption is not None and not redemption.is_ended


def _line(facts: SubscriptionFacts, terms: Terms, redemption: Redemption | None, *, period: BillingPeriod, whole_seconds: int) -> Line:
    """Return the line for a period, or for the rest of a period of `whole_seconds`."""
    left = period.seconds
    price = share(terms.price_minor, left, whole_seconds)
    off = _discount(facts).of(price, left, whole_seconds) if counts(redemption) else 0
    amounts = amounts_of(price, off, rate_ppm=facts.account.tax_rate_ppm, behavior=terms.offer.tax_behavior)
    if left == whole_seconds:
        return Line(terms.name, terms.quantity, terms.offer.unit_minor, amounts, period, facts.account.tax_rate_ppm)
    return Line(terms.name, 1, price, amounts, period, facts.account.tax_rate_ppm)


def _discount(facts: SubscriptionFacts) -> Discount:
    return Discount(facts.account.percent_off_ppm, facts.account.amount_off_minor)


def _credited(facts: SubscriptionFacts, bill: InvoiceDraft, *, granted_minor: int = 0) -> InvoiceDraft:
    """Return the bill with the part that the customer's credit pays first, including the credit that is granted together with the bill."""
    available = max(facts.account.balance_minor + granted_minor, 0)
    return replace(bill, credited_minor=min(available, bill.total_minor))
