"""The rows that a refund changes: invoices, installments, schedules and the balance, and the credit notes that it issues."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from billing.money.notes import IssuedCreditNote, RemainingAmounts, note_line
from billing.money.refunds import BY_THE_BANK, PaymentPart, Recorded, granted, waived
from billing.money.wording import Wording, WordingKind
from billing.rows.money.refunds import RecordedRefund, RefundedInstallment, RefundedInvoice, RefundedPayment, RefundNote
from billing.states import InvoiceStatus, RefundReason, RefundStatus
from resolvers.changes.credit_notes import note_rows
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext


@dataclass(frozen=True, slots=True)
class RefundScope:
    """A refund, its payment, and the invoices and installments that it may change. The installments are ordered from the last due to the first."""

    payment: RefundedPayment
    refund: RecordedRefund
    invoices: Mapping[str, RefundedInvoice]
    installments: Sequence[RefundedInstallment]

    def open_for_notes(self) -> dict[str | None, int]:
        return open_for_notes(self.invoices.values())


def open_for_notes(invoices: Iterable[RefundedInvoice]) -> dict[str | None, int]:
    """Return the amount of each invoice that credit notes may still correct. A void invoice was never owed, so it has none."""
    return {one.id: one.total_minor - one.noted_minor for one in invoices if one.status != InvoiceStatus.VOID}


def is_by_the_bank(refund: RecordedRefund) -> bool:
    return refund.reason in BY_THE_BANK


def refund_row(refund: Recorded, currency: str, *, by: WriteContext) -> dict[str, Any]:
    return {
        "id": refund.id or by.new_id("ref"),
        "currency": currency,
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
        "status": refund.status,
        "reference": refund.reference,
        "is_awaiting": refund.is_awaiting,
        "split_from": refund.split_from,
        "created_at": refund.created_at,
        "settled_at": by.now if refund.status in (RefundStatus.SUCCEEDED, RefundStatus.REVERSED) else None,
    }


def allocation_row(part: PaymentPart, currency: str, *, by: WriteContext) -> dict[str, Any]:
    ids = {"id": by.new_id("rfa"), "invoice_id": part.invoice_id, "installment_id": part.installment_id}
    return ids | {"currency": currency, "amount_minor": part.amount_minor}


def noted_parts(parts: Iterable[PaymentPart], notes: Iterable[RefundNote]) -> list[RefundNote]:
    """Return the credit notes with the amounts of them that concern these parts."""
    left, noted = _by(parts, "invoice_id"), []
    for note in notes:
        minor = min(left[note.invoice_id], note.refunded_minor)
        if minor > 0:
            noted.append(replace(note, refunded_minor=minor))
            left[note.invoice_id] -= minor
    return noted


def taken_rows(touched: RefundScope, parts: Sequence[PaymentPart], *, by: WriteContext, note: IssuedCreditNote | None = None) -> Changes:
    """Return the changes of a refund: the paid amounts fall. What the merchant gave back is credited by a credit note, so that no more is owed; what a bank took back is
    owed again. `note` is the credit note that staff wrote for the refund, which is of one invoice."""
    changes: Changes = defaultdict(list)
    is_bank, sums = is_by_the_bank(touched.refund), _sums(parts)
    changes["refund_allocation"] = [allocation_row(part, touched.payment.currency, by=by) for part in sums]
    returned: Counter[str] = Counter()
    for invoice_id, minor in _by(sums, "invoice_id").items():
        invoice = touched.invoices[invoice_id]
        is_noted = not is_bank and invoice.status != InvoiceStatus.VOID
        changes["invoices"].append(_change(invoice_id, paid=-minor, credited=minor if is_noted else 0, refunded=minor))
        if is_noted:
            granted_minor = 0 if note else granted(invoice, minor)
            issued = note or _note(invoice, minor, granted_minor, touched.refund.id)
            for kind, rows in note_rows(issued, touched.payment.customer_id, invoice.currency, by=by).items():
                changes[kind] += rows
            returned.update(_credit_paid(touched, invoice_id, sums, granted_minor))
    paid_back = _by(sums, "installment_id")
    returned.update(_returned_alone(changes, touched, paid_back, by=by))
    for installment in touched.installments:
        minor, credit = paid_back[installment.id], returned[installment.id]
        if minor or credit:
            row = {"id": installment.id, "paid_minor": -minor - credit, "refunded_minor": 0 if is_bank else minor + credit}
            changes["installments"].append(row | {"has_failed": touched.refund.reason == RefundReason.RETURNED})
    for part in sums:
        if part.invoice_id is None and part.installment_id is None:
            changes["balance_entry"] += _from_account(touched, part.amount_minor, by=by)
    changes["schedules"] = _schedules(touched, changes["installments"])
    return changes


def back_rows(touched: RefundScope, parts: Sequence[PaymentPart], notes: Sequence[RefundNote], *, by: WriteContext) -> Changes:
    """Return the changes that put a refund back. Its credit notes stay: their amount that was not paid back becomes the customer's credit, and so does what exceeds the
    remaining amount of an invoice."""
    changes: Changes = defaultdict(list)
    noted: dict[str, int] = Counter()
    for note in notes:
        noted[note.invoice_id] += note.refunded_minor
    invoice_room = {one.id: one.remaining_minor for one in touched.invoices.values()}
    installment_room = {one.id: one.remaining_minor for one in touched.installments}
    is_bank = is_by_the_bank(touched.refund)
    for part in parts:
        if part.invoice_id is None and part.installment_id is None:
            changes["balance_entry"].append(_entry(touched, part.amount_minor, by=by))
            continue
        minor = part.amount_minor
        if is_bank:
            minor = min(minor, invoice_room.get(part.invoice_id or "", minor), installment_room.get(part.installment_id or "", minor))
            _use(invoice_room, part.invoice_id, minor)
            _use(installment_room, part.installment_id, minor)
        if minor < part.amount_minor:
            changes["surplus"].append({"invoice_id": part.invoice_id, "installment_id": part.installment_id, "amount_minor": part.amount_minor - minor})
            changes["balance_entry"].append(_entry(touched, part.amount_minor - minor, by=by) | {"kind": "OVERPAYMENT", "refund_id": None})
        if part.invoice_id is not None:
            credited = min(minor, noted.get(part.invoice_id, 0))
            _use(noted, part.invoice_id, credited)
            changes["invoices"].append(_change(part.invoice_id, paid=minor, credited=-credited, refunded=-part.amount_minor))
        if part.installment_id is not None:
            row = {"id": part.installment_id, "paid_minor": minor, "refunded_minor": 0 if is_bank else -minor, "has_failed": False}
            changes["installments"].append(row)
    for note in notes:
        entry = _entry(touched, note.refunded_minor, by=by) | {"kind": "CREDIT_NOTE", "credit_note_id": note.id, "payment_id": None, "refund_id": None}
        changes["balance_entry"].append(entry | {"description": "Could not be paid back"})
    changes["schedules"] = _schedules(touched, changes["installments"])
    changes["invoices"] = _merged(changes["invoices"])
    return changes


def freed_rows(touched: RefundScope, *, by: WriteContext) -> Changes:
    """Return the changes after a won dispute. Where all payments of an invoice were refunded, the credit that paid the rest becomes credit again, as with a refund."""
    changes: Changes = defaultdict(list)
    returned: Counter[str] = Counter()
    for invoice in touched.invoices.values():
        minor = granted(invoice, 0) if invoice.paid_back_minor + invoice.failed_minor and invoice.status != InvoiceStatus.VOID else 0
        if minor > 0:
            note = _note(invoice, 0, minor, touched.refund.id)
            for kind, rows in note_rows(note, touched.payment.customer_id, invoice.currency, by=by).items():
                changes[kind] += rows
            returned.update(_credit_paid(touched, invoice.id, (), minor))
    changes["installments"] = [{"id": one, "paid_minor": -minor, "refunded_minor": minor, "has_failed": False} for one, minor in returned.items()]
    changes["schedules"] = _schedules(touched, changes["installments"])
    return changes


def _note(invoice: RefundedInvoice, minor: int, granted_minor: int, refund_id: str) -> IssuedCreditNote:
    left = RemainingAmounts(
        invoice.total_minor - invoice.tax_minor - (invoice.noted_minor - invoice.noted_tax_minor), invoice.tax_minor - invoice.noted_tax_minor
    )
    line = note_line(left, minor + granted_minor, Wording(WordingKind.REFUND, invoice.number))
    return IssuedCreditNote(invoice.id, "REFUND", (line,), granted_minor=granted_minor, refunded_minor=minor, refund_id=refund_id)


def _credit_paid(touched: RefundScope, invoice_id: str, taken: Iterable[PaymentPart], granted_minor: int) -> Counter[str]:
    """Return the amount by installment that credit had paid and that becomes credit again."""
    left, returned, back = granted_minor, Counter[str](), _by(taken, "installment_id")
    for one in touched.installments:
        minor = min(left, one.paid_minor - back[one.id]) if one.invoice_id == invoice_id else 0
        if minor > 0:
            returned[one.id] += minor
            left -= minor
    return returned


def _returned_alone(changes: Changes, touched: RefundScope, paid_back: Mapping[str, int], *, by: WriteContext) -> Counter[str]:
    """Return the credit that installments without an invoice give back: when all that was charged is refunded, the credit that paid the rest becomes credit again."""
    returned = Counter[str]()
    for one in touched.installments:
        minor = paid_back.get(one.id, 0)
        credit = one.paid_minor - one.allocated_minor
        is_all = minor and minor == one.allocated_minor and not one.disputed_minor and not is_by_the_bank(touched.refund)
        if one.invoice_id is None and is_all and credit > 0:
            returned[one.id] = credit
            entry = _entry(touched, credit, by=by) | {"kind": "ADJUSTMENT", "payment_id": None}
            changes["balance_entry"].append(entry | {"description": "Credit of a refunded installment"})
    return returned


def _from_account(touched: RefundScope, minor: int, *, by: WriteContext) -> list[dict[str, Any]]:
    """Return the balance entries of a refund of money that paid the account or had become credit. After the merchant's own refund the account's part is not owed again."""
    payment, entries = touched.payment, [_entry(touched, -minor, by=by)]
    if not is_by_the_bank(touched.refund) and (waived_minor := waived(minor, payment.credit_minor, payment.account_minor)):
        entries.append(_entry(touched, waived_minor, by=by) | {"kind": "ADJUSTMENT", "description": "Paid back, and not owed again"})
    return entries


def _schedules(touched: RefundScope, installments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    schedule_of = {one.id: one.schedule_id for one in touched.installments}
    paid, refunded = Counter[str](), Counter[str]()
    for row in installments:
        paid[schedule_of[row["id"]]] += row["paid_minor"]
        refunded[schedule_of[row["id"]]] += row["refunded_minor"]
    return [{"id": one, "paid_minor": paid[one], "refunded_minor": refunded[one]} for one in sorted({*paid, *refunded})]


def _sums(parts: Iterable[PaymentPart]) -> list[PaymentPart]:
    sums: Counter[tuple[str | None, str | None]] = Counter()
    for part in parts:
        sums[part.invoice_id, part.installment_id] += part.amount_minor
    return [PaymentPart(*key, minor) for key, minor in sums.items()]


def _by(parts: Iterable[PaymentPart], key: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for part in parts:
        if (identifier := getattr(part, key)) is not None:
            sums[identifier] += part.amount_minor
    return sums


def _merged(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each id, with the sum of its changes."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        sums[row["id"]].update({name: minor for name, minor in row.items() if name != "id"})
    return [{"id": identifier, **changes} for identifier, changes in sums.items()]


def _use(room: dict[str, int], identifier: str | None, minor: int) -> None:
    if identifier in room:
        room[identifier] -= minor


def _change(invoice_id: str, *, paid: int, credited: int, refunded: int) -> dict[str, Any]:
    return {"id": invoice_id, "paid_minor": paid, "credited_minor": credited, "refunded_minor": refunded}


def _entry(touched: RefundScope, minor: int, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": touched.payment.customer_id,
        "id": by.new_id("bal"),
        "created_at": by.now,
        "currency": touched.payment.currency,
        "amount_minor": minor,
        "kind": "REFUND",
        "description": "Paid back",
        "payment_id": touched.payment.payment_id,
        "refund_id": touched.refund.id,
    }
