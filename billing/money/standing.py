"""The status that follows from the amounts, and what a processor's report does to a payment's.

The database derives statuses by the same rules whenever a row is written (`invoice_status` and the other functions of migration 0022); these are their twins for rows that are
not in the database yet. A status that stands in a row counts only for what amounts cannot tell: VOID and CANCELED are decisions, PROCESSING says that a payment is in
flight, FAILED that the last one was declined.
"""

from typing import Protocol

from billing.states import InstallmentStatus, InvoiceStatus, PaymentStatus, ScheduleStatus

# How much a status knows. News that knows less than what is written down already is old.
KNOWS = {PaymentStatus.PROCESSING: 0, PaymentStatus.REQUIRES_ACTION: 0, PaymentStatus.FAILED: 1, PaymentStatus.SUCCEEDED: 2, PaymentStatus.REFUNDED: 3}


class Billed(Protocol):
    """An invoice. `refunded_minor` is what its payments gave back, `noted_minor` the sum of its credit notes."""

    status: str
    total_minor: int
    paid_minor: int
    credited_minor: int
    refunded_minor: int
    noted_minor: int


class Agreed(Protocol):
    """An installment. `refunded_minor` is what the merchant gave back, which is not asked for again."""

    status: str
    amount_minor: int
    paid_minor: int
    refunded_minor: int


def advanced(status: str, reported: str) -> PaymentStatus | None:
    """The status after a processor's report; None if nothing changes. Never backwards, whatever order reports come in.

    Money that arrives after a failure was written down counts: SUCCEEDED outranks FAILED. PROCESSING and REQUIRES_ACTION follow each other both ways, while nothing is final.
    """
    now, then = PaymentStatus(status), PaymentStatus(reported)
    return then if then is not now and KNOWS[then] >= KNOWS[now] else None


def of_invoice(invoice: Billed) -> InvoiceStatus:
    """REFUNDED: everything that paid it was given back, and its credit notes are over the whole of it."""
    if invoice.status == InvoiceStatus.VOID:
        return InvoiceStatus.VOID
    if invoice.paid_minor + invoice.credited_minor >= invoice.total_minor:
        is_given_back = invoice.paid_minor == 0 and invoice.refunded_minor > 0 and invoice.noted_minor == invoice.total_minor
        return InvoiceStatus.REFUNDED if is_given_back else InvoiceStatus.PAID
    if invoice.status == InvoiceStatus.PROCESSING:
        return InvoiceStatus.PROCESSING
    return InvoiceStatus.PARTIALLY_PAID if invoice.paid_minor else InvoiceStatus.OPEN


def of_installment(installment: Agreed) -> InstallmentStatus:
    """A charge that failed shows only while nothing is paid."""
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
