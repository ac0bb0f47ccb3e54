"""What can be done about subscriptions."""

import strawberry

from auth import permissions
from resolvers.subscriptions import actions
from schema.payloads import subscriptions
from schema.payloads.operations import change


@strawberry.type(description="Subscriptions.")
class SubscriptionMutations:
    pause_subscription = change(
        actions.PAUSE,
        takes=subscriptions.PauseSubscriptionInput,
        gives=subscriptions.PauseSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop future billing, by default at the end of the paid period; until then nothing changes, and nothing is paid back. Pausing what is paused gives the same answer.",
    )
    suspend_subscription = change(
        actions.SUSPEND,
        takes=subscriptions.SuspendSubscriptionInput,
        gives=subscriptions.SuspendSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop the service now and keep the contract. What is owed stays owed, and the period keeps its dates.",
    )
    resume_subscription = change(
        actions.RESUME,
        takes=subscriptions.ResumeSubscriptionInput,
        gives=subscriptions.ResumeSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Go on, or withdraw what is pending; `resumedFrom` says which. If the paid period is over, a new one begins and is charged: PAYMENT_DECLINED leaves all as it is.",
    )
    cancel_subscription = change(
        actions.CANCEL,
        takes=subscriptions.CancelSubscriptionInput,
        gives=subscriptions.CancelSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="End it, by default at the end of the paid period. Open invoices stay due, and nothing is paid back. Cancelling twice gives the same answer.",
    )
    withdraw_pending_change = change(
        actions.WITHDRAW,
        takes=subscriptions.WithdrawPendingChangeInput,
        gives=subscriptions.WithdrawPendingChangePayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Take back a pause, cancellation or change of plan that is to come. Nothing is charged.",
    )
    change_plan = change(
        actions.CHANGE_PLAN,
        takes=subscriptions.ChangePlanInput,
        gives=subscriptions.ChangePlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change plan, price or quantity. NO_CHANGE, PLAN_UNAVAILABLE, CURRENCY_MISMATCH; PAYMENT_DECLINED leaves all as it is.",
    )
    update_quantity = change(
        actions.UPDATE_QUANTITY,
        takes=subscriptions.UpdateQuantityInput,
        gives=subscriptions.UpdateQuantityPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change the quantity; more is charged like an upgrade, less like a downgrade.",
    )
    add_plan = change(
        actions.ADD_PLAN,
        takes=subscriptions.AddPlanInput,
        gives=subscriptions.AddPlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Begin a new subscription and charge its first invoice. PAYMENT_METHOD_REQUIRED without a method, unless it costs nothing for ever; PAYMENT_DECLINED: nothing was begun.",
    )
    apply_coupon = change(
        actions.APPLY_COUPON,
        takes=subscriptions.ApplyCouponInput,
        gives=subscriptions.ApplyCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Put a coupon on a subscription; it counts from the next invoice. COUPON_INVALID is one answer for every code that does not hold; attempts are throttled (THROTTLED).",
    )
    remove_coupon = change(
        actions.REMOVE_COUPON,
        takes=subscriptions.RemoveCouponInput,
        gives=subscriptions.RemoveCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Take the coupon off a subscription. One that was never used may be applied again.",
    )
    hold_subscription = change(
        actions.HOLD,
        takes=subscriptions.HoldSubscriptionInput,
        gives=subscriptions.HoldSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: stop the service for the merchant. Only the merchant lifts that.",
    )
    release_subscription = change(
        actions.RELEASE,
        takes=subscriptions.ReleaseSubscriptionInput,
        gives=subscriptions.ReleaseSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: lift the merchant's hold or, where there is none, dunning's, though something is unpaid: those invoices stay open and are charged again "
        "only with another payment method. If the paid period is over, a new one begins now, and its invoice is collected later.",
    )
