"""The invoice, with its payments so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.payments import PaymentRow
from pdf.layout import Merchant, Paper, Recipient, memo_lines, sheet, with_breaks
from pdf.line_words import described
from pdf.taxes import exemption_notes, net_unit_minor, rate_of, tax_rows

# Brands whose spelling is not their processor's name with capitals, by that name.
BRANDS = {"amex": "American Express", "eftpos_au": "eftpos", "jcb": "JCB", "unionpay": "UnionPay"}


@dataclass(frozen=True, slots=True)
class PaidPart:
    """The part of a payment that paid one debt: on an invoice, one for each payment; on a receipt, one for each debt. `name` is the number of the invoice, the name of
    the installment, or the account."""

    payment: PaymentRow
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaidBack:
    """The part of a payment that was paid back, by the merchant or by a bank: on an invoice, the part that had paid it; on a receipt, all of it."""

    payment: PaymentRow
    settled_at: datetime
    amount_minor: int
    is_by_the_bank: bool

    def words(self, reader: Recipient) -> str:
        return reader.words["taken_back" if self.is_by_the_bank else "refunded"]


def invoice_paper(invoice: InvoiceRow, lines: Sequence[InvoiceLineRow], paid: Sequence[PaidPart | PaidBack], *, merchant: Merchant, reader: Recipient) -> Paper:
    content = partial(_invoice_content, invoice, lines, paid, merchant=merchant, reader=reader)
    return Paper("invoice", content, invoice.issued_at, len(lines) + len(paid))


def _invoice_content(
    invoice: InvoiceRow, lines: Sequence[InvoiceLineRow], paid: Sequence[PaidPart | PaidBack], *, merchant: Merchant, reader: Recipient
) -> dict[str, Any]:
    words = reader.words
    facts = [
        (words["number"], invoice.number),
        (words["issued"], reader.day(invoice.issued_at)),
        (words["due"], reader.day(invoice.printed_due_on)),
        (words["period"], reader.days(invoice.period_starts_at, invoice.period_ends_at)),
        (words["currency"], invoice.currency),
    ]
    return sheet(merchant, reader, title=f"{words['invoice']} {invoice.number}") | {
        "facts": [fact for fact in facts if fact[1]],
        "stamp": words.get(f"is_{invoice.status}"),
        "has_discount": any(line.discount_minor for line in lines),
        "lines": [_line(line, reader) for line in lines],
        "totals": _totals(invoice, lines, reader),
        "notes": memo_lines(invoice.memo) + exemption_notes(lines, reader),
        "due": reader.money(invoice.remaining_minor, invoice.currency),
        "transfer": _transfer(invoice, merchant, reader),
        "payments": [_moved(part, reader) for part in sorted(paid, key=moved_at)],
    }


def _transfer(invoice: InvoiceRow, merchant: Merchant, reader: Recipient) -> list[tuple[str, str]]:
    """Return the account for a bank transfer, as labels and values; empty where nothing is to be paid, or the merchant has named no account."""
    words, details = reader.words, merchant.details
    if details.iban is None or invoice.remaining_minor <= 0:
        return []
    iban = "\u00a0".join(details.iban[start : start + 4] for start in range(0, len(details.iban), 4))
    rows = [(words["account_holder"], with_breaks(merchant.name)), ("IBAN", iban), ("BIC", details.bic), (words["reference"], invoice.number)]
    return [(label, value) for label, value in rows if value]


def moved_at(part: PaidPart | PaidBack) -> datetime:
    return part.settled_at if isinstance(part, PaidBack) else part.payment.settled_at or part.payment.created_at


def _moved(part: PaidPart | PaidBack, reader: Recipient) -> list[str]:
    """Return the table row of a payment or of money that was paid back: day, method, amount."""
    method, is_back = method_of(part.payment, reader), isinstance(part, PaidBack)
    words = f"{part.words(reader)}: {method}" if isinstance(part, PaidBack) else method
    return [reader.day(moved_at(part)), words, reader.money(-part.amount_minor if is_back else part.amount_minor, part.payment.currency)]


def method_of(payment: PaymentRow, reader: Recipient) -> str:
    """Return the name by which the customer recognises the method: "Visa •••• 4242", "SEPA direct debit •••• 3000"."""
    brand = payment.method_brand or ""
    name = BRANDS.get(brand, brand.replace("_", " ").title()) or reader.words.get(payment.method_kind, payment.method_kind)
    return f"{name} •••• {payment.method_last4}" if payment.method_last4 else name


def _line(line: InvoiceLineRow, reader: Recipient) -> dict[str, Any]:
    return {
        "description": with_breaks(described(line.description, line.wording, line.wording_of, reader.language)),
        "period": reader.days(line.period_starts_at, line.period_ends_at),
        "quantity": str(line.quantity),
        "unit": reader.money(net_unit_minor(line), line.currency),
        "discount": reader.money(-line.discount_minor, line.currency) if line.discount_minor else "",
        "net": reader.money(line.net_minor, line.currency),
        "rate": rate_of(line, reader),
        "tax": reader.money(line.tax_minor, line.currency),
        "amount": reader.money(line.total_minor, line.currency),
    }


def _totals(invoice: InvoiceRow, lines: Sequence[InvoiceLineRow], reader: Recipient) -> list[tuple[str, str]]:
    """Return the rows of the totals: label and amount. Rows of zero are left out, except the total and the tax."""
    before = _sums([("subtotal", invoice.subtotal_minor), ("discount", -invoice.discount_minor)], invoice, reader)
    after = _sums([("total", invoice.total_minor), ("paid", -invoice.paid_minor), ("credited", -invoice.credited_minor)], invoice, reader)
    return [*before, *tax_rows(lines, invoice.currency, reader), *after]


def _sums(rows: Sequence[tuple[str, int]], invoice: InvoiceRow, reader: Recipient) -> list[tuple[str, str]]:
    return [(reader.words[word], reader.money(minor, invoice.currency)) for word, minor in rows if minor or word == "total"]
