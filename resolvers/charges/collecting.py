"""Automatic charges of unpaid invoices, retried on the days of the merchant's policy. The same three steps as in `charging.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from billing.money.allocation import AllocationPart, OpenInstallment, OpenInvoice, items_of, spread
from billing.money.dunning import AGAIN, Ending, Happening, charge_at
from billing.refusals import ErrorCode, Refused
from billing.rows.money.operations import Collectable
from billing.rows.money.owed import OwedInstallment
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import Processor, configured
from resolvers.changes.item_rows import attempted_rows, collected_rows, uncollected_rows
from resolvers.changes.saving import Changes, save
from resolvers.changes.writing import WriteContext, allocation_row
from resolvers.charges import dunning
from resolvers.charges.attempts import ChargeSubmission, PendingCharge, attempt
from resolvers.charges.charging import apply_result, submit
from resolvers.idempotency import MutationCall

NO_METHOD = "No payment method can be charged for this invoice: there is none, or it has expired, was declined for good, or was tried too often."


async def collect(session: UnitOfWork, invoice_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> None:
    """Charge what is due of an invoice and what is owed on the account. A failed charge is retried on another day, or collection ends."""
    async with session.write() as transaction:
        sending = await _reserved(transaction, invoice_id, processors, by=by)
    if sending is not None:
        result = await submit(configured(processors, sending.processor), sending)
        await apply_result(session, sending.charge.key, result, by=by)


async def retried(transaction: Transaction, invoice_id: str, call: MutationCall, *, by: WriteContext) -> tuple[ChargeSubmission, Changes]:
    """Return the request and rows of a charge that staff make now of what is due. If it fails, the clock's tries go on as before. Raises Refused."""
    invoice: Collectable | None = await transaction.first("collections.facts", key=invoice_id)
    if invoice is None or invoice.is_planned:
        raise Refused(ErrorCode.WRONG_STATE, "Nothing of this invoice is charged now.", "invoiceId")
    if dunning.collecting(invoice).method_id is None:
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, NO_METHOD, "invoiceId")
    installments = await _installments(transaction, invoice)
    return _attempt(invoice, installments, call, by=by)


async def hold_again(session: UnitOfWork, invoice_id: str, *, by: WriteContext) -> None:
    """Hold the subscription of an invoice again whose customer has not kept the promise to pay."""
    async with session.write() as transaction:
        await transaction.run("customers.lock")
        invoice = await transaction.first("dunning.terms", key=invoice_id)
        if invoice.is_in_payment or not invoice.is_hold_paused or invoice.promise_until is None or invoice.promise_until > by.now:
            return
        await transaction.run("dunning.resume_hold", key=invoice_id)
        if invoice.remaining_minor and invoice.subscription_id:
            await dunning.end(transaction, invoice.subscription_id, Ending.HOLD, by=by)


async def lift_hold(session: UnitOfWork, *, by: WriteContext) -> None:
    """Lift dunning's hold from the customer's subscriptions that owe nothing any more, whatever the cause."""
    async with session.write() as transaction:
        await transaction.run("customers.lock")
        await dunning.lift_paid(transaction, by=by)


async def _reserved(transaction: Transaction, invoice_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> ChargeSubmission | None:
    await transaction.run("customers.lock")
    invoice: Collectable | None = await transaction.first("collections.facts", key=invoice_id)
    if invoice is None or not _is_due(invoice, by.now):
        return None
    if invoice.is_planned:
        await dunning.await_next_day(transaction, invoice)
        return None
    if invoice.method_processor not in processors:
        invoice = replace(invoice, method_id=None)
    decided = dunning.next_step(invoice, Happening.TURN, by=by)
    if not decided.is_charged:
        await dunning.write_step(transaction, invoice, decided, by=by)
        return None
    sending, changes = _attempt(invoice, await _installments(transaction, invoice), None, by=by)
    await save(transaction, changes)
    return sending


async def _installments(transaction: Transaction, invoice: Collectable) -> Sequence[OwedInstallment]:
    return await transaction.run("owed.installments", ids=None, invoice_ids=[invoice.invoice_id]) if invoice.has_installments else []


def _is_due(invoice: Collectable, now: datetime) -> bool:
    """Return whether the invoice is to be charged now. Not while a charge for the subscription is pending: it may credit unused time of this same invoice."""
    if invoice.is_subscription_charging or (invoice.promise_until is not None and invoice.promise_until > now):
        return False
    return invoice.collect_at is not None and invoice.collect_at <= now and invoice.status in ("OPEN", "PARTIALLY_PAID")


def _attempt(invoice: Collectable, installments: Sequence[OwedInstallment], call: MutationCall | None, *, by: WriteContext) -> tuple[ChargeSubmission, Changes]:
    """Return the request and rows of an attempt. The step after a decline of the clock's charge is decided when it happens (`dunning.declined`): the customer may have added
    another method."""
    payment_id, parts = by.new_id("pay"), _parts(invoice, installments)
    open_again = uncollected_rows(parts)
    if call is None:
        open_again |= {"uncollected": [{"id": invoice.invoice_id, "collect_at": by.now + AGAIN}]}
    intent = PendingCharge(
        payment_id,
        invoice.customer_id,
        invoice.currency,
        invoice.due_minor + invoice.account_minor,
        f"Invoice {invoice.number}",
        changes=_collected(invoice, parts, installments, by=by),
        answer={"invoice": invoice.invoice_id},
        on_failure=dict.fromkeys(("retryable", "final", "nobody asked"), open_again),
        account_minor=invoice.account_minor,
        subscription_id=invoice.subscription_id,
        invoice_id=invoice.invoice_id,
    )
    sending, changes = attempt(intent, invoice, call, by=by)
    allocations = [allocation_row(invoice.customer_id, payment_id, part, invoice.currency, by=by) for part in parts]
    return sending, changes | {"payment_allocation": allocations} | attempted_rows(parts)


def _collected(invoice: Collectable, parts: Sequence[AllocationPart], installments: Sequence[OwedInstallment], *, by: WriteContext) -> Changes:
    """Return the changes of a successful charge. What is due later of the invoice is charged on its day."""
    changes = collected_rows(parts, (), {one.id: one.schedule_id for one in installments}, by=by)
    if invoice.next_part_on is not None:
        changes["collected"][0]["next_collect_at"] = charge_at(invoice.next_part_on, invoice.time_zone)
    return changes


def _parts(invoice: Collectable, installments: Sequence[OwedInstallment]) -> list[AllocationPart]:
    """Return the parts that pay all that is due of the invoice, and with it its installments, the oldest first."""
    alone = OpenInvoice(invoice.invoice_id, invoice.due_on, invoice.remaining_minor)
    items = items_of([alone], (OpenInstallment(one.id, one.invoice_id, one.due_on, one.remaining_minor) for one in installments))
    return list(spread(invoice.due_minor, items).parts)
