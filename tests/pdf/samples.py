"""Rows to print, and the reading of printed documents."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
from pypdf import PdfReader

from billing.money.issuer import InvoiceIssuer, IssuerDetails
from billing.postal_addresses import PostalAddress
from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.payments import PaymentRow
from pdf.invoice import PaidPart
from pdf.layout import Logo, Merchant, Recipient

NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
LOGO = Logo(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 12"><rect width="12" height="12" rx="3" fill="#0f766e"/><circle cx="24" cy="6" r="6" fill="#0f766e"/></svg>',
    "svg",
)
BERLIN = PostalAddress(("Musterstraße 1",), "Berlin", None, "10115", "DE")
ISSUER = InvoiceIssuer(
    "Acme Cloud GmbH",
    tuple(BERLIN.lines()),
    ("VAT DE123456789",),
    ("Managing director: Erika Mustermann",),
    IssuerDetails(BERLIN, "HRB 12345, Amtsgericht Charlottenburg", "billing@acme.example", "+49 30 1234567", "DE89370400440532013000", "COBADEFFXXX"),
)
ACME = Merchant(ISSUER.name, ISSUER.address, "#0f766e", LOGO, ISSUER.footer, ISSUER.tax_ids, ISSUER.details)
ADA = Recipient("Ada Lovelace", "ada@example.com", "en-GB", "Europe/London")


def lines(count: int, currency: str = "EUR") -> list[InvoiceLineRow]:
    """Return invoice lines of 119.00 each: 100.00 and 19 % tax."""
    ends = NOW + timedelta(days=30)
    return [
        InvoiceLineRow(
            f"line_{number}",
            "cus_1",
            "inv_1",
            currency,
            number,
            f"Business plan, seat {number}",
            1,
            10_000,
            10_000,
            0,
            1_900,
            11_900,
            NOW,
            ends,
            190_000,
            10_000,
            None,
            None,
        )
        for number in range(1, count + 1)
    ]


# The columns of an invoice that no PDF prints, of one that nobody collects.
NOT_COLLECTED: dict[str, Any] = {
    "paid_at": None,
    "is_overdue": False,
    "days_overdue": 0,
    "version": 1,
    "collection": "NONE",
    "retry_count": 0,
    "next_attempt_at": None,
    "next_attempt_on": None,
    "refunded_minor": 0,
    "is_in_payment": False,
    "file_count": 0,
    "external_id": None,
    "metadata": "{}",
    "memo": None,
    "collection_method": "AUTOMATIC",
    "written_off_at": None,
    "is_voidable": False,
    "is_expected": False,
    "is_being_credited": False,
    "issued_due_on": None,
    "promised_on": None,
    "promise_note": None,
    "promise_state": None,
    "awaited_on": None,
    "is_retryable": False,
    "is_awaited": False,
}


def invoice(of: list[InvoiceLineRow], *, paid_minor: int = 0, status: str = "OPEN") -> InvoiceRow:
    subtotal, discount, tax = sum(line.subtotal_minor for line in of), sum(line.discount_minor for line in of), sum(line.tax_minor for line in of)
    total = subtotal - discount + tax
    return InvoiceRow(
        id="inv_1",
        customer_id="cus_1",
        number="INV-2026-000042",
        reason="RENEWAL",
        status=status,
        currency=of[0].currency,
        subscription_id=None,
        schedule_id=None,
        issued_at=NOW,
        due_on=date(2026, 12, 6),
        period_starts_at=NOW,
        period_ends_at=NOW + timedelta(days=30),
        subtotal_minor=subtotal,
        discount_minor=discount,
        tax_minor=tax,
        total_minor=total,
        paid_minor=paid_minor,
        credited_minor=0,
        remaining_minor=total - paid_minor,
        creditable_minor=total,
        **NOT_COLLECTED,
    )


def payment(amount_minor: int = 10_000, **changes: Any) -> PaymentRow:
    settled_at = NOW + timedelta(seconds=4)
    made = PaymentRow(
        "pay_1", "cus_1", "SUCCEEDED", "EUR", amount_minor, 0, "pm_1", "CARD", "visa", "4242", None, False, NOW, settled_at, 1, None, "{}", None, None, amount_minor
    )  # fmt: skip
    return replace(made, **changes)


def part(amount_minor: int = 10_000, name: str = "INV-2026-000042") -> PaidPart:
    return PaidPart(payment(amount_minor), name, amount_minor)


def opened(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf), strict=True)


def copied(pdf: bytes) -> str:
    """Return the text as PDFium reads it, in reading order, as a browser copies and searches it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
    finally:
        document.close()


def text_of(pdf: bytes) -> str:
    """Return the text with every kind of space as one space."""
    return " ".join(" ".join(page.extract_text() for page in opened(pdf).pages).split())


def credit_note(**changes: Any) -> tuple[CreditNoteRow, list[CreditNoteLineRow]]:
    """Return a credit note of 59.50 on an invoice of 119.00, for the second half of its period."""
    middle = NOW + timedelta(days=15)
    note = CreditNoteRow("cn_1", "cus_1", "CN-2026-000007", "UNUSED_TIME", "EUR", "inv_1", None, middle, 5_000, 950, 5_950, 2_000, 3_950, 0, None)
    line = CreditNoteLineRow(
        "line_1",
        "cus_1",
        "cn_1",
        "EUR",
        1,
        "Unused time on Business plan",
        5_000,
        950,
        5_950,
        middle,
        NOW + timedelta(days=30),
        190_000,
        "UNUSED_TIME",
        "Business plan",
    )
    return replace(note, **changes), [line]
