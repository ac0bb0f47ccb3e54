"""Refunds from any source: recorded when they are reported, and applied when their payment has settled. Both run under the customer's lock, in one transaction.

Applying a refund reduces what its payment paid. A refund that fails later, and a dispute that is won, are put back.
"""

import logging
from dataclasses import dataclass
from typing import Any

from billing.money.refunds import PaymentPart, Recorded, Report, less, recorded, taken
from billing.rows.money.refunds import RecordedRefund, RefundedPayment
from billing.states import PaymentStatus, RefundReason, RefundStatus
from db.unit_of_work import Transaction
from resolvers.changes.letter_causes import refund_paid
from resolvers.changes.refund_rows import RefundScope, allocation_row, back_rows, freed_rows, is_by_the_bank, noted_parts, refund_row, taken_rows
from resolvers.changes.saving import Changes, as_json, save
from resolvers.changes.writing import WriteContext
from resolvers.charges import dunning

logger = logging.getLogger("portico.payments")

SETTLED = (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED)


@dataclass(frozen=True, slots=True)
class ReversedPayment:
    """An invoice that is owed again, and the method that had paid it."""

    invoice_id: str
    payment_method_id: str | None


async def record(transaction: Transaction, payment_id: str, report: Report, *, by: WriteContext) -> None:
    """Record a processor's report about a refund of a payment, and apply it if the payment has settled."""
    await transaction.run("customers.lock")
    payment: RefundedPayment = await transaction.first("refunds.payment", key=payment_id)
    known = [_recorded(row) for row in await transaction.run("refunds.recorded", key=payment_id)]
    changed = recorded(payment.amount_minor, known, report, now=by.now)
    if not changed:
        logger.info("a report of a refund changes nothing", extra={"payment": payment_id, "refund": report.reference, "amount_minor": report.amount_minor})
        return
    rows = [refund_row(one, payment.currency, by=by) for one in changed]
    await transaction.run("refunds.save", key=payment_id, rows=as_json(rows))
    for row in rows:
        if row["split_from"]:
            await _split(transaction, row, by=by)
    await apply(transaction, payment_id, by=by)


async def apply(transaction: Transaction, payment_id: str, *, by: WriteContext) -> None:
    """Apply every completed refund of a payment, and put back each applied one that failed or was reversed. Does nothing before the payment has settled."""
    payment: RefundedPayment = await transaction.first("refunds.payment", key=payment_id)
    if payment.status not in SETTLED:
        return
    for refund in await transaction.run("refunds.recorded", key=payment_id):
        if refund.is_awaiting:
            await _take(transaction, payment, refund, by=by)
        elif refund.is_applied and refund.status in (RefundStatus.FAILED, RefundStatus.REVERSED):
            await _put_back(transaction, payment, refund, by=by)


async def _take(transaction: Transaction, payment: RefundedPayment, refund: RecordedRefund, *, by: WriteContext) -> None:
    (now_paid,) = await transaction.run("refunds.payment", key=payment.payment_id)
    sources = [PaymentPart(row.invoice_id, row.installment_id, row.amount_minor) for row in await transaction.run("refunds.sources", key=payment.payment_id)]
    touched = await _touched(transaction, now_paid, refund, sources)
    limits = None if is_by_the_bank(refund) else touched.open_for_notes()
    parts = taken(refund.amount_minor, [PaymentPart(None, None, max(now_paid.credit_minor, 0)), *sources], limits)
    succeeded = refund_row(_recorded(refund), payment.currency, by=by) | {"status": RefundStatus.SUCCEEDED, "is_awaiting": False, "settled_at": by.now}
    await transaction.run("refunds.save", key=payment.payment_id, rows=as_json([succeeded]))
    await _write(transaction, touched, taken_rows(touched, parts, by=by), minor=refund.amount_minor)
    if is_by_the_bank(refund):
        await _owed_again(transaction, touched, sorted({part.invoice_id for part in parts if part.invoice_id}), by=by)
    else:
        await save(transaction, refund_paid(refund.id))


