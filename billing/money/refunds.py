"""Money that goes back: how reports of it become refunds, what a refund takes from, and what follows for what the payment had paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from billing.states import RefundReason, RefundStatus

# The bank takes these back: what they paid is owed again. The others the merchant gives back, and does not ask for again.
BY_THE_BANK = frozenset({RefundReason.DISPUTE, RefundReason.RETURNED})

# How much a status knows. A report that knows less than what is written down is old.
KNOWS = {RefundStatus.PENDING: 0, RefundStatus.SUCCEEDED: 1, RefundStatus.FAILED: 2, RefundStatus.REVERSED: 2}
COUNTS = (RefundStatus.PENDING, RefundStatus.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Report:
    """What a processor reports of a refund. Without a `reference` it is how much the merchant has given back of the payment in all."""

    reference: str | None
    amount_minor: int
    status: str = RefundStatus.SUCCEEDED
    reason: str = RefundReason.REQUESTED


@dataclass(frozen=True, slots=True)
class Recorded:
    """A refund as it is written down; `id` is None for one that is new. `is_awaiting`: the processor has carried it out, and it is not applied.

    `split_from`: the refund without a reference that this one is a part of, until it is written down.
    """

    id: str | None
    reference: str | None
    amount_minor: int
    reason: str
    status: str
    created_at: datetime
    is_awaiting: bool = False
    split_from: str | None = None

    @property
    def is_by_the_bank(self) -> bool:
        return self.reason in BY_THE_BANK

    @property
    def reported(self) -> str:
        """The status that the processor reported."""
        return RefundStatus.SUCCEEDED if self.is_awaiting else self.status


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """A part of a payment: for an invoice, for an installment, for both at once, or with neither for the customer's credit."""

    invoice_id: str | None
    installment_id: str | None
    amount_minor: int


class RefundableInvoice(Protocol):
    """An invoice that a refund takes from. `applied_minor` is the balance credit that pays for it, `given_minor` what its credit notes say was paid back,
    `failed_minor` what they grant because it could not be paid back.
    """

    @property
    def total_minor(self) -> int: ...
    @property
    def paid_minor(self) -> int: ...
    @property
    def remaining_minor(self) -> int: ...
    @property
    def refunded_minor(self) -> int: ...
    @property
    def noted_minor(self) -> int: ...
    @property
    def given_minor(self) -> int: ...
    @property
    def failed_minor(self) -> int: ...
    @property
    def applied_minor(self) -> int: ...


def recorded(payment_minor: int, known: Sequence[Recorded], report: Report, *, now: datetime) -> list[Recorded]:
    """The refunds of a payment that are new or changed after a report, in whatever order reports come and however often. More than was paid is left out."""
    if report.reference is None:
        return _new(payment_minor, known, replace(report, amount_minor=report.amount_minor - _in_total(known)), now=now)
    same = [one for one in known if report.reference in (one.reference, one.id)]
    if not same and report.reason not in BY_THE_BANK:
        same = _parts(known, report)
    changed = [_after(payment_minor, known, one, report) for one in same]
    if any(report.reference in (one.reference, one.id) for one in known):
        return [one for one in changed if one not in known]
    left = report.amount_minor - sum(one.amount_minor for one in same)
    rest = [one for one in known if one.id not in {part.split_from or part.id for part in same}]
    shrunk = _shrunk(known, changed)
    return [*shrunk, *changed, *_new(payment_minor, [*rest, *shrunk, *changed], replace(report, amount_minor=left), now=now)]


def room(payment_minor: int, known: Iterable[Recorded]) -> int:
    """What of a payment has not gone back."""
    return payment_minor - sum(one.amount_minor for one in known if one.status in COUNTS)


def taken(amount_minor: int, sources: Iterable[PaymentPart], open_for_notes: Mapping[str | None, int] | None) -> list[PaymentPart]:
    """What a refund takes from: `sources` in their order, which is the payment's credit first, and then what it paid from the newest to the oldest.

    `open_for_notes` limits what is taken from an invoice to what its credit notes may still be over; the rest was credited before, and is taken from the customer's credit.
    """
    left, limits, parts = amount_minor, dict(open_for_notes or {}), []
    for source in sources:
        limit = limits.get(source.invoice_id, left) if source.invoice_id else left
        minor = min(left, source.amount_minor, limit)
        if minor > 0:
            parts.append(replace(source, amount_minor=minor))
            left -= minor
            if source.invoice_id in limits:
                limits[source.invoice_id] -= minor
    return [*parts, PaymentPart(None, None, left)] if left else parts


