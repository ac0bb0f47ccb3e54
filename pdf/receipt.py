"""The receipt of a payment: what it paid, the tax of the invoices among that, and what was paid back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from billing.money.numbers import receipt_number
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.payments import PaymentRow
from pdf.invoice import PaidBack, PaidPart, method_of, moved_at
from pdf.layout import Merchant, Paper, Recipient, sheet, with_breaks
from pdf.taxes import summary


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice that the payment paid in full or in part, with its lines."""

    invoice: InvoiceRow
    lines: Sequence[InvoiceLineRow]


def receipt_paper(
    payment: PaymentRow, parts: Sequence[PaidPart | PaidBack], invoices: Sequence[PaidInvoice] = (), *, merchant: Merchant, reader: Recipient
) -> Paper:
    """Return the receipt of a payment that succeeded. Raises ValueError for another payment."""
    if payment.settled_at is None:
        raise ValueError("only a payment that succeeded has a receipt")
    rows = len(parts) + sum(len(paid.lines) for paid in invoices)
    return Paper("receipt", partial(_content, payment, parts, invoices, merchant=merchant, reader=reader), payment.settled_at, rows)


def _content(
    payment: PaymentRow, parts: Sequence[PaidPart | PaidBack], invoices: Sequence[PaidInvoice], *, merchant: Merchant, reader: Recipient
) -> dict[str, Any]:
    assert payment.settled_at is not None
    words, number = reader.words, receipt_number(payment.id)
    back = sorted((part for part in parts if isinstance(part, PaidBack)), key=moved_at)
    paid = reader.money(payment.amount_minor, payment.currency)
    refunds = [(f"{part.words(reader)} {reader.day(part.settled_at)}", reader.money(-part.amount_minor, payment.currency)) for part in back]
    return sheet(merchant, reader, title=f"{words['receipt']} {number}") | {
        "facts": [
            (words["number"], number),
            (words["date"], reader.day(payment.settled_at)),
            (words["method"], method_of(payment, reader)),
            (words["reference"], payment.id),
            (words["currency"], payment.currency),
        ],
        "parts": [[with_breaks(part.name), reader.money(part.amount_minor, payment.currency)] for part in parts if isinstance(part, PaidPart)],
        "totals": [(words["amount_paid"], paid), *refunds] if refunds else [],
        "result": words["paid_after_refunds" if refunds else "amount_paid"],
        "paid": reader.money(payment.amount_minor - payment.refunded_minor, payment.currency),
        "taxes": [row for each in invoices for row in summary(each.invoice.number, each.lines, each.invoice.currency, reader)],
    }
