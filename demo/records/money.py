"""Rows of the demo data about payments, refunds, credit notes and the balance."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class SeedPayment:
    customer_id: str
    id: str
    status: str
    currency: str
    amount_minor: int
    method_kind: str
    processor_reference: str
    created_at: datetime
    processor: str = "sandbox"
    refunded_minor: int = 0
    refunded_at: datetime | None = None
    payment_method_id: str | None = None
    method_brand: str | None = None
    method_last4: str | None = None
    decline_code: str | None = None
    is_retryable: bool = False
    settled_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedPaymentAllocation:
    customer_id: str
    id: str
    payment_id: str
    currency: str
    amount_minor: int
    created_at: datetime
    invoice_id: str | None = None
    installment_id: str | None = None


@dataclass(slots=True, kw_only=True)
class SeedRefund:
    customer_id: str
    id: str
    payment_id: str
    currency: str
    amount_minor: int
    reason: str
    status: str
    reference: str
    created_at: datetime
    settled_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedRefundAllocation:
    customer_id: str
    id: str
    refund_id: str
    currency: str
    amount_minor: int
    created_at: datetime
    invoice_id: str | None = None
    installment_id: str | None = None


@dataclass(slots=True, kw_only=True)
class SeedCreditNote:
    customer_id: str
    id: str
    reason: str
    currency: str
    invoice_id: str
    issued_at: datetime
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    created_at: datetime
    refund_id: str | None = None
    number: str = ""
    sequence: int = 0
    released_minor: int = 0
    granted_minor: int = 0
    refunded_minor: int = 0


@dataclass(slots=True, kw_only=True)
class SeedCreditNoteLine:
    customer_id: str
    id: str
    credit_note_id: str
    currency: str
    position: int
    description: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    tax_rate_ppm: int
    wording: str | None = None
    wording_of: str | None = None
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SeedBalanceEntry:
    customer_id: str
    id: str
    currency: str
    amount_minor: int
    kind: str
    description: str
    created_at: datetime
    invoice_id: str | None = None
    payment_id: str | None = None
    credit_note_id: str | None = None
