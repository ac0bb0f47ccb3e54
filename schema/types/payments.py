"""Payments, what they paid, and refunds of them."""

from datetime import datetime

import strawberry

from billing.lifecycle import actions
from billing.money.numbers import receipt_number
from billing.states import Actor, PaymentMethodKind, PaymentStatus, RefundReason, RefundStatus
from payments.declines import for_the_customer
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.fields import derived, many, money, one, part
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, Date, DateTime, Metadata
from schema.types.pdf_links import Document, receipt


def number_of_receipt(payment_id: str, settled_at: datetime | None) -> str | None:
    return receipt_number(payment_id) if settled_at else None


def decline_code(code: str | None, *, actor: Actor) -> str | None:
    return code if code is None or actor is Actor.STAFF else for_the_customer(code)


@strawberry.type(description="The payment method as it was when it was charged. It stays when the method is deleted.")
class PaymentMethodSnapshot:
    method_kind: PaymentMethodKind = strawberry.field(name="kind", description="What kind of method it was.")
    method_brand: str | None = strawberry.field(name="brand", description="Brand or bank, such as visa.")
    method_last4: str | None = strawberry.field(name="last4", description="The last four characters of its number.")


@strawberry.type(description="What a part of a payment paid for.")
class PaymentAllocation:
    amount = money("amount_minor", description="How much of the payment.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice | None, description="The invoice it paid, if any.")
    installment = one("installments.by_id", key="installment_id", graphql_type=nouns.Installment | None, description="The installment it paid, if any.")


@strawberry.type(description="Money that was taken, or was tried to be taken, from a payment method.")
class Payment(Node):
    status: PaymentStatus = strawberry.field(description="Its status.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    amount = money("amount_minor", description="The amount to be taken.")
    refunded = money("refunded_minor", description="How much of it went back: the sum of its refunds that succeeded.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    settled_at: DateTime | None = strawberry.field(description="When it settled; null while in flight and for declined ones.")
    decline_code = derived(
        decline_code,
        needs=("decline_code",),
        graphql_type=str | None,
        description="For FAILED, the processor's reason, such as insufficient_funds. A reason that the bank does not disclose to the card holder is generic_decline here; staff see it.",
    )
    is_retryable: bool = strawberry.field(name="retryable", description="For FAILED, whether the same method may be tried again.")
    imported: bool = strawberry.field(description="Whether it was made in another system, before the customer was brought in. It is refunded there.")
    received_on: Date | None = strawberry.field(description="For a payment that staff recorded, the day on which the money came.")
    reference: str | None = strawberry.field(description="For a payment that staff recorded, what the bank or the check calls it.")
    refundable = money("refundable_minor", description="What can be refunded of it now: not what was refunded, nor what a refund under way gives back.")
    available_actions = derived(
        actions.of_payment,
        needs=("refundable_minor",),
        graphql_type=list[ActionState],
        description="What staff may do with it now; empty for all other callers.",
    )
    version: int = strawberry.field(description="Counts changes.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    receipt_number = derived(
        number_of_receipt,
        needs=("id", "settled_at"),
        graphql_type=str | None,
        description="The number on its receipt, such as R-7K2M-9QX4-01AB; null for a payment that was not received.",
    )
    receipt = derived(
        receipt,
        needs=("id", "customer_id", "settled_at"),
        graphql_type=Document | None,
        description="The receipt as a PDF; null for a payment that was not received.",
    )
    method_snapshot = part(PaymentMethodSnapshot, description="What was charged, as it was then.")
    payment_method = one(
        "payment_methods.by_id", key="payment_method_id", graphql_type=nouns.PaymentMethod | None, description="What was charged, if it is still saved."
    )
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who paid.")
    allocations = many(
        "payment_allocations.of_payment",
        key="id",
        graphql_type=nouns.PaymentAllocation,
        description="The invoices and installments it paid, and how much of each.",
    )
    balance_entries = many(
        "balance_entries.of_payment",
        key="id",
        graphql_type=nouns.BalanceEntry,
        description="The part of it that changed the account's balance: it paid what was owed on the account, or became credit.",
    )
    refunds = many(
        "refunds.of_payment",
        key="id",
        graphql_type=nouns.Refund,
        description="Its refunds, in the order in which they were recorded. Before the payment has settled, a refund is PENDING. "
        "It stays so when the payment fails, and is applied if the money comes later.",
    )


@strawberry.type(description="Money of a payment that is paid back, by the merchant or by a bank.")
class Refund(Node):
    status: RefundStatus = strawberry.field(description="Its status.")
    reason: RefundReason = strawberry.field(description="Why it is paid back.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    amount = money("amount_minor", description="How much of the payment is paid back.")
    created_at: DateTime = strawberry.field(description="When it was recorded.")
    settled_at: DateTime | None = strawberry.field(description="When it was carried out; null while it is under way and for one that failed.")
    version: int = strawberry.field(description="Counts changes.")
    payment = one("payments.by_id", key="payment_id", graphql_type=nouns.Payment, description="The payment that is paid back.")
