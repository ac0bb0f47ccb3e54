"""Rows about debts for a payment, payment methods, processors' events, and statements of account."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class OwedItem:
    """A debt: an INVOICE, an INSTALLMENT or the debt on the ACCOUNT. `payable_minor` is the part of the remainder that is not in payment."""

    kind: str
    invoice_id: str | None
    installment_id: str | None
    remaining_minor: int
    payable_minor: int


@dataclass(frozen=True, slots=True)
class OwedInvoice:
    id: str
    number: str
    status: str
    currency: str
    remaining_minor: int
    due_on: date
    subscription_id: str | None
    collect_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class OwedInstallment:
    id: str
    name: str
    schedule_id: str
    invoice_id: str | None
    status: str
    currency: str
    paid_minor: int
    remaining_minor: int
    due_on: date
    version: int


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """A payment method with its reference at the processor, which only the processor may get."""

    id: str
    customer_id: str
    processor: str
    processor_reference: str
    is_default: bool
    is_expired: bool
    is_in_use: bool
    has_payment_in_flight: bool
    version: int


@dataclass(frozen=True, slots=True)
class MethodReference:
    reference: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of a processor. `payment_id` is None if it is not about a payment of ours."""

    processor: str
    id: str
    kind: str
    payment_id: str | None
    event: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentOwner:
    """The customer of a payment."""

    customer_id: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """An entry of a statement of account. `amount_minor` above zero increases the customer's debt, below zero reduces it. The order is that of the first three columns."""

    happened_on: date
    rank: int
    id: str
    kind: str
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StatementExtent:
    """The balance before a period, and the number of entries in it."""

    opening_minor: int
    entries: int
