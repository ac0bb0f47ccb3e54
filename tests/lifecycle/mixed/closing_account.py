"""The end of a history: staff settle everything that is open, and then nothing may stand against erasing the customer."""

from datetime import timedelta

import asyncpg

from billing.money.refunds import Report
from tests.lifecycle.mixed.mixed_history import MixedHistory
from tests.lifecycle.mixed.staff_inputs import money
from tests.lifecycle.payments.test_refunds import record_refund

OPEN = "and remaining_minor > 0 and status <> 'CANCELED'"
# Later than any charge, refund or event stays undecided.
WAITING = (timedelta(hours=30), timedelta(hours=3))


async def close_account(history: MixedHistory) -> None:
    """End everything of the customer, who then is erased."""
    if (await history.life.admin.fetchval("select erased_at from customer where id = $1", history.life.customer_id)) is not None:
        return
    history.log.append("the account is closed")
    await history.call("releaseImported", {"customerId": history.life.customer_id})
    await _cancel_subscriptions(history)
    await _decide_everything(history)
    if history.chance.random() < 0.5:
        await _cancel_schedules(history, await history.life.rows("installment", OPEN))
    await _settle_invoices(history)
    await _cancel_schedules(history, await history.life.rows("installment", f"{OPEN} and invoice_id is null"))
    await _settle_balance(history)
    sent = await history.call("eraseCustomer", {"customerId": history.life.customer_id})
    assert sent.code is None, f"what was settled cannot be erased: {sent.payload}"


async def _decide_everything(history: MixedHistory) -> None:
    """Let time pass until payments and refunds are decided; the bank decides those of which only it knows."""
    await history.processor_tells()
    for length in WAITING:
        await history.advance(length)
    failed = {row["id"] for row in await history.life.rows("payment", "and status in ('FAILED', 'CANCELED')")}
    for refund in await history.life.rows("refund", "and status = 'PENDING'"):
        # A report of a payment that then failed was an error of the bank.
        undone = "REVERSED" if refund["reason"] in ("DISPUTE", "RETURNED") else "FAILED"
        status = undone if refund["payment_id"] in failed else "SUCCEEDED"
        history.log.append(f"{refund['reference']}: {status}")
        await record_refund(history.life, refund["payment_id"], Report(refund["reference"] or refund["id"], refund["amount_minor"], status, refund["reason"]))
    # The clock may have charged again what did not reach the processor: staff settle it before the next of these charges.
    await history.settle()


async def _cancel_subscriptions(history: MixedHistory) -> None:
    for row in await history.life.rows("subscription", "and status <> 'CANCELED'"):
        await history.call("cancelSubscription", {"subscriptionId": row["id"], "when": "NOW"})
    await _decide_everything(history)
    for row in await history.life.rows("subscription", "and status <> 'CANCELED'"):
        await history.call("cancelSubscription", {"subscriptionId": row["id"], "when": "NOW"})


async def _settle_invoices(history: MixedHistory) -> None:
    """Record a payment of what remains of each invoice."""
    for row in await history.life.rows("invoice", "and remaining_minor > 0 and status <> 'VOID'"):
        remaining = await history.life.admin.fetchval("select remaining_minor from invoice where id = $1", row["id"])
        if remaining:
            await history.call("recordPayment", {"invoiceId": row["id"], "amount": money(remaining, row["currency"]), "kind": "CASH"})


async def _cancel_schedules(history: MixedHistory, installments: list[asyncpg.Record]) -> None:
    for identifier in sorted({row["schedule_id"] for row in installments}):
        await history.call("cancelPaymentSchedule", {"paymentScheduleId": identifier})


async def _settle_balance(history: MixedHistory) -> None:
    for row in await history.life.admin.fetch(
        "select currency, sum(amount_minor)::bigint as minor from balance_entry where customer_id = $1 group by 1", history.life.customer_id
    ):
        if row["minor"]:
            arguments = {"customerId": history.life.customer_id, "amount": money(-row["minor"], row["currency"]), "reason": "The account is closed"}
            await history.call("adjustBalance", arguments)
