"""The customer's account: a ledger whose sum is their credit (positive) or what they owe on account (negative)."""

from datetime import datetime

from demo.accounts.payments import settle_invoice
from demo.records.account import DemoAccount
from demo.records.money import SeedBalanceEntry, SeedPayment
from demo.records.rows import SeedInvoice, SeedPaymentMethod

DESCRIPTIONS = {
    "CREDIT_NOTE": "Credit note",
    "OVERPAYMENT": "Paid more than was owed",
    "PAYMENT": "Paid on account",
    "APPLIED_TO_INVOICE": "Used for an invoice",
    "ADJUSTMENT": "Adjustment by support",
    "CHARGE": "Charged to the account",
    "REFUND": "Credit paid out",
}


def enter(account: DemoAccount, kind: str, amount_minor: int, *, at: datetime, currency: str | None = None) -> SeedBalanceEntry:
    return account.add(
        SeedBalanceEntry(
            customer_id=account.customer.id,
            id=account.id("bal", at),
            currency=currency or account.customer.currency,
            amount_minor=amount_minor,
            kind=kind,
            description=DESCRIPTIONS[kind],
            created_at=at,
        )
    )


def apply_credit(account: DemoAccount, invoice: SeedInvoice, amount_minor: int, *, at: datetime) -> None:
    enter(account, "APPLIED_TO_INVOICE", -amount_minor, at=at, currency=invoice.currency).invoice_id = invoice.id
    invoice.credited_minor += amount_minor
    settle_invoice(invoice, at)


def overpay(account: DemoAccount, payment: SeedPayment, surplus_minor: int) -> None:
    """Make a settled payment larger than what it paid. The rest becomes credit."""
    payment.amount_minor += surplus_minor
    at = payment.settled_at or payment.created_at
    enter(account, "OVERPAYMENT", surplus_minor, at=at, currency=payment.currency).payment_id = payment.id


def pay_account(account: DemoAccount, amount_minor: int, *, method: SeedPaymentMethod, at: datetime) -> None:
    """Add a payment of what is owed on account: it has no allocation."""
    payment = account.add(
        SeedPayment(
            customer_id=account.customer.id,
            id=account.id("pay", at),
            status="SUCCEEDED",
            currency=account.customer.currency,
            amount_minor=amount_minor,
            method_kind=method.kind,
            method_brand=method.brand,
            method_last4=method.last4,
            payment_method_id=method.id,
            processor_reference=account.reference(),
            created_at=at,
            settled_at=at,
        )
    )
    enter(account, "PAYMENT", amount_minor, at=at).payment_id = payment.id
