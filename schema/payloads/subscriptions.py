"""The inputs and payloads of the subscription actions."""

import strawberry

from billing.lifecycle.facts import ChangeWhen, ResumedFrom, When
from billing.states import CancelReason
from schema.declarations import nouns
from schema.declarations.enums import described
from schema.declarations.fields import one
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import DateTime

described(When, "When it takes effect.", PERIOD_END="At the end of the period that is paid for, or of the trial.", NOW="At once.")
described(
    ChangeWhen,
    "When a change of plan takes effect.",
    POLICY="Upgrades and changes of interval at once, downgrades at the end of the period. The prices of a year are compared; an equal one counts as an upgrade.",
    NOW="At once: the unused time is credited and the rest charged, to the second.",
    PERIOD_END="With the next renewal; nothing is charged before.",
)
described(
    ResumedFrom,
    "What a resume undid.",
    PAUSED="A pause.",
    SUSPENDED="The customer's own suspension.",
    PENDING_PAUSE="A pending pause.",
    PENDING_CANCEL="A pending cancellation.",
    PENDING_PLAN="A pending change of plan.",
)

FOR = "For staff, who name the customer for whom they act. All other callers leave it out."
KEY = "An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours."
TOKEN = "From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes."
VERSION = "The version you saw; if it has changed since, VERSION_CONFLICT."


@strawberry.input(description="Which subscription.")
class OnSubscription:
    subscription_id: strawberry.ID = strawberry.field(description="The subscription.")
    idempotency_key: str = strawberry.field(description=KEY)
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)


@strawberry.input(description="A pause.")
class PauseSubscriptionInput(OnSubscription):
    when: When = strawberry.field(default=When.PERIOD_END, description="When billing stops.")
    resumes_at: DateTime | None = strawberry.field(
        default=None, description="When it resumes by itself: later than the pause, at most a year. Null: until you resume it."
    )


@strawberry.input(description="A suspension.")
class SuspendSubscriptionInput(OnSubscription):
    pass


@strawberry.input(description="What to resume.")
class ResumeSubscriptionInput(OnSubscription):
    pass


@strawberry.input(description="A cancellation.")
class CancelSubscriptionInput(OnSubscription):
    when: When = strawberry.field(default=When.PERIOD_END, description="When it ends. A subscription without a running period ends at once.")
    reason: CancelReason | None = strawberry.field(default=None, description="Why.")
    comment: str | None = strawberry.field(default=None, description="In the customer's words, at most 500 characters.")


@strawberry.input(description="The subscription whose pending change to withdraw.")
class WithdrawPendingChangeInput(OnSubscription):
    pass


@strawberry.input(description="A change of plan.")
class ChangePlanInput(OnSubscription):
    price_id: strawberry.ID = strawberry.field(description="The price of the plan, in the subscription's currency.")
    quantity: int | None = strawberry.field(default=None, description="Units, 1 to 10,000. Null keeps the present quantity.")
    when: ChangeWhen = strawberry.field(default=ChangeWhen.POLICY, description="When it takes effect.")


@strawberry.input(description="Another quantity of the same plan.")
class UpdateQuantityInput(OnSubscription):
    quantity: int = strawberry.field(description="Units, 1 to 10,000.")
    when: ChangeWhen = strawberry.field(default=ChangeWhen.POLICY, description="When it takes effect.")


@strawberry.input(description="A coupon for a subscription.")
class ApplyCouponInput(OnSubscription):
    code: str = strawberry.field(description="Its code, in any case.")


@strawberry.input(description="The subscription whose coupon to remove.")
class RemoveCouponInput(OnSubscription):
    pass


@strawberry.input(description="A subscription to stop for the merchant.")
class HoldSubscriptionInput(OnSubscription):
    note: str = strawberry.field(default="", description="Why, for the history that the customer reads. At most 500 characters.")


@strawberry.input(description="A subscription to release.")
class ReleaseSubscriptionInput(OnSubscription):
    pass


@strawberry.input(description="A new subscription.")
class AddPlanInput:
    price_id: strawberry.ID = strawberry.field(description="The price of the plan, in the currency that the customer is billed in.")
    idempotency_key: str = strawberry.field(description=KEY)
    quantity: int = strawberry.field(default=1, description="Units, 1 to 10,000.")
    coupon_code: str | None = strawberry.field(default=None, description="The code of a coupon that applies from the first invoice on.")
    payment_method_id: strawberry.ID | None = strawberry.field(default=None, description="What is charged, now and at renewals. Null: the default method.")
    start_at: DateTime | None = strawberry.field(default=None, description="When it begins: later than now, within a year. Null: now.")
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)


@strawberry.type(description="What the processor's own code in the browser needs to continue a payment.")
class ClientAction:
    client_secret: str = strawberry.field(description="For this customer only. It is returned once and not stored by the gateway.")
    publishable_key: str = strawberry.field(description="The merchant's public key at the processor.")


@strawberry.type(description="The result of a subscription action.")
class ChangedPayload(KeyedPayload, CustomerPayload):
    subscription = one(
        "subscriptions.by_id",
        key="subscription_key",
        graphql_type=nouns.Subscription | None,
        description="The subscription as it is now; null when it was refused.",
    )


@strawberry.type(description="The result of a subscription action that may charge.")
class ChargedPayload(ChangedPayload):
    invoice = one("invoices.by_id", key="invoice_key", graphql_type=nouns.Invoice | None, description="The invoice that was issued for it, if any.")
    payment = one(
        "payments.by_id",
        key="payment_key",
        graphql_type=nouns.Payment | None,
        description="The payment that was made for it, if any. PROCESSING or REQUIRES_ACTION: the change takes effect when it succeeds, and until then `subscription` is null.",
    )
    client_action: ClientAction | None = strawberry.field(description="For a payment that REQUIRES_ACTION, what the client needs to finish it.")


def _payload(name: str, parent: type, description: str, **more: object) -> type:
    return strawberry.type(type(name, (parent,), {"__annotations__": {}, **more}), description=description)


PauseSubscriptionPayload = _payload("PauseSubscriptionPayload", ChangedPayload, "The result of a pause.")
SuspendSubscriptionPayload = _payload("SuspendSubscriptionPayload", ChangedPayload, "The result of a suspension.")
CancelSubscriptionPayload = _payload("CancelSubscriptionPayload", ChangedPayload, "The result of a cancellation.")
WithdrawPendingChangePayload = _payload("WithdrawPendingChangePayload", ChangedPayload, "The result of a withdrawal.")
ChangePlanPayload = _payload("ChangePlanPayload", ChargedPayload, "The result of a change of plan.")
UpdateQuantityPayload = _payload("UpdateQuantityPayload", ChargedPayload, "The result of a change of quantity.")
AddPlanPayload = _payload("AddPlanPayload", ChargedPayload, "The result of a new subscription.")
ApplyCouponPayload = _payload("ApplyCouponPayload", ChangedPayload, "The result of a coupon.")
RemoveCouponPayload = _payload("RemoveCouponPayload", ChangedPayload, "The result of the removal of a coupon.")
HoldSubscriptionPayload = _payload("HoldSubscriptionPayload", ChangedPayload, "The result of a hold.")
ReleaseSubscriptionPayload = _payload("ReleaseSubscriptionPayload", ChangedPayload, "The result of a release.")


@strawberry.type(description="The result of a resume.")
class ResumeSubscriptionPayload(ChargedPayload):
    resumed_from: ResumedFrom | None = strawberry.field(description="What it undid.")
