"""The credit note: what it takes back of an invoice, and what became of the amount."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from billing.rows.credit_notes import CreditNote, CreditNoteLine
from billing.rows.invoices import Invoice
from papers.sheet import Merchant, Paper, Reader, sheet, with_breaks


def credit_note_paper(note: CreditNote, lines: Sequence[CreditNoteLine], invoice: Invoice, *, merchant: Merchant, reader: Reader) -> Paper:
    return Paper("credit-note", partial(_content, note, lines, invoice, merchant=merchant, reader=reader), note.issued_at, len(lines))


def _content(note: CreditNote, lines: Sequence[CreditNoteLine], invoice: Invoice, *, merchant: Merchant, reader: Reader) -> dict[str, Any]:
    words = reader.words
    return sheet(merchant, reader, title=f"{words['credit_note']} {note.number}") | {
        "facts": [
            (words["number"], note.number),
            (words["credit_note_issued"], reader.day(note.issued_at)),
            (words["corrects"], invoice.number),
            (words["invoice_date"], reader.day(invoice.issued_at)),
            (words["reason"], words[f"reason_{note.reason}"]),
        ],
        "lines": [_line(line, reader) for line in lines],
        "totals": [(words["net"], reader.money(note.subtotal_minor, note.currency)), (words["tax"], reader.money(note.tax_minor, note.currency))],
        "total": reader.money(note.total_minor, note.currency),
        "uses": _uses(note, reader),
    }


def _line(line: CreditNoteLine, reader: Reader) -> dict[str, Any]:
    return {
        "description": with_breaks(line.description),
        "period": reader.days(line.period_starts_at, line.period_ends_at),
        "net": reader.money(line.subtotal_minor, line.currency),
        "tax": reader.money(line.tax_minor, line.currency),
        "amount": reader.money(line.total_minor, line.currency),
    }


def _uses(note: CreditNote, reader: Reader) -> list[tuple[str, str]]:
    """What became of the amount."""
    rows = [("released", note.released_minor), ("to_balance", note.granted_minor), ("paid_back", note.refunded_minor)]
    return [(reader.words[word], reader.money(minor, note.currency)) for word, minor in rows if minor]
