"""Payments of what is owed: an invoice, an installment, or an installment that an invoice covers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.money import standing
from billing.states import InvoiceStatus
from demo.records.account import DemoAccount
from demo.records.money import SeedPayment, SeedPaymentAllocation
from demo.records.rows import SeedInstallment, SeedInvoice, SeedPaymentMethod, SeedPaymentSchedule

# By the reason of the decline, whether the same method may be tried again.
DECLINES = {"insufficient_funds": True, "do_not_honor": True, "processing_error": True, "expired_card": False, "lost_card": False, "stolen_card": False}


@dataclass(slots=True)
class Debt:
    """What a payment pays. An installment comes with its schedule, and with the invoice that covers it, if any."""

    invoice: SeedInvoice | None = None
    installment: SeedInstallment | None = None
    schedule: SeedPaymentSchedule | None = None

    @property
    def owed(self) -> SeedInvoice | SeedInstallment:
        owed = self.installment or self.invoice
        if owed is None:
            raise ValueError("A debt is an invoice, an installment, or both.")
        return owed


def pay(account: DemoAccount, debt: Debt, *, method: SeedPaymentMethod | None, at: datetime, amount_minor: int | None = None) -> SeedPayment:
    """Add a payment of what remains, or of a part. One that a bank has not settled by now is still processing. Without a method it is a transfer."""
    payment = start(account, debt, method=method, at=at, amount_minor=amount_minor)
    takes_seconds = payment.method_kind in ("CARD", "WALLET")
    settled_at = payment.created_at + (timedelta(seconds=4) if takes_seconds else timedelta(days=3))
    if takes_seconds or settled_at <= account.now:
        payment.status, payment.settled_at = "SUCCEEDED", account.not_later(settled_at)
        _receive(debt, payment.amount_minor, at=payment.settled_at)
    return payment


def start(account: DemoAccount, debt: Debt, *, method: SeedPaymentMethod | None, at: datetime, amount_minor: int | None = None) -> SeedPayment:
    """Add a payment in flight."""
    payment = _payment(account, debt, method, amount_minor=amount_minor or debt.owed.remaining_minor, at=account.not_later(at))
    _settle(debt, at, fact="PROCESSING")
    return payment


def require_action(account: DemoAccount, debt: Debt, *, method: SeedPaymentMethod, at: datetime) -> SeedPayment:
    payment = start(account, debt, method=method, at=at)
    payment.status = "REQUIRES_ACTION"
    payment.processor_reference += "_requires_action"
    return payment


def decline(account: DemoAccount, debt: Debt, *, method: SeedPaymentMethod, at: datetime, code: str = "insufficient_funds") -> SeedPayment:
    payment = start(account, debt, method=method, at=at)
    payment.status, payment.decline_code, payment.is_retryable = "FAILED", code, DECLINES[code]
    _settle(debt, at, fact="FAILED")
    if debt.invoice and debt.invoice.subscription_id:
        _count_failure(debt.invoice, method, account.day(payment.created_at))
    return payment


def _count_failure(invoice: SeedInvoice, method: SeedPaymentMethod, day: date) -> None:
    """Count a failed try of the billing clock. It is the last one unless `retry_later` is called."""
    invoice.collection = "GIVEN_UP"
    invoice.failed_attempts += 1
    invoice.retry_count += 1
    invoice.retry_began_on, invoice.retry_last_on, invoice.retry_method_id = invoice.retry_began_on or day, day, method.id


def retry_later(invoice: SeedInvoice, *, at: datetime) -> None:
    """Schedule another try of the billing clock."""
    invoice.collection, invoice.collect_at = "RETRYING", at


def settle_again(debt: Debt) -> None:
    """Set the statuses of a debt after money was paid back."""
    if debt.invoice:
        debt.invoice.status = standing.of_invoice(debt.invoice)
        debt.invoice.paid_at = debt.invoice.paid_at if debt.invoice.status in ("PAID", "REFUNDED") else None
    if debt.installment:
        debt.installment.status = standing.of_installment(debt.installment)
    if debt.schedule:
        debt.schedule.status = standing.of_schedule(debt.schedule.status, debt.schedule.remaining_minor)


def pay_all(account: DemoAccount, invoices: Iterable[SeedInvoice], *, method: SeedPaymentMethod | None) -> list[SeedPayment]:
    """Pay each invoice five minutes after its issue."""
    return [pay(account, Debt(invoice), method=method, at=invoice.issued_at + timedelta(minutes=5)) for invoice in invoices if invoice.remaining_minor]


def _receive(debt: Debt, amount_minor: int, *, at: datetime) -> None:
    for paid in (debt.invoice, debt.installment, debt.schedule):
        if paid:
            paid.paid_minor += amount_minor
    _settle(debt, at)


def _settle(debt: Debt, at: datetime, *, fact: str = "OPEN") -> None:
    """Set the statuses of a debt. `fact` is what the amounts do not show: that a payment is in flight, or that it failed."""
    if debt.invoice:
        settle_invoice(debt.invoice, at, fact=fact)
    if debt.installment and debt.installment.status != "CANCELED":
        debt.installment.status = fact
        debt.installment.status = standing.of_installment(debt.installment)
    if debt.schedule:
        debt.schedule.status = standing.of_schedule(debt.schedule.status, debt.schedule.remaining_minor)


def settle_invoice(invoice: SeedInvoice, at: datetime, *, fact: str = "OPEN") -> None:
    if invoice.status != InvoiceStatus.VOID:
        invoice.status = fact
    invoice.status = standing.of_invoice(invoice)
    if invoice.status == InvoiceStatus.PAID:
        invoice.paid_at = at


def _payment(account: DemoAccount, debt: Debt, method: SeedPaymentMethod | None, *, amount_minor: int, at: datetime) -> SeedPayment:
    payment = account.add(
        SeedPayment(
            customer_id=account.customer.id,
            id=account.id("pay", at),
            status="PROCESSING",
            currency=debt.owed.currency,
            amount_minor=amount_minor,
            method_kind=method.kind if method else "BANK_ACCOUNT",
            method_brand=method.brand if method else None,
            method_last4=method.last4 if method else None,
            payment_method_id=method.id if method else None,
            processor_reference=account.reference(),
            created_at=at,
        )
    )
    _allocate(account, payment, debt, amount_minor=amount_minor)
    return payment


def _allocate(account: DemoAccount, payment: SeedPayment, debt: Debt, *, amount_minor: int) -> None:
    account.add(
        SeedPaymentAllocation(
            customer_id=payment.customer_id,
            id=account.id("alo", payment.created_at),
            payment_id=payment.id,
            invoice_id=debt.invoice.id if debt.invoice else None,
            installment_id=debt.installment.id if debt.installment else None,
            currency=payment.currency,
            amount_minor=amount_minor,
            created_at=payment.created_at,
        )
    )