def less(sources: Iterable[PaymentPart], parts: Iterable[PaymentPart]) -> list[PaymentPart]:
    """What is left of `sources` when `parts`, taken in their order, are gone."""
    gone = sum(part.amount_minor for part in parts)
    left = []
    for source in sources:
        minor = max(source.amount_minor - gone, 0)
        gone -= source.amount_minor - minor
        if minor:
            left.append(replace(source, amount_minor=minor))
    return left


def granted(invoice: RefundableInvoice, refunded_minor: int) -> int:
    """What of the credit that pays for an invoice becomes credit again with a refund: all of it, when the merchant has given back everything else that paid.

    What could not be paid back counts as given back: it became the customer's credit. While something is still owed, a refund takes only its amount off that.
    """
    is_taken_by_a_bank = invoice.refunded_minor > invoice.given_minor
    is_all = invoice.paid_minor - invoice.failed_minor == refunded_minor and not invoice.remaining_minor
    if not is_all or is_taken_by_a_bank:
        return 0
    return min(invoice.applied_minor, invoice.total_minor - invoice.noted_minor - refunded_minor)


def waived(taken_minor: int, credit_minor: int, account_minor: int) -> int:
    """What of money that the merchant gives back, taken from the account, had paid what was owed there: it is not asked for again.

    `credit_minor` of the payment is on the account, `account_minor` of that paid what was owed; what had become credit goes back first.
    """
    surplus = max(credit_minor - account_minor, 0)
    return min(max(min(taken_minor, credit_minor) - surplus, 0), account_minor)


def _in_total(known: Iterable[Recorded]) -> int:
    """What a total explains: also what failed, because a total of before the failure includes it and may come after it."""
    return sum(one.amount_minor for one in known if not one.is_by_the_bank and (one.status in COUNTS or one.status == RefundStatus.FAILED))


def _parts(known: Sequence[Recorded], report: Report) -> list[Recorded]:
    """What was reported without references of the refund that a report is about; one of the same amount first."""
    left, parts = report.amount_minor, []
    for one in sorted(_anonymous(known), key=lambda one: one.amount_minor != report.amount_minor):
        if one.amount_minor <= left:
            parts.append(one)
        elif left > 0:
            parts.append(replace(one, id=None, amount_minor=left, split_from=one.id))
        left -= min(left, one.amount_minor)
    return parts


def _after(payment_minor: int, known: Sequence[Recorded], refund: Recorded, report: Report) -> Recorded:
    after = _advanced(replace(refund, reference=report.reference), report.status)
    return _limited(after, payment_minor - _undone(one for one in known if one.id not in (refund.id, refund.split_from)))


def _shrunk(known: Sequence[Recorded], parts: Sequence[Recorded]) -> list[Recorded]:
    """What is left of the refunds without a reference that parts were split from."""
    split = {part.split_from: part.amount_minor for part in parts if part.split_from}
    return [replace(one, amount_minor=one.amount_minor - split[one.id]) for one in known if one.id in split]


def _advanced(refund: Recorded, status: str) -> Recorded:
    return _reported(refund, status) if KNOWS[RefundStatus(status)] > KNOWS[RefundStatus(refund.reported)] else refund


def _reported(refund: Recorded, status: str) -> Recorded:
    """What has been carried out is PENDING until it is applied."""
    is_done = status == RefundStatus.SUCCEEDED
    return replace(refund, status=RefundStatus.PENDING if is_done else RefundStatus(status), is_awaiting=is_done)


def _limited(refund: Recorded, left_minor: int) -> Recorded:
    """What is carried out after a bank took money back is at most what that left; with nothing left it failed."""
    if not refund.is_awaiting or refund.amount_minor <= left_minor:
        return refund
    return replace(refund, amount_minor=left_minor) if left_minor > 0 else replace(refund, status=RefundStatus.FAILED, is_awaiting=False)


def _undone(known: Iterable[Recorded]) -> int:
    """What has gone back for certain. A bank does not wait for a refund that is under way, and such a refund often fails then."""
    return sum(one.amount_minor for one in known if one.reported == RefundStatus.SUCCEEDED)


def _anonymous(known: Sequence[Recorded]) -> list[Recorded]:
    return [one for one in known if one.reference is None and not one.is_by_the_bank and one.status in COUNTS]


def _new(payment_minor: int, known: Sequence[Recorded], report: Report, *, now: datetime) -> list[Recorded]:
    counts = report.status in COUNTS
    left = payment_minor - _undone(known) if report.reason in BY_THE_BANK else room(payment_minor, known)
    amount = min(report.amount_minor, left) if counts else report.amount_minor
    refund = Recorded(None, report.reference, amount, report.reason, RefundStatus.PENDING, now)
    return [_reported(refund, report.status)] if amount > 0 else []
