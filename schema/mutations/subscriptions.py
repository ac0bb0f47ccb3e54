"""The mutations of subscriptions."""

import strawberry

from auth import permissions
from resolvers.subscriptions import actions
from schema.payloads import subscriptions
from schema.payloads.operations import subscription_mutation


@strawberry.type(description="Subscriptions.")
class SubscriptionMutations:
    pause_subscription = subscription_mutation(
        actions.PAUSE,
        input_type=subscriptions.PauseSubscriptionInput,
        payload_type=subscriptions.PauseSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop future billing, by default at the end of the paid period; until then nothing changes, and nothing is paid back. Pausing it twice gives the same answer.",
    )
    suspend_subscription = subscription_mutation(
        actions.SUSPEND,
        input_type=subscriptions.SuspendSubscriptionInput,
        payload_type=subscriptions.SuspendSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop the service now and keep the contract. What is owed stays owed, and the period keeps its dates.",
    )
    resume_subscription = subscription_mutation(
        actions.RESUME,
        input_type=subscriptions.ResumeSubscriptionInput,
        payload_type=subscriptions.ResumeSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Continue, or withdraw the pending change; `resumedFrom` says which. If the paid period is over, a new one begins and is charged: PAYMENT_DECLINED changes nothing.",
    )
    cancel_subscription = subscription_mutation(
        actions.CANCEL,
        input_type=subscriptions.CancelSubscriptionInput,
        payload_type=subscriptions.CancelSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="End it, by default at the end of the paid period. Open invoices stay due, and nothing is paid back. Cancelling twice gives the same answer.",
    )
    withdraw_pending_change = subscription_mutation(
        actions.WITHDRAW,
        input_type=subscriptions.WithdrawPendingChangeInput,
        payload_type=subscriptions.WithdrawPendingChangePayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Withdraw a pending pause, cancellation or change of plan. Nothing is charged.",
    )
    change_plan = subscription_mutation(
        actions.CHANGE_PLAN,
        input_type=subscriptions.ChangePlanInput,
        payload_type=subscriptions.ChangePlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change plan, price or quantity. NO_CHANGE, PLAN_UNAVAILABLE, CURRENCY_MISMATCH; PAYMENT_DECLINED changes nothing.",
    )
    update_quantity = subscription_mutation(
        actions.UPDATE_QUANTITY,
        input_type=subscriptions.UpdateQuantityInput,
        payload_type=subscriptions.UpdateQuantityPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change the quantity; more is charged like an upgrade, less like a downgrade.",
    )
    add_plan = subscription_mutation(
        actions.ADD_PLAN,
        input_type=subscriptions.AddPlanInput,
        payload_type=subscriptions.AddPlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Begin a new subscription and charge its first invoice. PAYMENT_METHOD_REQUIRED without a method, unless it costs nothing for ever; PAYMENT_DECLINED changes nothing.",
    )
    apply_coupon = subscription_mutation(
        actions.APPLY_COUPON,
        input_type=subscriptions.ApplyCouponInput,
        payload_type=subscriptions.ApplyCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Apply a coupon to a subscription, from the next invoice on. COUPON_INVALID is the answer for every code that is not valid; attempts are throttled (THROTTLED).",
    )
    remove_coupon = subscription_mutation(
        actions.REMOVE_COUPON,
        input_type=subscriptions.RemoveCouponInput,
        payload_type=subscriptions.RemoveCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Remove the coupon from a subscription. One that was never used may be applied again.",
    )
    hold_subscription = subscription_mutation(
        actions.HOLD,
        input_type=subscriptions.HoldSubscriptionInput,
        payload_type=subscriptions.HoldSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: stop the service for the merchant. Only the merchant can lift that.",
    )
    release_subscription = subscription_mutation(
        actions.RELEASE,
        input_type=subscriptions.ReleaseSubscriptionInput,
        payload_type=subscriptions.ReleaseSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: lift the merchant's hold or, where there is none, that of dunning, although invoices are unpaid: those stay open and are charged again "
        "only with another payment method. If the paid period is over, a new one begins now, and its invoice is collected later.",
    )
