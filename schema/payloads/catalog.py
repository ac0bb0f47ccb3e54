"""The inputs and payloads of the catalog. Amounts are decimal text in major units; a field that is absent stays as it is."""

import strawberry

from billing.merchant.upserts import SaveOutcome
from billing.states import BillingInterval, CouponDuration, RetentionKind, TaxBehavior
from schema.declarations import nouns
from schema.declarations.catalog_enums import Existing
from schema.declarations.fields import one
from schema.declarations.payloads import KeyedPayload
from schema.declarations.scalars import CurrencyCode, Date, Decimal
from schema.payloads.payments import OPTIONAL_KEY

OUTCOME = "What was done; null if it was refused."


@strawberry.input(description="A plan: its id or its code, and the fields that are to change.")
class SavePlanInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The plan to change. Its code does as well.")
    code: str | None = strawberry.field(
        default=strawberry.UNSET, description="Names the plan among all of its kind, and never changes: 1 to 60 letters, digits, dots, underscores and hyphens."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name customers know it by; 1 to 200 characters.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What it contains; at most 2,000 characters.")
    trial_days: int | None = strawberry.field(default=strawberry.UNSET, description="Days of free trial for a customer who has not had the plan, 0 to 730.")
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it is no longer offered. Default: false.")
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)


@strawberry.input(description="A price: its id or its code, and the fields that are to change. A new one needs a plan, an amount, a currency and an interval.")
class SavePriceInput:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The price to change. The id of a version that was replaced stands for the present one."
    )
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Names the price among all of its kind, and never changes: 1 to 60 letters, digits, dots, underscores and hyphens.",
    )
    plan_code: str | None = strawberry.field(default=strawberry.UNSET, description="The code of its plan. A price stays with its plan.")
    amount: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="For one unit and one period, in major units: '12.90' in USD is 12 dollars and 90 cents. At most 2^53 / 20,000 minor units.",
    )
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="The currency of the amount.")
    interval: BillingInterval | None = strawberry.field(default=strawberry.UNSET, description="The unit of the billing period.")
    interval_count: int | None = strawberry.field(default=strawberry.UNSET, description="How many of those units a period has, 1 to 36. Default: 1.")
    tax_behavior: TaxBehavior | None = strawberry.field(
        default=strawberry.UNSET, description="Whether tax is added to the amount or contained in it. Default: EXCLUSIVE."
    )
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it is no longer offered. Default: false.")
    existing: Existing = strawberry.field(default=Existing.KEEP, description="What becomes of subscriptions to earlier versions of the price.")
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)


@strawberry.input(
    description="A coupon: its id or its code, and the fields that are to change. A new one needs a name, a duration, and a percentage or an amount."
)
class SaveCouponInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The coupon to change. Its code does as well.")
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Names the coupon among all of its kind, and never changes: 1 to 60 letters, digits, dots, underscores and hyphens. It is stored in capitals.",
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="What it is called on an invoice; 1 to 200 characters.")
    percent_off: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="How many percent it takes off, before tax, with at most 4 decimals. It never changes."
    )
    amount_off: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="The amount that it takes off, before tax, in major units. It never changes."
    )
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="The currency of the amount. It never changes.")
    duration: CouponDuration | None = strawberry.field(default=strawberry.UNSET, description="For how long it reduces invoices. It never changes.")
    duration_periods: int | None = strawberry.field(default=strawberry.UNSET, description="For REPEATING, the number of invoices, 1 to 120. It never changes.")
    redeem_until_on: Date | None = strawberry.field(default=strawberry.UNSET, description="The last day on which it can be redeemed, where the customer lives.")
    max_redemptions: int | None = strawberry.field(default=strawberry.UNSET, description="How often it can be redeemed, by all customers.")
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it can no longer be redeemed. Default: false.")
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)


@strawberry.input(description="A cancellation option: its id or its code, and the fields that are to change. A new one needs a rank, a kind and a headline.")
class SaveCancellationOptionInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The option to change. Its code does as well.")
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Names the option among all of its kind, and never changes: 1 to 60 letters, digits, dots, underscores and hyphens.",
    )
    rank: int | None = strawberry.field(
        default=strawberry.UNSET, description="Its place among the options: 1 is offered first. No other option that is offered has it."
    )
    kind: RetentionKind | None = strawberry.field(default=strawberry.UNSET, description="What is offered.")
    headline: str | None = strawberry.field(default=strawberry.UNSET, description="The text that the customer reads; 1 to 200 characters.")
    plan_code: str | None = strawberry.field(default=strawberry.UNSET, description="For DOWNGRADE, the code of the plan to change to.")
    coupon_code: str | None = strawberry.field(default=strawberry.UNSET, description="For COUPON, the code of the coupon.")
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it is no longer offered. Default: false.")
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)


@strawberry.input(description="What is to be archived, by its id or its code.")
class ArchiveInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    code: str | None = strawberry.field(default=strawberry.UNSET, description="Its code.")
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)


@strawberry.type(description="The plan that was saved or archived.")
class PlanPayload(KeyedPayload):
    plan = one("plans.by_id", key="plan_key", graphql_type=nouns.Plan | None, description="The plan; null if it was refused.")
    outcome: SaveOutcome | None = strawberry.field(description=OUTCOME)


@strawberry.type(description="The price that was saved or archived.")
class PricePayload(KeyedPayload):
    price = one("prices.by_id", key="price_key", graphql_type=nouns.Price | None, description="The present version of the price; null if it was refused.")
    outcome: SaveOutcome | None = strawberry.field(description=OUTCOME)
    subscriptions_moved: int | None = strawberry.field(description="How many subscriptions are to move to it at their next renewal; null if it was refused.")


@strawberry.type(description="The coupon that was saved or archived.")
class CouponPayload(KeyedPayload):
    coupon = one("coupons.by_id", key="coupon_key", graphql_type=nouns.Coupon | None, description="The coupon; null if it was refused.")
    outcome: SaveOutcome | None = strawberry.field(description=OUTCOME)


@strawberry.type(description="The cancellation option that was saved or archived.")
class CancellationOptionPayload(KeyedPayload):
    cancellation_option = one(
        "catalog.cancellation_option",
        key="catalog_cancellation_option_key",
        graphql_type=nouns.CatalogCancellationOption | None,
        description="The option; null if it was refused.",
    )
    outcome: SaveOutcome | None = strawberry.field(description=OUTCOME)
