"""The status that follows from amounts, and the effect of a processor's report on a payment's status.

The database derives statuses by the same rules whenever a row is written (`invoice_status` and the other functions of migration 0022); these functions are for rows that are
not in the database yet. The status of a row is used only for what amounts cannot show: VOID and CANCELED are decisions, PROCESSING means that a payment is in
flight, FAILED that the last one was declined.
"""

from typing import Protocol

from billing.states import InstallmentStatus, InvoiceStatus, PaymentStatus, ScheduleStatus

# The rank of a status. A report whose status has a lower rank than the recorded one is outdated.
RANK = {PaymentStatus.PROCESSING: 0, PaymentStatus.REQUIRES_ACTION: 0, PaymentStatus.FAILED: 1, PaymentStatus.SUCCEEDED: 2, PaymentStatus.REFUNDED: 3}


class Billed(Protocol):
    """An invoice. `refunded_minor` is the refunded amount of its payments, `noted_minor` the sum of its credit notes."""

    status: str
    total_minor: int
    paid_minor: int
    credited_minor: int
    refunded_minor: int
    noted_minor: int


class Agreed(Protocol):
    """An installment. `refunded_minor` is the amount that the merchant gave back, which is not owed again."""

    status: str
    amount_minor: int
    paid_minor: int
    refunded_minor: int


def advanced(status: str, reported: str) -> PaymentStatus | None:
    """Return the status after a processor's report; None if nothing changes. The rank never decreases, in whatever order reports come.

    Money that arrives after a recorded failure counts: SUCCEEDED outranks FAILED. PROCESSING and REQUIRES_ACTION may follow each other both ways until a status is final.
    """
    now, then = PaymentStatus(status), PaymentStatus(reported)
    return then if then is not now and RANK[then] >= RANK[now] else None


def of_invoice(invoice: Billed) -> InvoiceStatus:
    """Return the status of an invoice. REFUNDED: all payments of it were given back, and its credit notes are over its whole total."""
    if invoice.status == InvoiceStatus.VOID:
        return InvoiceStatus.VOID
    if invoice.paid_minor + invoice.credited_minor >= invoice.total_minor:
        is_refunded = invoice.paid_minor == 0 and invoice.refunded_minor > 0 and invoice.noted_minor == invoice.total_minor
        return InvoiceStatus.REFUNDED if is_refunded else InvoiceStatus.PAID
    if invoice.status == InvoiceStatus.PROCESSING:
        return InvoiceStatus.PROCESSING
    return InvoiceStatus.PARTIALLY_PAID if invoice.paid_minor else InvoiceStatus.OPEN


def of_installment(installment: Agreed) -> InstallmentStatus:
    """Return the status of an installment. FAILED is used only while nothing is paid."""
    if installment.status == InstallmentStatus.CANCELED:
        return InstallmentStatus.CANCELED
    if installment.paid_minor + installment.refunded_minor >= installment.amount_minor:
        return InstallmentStatus.PAID if installment.paid_minor else InstallmentStatus.REFUNDED
    if installment.status == InstallmentStatus.PROCESSING:
        return InstallmentStatus.PROCESSING
    if installment.paid_minor:
        return InstallmentStatus.PARTIALLY_PAID
    return InstallmentStatus.FAILED if installment.status == InstallmentStatus.FAILED else InstallmentStatus.DUE


def of_schedule(status: str, remaining_minor: int) -> ScheduleStatus:
    if status == ScheduleStatus.CANCELED:
        return ScheduleStatus.CANCELED
    return ScheduleStatus.ACTIVE if remaining_minor else ScheduleStatus.FINISHED


def of_payment(status: str, *, amount_minor: int, refunded_minor: int) -> PaymentStatus:
    if status not in (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED):
        return PaymentStatus(status)
    return PaymentStatus.REFUNDED if refunded_minor == amount_minor else PaymentStatus.SUCCEEDED
