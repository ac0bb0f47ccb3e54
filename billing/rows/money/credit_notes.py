"""Rows about credit notes and their lines."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CreditNoteRow:
    id: str
    customer_id: str
    number: str
    reason: str
    currency: str
    invoice_id: str
    refund_id: str | None
    issued_at: datetime
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    released_minor: int
    granted_minor: int
    refunded_minor: int
    memo: str | None


@dataclass(frozen=True, slots=True)
class CreditNoteLineRow:
    id: str
    customer_id: str
    credit_note_id: str
    currency: str
    position: int
    description: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    tax_rate_ppm: int | None
    wording: str | None
    wording_of: str | None
