"""The invoice, with what was paid on it so far; and the receipt of a payment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from billing.rows.invoices import Invoice, InvoiceLine
from billing.rows.payments import Payment
from papers.sheet import Merchant, Paper, Reader, sheet, with_breaks


@dataclass(frozen=True, slots=True)
class PaidPart:
    """How much of a payment went to what: of an invoice its payments, of a payment the things it paid. `name` is an invoice's number, an installment's name, or the account."""

    payment: Payment
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaidBack:
    """How much of a payment went back, by the merchant or by a bank: of an invoice what had paid it, of a payment all."""

    payment: Payment
    settled_at: datetime
    amount_minor: int
    is_by_the_bank: bool

    def words(self, reader: Reader) -> str:
        return reader.words["taken_back" if self.is_by_the_bank else "refunded"]


def invoice_paper(invoice: Invoice, lines: Sequence[InvoiceLine], paid: Sequence[PaidPart | PaidBack], *, merchant: Merchant, reader: Reader) -> Paper:
    content = partial(_invoice_content, invoice, lines, paid, merchant=merchant, reader=reader)
    return Paper("invoice", content, invoice.issued_at, len(lines) + len(paid))


def receipt_paper(payment: Payment, parts: Sequence[PaidPart | PaidBack], *, merchant: Merchant, reader: Reader) -> Paper:
    """Of a payment that succeeded. Raises ValueError for one that has not (yet)."""
    if payment.settled_at is None:
        raise ValueError("there is a receipt only of money that was received")
    return Paper("receipt", partial(_receipt_content, payment, parts, merchant, reader), payment.settled_at, len(parts))


def _invoice_content(
    invoice: Invoice, lines: Sequence[InvoiceLine], paid: Sequence[PaidPart | PaidBack], *, merchant: Merchant, reader: Reader
) -> dict[str, Any]:
    words = reader.words
    facts = [
        (words["number"], invoice.number),
        (words["issued"], reader.day(invoice.issued_at)),
        (words["due"], reader.day(invoice.due_on)),
        (words["period"], reader.days(invoice.period_starts_at, invoice.period_ends_at)),
    ]
    return sheet(merchant, reader, title=f"{words['invoice']} {invoice.number}") | {
        "facts": [fact for fact in facts if fact[1]],
        "stamp": words.get(f"is_{invoice.status}"),
        "has_discount": any(line.discount_minor for line in lines),
        "lines": [_line(line, reader) for line in lines],
        "totals": _totals(invoice, reader),
        "due": reader.money(invoice.remaining_minor, invoice.currency),
        "payments": [_moved(part, reader) for part in sorted(paid, key=_moved_at)],
    }


def _moved_at(part: PaidPart | PaidBack) -> datetime:
    return part.settled_at if isinstance(part, PaidBack) else part.payment.settled_at or part.payment.created_at


def _moved(part: PaidPart | PaidBack, reader: Reader) -> list[str]:
    """A payment, or money that went back."""
    method, is_back = method_of(part.payment, reader), isinstance(part, PaidBack)
    words = f"{part.words(reader)}: {method}" if isinstance(part, PaidBack) else method
    return [reader.day(_moved_at(part)), words, reader.money(-part.amount_minor if is_back else part.amount_minor, part.payment.currency)]


def _receipt_content(payment: Payment, parts: Sequence[PaidPart | PaidBack], merchant: Merchant, reader: Reader) -> dict[str, Any]:
    assert payment.settled_at is not None
    words, settled_on = reader.words, reader.day(payment.settled_at)
    back = sorted((part for part in parts if isinstance(part, PaidBack)), key=_moved_at)
    refunded = [(f"{part.words(reader)} {reader.day(part.settled_at)}", reader.money(-part.amount_minor, payment.currency)) for part in back]
    return sheet(merchant, reader, title=f"{words['receipt']} {settled_on}") | {
        "facts": [(words["reference"], payment.id), (words["date"], settled_on), (words["method"], method_of(payment, reader))],
        "parts": [[with_breaks(part.name), reader.money(part.amount_minor, payment.currency)] for part in parts if isinstance(part, PaidPart)],
        "totals": refunded,
        "paid": reader.money(payment.amount_minor - payment.refunded_minor, payment.currency),
    }


def method_of(payment: Payment, reader: Reader) -> str:
    """What the customer knows the method by: "Visa •••• 4242", "SEPA direct debit •••• 3000"."""
    name = (payment.method_brand or "").replace("_", " ").title() or reader.words.get(payment.method_kind, payment.method_kind)
    return f"{name} •••• {payment.method_last4}" if payment.method_last4 else name


def _line(line: InvoiceLine, reader: Reader) -> dict[str, Any]:
    return {
        "description": with_breaks(line.description),
        "period": reader.days(line.period_starts_at, line.period_ends_at),
        "quantity": str(line.quantity),
        "unit": reader.money(line.unit_minor, line.currency),
        "discount": reader.money(-line.discount_minor, line.currency) if line.discount_minor else "",
        "tax": reader.money(line.tax_minor, line.currency),
        "amount": reader.money(line.total_minor, line.currency),
    }


def _totals(invoice: Invoice, reader: Reader) -> list[tuple[str, str]]:
    """Zero is left out, except where it tells something: a total is always there, and so is the tax."""
    words = reader.words
    rows = [
        ("subtotal", invoice.subtotal_minor),
        ("discount", -invoice.discount_minor),
        ("tax", invoice.tax_minor),
        ("total", invoice.total_minor),
        ("paid", -invoice.paid_minor),
        ("credited", -invoice.credited_minor),
    ]
    return [(words[word], reader.money(minor, invoice.currency)) for word, minor in rows if minor or word in ("tax", "total")]
