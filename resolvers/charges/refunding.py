"""Refunds from any source: recorded when they are reported, and applied when their payment has settled. Both run under the customer's lock, in one transaction.

Applying a refund reduces what its payment paid. A refund that fails later, and a dispute that is won, are put back.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.money.refunds import PaymentPart, Recorded, Report, less, recorded, taken
from billing.refusals import ErrorCode
from billing.rows.money.invoicing import RefundRequestRow
from billing.rows.money.refunds import RecordedRefund, RefundedPayment
from billing.states import PaymentStatus, RefundReason, RefundStatus
from db.unit_of_work import Transaction
from resolvers.changes.drafted_notes import DraftedRefund, drafted, released_row
from resolvers.changes.letter_causes import refund_paid
from resolvers.changes.refund_rows import (
    RefundScope,
    allocation_row,
    back_rows,
    freed_rows,
    is_by_the_bank,
    noted_parts,
    open_for_notes,
    refund_row,
    taken_rows,
)
from resolvers.changes.saving import Changes, as_json, save
from resolvers.changes.writing import WriteContext
from resolvers.charges import dunning
from resolvers.idempotency import MutationCall, key_rows
from resolvers.reads.facts import RunBlock

logger = logging.getLogger("portico.payments")

DECLINED = "The processor refused the refund, and nothing was changed."
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
        await close_requests(transaction, payment_id, by=by)
        logger.info("a report of a refund changes nothing", extra={"payment": payment_id, "refund": report.reference, "amount_minor": report.amount_minor})
        return
    rows = [refund_row(one, payment.currency, by=by) for one in changed]
    await transaction.run("refunds.save", key=payment_id, rows=as_json(rows))
    for row in rows:
        if row["split_from"]:
            await _split(transaction, row, by=by)
    await apply(transaction, payment_id, by=by)
    await close_requests(transaction, payment_id, by=by)


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
    sources = await sources_of(transaction.run, payment.payment_id)
    touched = await _touched(transaction, now_paid, refund, sources)
    drafted = await _drafted(transaction, refund, touched, sources)
    limits = None if is_by_the_bank(refund) else touched.open_for_notes()
    credit = PaymentPart(None, None, max(now_paid.credit_minor, 0))
    parts = taken(refund.amount_minor, drafted.sources, None) if drafted else taken(refund.amount_minor, [credit, *sources], limits)
    succeeded = refund_row(_recorded(refund), payment.currency, by=by) | {"status": RefundStatus.SUCCEEDED, "is_awaiting": False, "settled_at": by.now}
    await transaction.run("refunds.save", key=payment.payment_id, rows=as_json([succeeded]))
    await _write(transaction, touched, taken_rows(touched, parts, by=by, note=drafted.note if drafted else None), minor=refund.amount_minor)
    if drafted and drafted.note.released_minor:
        await save(transaction, {"released": [released_row(drafted.note, by=by)]})
        await dunning.lift_paid(transaction, by=by)
    if is_by_the_bank(refund):
        await _owed_again(transaction, touched, sorted({part.invoice_id for part in parts if part.invoice_id}), by=by)
    else:
        await save(transaction, refund_paid(refund.id))


async def sources_of(run: RunBlock, payment_id: str) -> list[PaymentPart]:
    """Return what a payment paid and was not refunded, from the newest to the oldest."""
    return [PaymentPart(row.invoice_id, row.installment_id, row.amount_minor) for row in await run("refunds.sources", key=payment_id)]


async def preview_parts(run: RunBlock, payment_id: str, amount_minor: int) -> list[PaymentPart]:
    """Return the parts of a payment that a refund by the merchant would take now."""
    (payment,) = await run("refunds.payment", key=payment_id)
    sources = await sources_of(run, payment_id)
    invoice_ids = sorted({part.invoice_id for part in sources if part.invoice_id})
    invoices = await run("refunds.invoices", ids=invoice_ids) if invoice_ids else []
    return taken(amount_minor, [PaymentPart(None, None, max(payment.credit_minor, 0)), *sources], open_for_notes(invoices))


async def close_requests(transaction: Transaction, payment_id: str, *, by: WriteContext) -> None:
    """Store the answers of calls whose refunds of this payment have succeeded or failed."""
    for request in await transaction.run("refund_requests.decided", key=payment_id):
        await transaction.run("refund_requests.settle", key=request.refund_id)
        await save(transaction, answer_rows(request, await answer_of(transaction, request), by=by))


async def answer_of(transaction: Transaction, request: RefundRequestRow) -> dict[str, Any]:
    """Return the answer of the call that began a refund, by the state of the refund."""
    answer: dict[str, Any] = json.loads(request.answer)
    if request.status == RefundStatus.FAILED:
        return answer | {"refusal": {"code": ErrorCode.REFUND_DECLINED, "message": DECLINED}}
    notes = await transaction.run("refunds.notes", key=request.refund_id) if request.note else []
    return answer | ({"credit_note": notes[0].id} if notes else {})


def answer_rows(request: RefundRequestRow, answer: Mapping[str, Any], *, by: WriteContext, is_free: bool = False) -> Changes:
    """Return the rows that store the answer of the call that began a refund, or with `is_free` delete its key."""
    if request.key is None:
        return {}
    call = MutationCall(request.mutation, request.key, request.caller)
    return key_rows(call, is_free=is_free, answer=answer, finished_at=by.now, payment_id=request.refund_id)


async def _drafted(transaction: Transaction, refund: RecordedRefund, touched: RefundScope, sources: list[PaymentPart]) -> DraftedRefund | None:
    """Return the credit note that staff wrote together with a refund, as it is issued now. None for a refund without one, and where the invoice has changed so much since
    that it cannot be issued: then the refund has the effect of any other."""
    if not refund.is_begun_here:
        return None
    request: RefundRequestRow = await transaction.first("refund_requests.lock", key=refund.id)
    invoice = touched.invoices.get(request.invoice_id or "")
    return drafted(json.loads(request.note), refund, invoice, sources) if request.note and invoice else None


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
    return Recorded(row.id, row.reference, row.amount_minor, row.reason, row.status, row.created_at, row.is_awaiting, is_begun_here=row.is_begun_here)
