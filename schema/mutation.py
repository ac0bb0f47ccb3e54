"""Everything that can be done: a table of contents."""

import strawberry

from auth import permissions
from resolvers import links, methods, paying, profile, sessions
from resolvers.lifecycle import actions
from schema import changes, identity
from schema import paying as payments
from schema.operations import called, change
from schema.partner_mutation import PartnerMutation
from schema.payloads import mutation


@strawberry.type(description="Everything that can be done. Rules that say no answer in `userErrors`.")
class Mutation(PartnerMutation):
    sign_in = mutation(
        sessions.sign_in,
        name="signIn",
        takes=identity.SignInInput,
        gives=identity.SignInPayload,
        shows="tokens",
        permission=permissions.ANYBODY,
        description="Begin a session. WRONG_CREDENTIALS never tells which of the two is wrong; attempts are throttled (THROTTLED).",
    )
    refresh_session = mutation(
        sessions.refresh,
        name="refreshSession",
        takes=identity.RefreshSessionInput,
        gives=identity.RefreshSessionPayload,
        shows="tokens",
        permission=permissions.ANYBODY,
        description="Get the next pair of tokens. SESSION_ENDED: sign in again.",
    )
    sign_out = mutation(
        sessions.sign_out,
        name="signOut",
        takes=identity.SignOutInput,
        gives=identity.SignOutPayload,
        shows="done",
        permission=permissions.SESSIONS,
        description="End the session of this request. Its access token is dead at once.",
    )
    sign_out_everywhere = mutation(
        sessions.sign_out_everywhere,
        name="signOutEverywhere",
        takes=identity.SignOutInput,
        gives=identity.SignOutEverywherePayload,
        shows="ended",
        permission=permissions.SESSIONS,
        description="End every session, this one too.",
    )
    end_session = mutation(
        sessions.end_session,
        name="endSession",
        takes=identity.EndSessionInput,
        gives=identity.EndSessionPayload,
        shows="done",
        permission=permissions.SESSIONS,
        description="End one session. NOT_FOUND: it is not one of yours, or has ended.",
    )
    update_profile = mutation(
        profile.update,
        name="updateProfile",
        takes=identity.UpdateProfileInput,
        gives=identity.UpdateProfilePayload,
        shows="customer",
        permission=permissions.PROFILE,
        description="Change name, language or time zone. INVALID_VALUE, VERSION_CONFLICT.",
    )
    request_email_change = mutation(
        profile.request_email_change,
        name="requestEmailChange",
        takes=identity.RequestEmailChangeInput,
        gives=identity.RequestEmailChangePayload,
        shows="done",
        permission=permissions.PROFILE,
        description="Ask for another e-mail address. It changes when the link in the letter to the new address is used within 24 hours.",
    )
    confirm_email_change = mutation(
        profile.confirm_email_change,
        name="confirmEmailChange",
        takes=identity.ConfirmEmailChangeInput,
        gives=identity.ConfirmEmailChangePayload,
        shows="done",
        permission=permissions.ANYBODY,
        description="Use the link from the letter. LINK_INVALID is one answer for every link that does not hold.",
    )
    change_password = mutation(
        profile.change_password,
        name="changePassword",
        takes=identity.ChangePasswordInput,
        gives=identity.ChangePasswordPayload,
        shows="done",
        permission=permissions.PROFILE,
        description="Change the password. Every other session ends. WRONG_CREDENTIALS, WEAK_PASSWORD, COMMON_PASSWORD.",
    )
    request_password_reset = mutation(
        profile.request_password_reset,
        name="requestPasswordReset",
        takes=identity.RequestPasswordResetInput,
        gives=identity.RequestPasswordResetPayload,
        shows="done",
        permission=permissions.ANYBODY,
        description="Ask for a letter with a link, good for 30 minutes. The answer is the same whether there is such an account.",
    )
    reset_password = mutation(
        profile.reset_password,
        name="resetPassword",
        takes=identity.ResetPasswordInput,
        gives=identity.ResetPasswordPayload,
        shows="done",
        permission=permissions.ANYBODY,
        description="Set a new password by the link from the letter. Every session ends. LINK_INVALID, WEAK_PASSWORD, COMMON_PASSWORD.",
    )
    create_portal_link = mutation(
        links.create,
        name="createPortalLink",
        takes=identity.CreatePortalLinkInput,
        gives=identity.CreatePortalLinkPayload,
        shows="link",
        permission=permissions.LINK,
        description="Make a link that lets a customer in once, within 15 minutes. NOT_FOUND, INVALID_VALUE.",
    )
    redeem_portal_link = mutation(
        links.redeem,
        name="redeemPortalLink",
        takes=identity.RedeemPortalLinkInput,
        gives=identity.RedeemPortalLinkPayload,
        shows="tokens",
        permission=permissions.ANYBODY,
        description="Begin a session by such a link. LINK_INVALID is one answer for every link that does not hold.",
    )
    pause_subscription = change(
        actions.PAUSE,
        takes=changes.PauseSubscriptionInput,
        gives=changes.PauseSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop future billing, by default at the end of the paid period; until then nothing changes, and nothing is paid back. Pausing what is paused gives the same answer.",
    )
    suspend_subscription = change(
        actions.SUSPEND,
        takes=changes.SuspendSubscriptionInput,
        gives=changes.SuspendSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Stop the service now and keep the contract. What is owed stays owed, and the period keeps its dates.",
    )
    resume_subscription = change(
        actions.RESUME,
        takes=changes.ResumeSubscriptionInput,
        gives=changes.ResumeSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Go on, or withdraw what is pending; `resumedFrom` says which. If the paid period is over, a new one begins and is charged: PAYMENT_DECLINED leaves all as it is.",
    )
    cancel_subscription = change(
        actions.CANCEL,
        takes=changes.CancelSubscriptionInput,
        gives=changes.CancelSubscriptionPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="End it, by default at the end of the paid period. Open invoices stay due, and nothing is paid back. Cancelling twice gives the same answer.",
    )
    withdraw_pending_change = change(
        actions.WITHDRAW,
        takes=changes.WithdrawPendingChangeInput,
        gives=changes.WithdrawPendingChangePayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Take back a pause, cancellation or change of plan that is to come. Nothing is charged.",
    )
    change_plan = change(
        actions.CHANGE_PLAN,
        takes=changes.ChangePlanInput,
        gives=changes.ChangePlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change plan, price or quantity. NO_CHANGE, PLAN_UNAVAILABLE, CURRENCY_MISMATCH; PAYMENT_DECLINED leaves all as it is.",
    )
    update_quantity = change(
        actions.UPDATE_QUANTITY,
        takes=changes.UpdateQuantityInput,
        gives=changes.UpdateQuantityPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Change the quantity; more is charged like an upgrade, less like a downgrade.",
    )
    add_plan = change(
        actions.ADD_PLAN,
        takes=changes.AddPlanInput,
        gives=changes.AddPlanPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Begin a new subscription and charge its first invoice. PAYMENT_METHOD_REQUIRED without a method that can be charged; PAYMENT_DECLINED: nothing was begun.",
    )
    apply_coupon = change(
        actions.APPLY_COUPON,
        takes=changes.ApplyCouponInput,
        gives=changes.ApplyCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Put a coupon on a subscription; it counts from the next invoice. COUPON_INVALID is one answer for every code that does not hold; attempts are throttled (THROTTLED).",
    )
    remove_coupon = change(
        actions.REMOVE_COUPON,
        takes=changes.RemoveCouponInput,
        gives=changes.RemoveCouponPayload,
        permission=permissions.SUBSCRIPTIONS,
        description="Take the coupon off a subscription. One that was never used may be applied again.",
    )
    hold_subscription = change(
        actions.HOLD,
        takes=changes.HoldSubscriptionInput,
        gives=changes.HoldSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: stop the service for the merchant. Only the merchant lifts that.",
    )
    release_subscription = change(
        actions.RELEASE,
        takes=changes.ReleaseSubscriptionInput,
        gives=changes.ReleaseSubscriptionPayload,
        permission=permissions.HOLDS,
        description="For staff: lift the merchant's hold. If the paid period is over, a new one begins now, and its invoice is collected later.",
    )
    pay_invoice = called(
        paying.pay_invoice,
        name="payInvoice",
        takes=payments.PayInvoiceInput,
        gives=payments.PayInvoicePayload,
        permission=permissions.PAYMENTS,
        description="Pay an invoice, with credit first. ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, AMOUNT_TOO_HIGH, PARTIAL_NOT_ALLOWED; PAYMENT_DECLINED changes nothing.",
    )
    pay_installment = called(
        paying.pay_installment,
        name="payInstallment",
        takes=payments.PayInstallmentInput,
        gives=payments.PayInstallmentPayload,
        permission=permissions.PAYMENTS,
        description="Pay an installment of a payment schedule, and the invoice that covers it along with it. Refused like `payInvoice`.",
    )
    pay_all_due = called(
        paying.pay_all_due,
        name="payAllDue",
        takes=payments.PayAllDueInput,
        gives=payments.PayAllDuePayload,
        permission=permissions.PAYMENTS,
        description="Pay all that is due in a currency with one payment, the oldest first. ALREADY_PAID when nothing is.",
    )
    confirm_payment = called(
        methods.confirm,
        name="confirmPayment",
        takes=payments.ConfirmPaymentInput,
        gives=payments.ConfirmPaymentPayload,
        permission=permissions.PAYMENTS,
        description="Go on after the customer has done what the processor asked for. What the payment decides, takes effect when it succeeds.",
    )
    start_add_payment_method = mutation(
        methods.start_add,
        name="startAddPaymentMethod",
        takes=payments.StartAddPaymentMethodInput,
        gives=payments.StartAddPaymentMethodPayload,
        shows="setup",
        permission=permissions.METHODS,
        description="Begin to add a method, in the processor's own form. PAYMENT_UNAVAILABLE: try again shortly.",
    )
    complete_add_payment_method = mutation(
        methods.complete_add,
        name="completeAddPaymentMethod",
        takes=payments.CompleteAddPaymentMethodInput,
        gives=payments.CompleteAddPaymentMethodPayload,
        shows="payment_method",
        permission=permissions.METHODS,
        description="Save the method that was given in the form. The same card again is the same method again. SETUP_UNFINISHED, NOT_FOUND.",
    )
    set_default_payment_method = mutation(
        methods.set_default,
        name="setDefaultPaymentMethod",
        takes=payments.SetDefaultPaymentMethodInput,
        gives=payments.SetDefaultPaymentMethodPayload,
        shows="payment_method",
        permission=permissions.METHODS,
        description="Choose what is charged when a subscription names no method. METHOD_EXPIRED.",
    )
    delete_payment_method = mutation(
        methods.delete,
        name="deletePaymentMethod",
        takes=payments.DeletePaymentMethodInput,
        gives=payments.DeletePaymentMethodPayload,
        shows="deleted_payment_method_id",
        permission=permissions.METHODS,
        description="Delete a method. METHOD_IN_USE without a replacement while something is billed to it; IN_PROGRESS while a payment with it is.",
    )
