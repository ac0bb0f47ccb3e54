"""Rows about letters: what causes one, and what it says."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class LetterCauseRow:
    """What causes a letter to a customer, once: its kind, the object it is about, and the occurrence where an object may cause several."""

    customer_id: str
    kind: str
    object_id: str
    occurrence: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class LetterRecipientRow:
    """The customer as letters need it. `is_reachable` is false for a customer who is to get no letters."""

    id: str
    email: str
    locale: str
    time_zone: str
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class InvoiceLetterRow:
    """An invoice, and the method that it is charged to."""

    id: str
    number: str
    status: str
    currency: str
    remaining_minor: int
    issued_at: datetime
    due_on: date
    collection: str
    method_kind: str | None
    method_brand: str | None
    method_last4: str | None


@dataclass(frozen=True, slots=True)
class PaymentLetterRow:
    """A payment, and the numbers of the invoices and the names of the installments that it pays."""

    id: str
    currency: str
    amount_minor: int
    created_at: datetime
    settled_at: datetime | None
    method_kind: str | None
    method_brand: str | None
    method_last4: str | None
    invoices: list[str]


@dataclass(frozen=True, slots=True)
class RefundLetterRow:
    """A refund; `id` is that of its payment."""

    id: str
    currency: str
    amount_minor: int
    created_at: datetime
    settled_at: datetime | None
    method_kind: str | None
    method_brand: str | None
    method_last4: str | None
    invoices: list[str]


@dataclass(frozen=True, slots=True)
class CreditNoteLetterRow:
    id: str
    number: str
    invoice_number: str
    currency: str
    total_minor: int
    released_minor: int
    granted_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class SubscriptionLetterRow:
    id: str
    plan_name: str
    quantity: int
    currency: str
    renewal_minor: int
    trial_ends_at: datetime | None
    renews_at: datetime | None
    suspended_by: str | None


@dataclass(frozen=True, slots=True)
class CancellationLetterRow:
    """`id` is the subscription. `ends_at` is when it ends, or has ended."""

    id: str
    plan_name: str
    quantity: int
    has_ended: bool
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class MethodLetterRow:
    id: str
    kind: str
    brand: str | None
    last4: str | None
    expires_on: date
