"""Rows about payments, their allocations, and payment methods."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PaymentRow:
    id: str
    customer_id: str
    status: str
    currency: str
    amount_minor: int
    refunded_minor: int
    payment_method_id: str | None
    method_kind: str
    method_brand: str | None
    method_last4: str | None
    decline_code: str | None
    is_retryable: bool
    created_at: datetime
    settled_at: datetime | None
    version: int
    external_id: str | None
    metadata: str
    received_on: date | None
    reference: str | None
    refundable_minor: int
    imported: bool = False


@dataclass(frozen=True, slots=True)
class PaymentAllocationRow:
    id: str
    customer_id: str
    payment_id: str
    invoice_id: str | None
    installment_id: str | None
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaymentMethodRow:
    id: str
    customer_id: str
    kind: str
    brand: str | None
    last4: str | None
    expires_on: date | None
    is_default: bool
    is_expired: bool
    is_in_use: bool
    has_payment_in_flight: bool
    version: int
    created_at: datetime
    external_id: str | None
    metadata: str
