"""Documents to make e-invoices of: their parties, and lines whose amounts the rules of billing compute."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from billing.money.charges import amounts_of
from billing.money.issuer import InvoiceIssuer
from billing.rows.documents import DocumentSnapshotRow
from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.states import TaxBehavior
from pdf.layout import Merchant
from pdf.parties import DocumentParties, issued_by, reader_of
from tests.pdf.samples import ISSUER, NOW, credit_note, invoice, lines

# Left out of the columns of an issuer without an address in fields.
POSTAL = ("issuer_street", "issuer_city", "issuer_region", "issuer_postal_code", "issuer_country")
BUYER: dict[str, Any] = {
    "customer_id": "cus_1",
    "document_id": "inv_1",
    "name": "Greta Müller",
    "company_name": "Müller Gestaltung GmbH",
    "email": "greta@example.com",
    "address_line1": "Lindenstraße 24",
    "address_line2": None,
    "address_city": "Berlin",
    "address_region": None,
    "address_postal_code": "10969",
    "address_country": "DE",
    "tax_ids": ["DE136695976"],
    "tax_exemption": None,
    "locale": "de-DE",
    "time_zone": "Europe/Berlin",
    "is_backfilled": False,
    "tax_name": None,
}


def parties(issuer: InvoiceIssuer = ISSUER, **changes: Any) -> DocumentParties:
    """Return the parties of a document as its snapshot tells them."""
    snapshot = DocumentSnapshotRow(**(dict.fromkeys(POSTAL) | issuer.columns() | BUYER | changes))
    return DocumentParties(reader_of(snapshot), issued_by(Merchant("Another"), snapshot), snapshot)


def line(
    unit_minor: int, quantity: int = 1, *, rate_ppm: int = 190_000, discount_minor: int = 0, behavior: str = TaxBehavior.EXCLUSIVE, currency: str = "EUR"
) -> InvoiceLineRow:
    """Return a line with the amounts of `amounts_of`."""
    amounts = amounts_of(unit_minor * quantity, discount_minor, rate_ppm=rate_ppm, behavior=behavior)
    return replace(
        lines(1, currency)[0],
        quantity=quantity,
        unit_minor=unit_minor,
        subtotal_minor=amounts.subtotal_minor,
        discount_minor=amounts.discount_minor,
        tax_minor=amounts.tax_minor,
        total_minor=amounts.total_minor,
        net_minor=amounts.subtotal_minor - amounts.discount_minor,
        tax_rate_ppm=rate_ppm,
    )


def numbered(rows: Sequence[InvoiceLineRow]) -> list[InvoiceLineRow]:
    return [replace(row, id=f"line_{position}", position=position) for position, row in enumerate(rows, 1)]


def issued(rows: Sequence[InvoiceLineRow], *, paid_minor: int = 0, **changes: Any) -> tuple[InvoiceRow, list[InvoiceLineRow]]:
    """Return an invoice with these lines."""
    placed = numbered(rows)
    return replace(invoice(placed, paid_minor=paid_minor), **changes), placed


def credited(rows: Sequence[InvoiceLineRow], *, refunded_minor: int = 0) -> tuple[CreditNoteRow, list[CreditNoteLineRow]]:
    """Return a credit note that takes back these lines, with what was paid back; the rest becomes credit."""
    note, (pattern,) = credit_note()
    placed = [
        replace(
            pattern,
            id=f"line_{position}",
            position=position,
            currency=row.currency,
            description=row.description,
            wording=None,
            wording_of=None,
            subtotal_minor=row.net_minor,
            tax_minor=row.tax_minor,
            total_minor=row.total_minor,
            tax_rate_ppm=row.tax_rate_ppm,
        )
        for position, row in enumerate(rows, 1)
    ]
    total = sum(row.total_minor for row in placed)
    amounts = {
        "subtotal_minor": sum(row.subtotal_minor for row in placed),
        "tax_minor": sum(row.tax_minor for row in placed),
        "total_minor": total,
        "released_minor": 0,
        "granted_minor": total - refunded_minor,
        "refunded_minor": refunded_minor,
    }
    return replace(note, currency=placed[0].currency, issued_at=NOW + timedelta(days=3), **amounts), placed
