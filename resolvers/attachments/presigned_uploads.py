"""Direct uploads: files are declared, sent by the client to the bucket itself, then checked and stored. For large fleets of clients, whose bytes need not pass twice."""

import asyncio
import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from billing.files.attachments import check_count, check_size, check_sizes
from billing.files.file_types import PDF, check_claims, clean_name, declared_type, named
from billing.refusals import ErrorCode, Refused
from billing.states import Uploader
from db.blocks import blocks
from db.callers import CustomerLock
from db.unit_of_work import Transaction, UnitOfWork
from resolvers.attachments.attachment_targets import AttachmentTarget, acting, acting_for_owner, check_quota, files_of, open_parent, uploader_of
from resolvers.attachments.attachments import AttachedFiles, FileGroup, StoredFile, replayed, save_group
from resolvers.attachments.ingest import UploadTarget, ingest
from resolvers.attachments.kinds import DeclaredTypes, recognise
from resolvers.attachments.orphans import UPLOAD_WINDOW, WRITE_WINDOW, clear, discard
from resolvers.audit import fresh_id, note
from resolvers.context import Context
from resolvers.idempotency import ReplayedAnswer, call_of
from resolvers.reads.relations import by_id
from resolvers.reads.roots import owner_of
from resolvers.standing import check_signed_in
from storage import keys
from storage.bucket import DeclaredFile, NoSuchObject

T = TypeVar("T")

# A pending row, and the target of its bytes.
Move = tuple[Any, UploadTarget]

# Refusals that are final, because they are about the bytes themselves.
FINAL = (
    ErrorCode.UNSUPPORTED_FILE,
    ErrorCode.UNSAFE_FILE,
    ErrorCode.PASSWORD_PROTECTED,
    ErrorCode.TOO_COMPLEX,
    ErrorCode.TOO_MANY_PIXELS,
    ErrorCode.CHECKSUM_MISMATCH,
    ErrorCode.EMPTY_FILE,
)

# How many files of a group are moved at a time. A hundred small files one after the other would take longer than an operation may.
MOVED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class PresignedField:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class MovedUpload:
    """A row whose bytes are now under `key`, with the type and the name by their content."""

    row: Any
    key: str
    file_name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class PresignedUpload:
    """The URL and form fields by which a client sends one declared file."""

    attachment: Any
    url: str
    fields: list[PresignedField]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PresignedGroup:
    """Where a client sends the files of one call, and whose files they are."""

    customer_id: str
    files: list[PresignedUpload]


async def create(arguments: Any, context: Context) -> Any:
    """Insert pending rows, and return a presigned URL for each. A repeated call with the same key returns the same rows with new URLs. Raises Refused."""
    check_count(len(arguments.files))
    call = call_of("createAttachmentUploads", arguments.idempotency_key, client=context.session.caller.key_owner)
    announced = [_declared_file(file, f"files.{number}") for number, file in enumerate(arguments.files)]
    check_sizes([size for _, _, size, _ in announced])
    session = await acting_for_owner(str(arguments.parent_id), context)
    async with session.write(lock=CustomerLock.PRESENT) as transaction:  # who erases the customer deletes what there is
        parent = await open_parent(str(arguments.parent_id), transaction)
        replay = await replayed(transaction, call, [parent.id, uploader_of(context), announced])
        identifiers: list[str] = (
            replay.value if replay else await save_group(transaction, call, await _announced(transaction, parent, announced, context), context)
        )
    pending = [row for row in await _current_rows(identifiers, parent.customer_id, context) if row.status == "PENDING"]
    if replay:
        await _check_sender(pending, context)
    uploads = PresignedGroup(parent.customer_id, [await _presigned_post(row, context) for row in pending])
    return ReplayedAnswer(uploads) if replay else uploads


async def _check_sender(rows: list[Any], context: Context) -> None:
    """Raise Refused where a customer who had signed in declared a file, and the caller has not: a new URL would let its holder replace what was sent already."""
    if any(row.uploaded_by == Uploader.CUSTOMER and not row.uploaded_on_behalf for row in rows):
        async with context.session.write() as transaction:
            await check_signed_in(transaction, context)


