"""Everything that can be done: a table of contents."""

import strawberry

from auth import permissions
from resolvers import attachments, direct, links, profile, sessions
from schema import identity, uploads
from schema.payloads import mutation


@strawberry.type(description="Everything that can be done. Rules that say no answer in `userErrors`.")
class Mutation:
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
    upload_attachments = mutation(
        attachments.upload,
        name="uploadAttachments",
        takes=uploads.UploadAttachmentsInput,
        gives=uploads.UploadAttachmentsPayload,
        shows="attachments",
        permission=permissions.ATTACH,
        description="Attach a group of files to an invoice or a payment schedule: all of them or none. NOT_FOUND, WRONG_STATE, INVALID_VALUE, TOO_MANY_FILES, FILE_TOO_LARGE, "
        "GROUP_TOO_LARGE, EMPTY_FILE, UNSUPPORTED_FILE, UNSAFE_FILE, NOT_SCANNED, QUOTA_EXCEEDED, IDEMPOTENCY_CONFLICT.",
    )
    create_attachment_uploads = mutation(
        direct.create,
        name="createAttachmentUploads",
        takes=uploads.CreateAttachmentUploadsInput,
        gives=uploads.CreateAttachmentUploadsPayload,
        shows="uploads",
        permission=permissions.ATTACH,
        description="Announce a group of files that the client sends to the bucket itself. They stay PENDING until `completeAttachmentUploads`, and for 24 hours at most. "
        "The same refusals as of `uploadAttachments`.",
    )
    complete_attachment_uploads = mutation(
        direct.complete,
        name="completeAttachmentUploads",
        takes=uploads.CompleteAttachmentUploadsInput,
        gives=uploads.CompleteAttachmentUploadsPayload,
        shows="attachments",
        permission=permissions.ATTACH,
        description="Check the files that were sent and keep them: all of them or none. Harmless to repeat. NOT_FOUND, NOT_UPLOADED, NOT_SCANNED, and for files that are REJECTED "
        "from then on: CHECKSUM_MISMATCH, EMPTY_FILE, UNSUPPORTED_FILE, UNSAFE_FILE, NOT_STORED.",
    )
    delete_attachment = mutation(
        attachments.delete,
        name="deleteAttachment",
        takes=uploads.DeleteAttachmentInput,
        gives=uploads.DeleteAttachmentPayload,
        shows="deleted_attachment_id",
        permission=permissions.ATTACH,
        description="Delete a file for good. Customers delete what customers uploaded, staff what staff uploaded. NOT_FOUND, NOT_YOURS_TO_DELETE.",
    )
