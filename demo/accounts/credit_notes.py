"""Credit notes: they release what is open of their invoice, and the rest becomes credit."""

from datetime import datetime

from billing.money.notes import NoteLine, RemainingAmounts, note_line
from demo.accounts import balance
from demo.accounts.invoices import written
from demo.accounts.payments import settle_invoice
from demo.records.account import DemoAccount
from demo.records.money import SeedCreditNote, SeedCreditNoteLine
from demo.records.rows import SeedInvoice


def correct(account: DemoAccount, invoice: SeedInvoice, description: str, amount_minor: int, *, at: datetime) -> None:
    """Add a credit note over an amount with tax of an invoice."""
    line = note_line(RemainingAmounts(invoice.total_minor - invoice.tax_minor, invoice.tax_minor), amount_minor, description)
    credit(account, invoice, line, reason="CORRECTION", at=at)


def credit(account: DemoAccount, invoice: SeedInvoice, line: NoteLine, *, reason: str, at: datetime) -> None:
    released = min(line.total_minor, invoice.remaining_minor)
    note = account.add(
        SeedCreditNote(
            customer_id=account.customer.id,
            id=account.id("cn", at),
            reason=reason,
            currency=invoice.currency,
            invoice_id=invoice.id,
            issued_at=at,
            subtotal_minor=line.net_minor,
            tax_minor=line.tax_minor,
            total_minor=line.total_minor,
            released_minor=released,
            granted_minor=line.total_minor - released,
            created_at=at,
        )
    )
    add_line(account, note, line)
    invoice.noted_minor += line.total_minor
    if released:
        invoice.credited_minor += released
        settle_invoice(invoice, at)
    if note.granted_minor:
        entry = balance.enter(account, "CREDIT_NOTE", note.granted_minor, at=at, currency=invoice.currency)
        entry.invoice_id, entry.credit_note_id = invoice.id, note.id


def add_line(account: DemoAccount, note: SeedCreditNote, line: NoteLine) -> None:
    account.add(
        SeedCreditNoteLine(
            customer_id=note.customer_id,
            id=account.id("line", note.issued_at),
            credit_note_id=note.id,
            currency=note.currency,
            position=1,
            description=line.description,
            subtotal_minor=line.net_minor,
            tax_minor=line.tax_minor,
            total_minor=line.total_minor,
            tax_rate_ppm=account.customer.tax_rate_ppm,
            **written(line.wording),
            period_starts_at=line.period.starts_at if line.period else None,
            period_ends_at=line.period.ends_at if line.period else None,
        )
    )
