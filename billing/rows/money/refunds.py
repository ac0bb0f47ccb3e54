"""Rows about refunds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RefundRow:
    id: str
    customer_id: str
    payment_id: str
    currency: str
    amount_minor: int
    status: str
    reason: str
    created_at: datetime
    settled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class RefundedPayment:
    """A payment to refund. `credit_minor` of it is on the customer's account; `account_minor` of that paid a debt there and is not waived. `refundable_minor` is what
    staff can give back of it now."""

    customer_id: str
    payment_id: str
    status: str
    currency: str
    amount_minor: int
    payment_method_id: str | None
    credit_minor: int
    account_minor: int
    processor: str
    processor_reference: str | None
    refundable_minor: int


@dataclass(frozen=True, slots=True)
class RecordedRefund:
    """A refund for the rules, and whether it was applied to what its payment paid. `is_begun_here`: staff began it, so reports of the processor name its id."""

    id: str
    reference: str | None
    amount_minor: int
    reason: str
    status: str
    created_at: datetime
    is_awaiting: bool
    is_applied: bool
    is_begun_here: bool


@dataclass(frozen=True, slots=True)
class RefundSource:
    """A part of a payment: for an invoice, an installment or both; with neither it became credit."""

    id: str
    invoice_id: str | None
    installment_id: str | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RefundedInvoice:
    """An invoice to refund. `noted_…` are sums over its credit notes, `paid_back_minor` is the amount that they record as paid back, `failed_minor` the amount that they
    grant because that failed; `applied_minor` is balance credit that pays it.
    """

    id: str
    number: str
    status: str
    currency: str
    subscription_id: str | None
    total_minor: int
    tax_minor: int
    paid_minor: int
    refunded_minor: int
    remaining_minor: int
    noted_minor: int
    noted_tax_minor: int
    paid_back_minor: int
    failed_minor: int
    applied_minor: int


@dataclass(frozen=True, slots=True)
class RefundedInstallment:
    id: str
    schedule_id: str
    invoice_id: str | None
    name: str
    status: str
    paid_minor: int
    remaining_minor: int
    allocated_minor: int
    disputed_minor: int


@dataclass(frozen=True, slots=True)
class RefundNote:
    """A credit note, and the amount that it records as paid back."""

    id: str
    invoice_id: str
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class RefundedPart:
    """The part of a refund that it took from an invoice, or the whole refund."""

    id: str
    payment_id: str
    settled_at: datetime
    reason: str
    amount_minor: int
