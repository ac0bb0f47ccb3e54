"""Subscriptions, what is about to happen to them, and what has happened."""

import strawberry

from billing.lifecycle import actions
from billing.states import Actor, CancelReason, PendingChangeKind, RetentionKind, SubscriptionEventKind, SubscriptionStatus, SuspendedBy
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.enums import AgeOrder, InvoiceOrder
from schema.declarations.fields import derived, many, money, one, page, part
from schema.declarations.filters import InvoiceFilter, ScheduleFilter
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import DateTime, Metadata


@strawberry.type(description="A billing period: from `startsAt` to just before `endsAt`.")
class Period:
    period_starts_at: DateTime = strawberry.field(name="startsAt", description="Its first instant.")
    period_ends_at: DateTime = strawberry.field(name="endsAt", description="The instant at which it ends and the next begins.")


@strawberry.type(description="A change that will take effect automatically. There is at most one; resuming the subscription withdraws it.")
class PendingChange:
    pending_kind: PendingChangeKind = strawberry.field(name="kind", description="What will happen.")
    pending_at: DateTime = strawberry.field(name="effectiveAt", description="When it takes effect.")
    plan = one("plans.by_id", key="pending_plan_id", graphql_type=nouns.Plan | None, description="For PLAN, the plan from then on.")
    price = one("prices.by_id", key="pending_price_id", graphql_type=nouns.Price | None, description="For PLAN, the price from then on.")
    pending_quantity: int | None = strawberry.field(name="quantity", description="For PLAN, the quantity from then on.")
    pending_resumes_at: DateTime | None = strawberry.field(name="resumesAt", description="For PAUSE, when it will resume automatically; null if it will not.")


@strawberry.type(description="Something that happened to a subscription.")
class SubscriptionEvent:
    kind: SubscriptionEventKind = strawberry.field(description="What happened.")
    happened_at: DateTime = strawberry.field(description="When it happened.")
    actor: Actor = strawberry.field(description="The kind of caller who did it.")
    client: str | None = strawberry.field(description="The app or program by which it was done. Callers who are not STAFF see it of partners' apps only.")
    note: str = strawberry.field(description="A short text about it; may be empty.")


@strawberry.type(description="What a customer may do instead of cancelling. Accept it with `pauseSubscription`, `changePlan` or `applyCoupon`.")
class CancellationOption:
    kind: RetentionKind = strawberry.field(description="What is offered.")
    headline: str = strawberry.field(description="The merchant's text for it.")
    price = one("prices.by_id", key="price_id", graphql_type=nouns.Price | None, description="For DOWNGRADE, the price to change to.")
    coupon_code: str | None = strawberry.field(description="For COUPON, the code to apply.")
    coupon_name: str | None = strawberry.field(description="For COUPON, its name.")


@strawberry.type(description="What the customer pays for, and its state.")
class Subscription(Node):
    status: SubscriptionStatus = strawberry.field(description="Its status.")
    suspended_by: SuspendedBy | None = strawberry.field(description="For SUSPENDED, who stopped it.")
    has_overdue: bool = strawberry.field(description="Whether one of its invoices is overdue today where the customer lives.")
    quantity: int = strawberry.field(description="How many units of the plan, 1 to 10,000.")
    started_at: DateTime = strawberry.field(description="When it began or, for SCHEDULED, will begin; for PENDING, when it was ordered.")
    trial_ends_at: DateTime | None = strawberry.field(description="When its trial ends or ended; null if it had none.")
    current_period = part(Period, when="period_starts_at", description="The period that is paid for now, or was last; null before the first.")
    renews_at: DateTime | None = strawberry.field(
        description="When the next period is invoiced, in a trial and before it when the trial ends; null if it will not renew, and for PENDING."
    )
    renewal_amount = money("renewal_minor", description="What the next renewal costs: price times quantity, less the coupon, with tax.")
    pending_change = part(PendingChange, when="pending_kind", description="The change that will take effect automatically; null if there is none.")
    paused_at: DateTime | None = strawberry.field(description="For PAUSED, since when.")
    resumes_at: DateTime | None = strawberry.field(
        description="For PAUSED, when it resumes automatically; null if it does not. The day is stored while it is suspended, and is here again after that."
    )
    suspended_at: DateTime | None = strawberry.field(description="For SUSPENDED, since when.")
    canceled_at: DateTime | None = strawberry.field(description="For CANCELED, since when.")
    cancel_reason: CancelReason | None = strawberry.field(description="Why it was or will be canceled, if the customer said so.")
    cancel_comment: str | None = strawberry.field(description="What the customer added, at most 500 characters.")
    created_at: DateTime = strawberry.field(description="When the contract was made.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Whose it is.")
    plan = one("plans.by_id", key="plan_id", graphql_type=nouns.Plan, description="The plan that is subscribed to.")
    price = one("prices.by_id", key="price_id", graphql_type=nouns.Price, description="What a unit costs, and how often.")
    payment_method = one(
        "payment_methods.by_id",
        key="payment_method_id",
        graphql_type=nouns.PaymentMethod | None,
        description="What it is billed to; null is the customer's default method.",
    )
    applied_coupon = one(
        "coupon_redemptions.of_subscription", key="id", graphql_type=nouns.AppliedCoupon | None, description="The coupon that runs on it, if any."
    )
    invoices = page("invoices.of_subscription", key="id", graphql_type=nouns.Invoice, sort=InvoiceOrder, filter=InvoiceFilter, description="Its invoices.")
    payment_schedules = page(
        "schedules.of_subscription",
        key="id",
        graphql_type=nouns.PaymentSchedule,
        sort=AgeOrder,
        filter=ScheduleFilter,
        description="Payment schedules that belong to it.",
    )
    history = page("subscription_events.of_subscription", key="id", graphql_type=nouns.SubscriptionEvent, sort=AgeOrder, description="What happened to it.")
    cancellation_options = many(
        "cancellation_options.of_subscription",
        key="id",
        graphql_type=CancellationOption,
        description="What the merchant offers to a customer who wants to cancel it, the best first. Empty when there is no offer.",
    )
    available_actions = derived(
        actions.of_subscription,
        needs=("status", "suspended_by", "pending_state", "has_overdue", "is_charging", "running_coupon"),
        graphql_type=list[ActionState],
        description="What the caller may do with it now: a customer with their own, and staff with any customer's, which includes HOLD and RELEASE.",
    )
