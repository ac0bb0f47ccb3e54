"""The status that follows from the amounts, and what a processor's word does to a payment's. Statuses are never set by hand where they can be derived."""

from billing.states import InstallmentStatus, InvoiceStatus, PaymentStatus, ScheduleStatus

# How much a status knows. News that knows less than what is written down already is old.
KNOWS = {PaymentStatus.PROCESSING: 0, PaymentStatus.REQUIRES_ACTION: 0, PaymentStatus.FAILED: 1, PaymentStatus.SUCCEEDED: 2, PaymentStatus.REFUNDED: 3}


def advanced(status: str, reported: str) -> PaymentStatus | None:
    """The status after a processor's report; None if nothing changes. Never backwards, whatever order reports come in.

    Money that arrives after a failure was written down counts: SUCCEEDED outranks FAILED. PROCESSING and REQUIRES_ACTION follow each other both ways, while nothing is final.
    """
    now, then = PaymentStatus(status), PaymentStatus(reported)
    return then if then is not now and KNOWS[then] >= KNOWS[now] else None


def of_invoice(status: str, remaining_minor: int, *, paid_minor: int, is_in_flight: bool) -> InvoiceStatus:
    """VOID and REFUNDED are decisions and stay. `is_in_flight`: a payment for it waits for the processor or the customer."""
    if status in (InvoiceStatus.VOID, InvoiceStatus.REFUNDED):
        return InvoiceStatus(status)
    if remaining_minor == 0:
        return InvoiceStatus.PAID
    if is_in_flight:
        return InvoiceStatus.PROCESSING
    return InvoiceStatus.PARTIALLY_PAID if paid_minor else InvoiceStatus.OPEN


def of_installment(status: str, remaining_minor: int, *, paid_minor: int, is_in_flight: bool, has_failed: bool) -> InstallmentStatus:
    """As of an invoice. `has_failed`: the last charge for it failed, which shows only while nothing of it is paid."""
    if status == InstallmentStatus.CANCELED:
        return InstallmentStatus.CANCELED
    if remaining_minor == 0:
        return InstallmentStatus.PAID
    if is_in_flight:
        return InstallmentStatus.PROCESSING
    if paid_minor:
        return InstallmentStatus.PARTIALLY_PAID
    return InstallmentStatus.FAILED if has_failed else InstallmentStatus.DUE


def of_schedule(status: str, remaining_minor: int) -> ScheduleStatus:
    if status == ScheduleStatus.CANCELED:
        return ScheduleStatus.CANCELED
    return ScheduleStatus.ACTIVE if remaining_minor else ScheduleStatus.FINISHED