async def complete(arguments: Any, context: Context) -> AttachedFiles:
    """Complete a group as a whole. Each file is copied from its incoming key to a new key and checked on the way, so that the stored bytes are the checked bytes.

    A repeated call returns the same answer. Raises Refused.
    """
    check_count(len(arguments.attachment_ids), "attachmentIds")
    rows = await _all([_declared_row(str(identifier), f"attachmentIds.{number}", context) for number, identifier in enumerate(arguments.attachment_ids)])
    await context.session.release()
    if len({row.customer_id for row in rows}) > 1:
        raise Refused(ErrorCode.INVALID_VALUE, "These attachments are of several customers.", "attachmentIds")
    session = acting(context, rows[0].customer_id)
    moves = [_move_of(row, f"attachmentIds.{number}") for number, row in enumerate(rows) if row.status == "PENDING"]
    await _complete(session, moves, context)
    parents = {row.parent_id for row in await _current_rows([row.id for row in rows], rows[0].customer_id, context)}
    return AttachedFiles(rows[0].customer_id, parents.pop() if len(parents) == 1 else None, [row.id for row in rows])


async def _current_rows(identifiers: list[str], customer_id: str, context: Context) -> list[Any]:
    """Return the attachments by their current rows, without those that were deleted after the answer was stored."""
    context.forget()
    rows = await context.loaders.one(blocks()["attachments.by_id"]).load_many([(customer_id, identifier) for identifier in identifiers])
    return [row for row in rows if row is not None]


async def _announced(transaction: Transaction, parent: AttachmentTarget, announced: list[tuple[str, str, int, str]], context: Context) -> FileGroup:
    await check_quota(transaction, parent, context, coming=len(announced))
    identifiers = [fresh_id("att", context) for _ in announced]
    files = [StoredFile(identifier, *about, keys.incoming(parent.customer_id, identifier)) for identifier, about in zip(identifiers, announced, strict=True)]
    return FileGroup(parent, files, "PENDING")


def _declared_file(file: Any, field: str) -> tuple[str, str, int, str]:
    """Return name, media type, size and SHA-256. Raises Refused."""
    name = clean_name(file.file_name)
    check_size(file.size_bytes, field)
    sha256 = file.sha256.lower()
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Refused(ErrorCode.INVALID_VALUE, "A SHA-256 is 64 hex digits.", field)
    check_claims(name, file.content_type, field)
    content_type = declared_type(name, file.content_type)
    # A file without any declared type counts as a PDF until its bytes are read, and its name has no extension to correct.
    return (named(name, content_type), content_type, file.size_bytes, sha256) if content_type else (name, PDF, file.size_bytes, sha256)


async def _presigned_post(row: Any, context: Context) -> PresignedUpload:
    announced = DeclaredFile(keys.incoming(row.customer_id, row.id), row.content_type, row.size_bytes)
    ticket = await files_of(context).bucket.presigned_post(announced, now=context.now)
    return PresignedUpload(row, ticket.url, [PresignedField(name, value) for name, value in ticket.fields.items()], ticket.expires_at)


async def _declared_row(identifier: str, field: str, context: Context) -> Any:
    """Return the row with the place of its object. Raises Refused: NOT_FOUND, also for another uploader's file; NOT_STORED for a rejected file."""
    owner = await owner_of(identifier, context)
    row = await by_id(owner, identifier, ("att",), context)
    if row is None or row.uploaded_by != uploader_of(context):
        raise Refused(ErrorCode.NOT_FOUND, "There is no such attachment.", field)
    if row.status == "REJECTED":
        raise Refused(ErrorCode.NOT_STORED, "This file was rejected. Call `createAttachmentUploads` again.", field)
    return await context.loaders.one(blocks()["attachments.place"]).load((owner, identifier))


