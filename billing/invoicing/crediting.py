"""The credit note that staff write: what it credits line by line, and how its total is split.

The total first lowers what remains of the invoice. The rest was paid, so it goes back: `refund` by the processor, `toBalance` as the customer's credit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.money.money import decimal_text, share
from billing.money.notes import NoteLine, RemainingAmounts, part_of
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import CreditableInvoice, CreditableLine, PayingPayment

MAX_NOTE_LINES = 200


@dataclass(frozen=True, slots=True)
class LineCredit:
    """A credit of a line of the invoice; without an amount, of all that is left of it. Amounts are with tax."""

    line_id: str
    amount_minor: int | None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CreditSplit:
    """The parts of a credit note: what is no longer owed, what the processor pays back, and what becomes credit. Together they are its total."""

    released_minor: int
    refunded_minor: int
    granted_minor: int

    @property
    def total_minor(self) -> int:
        return self.released_minor + self.refunded_minor + self.granted_minor


def left_of(invoice: CreditableInvoice) -> RemainingAmounts:
    """Return the net and the tax that credit notes may still credit."""
    net = invoice.total_minor - invoice.tax_minor - (invoice.noted_minor - invoice.noted_tax_minor)
    return RemainingAmounts(net, invoice.tax_minor - invoice.noted_tax_minor)


def amount_line(invoice: CreditableInvoice, amount_minor: int | None, description: str) -> NoteLine:
    """Return the one line of a credit of an amount with tax, by default of all that is left. The tax is the same part of the tax as the amount is of the total."""
    left = left_of(invoice)
    wanted = left.total_minor if amount_minor is None else amount_minor
    _check_room(wanted, left.total_minor, invoice.currency, "amount")
    part = part_of(left, wanted)
    return NoteLine(description, part.net_minor, part.tax_minor)


def credited_lines(invoice: CreditableInvoice, lines: Mapping[str, CreditableLine], credits: Sequence[LineCredit]) -> tuple[NoteLine, ...]:
    """Return the lines of a credit of lines of the invoice. Raises Refused for more than was billed and not credited, of a line and of the whole invoice."""
    if not 1 <= len(credits) <= MAX_NOTE_LINES:
        raise Refused(ErrorCode.INVALID_VALUE, f"A credit note has 1 to {MAX_NOTE_LINES} lines.", "lines")
    rows = []
    seen: set[str] = set()
    for place, credit in enumerate(credits):
        field = f"lines.{place}"
        if credit.line_id in seen:
            raise Refused(ErrorCode.INVALID_VALUE, "A line of the invoice is credited once on a credit note.", f"{field}.lineId")
        seen.add(credit.line_id)
        rows.append(_credited_line(invoice, lines.get(credit.line_id), credit, field))
    left = left_of(invoice)
    _check_room(sum(row.total_minor for row in rows), left.total_minor, invoice.currency, "lines")
    if sum(row.tax_minor for row in rows) > left.tax_minor or sum(row.net_minor for row in rows) > left.net_minor:
        message = "Earlier credit notes took net or tax of these lines without naming them. Send an amount instead of lines."
        raise Refused(ErrorCode.AMOUNT_TOO_HIGH, message, "lines")
    return tuple(rows)


def split(total_minor: int, invoice: CreditableInvoice, *, refund_minor: int | None, balance_minor: int | None) -> CreditSplit:
    """Return the parts of a credit note. Without both amounts, all that was paid becomes credit; with one of them, it must be all. Raises Refused."""
    released = min(total_minor, invoice.remaining_minor)
    rest = total_minor - released
    if refund_minor is None and balance_minor is None:
        return CreditSplit(released, 0, rest)
    refund, balance = refund_minor or 0, balance_minor or 0
    if refund + balance != rest:
        amounts = [decimal_text(minor, invoice.currency) for minor in (total_minor, released, rest)]
        message = f"The credit note is over {amounts[0]} {invoice.currency}. It lowers what remains by {amounts[1]}, so `refund` and `toBalance` must be {amounts[2]} together."
        raise Refused(ErrorCode.INVALID_VALUE, message, "refund" if refund_minor is not None else "toBalance")
    return CreditSplit(released, refund, balance)


def later_split(total_minor: int, refunded_minor: int, remaining_minor: int) -> CreditSplit:
    """Return the parts when the refund has succeeded: the invoice may have been paid since, and then less of it is released and more becomes credit."""
    released = min(total_minor - refunded_minor, remaining_minor)
    return CreditSplit(released, refunded_minor, total_minor - refunded_minor - released)


def paying_payment(payments: Sequence[PayingPayment], refund_minor: int, currency: str, payment_id: str | None) -> PayingPayment:
    """Return the payment of the invoice that is paid back: the one with the id, or else the newest that paid enough of it. Raises Refused.

    One refund is one request to the processor, so that it succeeds or fails as a whole.
    """
    named = [one for one in payments if payment_id in (None, one.payment_id)]
    if payment_id is not None and not named:
        raise Refused(ErrorCode.NOT_FOUND, "No such payment paid this invoice.", "paymentId")
    for payment in named:
        if payment.refundable_minor >= refund_minor:
            return payment
    most = decimal_text(max((one.refundable_minor for one in named), default=0), currency)
    raise Refused(ErrorCode.AMOUNT_TOO_HIGH, f"One payment can give back at most {most} {currency} of what it paid of this invoice.", "refund")


def _credited_line(invoice: CreditableInvoice, line: CreditableLine | None, credit: LineCredit, field: str) -> NoteLine:
    if line is None:
        raise Refused(ErrorCode.NOT_FOUND, "The invoice has no such line.", f"{field}.lineId")
    left = RemainingAmounts(line.net_minor - line.credited_net_minor, line.tax_minor - line.credited_tax_minor)
    wanted = left.total_minor if credit.amount_minor is None else credit.amount_minor
    _check_room(wanted, left.total_minor, invoice.currency, f"{field}.amount")
    tax = share(left.tax_minor, wanted, left.total_minor)
    return NoteLine(credit.description or line.description, wanted - tax, tax, line_id=line.id, tax_rate_ppm=line.tax_rate_ppm)


def _check_room(wanted_minor: int, left_minor: int, currency: str, field: str) -> None:
    if left_minor <= 0:
        raise Refused(ErrorCode.AMOUNT_TOO_HIGH, "All of it was credited already.", field)
    if wanted_minor > left_minor:
        raise Refused(ErrorCode.AMOUNT_TOO_HIGH, f"At most {decimal_text(left_minor, currency)} {currency} can still be credited.", field)
