"""Rows about the customer and the customer's account."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class CustomerRow:
    id: str
    customer_id: str
    name: str
    email: str
    locale: str
    time_zone: str
    currency: str
    version: int
    created_at: datetime
    company_name: str | None
    address_line1: str | None
    address_line2: str | None
    address_city: str | None
    address_region: str | None
    address_postal_code: str | None
    address_country: str | None
    tax_ids: list[str]
    tax_exemption: str | None
    external_id: str | None
    metadata: str
    tax_rate_ppm: int
    tax_name: str | None
    closed_at: datetime | None
    shares_email: bool


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """What saving a customer depends on: the stored columns as JSON, if there are any, another customer with the e-mail address, and whether Postgres knows the time zone."""

    stored: str | None
    other_id: str | None
    other_external_id: str | None
    is_owner: bool
    is_time_zone: bool


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    has_history: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """The customer who owns an object, for staff who have only its id."""

    id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class SummaryRow:
    id: str
    customer_id: str
    active_subscriptions: int
    active_schedules: int


@dataclass(frozen=True, slots=True)
class Total:
    """The totals in one currency: credit (or debt, negative), due, overdue, and in flight."""

    customer_id: str
    currency: str
    balance_minor: int
    due_minor: int
    overdue_minor: int
    processing_minor: int


@dataclass(frozen=True, slots=True)
class NextPaymentRow:
    customer_id: str
    due_on: date
    amount_minor: int
    currency: str
    kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class BalanceEntryRow:
    id: str
    customer_id: str
    currency: str
    amount_minor: int
    kind: str
    description: str
    invoice_id: str | None
    payment_id: str | None
    created_at: datetime
    refund_id: str | None
    credit_note_id: str | None
