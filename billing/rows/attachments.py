"""Rows about attachments: the data of a file; its bytes are in the bucket."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    id: str
    customer_id: str
    parent_id: str
    invoice_id: str | None
    schedule_id: str | None
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    status: str
    uploaded_by: str
    uploaded_at: datetime
    version: int
    uploaded_on_behalf: bool


@dataclass(frozen=True, slots=True)
class AttachmentObject:
    """An attachment and the key of its bytes in the bucket, which the API never returns."""

    id: str
    customer_id: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    object_key: str
    status: str
    uploaded_by: str
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class OrphanedObject:
    """An object of the bucket that no attachment owns (yet)."""

    customer_id: str
    object_key: str


@dataclass(frozen=True, slots=True)
class ErasedObject:
    """An object of a row that was deleted; None where it had none. `is_pending`: its client may still send it."""

    object_key: str | None
    is_pending: bool


@dataclass(frozen=True, slots=True)
class FileCount:
    files: int
