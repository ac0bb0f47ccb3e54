"""Refunds: how reports of a processor become refunds, the parts of a payment that a refund takes from, and the effects on what the payment had paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from billing.states import RefundReason, RefundStatus

# The bank takes these back, and what they paid is owed again. Money that the merchant gives back for the other reasons is not owed again.
BY_THE_BANK = frozenset({RefundReason.DISPUTE, RefundReason.RETURNED})

# The rank of a status. A report whose status has a lower rank than the recorded one is outdated.
RANK = {RefundStatus.PENDING: 0, RefundStatus.SUCCEEDED: 1, RefundStatus.FAILED: 2, RefundStatus.REVERSED: 2}
COUNTS = (RefundStatus.PENDING, RefundStatus.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Report:
    """A processor's report of a refund. `key` is our id of a refund that staff began here. Without `reference` and `key` its amount is the total that the merchant has
    given back of the payment."""

    reference: str | None
    amount_minor: int
    status: str = RefundStatus.SUCCEEDED
    reason: str = RefundReason.REQUESTED
    key: str | None = None

    def names(self, refund: "Recorded") -> bool:
        """Return whether the report is about this refund."""
        return (self.key is not None and self.key == refund.id) or (self.reference is not None and self.reference in (refund.reference, refund.id))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded refund; `id` is None for a new one. `is_awaiting`: the processor has carried it out, and it is not applied yet.

    `split_from`: the refund without a reference of which this one is a part, until it is written. `is_begun_here`: the processor knows our id of it.
    """

    id: str | None
    reference: str | None
    amount_minor: int
    reason: str
    status: str
    created_at: datetime
    is_awaiting: bool = False
    split_from: str | None = None
    is_begun_here: bool = False

    @property
    def is_by_the_bank(self) -> bool:
        return self.reason in BY_THE_BANK

    @property
    def reported(self) -> str:
        """Return the status that the processor reported."""
        return RefundStatus.SUCCEEDED if self.is_awaiting else self.status


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """A part of a payment: for an invoice, an installment, both at once, or, with neither, the customer's credit."""

    invoice_id: str | None
    installment_id: str | None
    amount_minor: int


class RefundableInvoice(Protocol):
    """An invoice that a refund takes from. `applied_minor` is the balance credit that pays it, `paid_back_minor` the amount that its credit notes record as paid back,
    `failed_minor` the amount that they grant because it could not be paid back.
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
    def paid_back_minor(self) -> int: ...
    @property
    def failed_minor(self) -> int: ...
    @property
    def applied_minor(self) -> int: ...


def recorded(payment_minor: int, known: Sequence[Recorded], report: Report, *, now: datetime) -> list[Recorded]:
    """Return the refunds of a payment that are new or changed by a report. Reports may come in any order and repeatedly. An amount beyond the payment is ignored."""
    if report.reference is None and report.key is None:
        return _new(payment_minor, known, replace(report, amount_minor=report.amount_minor - _in_total(known)), now=now)
    same = [one for one in known if report.names(one)]
    if not same and report.reason not in BY_THE_BANK:
        same = _parts(known, report)
    changed = [_after(payment_minor, known, one, report) for one in same]
    if any(report.names(one) for one in known):
        return [one for one in changed if one not in known]
    left = report.amount_minor - sum(one.amount_minor for one in same)
    rest = [one for one in known if one.id not in {part.split_from or part.id for part in same}]
    shrunk = _shrunk(known, changed)
    return [*shrunk, *changed, *_new(payment_minor, [*rest, *shrunk, *changed], replace(report, amount_minor=left), now=now)]


def room(payment_minor: int, known: Iterable[Recorded]) -> int:
    """Return the part of a payment that has not been refunded."""
    return payment_minor - sum(one.amount_minor for one in known if one.status in COUNTS)


def taken(amount_minor: int, sources: Iterable[PaymentPart], open_for_notes: Mapping[str | None, int] | None) -> list[PaymentPart]:
    """Return the parts that a refund takes: from `sources` in their order, which is the payment's credit first, and then what it paid from the newest to the oldest.

    `open_for_notes` limits the part of an invoice to the amount that its credit notes may still have; the rest was credited before, and is taken from the customer's credit.
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
    """Return what is left of `sources` after `parts` were taken in their order."""
    gone = sum(part.amount_minor for part in parts)
    left = []
    for source in sources:
        minor = max(source.amount_minor - gone, 0)
        gone -= source.amount_minor - minor
        if minor:
            left.append(replace(source, amount_minor=minor))
    return left


