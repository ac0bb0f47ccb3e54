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
