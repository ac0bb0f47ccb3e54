"""The limits of the gateway as a GraphQL type, so that a frontend does not hard-code them."""

import strawberry

from auth.urls.links import LIFETIME
from billing.files import attachments
from billing.files.attachments import FileLimits
from billing.files.file_types import CONTENT_TYPES, MAX_NAME_BYTES
from billing.rows.partners import CostBudget
from resolvers.reads.pages import DEFAULT_SIZE, MAX_SIZE
from resolvers.reads.roots import MAX_NODES
from storage.bucket import PRESIGNED_SECONDS


@strawberry.type(name="Budget", description="What the caller may spend, in the units of `extensions.cost`; a partner's app for all its customers together.")
class BudgetFigures:
    maximum_available: int = strawberry.field(description="How many units the budget holds when it is full: those of one minute.")
    currently_available: int = strawberry.field(description="How many units are left after this operation.")
    restore_rate: float = strawberry.field(description="How many units come back each second.")


@strawberry.type(description="The limits that the gateway applies to its callers.")
class Limits:
    max_file_bytes: int = strawberry.field(description="How large one attached file may be, in bytes. An empty file is refused.")
    max_group_bytes: int = strawberry.field(
        description="How large the files of one upload may be together, in bytes. There is no limit on all uploads together."
    )
    max_group_files: int = strawberry.field(description="How many files one upload may have.")
    max_files_per_parent: int | None = strawberry.field(description="How many files one invoice or payment schedule may have. Null for any number.")
    max_file_name_bytes: int = strawberry.field(description="How long the name of a file may be, in bytes of UTF-8. A longer one is cut.")
    max_request_bytes: int = strawberry.field(description="How large the body of a request with files may be, in bytes. A larger one is answered 413.")
    max_field_bytes: int = strawberry.field(
        description="How large each of the fields `operations` and `map` of such a request may be, in bytes. A larger one is answered 413."
    )
    max_pixels: int = strawberry.field(description="How many pixels a picture may have, width times height. More is TOO_MANY_PIXELS.")
    max_picture_parts: int = strawberry.field(description="How many chunks a PNG and how many segments a JPEG may have. More is TOO_COMPLEX.")
    max_unpacked_bytes: int = strawberry.field(description="How much of one file is unpacked to check it, in bytes. A PDF that takes more is TOO_COMPLEX.")
    max_processor_seconds: int = strawberry.field(description="How much CPU time the check of one PDF may take, in seconds. More is TOO_COMPLEX.")
    content_types: list[str] = strawberry.field(description="The media types that may be attached.")
    upload_seconds: float = strawberry.field(description="How long a request with files may take, from its first file to its answer.")
    direct_upload_seconds: int = strawberry.field(description="How long the addresses of `createAttachmentUploads` are valid.")
    download_url_seconds: int = strawberry.field(description="How long a `downloadUrl` is valid.")
    downloads_per_minute: int = strawberry.field(description="How many downloads of one customer may begin in a minute. More are answered 429.")
    max_statement_rows: int = strawberry.field(description="How many entries a statement of account may have as a PDF. More are answered 422.")
    max_statement_csv_rows: int = strawberry.field(description="How many entries a statement of account may have as CSV. More are answered 422.")
    default_page_size: int = strawberry.field(description="How many rows a page has when the query names no size.")
    max_page_size: int = strawberry.field(description="How many rows a page may have at most.")
    max_nodes: int = strawberry.field(description="How many ids `nodes` accepts.")
    budget: BudgetFigures | None = strawberry.field(description="The caller's budget. Null for a caller without one.")


def limits(*, budget: CostBudget | None, file_limits: FileLimits) -> Limits:
    return Limits(
        max_file_bytes=attachments.MAX_FILE_BYTES,
        max_group_bytes=attachments.MAX_GROUP_BYTES,
        max_group_files=attachments.MAX_GROUP_FILES,
        max_files_per_parent=file_limits.per_parent,
        max_file_name_bytes=MAX_NAME_BYTES,
        max_request_bytes=attachments.MAX_REQUEST_BYTES,
        max_field_bytes=attachments.MAX_FIELD_BYTES,
        max_pixels=attachments.MAX_PIXELS,
        max_picture_parts=attachments.MAX_PICTURE_PARTS,
        max_unpacked_bytes=attachments.MAX_UNPACKED_BYTES,
        max_processor_seconds=attachments.MAX_PROCESSOR_SECONDS,
        content_types=list(CONTENT_TYPES),
        upload_seconds=file_limits.upload_seconds,
        direct_upload_seconds=PRESIGNED_SECONDS,
        download_url_seconds=int(LIFETIME.total_seconds()),
        downloads_per_minute=file_limits.downloads_per_minute,
        max_statement_rows=file_limits.statement_rows,
        max_statement_csv_rows=file_limits.statement_csv_rows,
        default_page_size=DEFAULT_SIZE,
        max_page_size=MAX_SIZE,
        max_nodes=MAX_NODES,
        budget=BudgetFigures(maximum_available=budget.maximum, currently_available=budget.available, restore_rate=budget.restore_rate) if budget else None,
    )
