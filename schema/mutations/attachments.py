"""The mutations of attachments."""

import strawberry

from auth import permissions
from resolvers.attachments import attachments, presigned_uploads
from schema.declarations.payloads import mutation
from schema.payloads import uploads


@strawberry.type(description="Files.")
class AttachmentMutations:
    upload_attachments = mutation(
        attachments.upload,
        name="uploadAttachments",
        input_type=uploads.UploadAttachmentsInput,
        payload_type=uploads.UploadAttachmentsPayload,
        payload_field=("attachments_keys", "parent_id"),
        permission=permissions.ATTACH,
        description="Attach a group of files to an invoice or a payment schedule: all of them or none. NOT_FOUND, WRONG_STATE, INVALID_VALUE, TOO_MANY_FILES, FILE_TOO_LARGE, "
        "GROUP_TOO_LARGE, EMPTY_FILE, UNSUPPORTED_FILE, UNSAFE_FILE, PASSWORD_PROTECTED, TOO_COMPLEX, TOO_MANY_PIXELS, NOT_SCANNED, QUOTA_EXCEEDED, IDEMPOTENCY_CONFLICT.",
    )
    create_attachment_uploads = mutation(
        presigned_uploads.create,
        name="createAttachmentUploads",
        input_type=uploads.CreateAttachmentUploadsInput,
        payload_type=uploads.CreateAttachmentUploadsPayload,
        payload_field=("files",),
        permission=permissions.ATTACH,
        description="Announce a group of files that the client sends to the bucket itself. They stay PENDING until `completeAttachmentUploads`, and for 24 hours at most. "
        "Refused like `uploadAttachments`, and SIGN_IN_REQUIRED: the customer used the key after signing in, and this session began with a portal link that "
        "staff had seen.",
    )
    complete_attachment_uploads = mutation(
        presigned_uploads.complete,
        name="completeAttachmentUploads",
        input_type=uploads.CompleteAttachmentUploadsInput,
        payload_type=uploads.CompleteAttachmentUploadsPayload,
        payload_field=("attachments_keys", "parent_id"),
        permission=permissions.ATTACH,
        description="Check the files that were sent and keep them: all of them or none. A repeated call has no further effect. NOT_FOUND, NOT_UPLOADED, NOT_SCANNED, "
        "and for files that are REJECTED from then on: CHECKSUM_MISMATCH, EMPTY_FILE, UNSUPPORTED_FILE, UNSAFE_FILE, PASSWORD_PROTECTED, TOO_COMPLEX, TOO_MANY_PIXELS, NOT_STORED.",
    )
    delete_attachment = mutation(
        attachments.delete,
        name="deleteAttachment",
        input_type=uploads.DeleteAttachmentInput,
        payload_type=uploads.DeleteAttachmentPayload,
        payload_field=("deleted_attachment_id", "parent_id"),
        permission=permissions.ATTACH,
        description="Delete a file for good. Customers delete what customers uploaded, staff what staff uploaded. NOT_FOUND, NOT_YOURS_TO_DELETE, "
        "SIGN_IN_REQUIRED: it is a customer's, and the session began with a portal link that staff had seen.",
    )
