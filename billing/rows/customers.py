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
    erased_at: datetime | None
    calendar_secret: str | None


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
class UnsettledMatters:
    """What of a customer is owed or runs. `credit_minor` and `debt_minor` are sums over all currencies, only to be compared with 0."""

    running_subscriptions: int
    unpaid_invoices: int
    unpaid_installments: int
    payments_in_flight: int
    refunds_in_flight: int
    credit_minor: int
    debt_minor: int


@dataclass(frozen=True, slots=True)
class DataExportRow:
    """An export of everything that is stored about the customer. `missing` names what could not be added to it."""

    id: str
    customer_id: str
    status: str
    requested_by: str
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    missing: list[str]
    is_downloadable: bool


@dataclass(frozen=True, slots=True)
class CalendarLinkRow:
    """The link of the customer's calendar, without its secret."""

    customer_id: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimedExport:
    """An export that a worker makes. `tries` counts the workers that began it."""

    id: str
    customer_id: str
    requested_by: str
    tries: int


@dataclass(frozen=True, slots=True)
class ExportedRow:
    row: str


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table of which an export has the customer's rows."""

    relation: str


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """An invoice, a credit note or a receipt. `year` is the year in which it was issued, or the money came."""

    id: str
    currency: str
    year: int


@dataclass(frozen=True, slots=True)
class AttachedMethod:
    """A payment method that its processor still knows."""

    id: str
    processor: str
    processor_reference: str


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
    """The totals in one currency: credit (or debt, negative), due, overdue, and in flight.

    `charged_minor` is what `payAllDue` would charge: 0 if credit pays all, None where it would be refused.
    """

    customer_id: str
    currency: str
    balance_minor: int
    due_minor: int
    overdue_minor: int
    processing_minor: int
    charged_minor: int | None


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
