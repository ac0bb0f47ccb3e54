"""Files attached to invoices and payment schedules."""

import strawberry

from auth.urls.links import Links
from billing.lifecycle import actions
from billing.states import AttachmentStatus, Uploader
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.enums import AgeOrder
from schema.declarations.fields import any_of, derived, page
from schema.declarations.node import Node
from schema.declarations.scalars import DateTime


def download_url(identifier: str, customer_id: str, status: str, *, links: Links | None) -> str | None:
    return links.download(identifier, customer_id) if links and status == "STORED" else None


@strawberry.interface(description="What files can be attached to: an Invoice or a PaymentSchedule.")
class Attachable:
    id: strawberry.ID = strawberry.field(description="Its id; also the `parentId` of an upload.")
    attachments = page("attachments.of_invoice", key="id", graphql_type=nouns.Attachment, sort=AgeOrder, description="Files attached to it.")

    @classmethod
    def resolve_type(cls, row: object, *_: object) -> str:
        return Node.resolve_type(row)


@strawberry.type(description="A file: a PDF, PNG or JPEG. See `Query.limits` for sizes.")
class Attachment(Node):
    file_name: str = strawberry.field(description="Its name, for display only, with an extension of its type.")
    content_type: str = strawberry.field(description="Its media type by its content; while PENDING the announced one.")
    size_bytes: int = strawberry.field(description="Its size in bytes.")
    sha256: str = strawberry.field(description="SHA-256 of its bytes, 64 lower-case hex digits.")
    status: AttachmentStatus = strawberry.field(description="Its status.")
    uploaded_by: Uploader = strawberry.field(description="Who uploaded it.")
    uploaded_on_behalf: bool = strawberry.field(
        description="Whether a person other than the customer may have acted in their name when it was uploaded: in a session that began with a portal link that staff had seen, or by a "
        "partner's app. It is the customer's file nevertheless; `auditEvents` says who acted."
    )
    uploaded_at: DateTime = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes.")
    parent = any_of("inv", "sch", key="parent_id", graphql_type=Attachable, description="What it is attached to.")
    download_url = derived(
        download_url,
        needs=("id", "customer_id", "status"),
        graphql_type=str | None,
        description="The download URL, valid for 5 minutes for anybody who has it: query it when it is needed. Null unless STORED.",
    )
    available_actions = derived(
        actions.of_attachment, needs=("status", "uploaded_by"), graphql_type=list[ActionState], description="What the caller may do with it now."
    )