def _move_of(row: Any, field: str) -> Move:
    """Return the row with a target under a new key, which only this attempt uses."""

    def judge(size: int, _is_over: bool) -> None:
        if size > row.size_bytes:
            raise Refused(ErrorCode.CHECKSUM_MISMATCH, "The file has more bytes than `createAttachmentUploads` was given.", field)

    return row, UploadTarget(keys.stored(row.customer_id, row.id, secrets.token_hex(8)), row.content_type, field, judge)


async def _complete(session: UnitOfWork, moves: list[Move], context: Context) -> None:
    """Move the files. The new objects are loose until the rows own them; those without an owner in the end are deleted again. Raises Refused."""
    files = files_of(context)
    object_keys = [target.key for _, target in moves]
    async with session.write() as transaction:
        await transaction.run("loose_objects.add", object_keys=object_keys, expires_at=context.now + WRITE_WINDOW)
    owned: list[str] = []
    try:
        turns = asyncio.Semaphore(MOVED_AT_ONCE)
        moved = await _all([_in_turn(turns, _move(session, row, target, context)) for row, target in moves])
        async with session.write() as transaction:
            taken = [one.key for one in moved if one and await _own(transaction, one, context)]
        owned = taken
    finally:
        files.later(discard(session, files.bucket, [key for key in object_keys if key not in owned]))
    for row, _ in moves:
        files.later(clear(files.bucket, row.object_key))


async def _all(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results in order. After all have ended, raises the error of the first in order that failed."""
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]  # none of them is an exception


async def _in_turn(turns: asyncio.Semaphore, coroutine: Coroutine[Any, Any, T]) -> T:
    async with turns:
        return await coroutine


async def _move(session: UnitOfWork, row: Any, target: UploadTarget, context: Context) -> MovedUpload | None:
    """Copy one file to its target. None if another attempt was faster and has removed the incoming object. Raises Refused."""
    files = files_of(context)
    try:
        async with files.bucket.open(row.object_key) as chunks:
            # The row's type may be a default; the declared type is in the extension of its name.
            known = await recognise(chunks, DeclaredTypes(row.file_name, "", target.field))
            size, sha256 = await ingest(known.chunks, replace(target, content_type=known.content_type), files)
        if (size, sha256) != (row.size_bytes, row.sha256):
            raise Refused(ErrorCode.CHECKSUM_MISMATCH, "The file's size or SHA-256 is not what `createAttachmentUploads` was given.", target.field)
    except NoSuchObject:
        if not await _is_stored(session, row):
            raise Refused(ErrorCode.NOT_UPLOADED, "The file was not uploaded yet.", target.field) from None
        return None
    except Refused as refused:
        if refused.code in FINAL:
            await _reject(session, row, context)
        raise
    return MovedUpload(row, target.key, known.file_name, known.content_type)


async def _is_stored(session: UnitOfWork, row: Any) -> bool:
    async with session.write() as transaction:
        current = await transaction.first("attachments.place", key=row.id)
    return current is not None and current.status == "STORED"


async def _own(transaction: Transaction, moved: MovedUpload, context: Context) -> bool:
    """Return whether the row owns the object now; another attempt may have been faster. The incoming object becomes loose, for as long as it can be sent again."""
    row = moved.row
    stored = await transaction.first("attachments.store", id=row.id, object_key=moved.key, content_type=moved.content_type, file_name=moved.file_name)
    if stored is None:
        return False
    if not await transaction.run("loose_objects.own", object_keys=[moved.key]):
        raise Refused(ErrorCode.NOT_STORED, "The upload took too long. Try again.")
    await transaction.run("loose_objects.add", object_keys=[row.object_key], expires_at=context.now + UPLOAD_WINDOW)
    await note(transaction, context, "completeAttachmentUploads", detail=row.id)
    return True


async def _reject(session: UnitOfWork, row: Any, context: Context) -> None:
    """Mark the row as rejected, and its incoming object as loose."""
    async with session.write() as transaction:
        await transaction.run("attachments.reject", id=row.id)
        await transaction.run("loose_objects.add", object_keys=[row.object_key], expires_at=context.now + UPLOAD_WINDOW)
        await note(transaction, context, "completeAttachmentUploads", outcome="REJECTED", detail=row.id)
