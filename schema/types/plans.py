"""Plans and prices, and cancellation options as the merchant maintains them. What a customer is offered is `Subscription.cancellationOptions`."""

import strawberry

from billing.states import BillingInterval, RetentionKind, TaxBehavior
from schema.declarations import nouns
from schema.declarations.enums import AgeOrder
from schema.declarations.fields import many, money, one, page
from schema.declarations.filters import SubscriptionFilter
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode


@strawberry.type(description="Something the merchant sells by subscription.")
class Plan(Node):
    code: str = strawberry.field(description="The merchant's short name for it.")
    name: str = strawberry.field(description="The name customers know it by.")
    description: str = strawberry.field(description="What it contains; may be empty.")
    trial_days: int = strawberry.field(
        description="Days of free trial for a customer who has not had the plan; 0 is none. `previewAddPlan` says what a customer gets."
    )
    is_archived: bool = strawberry.field(description="Whether it is no longer sold. Running subscriptions keep it.")
    prices = many("prices.of_plan", key="id", graphql_type=nouns.Price, description="Its prices on sale, by currency, the smallest first.")
    subscriptions = page(
        "subscriptions.of_plan",
        key="id",
        graphql_type=nouns.Subscription,
        sort=AgeOrder,
        filter=SubscriptionFilter,
        description="The caller's own subscriptions to it; for staff, who have none, empty.",
    )


@strawberry.type(description="What a plan costs per unit and billing period, in one currency.")
class Price(Node):
    unit_amount = money("unit_minor", description="For one unit and one period.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    billing_interval: BillingInterval = strawberry.field(name="interval", description="The unit of the billing period.")
    interval_count: int = strawberry.field(description="How many of those units a period has: 3 with MONTH is quarterly.")
    tax_behavior: TaxBehavior = strawberry.field(description="Whether tax is added to it or contained in it.")
    is_archived: bool = strawberry.field(description="Whether it is no longer offered. Running subscriptions keep it.")
    code: str | None = strawberry.field(description="The merchant's name for it, which never changes; null for a version that was replaced.")
    former_code: str | None = strawberry.field(description="For a version that was replaced, the code that it had. The present version has it now.")
    plan = one("plans.by_id", key="plan_id", graphql_type=nouns.Plan, description="The plan that it is a price of.")


@strawberry.type(description="What the merchant offers to customers who want to cancel. For staff with the scope `catalog:write`.")
class CatalogCancellationOption(Node):
    code: str = strawberry.field(description="The merchant's name for it, which never changes.")
    rank: int = strawberry.field(description="Its place among the options: 1 is offered first.")
    kind: RetentionKind = strawberry.field(description="What is offered.")
    headline: str = strawberry.field(description="The text that the customer reads.")
    is_archived: bool = strawberry.field(description="Whether it is no longer offered.")
    plan = one("plans.by_id", key="plan_id", graphql_type=nouns.Plan | None, description="For DOWNGRADE, the plan to change to.")
    coupon = one("coupons.by_id", key="coupon_id", graphql_type=nouns.Coupon | None, description="For COUPON, the coupon.")
