"""The credit note: what it takes back of an invoice, and how the amount was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from pdf.layout import Merchant, Paper, Recipient, sheet, with_breaks
from pdf.line_words import described
from pdf.taxes import exemption_notes, rate_of, tax_rows


@dataclass(frozen=True, slots=True)
class CorrectedInvoice:
    """The invoice that a credit note corrects: its number, and the day that is printed on it."""

    number: str
    issued_on: date


def credit_note_paper(note: CreditNoteRow, lines: Sequence[CreditNoteLineRow], corrected: CorrectedInvoice, *, merchant: Merchant, reader: Recipient) -> Paper:
    return Paper("credit-note", partial(_content, note, lines, corrected, merchant=merchant, reader=reader), note.issued_at, len(lines))


def _content(note: CreditNoteRow, lines: Sequence[CreditNoteLineRow], corrected: CorrectedInvoice, *, merchant: Merchant, reader: Recipient) -> dict[str, Any]:
    words = reader.words
    return sheet(merchant, reader, title=f"{words['credit_note']} {note.number}") | {
        "facts": [
            (words["number"], note.number),
            (words["credit_note_issued"], reader.day(note.issued_at)),
            (words["corrects"], corrected.number),
            (words["invoice_date"], reader.day(corrected.issued_on)),
            (words["reason"], words[f"reason_{note.reason}"]),
            (words["currency"], note.currency),
        ],
        "lines": [_line(line, reader) for line in lines],
        "totals": [(words["net"], reader.money(note.subtotal_minor, note.currency)), *tax_rows(lines, note.currency, reader)],
        "notes": exemption_notes(lines, reader),
        "total": reader.money(note.total_minor, note.currency),
        "uses": amount_uses(note, reader),
    }


def _line(line: CreditNoteLineRow, reader: Recipient) -> dict[str, Any]:
    return {
        "description": with_breaks(described(line.description, line.wording, line.wording_of, reader.language)),
        "period": reader.days(line.period_starts_at, line.period_ends_at),
        "net": reader.money(line.subtotal_minor, line.currency),
        "rate": rate_of(line, reader),
        "tax": reader.money(line.tax_minor, line.currency),
        "amount": reader.money(line.total_minor, line.currency),
    }


def amount_uses(note: CreditNoteRow, reader: Recipient) -> list[tuple[str, str]]:
    """Return how the amount was used: label and amount of each use."""
    rows = [("released", note.released_minor), ("to_balance", note.granted_minor), ("paid_back", note.refunded_minor)]
    return [(reader.words[word], reader.money(minor, note.currency)) for word, minor in rows if minor]
