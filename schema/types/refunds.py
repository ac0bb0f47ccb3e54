"""Refunds: money that was paid back."""

import strawberry

from billing.states import RefundReason, RefundStatus
from schema.declarations import nouns
from schema.declarations.fields import money, one
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, DateTime


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
