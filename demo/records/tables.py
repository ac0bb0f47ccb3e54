"""Which table a row stands in, and the rows of many customers on their way there."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from demo.records.issued import DocumentSnapshot
from demo.records.money import BalanceEntry, CreditNote, CreditNoteLine, Payment, PaymentAllocation, Refund, RefundAllocation
from demo.records.rows import (
    Attachment,
    Coupon,
    CouponRedemption,
    Customer,
    Installment,
    Invoice,
    InvoiceLine,
    PaymentMethod,
    PaymentSchedule,
    Plan,
    Price,
    RetentionOffer,
    Subscription,
    SubscriptionEvent,
    TakenPlan,
)

Row = TypeVar("Row")
Rows = dict[type, list[Any]]

CATALOGUE_TABLES: dict[type, str] = {Plan: "plan", Price: "price", Coupon: "coupon", RetentionOffer: "retention_offer"}

# Parents stand before their children.
CUSTOMER_TABLES: dict[type, str] = {
    Customer: "customer",
    PaymentMethod: "payment_method",
    Subscription: "subscription",
    TakenPlan: "taken_plan",
    SubscriptionEvent: "subscription_event",
    CouponRedemption: "coupon_redemption",
    PaymentSchedule: "payment_schedule",
    Invoice: "invoice",
    InvoiceLine: "invoice_line",
    Installment: "installment",
    Payment: "payment",
    PaymentAllocation: "payment_allocation",
    Refund: "refund",
    RefundAllocation: "refund_allocation",
    CreditNote: "credit_note",
    CreditNoteLine: "credit_note_line",
    DocumentSnapshot: "document_snapshot",
    BalanceEntry: "balance_entry",
    Attachment: "attachment",
}


def no_rows() -> Rows:
    return {kind: [] for kind in CUSTOMER_TABLES}


def columns(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def record_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """What turns a row of this kind into a tuple in the order of its columns."""
    return attrgetter(*columns(kind))
