"""Rows about payment schedules (installment plans)."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PaymentScheduleRow:
    id: str
    customer_id: str
    name: str
    currency: str
    subscription_id: str | None
    invoicing: str
    status: str
    total_minor: int
    paid_minor: int
    remaining_minor: int
    is_overdue: bool
    version: int
    created_at: datetime
    refunded_minor: int
    file_count: int
    external_id: str | None
    metadata: str
    collection: str
    canceled_minor: int
    is_in_payment: bool


@dataclass(frozen=True, slots=True)
class InstallmentRow:
    id: str
    customer_id: str
    schedule_id: str
    invoice_id: str | None
    currency: str
    position: int
    name: str
    due_on: date
    amount_minor: int
    paid_minor: int
    remaining_minor: int
    status: str
    is_overdue: bool
    days_overdue: int
    version: int
    refunded_minor: int
    invoice_status: str | None
    invoice_remaining_minor: int | None
    external_id: str | None
    metadata: str
    charged_minor: int | None


@dataclass(frozen=True, slots=True)
class ScheduleTerms:
    """A payment schedule for the rules, and the customer's time zone. `is_import_held`: its source collects it until the release."""

    id: str
    customer_id: str
    name: str
    currency: str
    subscription_id: str | None
    invoicing: str
    collection: str
    status: str
    total_minor: int
    version: int
    time_zone: str
    is_import_held: bool


@dataclass(frozen=True, slots=True)
class ScheduledInstallment:
    """An installment for the rules. `has_history`: a payment was begun for it, whatever came of it."""

    id: str
    position: int
    name: str
    due_on: date
    amount_minor: int
    paid_minor: int
    refunded_minor: int
    remaining_minor: int
    status: str
    invoice_id: str | None
    invoice_at: datetime | None
    has_history: bool


@dataclass(frozen=True, slots=True)
class ScheduleInvoice:
    """An invoice of a schedule for the rules. `noted_…` are the sums of its credit notes. `is_uncollected`: the clock is to charge it, but not before the import releases it."""

    id: str
    number: str
    status: str
    total_minor: int
    tax_minor: int
    paid_minor: int
    credited_minor: int
    refunded_minor: int
    remaining_minor: int
    noted_minor: int
    noted_tax_minor: int
    is_uncollected: bool


@dataclass(frozen=True, slots=True)
class PayingSubscription:
    """The subscription that a schedule belongs to."""

    id: str
    currency: str
