"""Money that went back."""

import strawberry

from billing.states import RefundReason, RefundStatus
from schema.declarations import nouns
from schema.declarations.fields import money, one
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, DateTime


@strawberry.type(description="Money of a payment that goes back, whoever began it: the merchant, or a bank.")
class Refund(Node):
    status: RefundStatus = strawberry.field(description="Where it is.")
    reason: RefundReason = strawberry.field(description="Why it goes back.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    amount = money("amount_minor", description="How much of the payment goes back.")
    created_at: DateTime = strawberry.field(description="When it became known here.")
    settled_at: DateTime | None = strawberry.field(description="When it was carried out; null while it is under way and for one that failed.")
    version: int = strawberry.field(description="Counts changes.")
    payment = one("payments.by_id", key="payment_id", graphql_type=nouns.Payment, description="The payment whose money goes back.")
