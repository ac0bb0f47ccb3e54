"""An unpaid invoice is charged by itself, and tried again on the days of the merchant's policy. The same three steps as in `charging.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.allocation import Part
from billing.dunning import AGAIN, Failures, RetryPolicy, attempt_at, ending_now, ending_on, next_attempt_on
from billing.rows.operations import Collectable
from db.session import Session, Transaction
from payments.processor import Processor
from resolvers.lifecycle import dunning
from resolvers.lifecycle.attempts import Intent, Sending, attempt
from resolvers.lifecycle.charging import ask, settle
from resolvers.lifecycle.writing import Changes, Writer, allocation_row, save


async def collect(session: Session, invoice_id: str, processors: Mapping[str, Processor], *, policy: RetryPolicy, by: Writer) -> None:
    """Charge what remains, if its time has come. What failed is tried again another day, or patience ends."""
    async with session.write() as transaction:
        sending = await _begun(transaction, invoice_id, policy, processors, by=by)
    if sending is not None:
        result = await ask(processors[sending.processor], sending)
        await settle(session, sending.charge.key, result, by=by)


async def _begun(transaction: Transaction, invoice_id: str, policy: RetryPolicy, processors: Mapping[str, Processor], *, by: Writer) -> Sending | None:
    await transaction.run("customers.lock")
    invoice: Collectable | None = await transaction.first("collections.facts", key=invoice_id)
    if invoice is None or not _is_due(invoice, by.now):
        return None
    ending = ending_now(policy, failures, today=invoice.today_on) if (failures := _failures(invoice)) else None
    if ending is not None or invoice.method_processor not in processors or invoice.is_declined_for_good:
        # Until there is another method, nobody charges it by himself.
        await save(transaction, {"uncollected": [_later(invoice, None, is_failure=False)]})
        if ending is not None and invoice.subscription_id is not None:
            await dunning.end(transaction, invoice.subscription_id, ending, by=by)
        return None
    sending, changes = _attempt(invoice, policy, by=by)
    await save(transaction, changes)
    return sending


def _is_due(invoice: Collectable, now: datetime) -> bool:
    """Not while another charge decides what becomes of the subscription: it may take unused time off this very invoice."""
    if invoice.is_subscription_charging:
        return False
    return invoice.collect_at is not None and invoice.collect_at <= now and invoice.status in ("OPEN", "PARTIALLY_PAID") and invoice.remaining_minor > 0


def _attempt(invoice: Collectable, policy: RetryPolicy, *, by: Writer) -> tuple[Sending, Changes]:
    payment_id = by.mint("pay")
    intent = Intent(
        payment_id,
        invoice.customer_id,
        invoice.currency,
        invoice.remaining_minor,
        f"Invoice {invoice.number}",
        changes={"collected": [{"id": invoice.invoice_id, "paid_minor": invoice.remaining_minor}]},
        answer={"invoice": invoice.invoice_id},
        on_failure={
            "retryable": {"uncollected": [_later(invoice, _next(invoice, policy, is_final=False), is_failure=True)]},
            "nobody asked": {"uncollected": [_later(invoice, by.now + AGAIN, is_failure=False)]},
            "final": {"uncollected": [_later(invoice, _next(invoice, policy, is_final=True), is_failure=True)]},
        },
        subscription_id=invoice.subscription_id,
        invoice_id=invoice.invoice_id,
    )
    sending, changes = attempt(intent, invoice, None, by=by)
    allocation = allocation_row(invoice.customer_id, payment_id, Part(invoice.invoice_id, None, invoice.remaining_minor), invoice.currency, by=by)
    return sending, changes | {"payment_allocation": [allocation], "attempted": [{"id": invoice.invoice_id}]}


def _failures(invoice: Collectable) -> Failures | None:
    if invoice.first_on is None or invoice.last_on is None:
        return None
    return Failures(invoice.failed_count, invoice.first_on, invoice.last_on, invoice.is_declined_for_good)


def _next(invoice: Collectable, policy: RetryPolicy, *, is_final: bool) -> datetime:
    """When the clock comes back to it, if this charge fails: to try again, or to end."""
    failures = Failures(invoice.failed_count + 1, invoice.first_on or invoice.today_on, invoice.today_on, is_final)
    day = next_attempt_on(policy, failures) or ending_on(policy, failures) or invoice.today_on
    return attempt_at(day, invoice.time_zone)


def _later(invoice: Collectable, at: datetime | None, *, is_failure: bool) -> dict[str, Any]:
    return {"id": invoice.invoice_id, "collect_at": at, "failed_attempts": int(is_failure)}
