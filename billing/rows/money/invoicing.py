"""Rows for what staff do with invoices and money."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InvoiceBuyer:
    """The customer of a new invoice. `credit_minor` is the balance in the invoice's currency, less what charges under way will use.
    `is_known_currency`: the currency is the customer's, or the customer has something in it. `invoices`: how many the customer has."""

    customer_id: str
    currency: str
    is_known_currency: bool
    time_zone: str
    tax_rate_ppm: int
    tax_exemption: str | None
    credit_minor: int
    owed_minor: int
    invoices: int


@dataclass(frozen=True, slots=True)
class CreditableInvoice:
    """An invoice for staff's actions. `noted_…` are sums over its credit notes, and `creditable_minor` is what they leave. `is_expected`: something remains that is not
    written off, and it belongs to no payment schedule."""

    customer_id: str
    id: str
    number: str
    status: str
    currency: str
    total_minor: int
    tax_minor: int
    paid_minor: int
    credited_minor: int
    refunded_minor: int
    remaining_minor: int
    noted_minor: int
    noted_tax_minor: int
    is_in_payment: bool
    is_voidable: bool
    is_expected: bool
    creditable_minor: int
    is_being_credited: bool
    is_retryable: bool
    is_awaited: bool
    version: int


@dataclass(frozen=True, slots=True)
class CreditableLine:
    """A line of an invoice, and what credit notes that name it have credited."""

    id: str
    description: str
    tax_rate_ppm: int | None
    net_minor: int
    tax_minor: int
    credited_net_minor: int
    credited_tax_minor: int


@dataclass(frozen=True, slots=True)
class PayingPayment:
    """A payment that paid a part of an invoice. `refundable_minor` is what can be given back of that part."""

    payment_id: str
    processor: str
    refundable_minor: int


@dataclass(frozen=True, slots=True)
class RefundRequestRow:
    """A refund that staff began, and its state. `note` is the credit note that is issued with it, as JSON."""

    customer_id: str
    refund_id: str
    payment_id: str
    invoice_id: str | None
    processor: str
    mutation: str
    key: str | None
    caller: str | None
    request: str
    note: str | None
    answer: str
    started_at: datetime
    settled_at: datetime | None
    status: str
    reference: str | None
