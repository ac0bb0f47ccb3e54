"""Invoices of payment schedules: when they are issued, their lines, and how what is no longer owed is taken off them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.money.charges import Amounts, amounts_of
from billing.money.notes import IssuedCreditNote, RemainingAmounts, note_line
from billing.rows.money.schedules import ScheduledInstallment, ScheduleInvoice, ScheduleTerms
from billing.states import CreditNoteReason, InvoiceStatus, TaxBehavior

# The days before its due day on which the invoice of an installment is issued.
DAYS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class InstallmentLine:
    """A line of an invoice. The installment's amount includes the tax."""

    description: str
    amount_minor: int
    amounts: Amounts
    tax_rate_ppm: int


def invoice_at(due_on: date, time_zone: str, *, days_ahead: int) -> datetime:
    """Return the instant from which an installment is invoiced: the begin of a day where the customer lives."""
    return datetime.combine(due_on - timedelta(days=days_ahead), time.min, ZoneInfo(time_zone)).astimezone(UTC)


def line_of(schedule: ScheduleTerms, installment: ScheduledInstallment, tax_rate_ppm: int) -> InstallmentLine:
    amounts = amounts_of(installment.amount_minor, 0, rate_ppm=tax_rate_ppm, behavior=TaxBehavior.INCLUSIVE)
    return InstallmentLine(description_of(schedule, [installment]), installment.amount_minor, amounts, tax_rate_ppm)


def is_untouched(invoice: ScheduleInvoice) -> bool:
    """Return whether nothing was paid or credited of an invoice, so that it can be voided."""
    return not (invoice.paid_minor or invoice.credited_minor or invoice.refunded_minor or invoice.noted_minor)


def is_open(invoice: ScheduleInvoice) -> bool:
    return invoice.status != InvoiceStatus.VOID and invoice.remaining_minor > 0


def description_of(schedule: ScheduleTerms, installments: Sequence[ScheduledInstallment]) -> str:
    """Return the description of installments on a line: of one its name, of several the first and the last."""
    names = [one.name for one in installments]
    return f"{schedule.name}: {names[0]}" if len(names) == 1 else f"{schedule.name}: {names[0]} – {names[-1]}"


def correction(invoice: ScheduleInvoice, amount_minor: int, description: str) -> IssuedCreditNote | None:
    """Return the credit note that takes an open amount off an invoice, at most what remains of it; None where nothing remains.

    A bank may have taken back what credit notes had turned into credit: that stays owed, because credit notes never exceed their invoice.
    """
    left = RemainingAmounts(
        invoice.total_minor - invoice.tax_minor - (invoice.noted_minor - invoice.noted_tax_minor), invoice.tax_minor - invoice.noted_tax_minor
    )
    minor = min(amount_minor, invoice.remaining_minor, left.total_minor)
    if minor <= 0:
        return None
    return IssuedCreditNote(invoice.id, CreditNoteReason.CORRECTION, (note_line(left, minor, description),), released_minor=minor)