def granted(invoice: RefundableInvoice, refunded_minor: int) -> int:
    """Return the part of the credit that pays an invoice which a refund turns into credit again: all of it, if the merchant has given back everything else that paid.

    An amount that could not be paid back counts as given back: it became the customer's credit. While the invoice has a remainder, nothing becomes credit again.
    """
    is_taken_by_a_bank = invoice.refunded_minor > invoice.paid_back_minor
    is_all = invoice.paid_minor - invoice.failed_minor == refunded_minor and not invoice.remaining_minor
    if not is_all or is_taken_by_a_bank:
        return 0
    return min(invoice.applied_minor, invoice.total_minor - invoice.noted_minor - refunded_minor)


def waived(taken_minor: int, credit_minor: int, account_minor: int) -> int:
    """Return the part of a refund by the merchant, taken from the account, that had paid a debt there: that debt is waived.

    `credit_minor` of the payment is on the account, `account_minor` of that paid a debt; the part that had become credit is refunded first.
    """
    surplus = max(credit_minor - account_minor, 0)
    return min(max(min(taken_minor, credit_minor) - surplus, 0), account_minor)


def _in_total(known: Iterable[Recorded]) -> int:
    """Return the amount that a reported total includes: also failed refunds, because a total from before the failure includes them and may arrive after it."""
    return sum(one.amount_minor for one in known if not one.is_by_the_bank and (one.status in COUNTS or one.status == RefundStatus.FAILED))


def _parts(known: Sequence[Recorded], report: Report) -> list[Recorded]:
    """Return the refunds without a reference that belong to the reported refund; one of the same amount first."""
    left, parts = report.amount_minor, []
    for one in sorted(_anonymous(known), key=lambda one: one.amount_minor != report.amount_minor):
        if one.amount_minor <= left:
            parts.append(one)
        elif left > 0:
            parts.append(replace(one, id=None, amount_minor=left, split_from=one.id))
        left -= min(left, one.amount_minor)
    return parts


def _after(payment_minor: int, known: Sequence[Recorded], refund: Recorded, report: Report) -> Recorded:
    after = _advanced(replace(refund, reference=report.reference or refund.reference), report.status)
    return _limited(after, payment_minor - _undone(one for one in known if one.id not in (refund.id, refund.split_from)))


def _shrunk(known: Sequence[Recorded], parts: Sequence[Recorded]) -> list[Recorded]:
    """Return the rest of the refunds without a reference from which parts were split."""
    split = {part.split_from: part.amount_minor for part in parts if part.split_from}
    return [replace(one, amount_minor=one.amount_minor - split[one.id]) for one in known if one.id in split]


def _advanced(refund: Recorded, status: str) -> Recorded:
    return _reported(refund, status) if RANK[RefundStatus(status)] > RANK[RefundStatus(refund.reported)] else refund


def _reported(refund: Recorded, status: str) -> Recorded:
    """Return a refund with a reported status. A refund that was carried out is PENDING until it is applied."""
    is_done = status == RefundStatus.SUCCEEDED
    return replace(refund, status=RefundStatus.PENDING if is_done else RefundStatus(status), is_awaiting=is_done)


def _limited(refund: Recorded, left_minor: int) -> Recorded:
    """Limit a refund that was carried out to the amount that the bank has not taken back; if nothing is left it failed."""
    if not refund.is_awaiting or refund.amount_minor <= left_minor:
        return refund
    return replace(refund, amount_minor=left_minor) if left_minor > 0 else replace(refund, status=RefundStatus.FAILED, is_awaiting=False)


def _undone(known: Iterable[Recorded]) -> int:
    """Return the amount that was certainly refunded. A bank does not wait for a refund under way, which often fails then."""
    return sum(one.amount_minor for one in known if one.reported == RefundStatus.SUCCEEDED)


def _anonymous(known: Sequence[Recorded]) -> list[Recorded]:
    """Return the refunds that are known only by their amount. The report of one that was begun here names it."""
    return [one for one in known if one.reference is None and not one.is_by_the_bank and not one.is_begun_here and one.status in COUNTS]


def _new(payment_minor: int, known: Sequence[Recorded], report: Report, *, now: datetime) -> list[Recorded]:
    counts = report.status in COUNTS
    left = payment_minor - _undone(known) if report.reason in BY_THE_BANK else room(payment_minor, known)
    amount = min(report.amount_minor, left) if counts else report.amount_minor
    refund = Recorded(None, report.reference, amount, report.reason, RefundStatus.PENDING, now)
    return [_reported(refund, report.status)] if amount > 0 else []
