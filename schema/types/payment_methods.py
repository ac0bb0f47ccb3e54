"""Payment methods. The gateway never has a card number, only what the processor discloses of it."""

import strawberry

from billing.lifecycle import actions
from billing.states import PaymentMethodKind
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.enums import AgeOrder
from schema.declarations.fields import derived, one, page
from schema.declarations.filters import PaymentFilter, SubscriptionFilter
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import Date, DateTime, Metadata


@strawberry.type(description="A saved way to pay.")
class PaymentMethod(Node):
    kind: PaymentMethodKind = strawberry.field(description="What kind of method it is.")
    brand: str | None = strawberry.field(description="Brand or bank, such as visa.")
    last4: str | None = strawberry.field(description="The last four characters of its number.")
    expires_on: Date | None = strawberry.field(description="The last day on which it is valid; null if it does not expire.")
    is_expired: bool = strawberry.field(description="Whether that day has passed where the customer lives.")
    is_default: bool = strawberry.field(description="Whether it is charged when a subscription names no method. At most one is.")
    is_in_use: bool = strawberry.field(
        description="Whether something is billed to it, by name or by default: a subscription that has not ended and does not cost nothing for ever, "
        "an automatic schedule, or an invoice that is to be charged automatically."
    )
    created_at: DateTime = strawberry.field(description="When it was added.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Whose it is.")
    subscriptions = page(
        "subscriptions.of_method",
        key="id",
        graphql_type=nouns.Subscription,
        sort=AgeOrder,
        filter=SubscriptionFilter,
        description="Subscriptions billed to it by name.",
    )
    payments = page("payments.of_method", key="id", graphql_type=nouns.Payment, sort=AgeOrder, filter=PaymentFilter, description="What was charged to it.")
    available_actions = derived(
        actions.of_method,
        needs=("is_default", "is_expired", "is_in_use", "has_payment_in_flight"),
        graphql_type=list[ActionState],
        description="What the customer may do with it now.",
    )