async def _put_back(transaction: Transaction, payment: RefundedPayment, refund: RecordedRefund, *, by: WriteContext) -> None:
    rows = await transaction.run("refunds.taken", key=refund.id)
    parts = [PaymentPart(row.invoice_id, row.installment_id, row.amount_minor) for row in rows]
    touched = await _touched(transaction, payment, refund, parts)
    notes = noted_parts(parts, await transaction.run("refunds.notes", key=refund.id))
    await transaction.run("refunds.give_back", key=refund.id)
    await transaction.run("refunds.grant", rows=as_json([{"id": note.id, "minor": note.refunded_minor} for note in notes]))
    changes = back_rows(touched, parts, notes, by=by)
    for row in changes.pop("surplus", []):
        await _leave_allocation(transaction, payment, row, by=by)
    await _write(transaction, touched, changes, minor=-refund.amount_minor)
    if is_by_the_bank(refund):
        now_touched = await _touched(transaction, payment, refund, parts)
        await _write(transaction, now_touched, freed_rows(now_touched, by=by), minor=0)
    await dunning.lift_paid(transaction, by=by)


async def _split(transaction: Transaction, row: dict[str, Any], *, by: WriteContext) -> None:
    """Move the allocations of a refund that was part of another from that one to it. Issued credit notes do not change."""
    taken_before = await transaction.run("refunds.taken", key=row["split_from"])
    sources = [PaymentPart(one.invoice_id, one.installment_id, one.amount_minor) for one in taken_before]
    if not sources:
        return
    await transaction.run("refunds.give_back", key=row["split_from"])
    moved = taken(row["amount_minor"], sources, None)
    for refund_id, parts in ((row["id"], moved), (row["split_from"], less(sources, moved))):
        await transaction.run("refunds.take", key=refund_id, rows=as_json([allocation_row(part, row["currency"], by=by) for part in parts]))


async def _touched(transaction: Transaction, payment: RefundedPayment, refund: RecordedRefund, parts: list[PaymentPart]) -> RefundScope:
    """Return the current invoices and installments that a refund may change."""
    invoice_ids = sorted({part.invoice_id for part in parts if part.invoice_id})
    installment_ids = sorted({part.installment_id for part in parts if part.installment_id})
    invoices = await transaction.run("refunds.invoices", ids=invoice_ids) if invoice_ids else []
    installments = await transaction.run("refunds.installments", ids=installment_ids, invoice_ids=invoice_ids) if parts else []
    return RefundScope(payment, refund, {row.id: row for row in invoices}, installments)


async def _write(transaction: Transaction, touched: RefundScope, changes: Changes, *, minor: int) -> None:
    await transaction.run("refunds.change_payment", key=touched.payment.payment_id, minor=minor)
    if changes.get("refund_allocation"):
        await transaction.run("refunds.take", key=touched.refund.id, rows=as_json(changes["refund_allocation"]))
    for kind in ("invoices", "installments", "schedules"):
        if changes.get(kind):
            await transaction.run(f"refunds.change_{kind}", rows=as_json(changes[kind]))
    documents = {kind: changes[kind] for kind in ("credit_note", "credit_note_line", "balance_entry") if changes.get(kind)}
    if documents:
        await save(transaction, documents)


async def _leave_allocation(transaction: Transaction, payment: RefundedPayment, part: dict[str, object], *, by: WriteContext) -> None:
    """Remove an amount from the allocation of an invoice or installment that has no remaining amount for it: it became credit."""
    for source in await transaction.run("refunds.sources", key=payment.payment_id):
        if (source.invoice_id, source.installment_id) == (part["invoice_id"], part["installment_id"]):
            await transaction.run("refunds.replace_allocation", key=source.id, replacement=by.new_id("alo"), minor=part["amount_minor"])


async def _owed_again(transaction: Transaction, touched: RefundScope, invoice_ids: list[str], *, by: WriteContext) -> None:
    """Report invoices that are owed again to dunning: a returned debit counts as one more failed try; a disputed invoice is not charged by the billing clock."""
    happened = dunning.returned if touched.refund.reason == RefundReason.RETURNED else dunning.disputed
    for invoice_id in invoice_ids:
        await happened(transaction, ReversedPayment(invoice_id, touched.payment.payment_method_id), by=by)


def _recorded(row: RecordedRefund) -> Recorded:
    return Recorded(row.id, row.reference, row.amount_minor, row.reason, row.status, row.created_at, row.is_awaiting)
