"""The table of each kind of row, and the rows of many customers before they are copied."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from demo.records.issued import SeedDocumentSnapshot
from demo.records.money import SeedBalanceEntry, SeedCreditNote, SeedCreditNoteLine, SeedPayment, SeedPaymentAllocation, SeedRefund, SeedRefundAllocation
from demo.records.rows import (
    SeedAttachment,
    SeedCoupon,
    SeedCouponRedemption,
    SeedCustomer,
    SeedInstallment,
    SeedInvoice,
    SeedInvoiceLine,
    SeedPaymentMethod,
    SeedPaymentSchedule,
    SeedPlan,
    SeedPrice,
    SeedRetentionOffer,
    SeedSubscription,
    SeedSubscriptionEvent,
    SeedTakenPlan,
)

Row = TypeVar("Row")
Rows = dict[type, list[Any]]

CATALOGUE_TABLES: dict[type, str] = {SeedPlan: "plan", SeedPrice: "price", SeedCoupon: "coupon", SeedRetentionOffer: "retention_offer"}

# Parent tables come before their children.
CUSTOMER_TABLES: dict[type, str] = {
    SeedCustomer: "customer",
    SeedPaymentMethod: "payment_method",
    SeedSubscription: "subscription",
    SeedTakenPlan: "taken_plan",
    SeedSubscriptionEvent: "subscription_event",
    SeedCouponRedemption: "coupon_redemption",
    SeedPaymentSchedule: "payment_schedule",
    SeedInvoice: "invoice",
    SeedInvoiceLine: "invoice_line",
    SeedInstallment: "installment",
    SeedPayment: "payment",
    SeedPaymentAllocation: "payment_allocation",
    SeedRefund: "refund",
    SeedRefundAllocation: "refund_allocation",
    SeedCreditNote: "credit_note",
    SeedCreditNoteLine: "credit_note_line",
    SeedDocumentSnapshot: "document_snapshot",
    SeedBalanceEntry: "balance_entry",
    SeedAttachment: "attachment",
}


def no_rows() -> Rows:
    return {kind: [] for kind in CUSTOMER_TABLES}


def columns(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def record_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that turns a row of this kind into a tuple in the order of its columns."""
    return attrgetter(*columns(kind))
