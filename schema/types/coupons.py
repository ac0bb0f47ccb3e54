"""Coupons that were redeemed: customers see no others."""

import strawberry

from billing.money.coupons import percent_text
from billing.states import CouponDuration
from schema.declarations import nouns
from schema.declarations.fields import derived, money, one
from schema.declarations.node import Node
from schema.declarations.scalars import DateTime, Decimal


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


@strawberry.type(description="A coupon that runs on a subscription. At most one does.")
class AppliedCoupon:
    coupon = one("coupons.by_id", key="coupon_id", graphql_type=nouns.Coupon, description="The coupon.")
    redeemed_at: DateTime = strawberry.field(description="When it was redeemed. It takes effect on the next invoice after that.")
    periods_left: int | None = strawberry.field(description="How many more invoices it reduces; null if there is no end.")
    subscription = one("subscriptions.by_id", key="subscription_id", graphql_type=nouns.Subscription, description="What it is redeemed for.")
