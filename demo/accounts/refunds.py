"""Money that was paid back: by the merchant with a credit note, or by a bank, so that it is owed again."""

from datetime import datetime

from billing.money import standing
from billing.money.notes import NoteLine, RemainingAmounts, note_line
from billing.money.refunds import BY_THE_BANK
from billing.states import RefundReason
from demo.accounts.credit_notes import add_line
from demo.accounts.payments import Debt, settle_again
from demo.records.account import DemoAccount
from demo.records.money import SeedCreditNote, SeedPayment, SeedRefund, SeedRefundAllocation
from demo.records.rows import SeedInvoice


def refund(account: DemoAccount, payment: SeedPayment, debt: Debt, *, at: datetime, amount_minor: int | None = None, reason: str = "REQUESTED") -> None:
    """Add a refund, in full or of a part, of a payment that paid only this debt. What the merchant gives back is not owed again."""
    minor = amount_minor or payment.amount_minor
    made = report(account, payment, minor, at=at, reason=reason, status="SUCCEEDED")
    account.add(
        SeedRefundAllocation(
            customer_id=payment.customer_id,
            id=account.id("rfa", at),
            refund_id=made.id,
            invoice_id=debt.invoice.id if debt.invoice else None,
            installment_id=debt.installment.id if debt.installment else None,
            currency=payment.currency,
            amount_minor=minor,
            created_at=at,
        )
    )
    payment.refunded_minor, payment.refunded_at = payment.refunded_minor + minor, at
    payment.status = standing.of_payment(payment.status, amount_minor=payment.amount_minor, refunded_minor=payment.refunded_minor)
    is_by_merchant = RefundReason(reason) not in BY_THE_BANK
    for paid in (debt.installment, debt.schedule):
        if paid:
            paid.paid_minor -= minor
            paid.refunded_minor += minor if is_by_merchant else 0
    if debt.invoice:
        debt.invoice.paid_minor -= minor
        debt.invoice.refunded_minor += minor
        if is_by_merchant:
            _note(account, debt.invoice, minor, made, at=at)
    settle_again(debt)


def report(account: DemoAccount, payment: SeedPayment, minor: int, *, at: datetime, reason: str, status: str) -> SeedRefund:
    """Add a refund without allocations: it is under way, failed, or was a dispute that was won."""
    return account.add(
        SeedRefund(
            customer_id=payment.customer_id,
            id=account.id("ref", at),
            payment_id=payment.id,
            currency=payment.currency,
            amount_minor=minor,
            reason=reason,
            status=status,
            reference=account.reference(),
            created_at=at,
            settled_at=at if status in ("SUCCEEDED", "REVERSED") else None,
        )
    )


def _note(account: DemoAccount, invoice: SeedInvoice, minor: int, made: SeedRefund, *, at: datetime) -> None:
    line: NoteLine = note_line(RemainingAmounts(invoice.total_minor - invoice.tax_minor, invoice.tax_minor), minor, "Refund")
    note = account.add(
        SeedCreditNote(
            customer_id=account.customer.id,
            id=account.id("cn", at),
            reason="REFUND",
            currency=invoice.currency,
            invoice_id=invoice.id,
            refund_id=made.id,
            issued_at=at,
            subtotal_minor=line.net_minor,
            tax_minor=line.tax_minor,
            total_minor=line.total_minor,
            refunded_minor=minor,
            created_at=at,
        )
    )
    add_line(account, note, line)
    invoice.credited_minor += minor
    invoice.noted_minor += minor
