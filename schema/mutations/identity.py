"""The mutations of the caller's own account: signing in, sessions, the profile."""

import strawberry

from auth import permissions
from resolvers.identity import calendar_links, links, profile, sessions
from schema.declarations.payloads import mutation
from schema.payloads import identity
from schema.payloads.operations import idempotent_mutation


@strawberry.type(description="Signing in, sessions, the profile.")
class IdentityMutations:
    sign_in = mutation(
        sessions.sign_in,
        name="signIn",
        input_type=identity.SignInInput,
        payload_type=identity.SignInPayload,
        payload_field=("tokens", "device"),
        permission=permissions.ANYBODY,
        description="Begin a session. WRONG_CREDENTIALS does not say which of the two is wrong. Attempts are throttled (THROTTLED): with the account's `device`, or from a network "
        "where it signed in before, separately from those of other clients. Called in a session of the same customer that began with a portal link: the new session takes its place.",
    )
    refresh_session = mutation(
        sessions.refresh,
        name="refreshSession",
        input_type=identity.RefreshSessionInput,
        payload_type=identity.RefreshSessionPayload,
        payload_field="tokens",
        permission=permissions.ANYBODY,
        description="Get the next pair of tokens. SESSION_ENDED: sign in again.",
    )
    sign_out = mutation(
        sessions.sign_out,
        name="signOut",
        payload_type=identity.SignOutPayload,
        payload_field="done",
        permission=permissions.SESSIONS,
        description="End the session of this request. Its access token is invalid at once.",
    )
    sign_out_everywhere = mutation(
        sessions.sign_out_everywhere,
        name="signOutEverywhere",
        payload_type=identity.SignOutEverywherePayload,
        payload_field="ended",
        permission=permissions.SESSIONS,
        description="End every session, this one too. SIGN_IN_REQUIRED.",
    )
    end_session = mutation(
        sessions.end_session,
        name="endSession",
        input_type=identity.EndSessionInput,
        payload_type=identity.EndSessionPayload,
        payload_field="ended_session_id",
        permission=permissions.SESSIONS,
        description="End one session. NOT_FOUND: it is not one of yours, or has ended. SIGN_IN_REQUIRED: for any but this one.",
    )
    update_profile = mutation(
        profile.update,
        name="updateProfile",
        input_type=identity.UpdateProfileInput,
        payload_type=identity.UpdateProfilePayload,
        payload_field="customer",
        permission=permissions.PROFILE,
        description="Change name, language, time zone, or what invoices print of the customer. INVALID_VALUE, VERSION_CONFLICT.",
    )
    request_email_change = mutation(
        profile.request_email_change,
        name="requestEmailChange",
        input_type=identity.RequestEmailChangeInput,
        payload_type=identity.RequestEmailChangePayload,
        payload_field="done",
        permission=permissions.ACCOUNT,
        description="Request a change of the e-mail address. It changes when the link in the letter to the new address is used within 24 hours. The last request counts. INVALID_VALUE, "
        "PASSWORD_NOT_SET, SIGN_IN_REQUIRED.",
    )
    confirm_email_change = mutation(
        profile.confirm_email_change,
        name="confirmEmailChange",
        input_type=identity.ConfirmEmailChangeInput,
        payload_type=identity.ConfirmEmailChangePayload,
        payload_field=("done", "device"),
        permission=permissions.ANYBODY,
        description="Use the link from the letter. Links that were sent before are void. LINK_INVALID is the answer for every link that is not valid.",
    )
    change_password = mutation(
        profile.change_password,
        name="changePassword",
        input_type=identity.ChangePasswordInput,
        payload_type=identity.ChangePasswordPayload,
        payload_field=("done", "device"),
        permission=permissions.ACCOUNT,
        description="Change the password. Every other session ends, and links that were sent before are void. WRONG_CREDENTIALS, WEAK_PASSWORD, COMMON_PASSWORD, "
        "PASSWORD_NOT_SET, SIGN_IN_REQUIRED.",
    )
    request_password_reset = mutation(
        profile.request_password_reset,
        name="requestPasswordReset",
        input_type=identity.RequestPasswordResetInput,
        payload_type=identity.RequestPasswordResetPayload,
        payload_field="done",
        permission=permissions.ANYBODY,
        description="Request a letter with a link that is valid for 30 minutes; while one is valid for 10 minutes or more, no other is sent. "
        "The answer is the same whether or not there is such an account.",
    )
    reset_password = mutation(
        profile.reset_password,
        name="resetPassword",
        input_type=identity.ResetPasswordInput,
        payload_type=identity.ResetPasswordPayload,
        payload_field=("done", "device"),
        permission=permissions.ANYBODY,
        description="Set a new password by the link from the letter. Every session ends, and links that were sent before are void. LINK_INVALID, WEAK_PASSWORD, COMMON_PASSWORD.",
    )
    create_portal_link = mutation(
        links.create,
        name="createPortalLink",
        input_type=identity.CreatePortalLinkInput,
        payload_type=identity.CreatePortalLinkPayload,
        payload_field=("link", "expires_at"),
        permission=permissions.LINK,
        description="Make a link with which a customer can sign in once, within 15 minutes: it is returned, or mailed only to the customer. NOT_FOUND, INVALID_VALUE, "
        "EMAIL_NOT_VERIFIED, MAIL_NOT_CONFIGURED.",
    )
    redeem_portal_link = mutation(
        links.redeem,
        name="redeemPortalLink",
        input_type=identity.RedeemPortalLinkInput,
        payload_type=identity.RedeemPortalLinkPayload,
        payload_field=("tokens", "device", "landing"),
        permission=permissions.ANYBODY,
        description="Begin a session with a portal link. LINK_INVALID is the answer for every link that is not valid. After a link that was returned to staff, deleting the "
        "customer's files, changing password, e-mail address and grants and ending other sessions are refused with SIGN_IN_REQUIRED until `signIn`.",
    )
    create_calendar_link = idempotent_mutation(
        calendar_links.create,
        name="createCalendarLink",
        input_type=identity.CreateCalendarLinkInput,
        payload_type=identity.CreateCalendarLinkPayload,
        permission=permissions.ACCOUNT,
        description="Make the secret URL at which calendar programs read the caller's due installments, open invoices and renewals (`Customer.calendarUrl`). "
        "The URL of before stops working. SIGN_IN_REQUIRED: in a session that began with a portal link which staff had seen.",
    )
    revoke_calendar_link = idempotent_mutation(
        calendar_links.revoke,
        name="revokeCalendarLink",
        input_type=identity.RevokeCalendarLinkInput,
        payload_type=identity.RevokeCalendarLinkPayload,
        permission=permissions.PROFILE,
        description="End the URL of the customer's calendar: it is answered as an unknown one from now on. Without one, nothing changes. NOT_FOUND, INVALID_VALUE.",
    )
