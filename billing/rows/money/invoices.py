"""Rows about invoices and their lines."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    id: str
    customer_id: str
    number: str
    reason: str
    status: str
    currency: str
    subscription_id: str | None
    schedule_id: str | None
    issued_at: datetime
    due_on: date
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    credited_minor: int
    remaining_minor: int
    paid_at: datetime | None
    is_overdue: bool
    days_overdue: int
    version: int
    collection: str
    retry_count: int
    next_attempt_at: datetime | None
    next_attempt_on: date | None
    refunded_minor: int
    is_in_payment: bool
    file_count: int
    external_id: str | None
    metadata: str
    memo: str | None
    collection_method: str
    written_off_at: datetime | None
    is_voidable: bool
    is_expected: bool
    creditable_minor: int
    is_being_credited: bool
    issued_due_on: date | None
    promised_on: date | None
    promise_note: str | None
    promise_state: str | None
    awaited_on: date | None
    is_retryable: bool
    is_awaited: bool
    imported: bool = False
    charged_minor: int | None = None

    @property
    def printed_due_on(self) -> date:
        """Return the due day that the document prints: the one of its issue."""
        return self.issued_due_on or self.due_on


@dataclass(frozen=True, slots=True)
class InvoiceLineRow:
    id: str
    customer_id: str
    invoice_id: str
    currency: str
    position: int
    description: str
    quantity: int
    unit_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    tax_rate_ppm: int | None
    net_minor: int
    wording: str | None
    wording_of: str | None
