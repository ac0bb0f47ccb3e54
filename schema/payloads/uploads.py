"""Attaching and deleting files: inputs and payloads."""

import strawberry

from resolvers.attachments.upload_parts import Upload
from schema.declarations import nouns
from schema.declarations.costs import FILES, costing
from schema.declarations.fields import any_of, listed
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import DateTime

KEY = "An idempotency key of your choice, at most 255 characters, new for every group. The same key with the same input gives the first answer again, and attaches nothing twice."
PARENT = "The Invoice or PaymentSchedule to attach them to."


@strawberry.input(description="A group of files, and what to attach them to.")
class UploadAttachmentsInput:
    parent_id: strawberry.ID = strawberry.field(description=PARENT)
    files: list[Upload] = strawberry.field(description="PDF, PNG or JPEG, by their content; names and media types are corrected. See `Query.limits` for sizes.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A file that will be sent.")
class AnnouncedFile:
    file_name: str = strawberry.field(description="Its name, for display. It gets the extension of its content when it is stored.")
    content_type: str = strawberry.field(description="Its media type, which may be generic or wrong. When the file is stored, its content decides.")
    size_bytes: int = strawberry.field(description="Its exact size in bytes.")
    sha256: str = strawberry.field(description="SHA-256 of its bytes, 64 hex digits.")


@strawberry.input(description="Files that will be sent, and what to attach them to.")
class CreateAttachmentUploadsInput:
    parent_id: strawberry.ID = strawberry.field(description=PARENT)
    files: list[AnnouncedFile] = strawberry.field(description="The group.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Files that were sent.")
class CompleteAttachmentUploadsInput:
    attachment_ids: list[strawberry.ID] = strawberry.field(description="The ids that `createAttachmentUploads` returned.")


@strawberry.input(description="The file to delete.")
class DeleteAttachmentInput:
    attachment_id: strawberry.ID = strawberry.field(description="The attachment.")


@strawberry.type(description="A field of a form.")
class FormField:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="Where to send one announced file: POST multipart/form-data with these fields, and then the file as the last field, named `file`.")
class AttachmentUpload:
    attachment: nouns.Attachment = strawberry.field(description="The attachment, still PENDING.")
    url: str = strawberry.field(description="The URL to post it to. It accepts exactly the announced type and size.")
    fields: list[FormField] = strawberry.field(description="The fields before the file, to be sent as they are.", metadata=costing(1))
    expires_at: DateTime = strawberry.field(description="When the URL expires. For a new one, repeat the mutation with the same idempotency key.")


@strawberry.type(description="The payload of `uploadAttachments`.")
class UploadAttachmentsPayload(KeyedPayload, CustomerPayload):
    attachments = listed(
        "attachments.by_id",
        keys="attachments_keys",
        graphql_type=nouns.Attachment,
        description="The new attachments in the order of the input. Null when refused.",
        cost=FILES,
    )
    parent = any_of("inv", "sch", key="parent_id", graphql_type=nouns.Attachable | None, description="What they are attached to. Null when refused.")


@strawberry.type(description="The payload of `createAttachmentUploads`.")
class CreateAttachmentUploadsPayload(KeyedPayload, CustomerPayload):
    files: list[AttachmentUpload] | None = strawberry.field(
        name="uploads", description="Where to send each file, in the order of the input. Null when refused.", metadata=FILES
    )


@strawberry.type(description="The payload of `completeAttachmentUploads`.")
class CompleteAttachmentUploadsPayload(CustomerPayload):
    attachments = listed(
        "attachments.by_id", keys="attachments_keys", graphql_type=nouns.Attachment, description="The attachments, STORED now. Null when refused.", cost=FILES
    )
    parent = any_of(
        "inv",
        "sch",
        key="parent_id",
        graphql_type=nouns.Attachable | None,
        description="What they are attached to, if that is one invoice or schedule. Null when refused.",
    )


@strawberry.type(description="The payload of `deleteAttachment`.")
class DeleteAttachmentPayload(CustomerPayload):
    deleted_attachment_id: strawberry.ID | None = strawberry.field(description="The id of the deleted attachment. Null when refused.")
    parent = any_of("inv", "sch", key="parent_id", graphql_type=nouns.Attachable | None, description="What it was attached to. Null when refused.")
