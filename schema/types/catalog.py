"""Cancellation options as the merchant maintains them. What a customer is offered is `Subscription.cancellationOptions`."""

import strawberry

from billing.states import RetentionKind
from schema.declarations import nouns
from schema.declarations.fields import one
from schema.declarations.node import Node


@strawberry.type(description="What the merchant offers to customers who want to cancel. For staff with the scope `catalog:write`.")
class CatalogCancellationOption(Node):
    code: str = strawberry.field(description="The merchant's name for it, which never changes.")
    rank: int = strawberry.field(description="Its place among the options: 1 is offered first.")
    kind: RetentionKind = strawberry.field(description="What is offered.")
    headline: str = strawberry.field(description="The text that the customer reads.")
    is_archived: bool = strawberry.field(description="Whether it is no longer offered.")
    plan = one("plans.by_id", key="plan_id", graphql_type=nouns.Plan | None, description="For DOWNGRADE, the plan to change to.")
    coupon = one("coupons.by_id", key="coupon_id", graphql_type=nouns.Coupon | None, description="For COUPON, the coupon.")
