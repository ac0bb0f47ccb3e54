"""Coupons that were redeemed: customers see no others."""

import strawberry

from auth import permissions
from billing.money.coupons import percent_text
from billing.states import CouponDuration
from schema.declarations import nouns
from schema.declarations.fields import derived, guarded, money, one
from schema.declarations.node import Node
from schema.declarations.scalars import Date, DateTime, Decimal


@strawberry.type(description="A price reduction. Coupons are redeemed by their code and cannot be listed.")
class Coupon(Node):
    code: str = strawberry.field(description="What the customer typed.")
    name: str = strawberry.field(description="What it is called on an invoice.")
    percent_off = derived(
        percent_text,
        needs=("percent_off_ppm",),
        graphql_type=Decimal | None,
        description='How many percent it takes off, before tax, such as "12.5"; null for a fixed amount.',
    )
    amount_off = money("amount_off_minor", when="amount_off_minor", description="The amount it takes off, before tax; null for a percentage.")
    duration: CouponDuration = strawberry.field(description="For how long it reduces invoices.")
    duration_periods: int | None = strawberry.field(description="For REPEATING, the number of invoices.")
    redeem_until_on: Date | None = guarded(
        strawberry.field(description="The last day on which it can be redeemed, where the customer lives."), permissions.CATALOG
    )
    max_redemptions: int | None = guarded(
        strawberry.field(description="How often it can be redeemed, by all customers; null if there is no limit."), permissions.CATALOG
    )
    redeemed_count: int | None = guarded(strawberry.field(description="How often it was redeemed."), permissions.CATALOG)
    is_archived: bool | None = guarded(strawberry.field(description="Whether it can no longer be redeemed. Where it runs it goes on."), permissions.CATALOG)


@strawberry.type(description="A coupon that runs on a subscription. At most one does.")
class AppliedCoupon:
    coupon = one("coupons.by_id", key="coupon_id", graphql_type=nouns.Coupon, description="The coupon.")
    redeemed_at: DateTime = strawberry.field(description="When it was redeemed. It takes effect on the next invoice after that.")
    periods_left: int | None = strawberry.field(description="How many more invoices it reduces; null if there is no end.")
    subscription = one("subscriptions.by_id", key="subscription_id", graphql_type=nouns.Subscription, description="What it is redeemed for.")
