"""Attaching files that come with the request, and deleting them."""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from billing.files.attachments import check_count, check_sizes
from billing.lifecycle import actions
from billing.lifecycle.actions import Action, check_action
from billing.refusals import ErrorCode, Refused
from billing.states import Uploader
from db.blocks import blocks
from db.unit_of_work import Transaction
from resolvers.attachments.attachment_targets import AttachmentTarget, acting, check_quota, files_of, open_parent, uploader_of
from resolvers.attachments.ingest import UploadTarget, ingest
from resolvers.attachments.kinds import DeclaredTypes, recognise
from resolvers.attachments.orphans import UPLOAD_WINDOW, WRITE_WINDOW, clear, discard
from resolvers.attachments.upload_parts import IncomingFile, Upload, iter_parts
from resolvers.audit import fresh_id, note
from resolvers.changes.previews import hash_of_values
from resolvers.changes.saving import merged, save
from resolvers.changes.writing import audited
from resolvers.context import Context
from resolvers.idempotency import MutationCall, ReplayedAnswer, answered, call_of, claim_key
from resolvers.reads.relations import by_id
from resolvers.reads.roots import owner_of
from resolvers.standing import check_signed_in
from storage import keys


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file that is in the bucket, as its row will say it."""

    id: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    object_key: str


@dataclass(slots=True)
class FileSlot:
    """Where one file of a group goes. The sizes of all of them so far stand in one list."""

    target: tuple[str, str]
    input_field: str
    sizes: list[int]
    number: int
    is_read: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self, size: int, is_over: bool) -> None:
        """Raises Refused."""
        self.sizes[self.number] = size
        check_sizes(self.sizes)
        if is_over:
            self.is_read.set()


async def upload(given: Any, context: Context) -> Any:
    """A group, all or nothing: its objects are noted as loose, then written, then owned by rows, or else deleted again."""
    check_count(len(given.files))
    call = call_of("uploadAttachments", given.idempotency_key)
    parent = await open_parent(str(given.parent_id), context)
    session = acting(context, parent.customer_id)
    targets = [_target(parent.customer_id, context) for _ in given.files]
    object_keys = [key for _, key in targets]
    async with session.write() as transaction:
        await check_quota(transaction, parent, context, coming=len(targets))
        await transaction.run("loose_objects.add", object_keys=object_keys, expires_at=context.now + WRITE_WINDOW)
    is_kept = False
    try:
        stored = await _receive_all(given.files, targets, context)
        async with session.write() as transaction:
            answer = await _save(transaction, parent, stored, context, call=call)
        is_kept = isinstance(answer, list)
    finally:
        if not is_kept:
            files_of(context).later(discard(session, files_of(context).bucket, object_keys))
    if isinstance(answer, ReplayedAnswer):
        return ReplayedAnswer(await mutation_result(answer.value, parent.customer_id, context))
    return await mutation_result(answer, parent.customer_id, context)


async def delete(given: Any, context: Context) -> str:
    """By who uploaded it. The row goes first; its object is loose from then on, and soon gone."""
    identifier = str(given.attachment_id)
    found = await by_id(await owner_of(identifier, context), identifier, ("att",), context)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such attachment.", "attachmentId")
    viewer = context.viewer
    check_action(actions.of_attachment(found.status, found.uploaded_by, actor=viewer.kind, needs_sign_in=viewer.needs_sign_in), Action.DELETE, "attachmentId")
    await context.session.release()
    session = acting(context, found.customer_id)
    async with session.write() as transaction:
        if found.uploaded_by == Uploader.CUSTOMER:
            await check_signed_in(transaction, context)
        gone = await transaction.first("attachments.delete", id=identifier, uploaded_by=uploader_of(context))
        if gone is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such attachment.", "attachmentId")
        await transaction.run("loose_objects.add", object_keys=[gone.object_key], expires_at=context.now + UPLOAD_WINDOW)
        await note(transaction, context, "deleteAttachment", detail=identifier)
    bucket = files_of(context).bucket
    files_of(context).later(clear(bucket, gone.object_key) if found.status == "PENDING" else discard(session, bucket, [gone.object_key]))
    return identifier


async def mutation_result(identifiers: list[str], customer_id: str, context: Context) -> list[Any]:
    """The attachments as they are now; those deleted since an answer was kept are left out."""
    context.forget()
    found = await context.loaders.one(blocks()["attachments.by_id"]).load_many([(customer_id, identifier) for identifier in identifiers])
    return [row for row in found if row is not None]


def _target(customer_id: str, context: Context) -> tuple[str, str]:
    """An id for an attachment, and the key of its object."""
    identifier = fresh_id("att", context)
    return identifier, keys.stored(customer_id, identifier, secrets.token_hex(8))


async def _receive_all(uploads: list[Upload], targets: list[tuple[str, str]], context: Context) -> list[StoredFile]:
    """The group's files in the order of the input, whatever order they come in. While the bucket still settles one, the next one comes."""
    sizes = [0] * len(uploads)
    stored: dict[int, asyncio.Task[StoredFile]] = {}
    try:
        async for number, file in iter_parts(uploads):
            place = FileSlot(targets[number], f"files.{number}", sizes, number)
            stored[number] = asyncio.create_task(_receive(file, place, context))
            await _first(place.is_read, stored[number])
        return [await stored[number] for number in range(len(uploads))]
    finally:
        for task in stored.values():
            task.cancel()
        await asyncio.gather(*stored.values(), return_exceptions=True)


async def _first(is_read: asyncio.Event, task: "asyncio.Task[StoredFile]") -> None:
    """Wait until a file's last byte was taken. Raises what went wrong before."""
    reading = asyncio.create_task(is_read.wait())
    try:
        await asyncio.wait((reading, task), return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
    if task.done():
        task.result()


async def _receive(file: IncomingFile, place: FileSlot, context: Context) -> StoredFile:
    identifier, key = place.target
    known = await recognise(file.chunks, DeclaredTypes(file.file_name, file.declared_type, place.input_field))
    size, sha256 = await ingest(known.chunks, UploadTarget(key, known.content_type, place.input_field, place.check), files_of(context))
    return StoredFile(identifier, known.file_name, known.content_type, size, sha256, key)


async def _save(
    transaction: Transaction, parent: AttachmentTarget, stored: list[StoredFile], context: Context, *, call: MutationCall
) -> list[str] | ReplayedAnswer:
    """The ids of the attachments that now own the objects. Raises Refused."""
    asked = [parent.id, uploader_of(context), *([file.file_name, file.content_type, file.size_bytes, file.sha256] for file in stored)]
    if kept := await replayed(transaction, call, asked):
        return kept
    await check_quota(transaction, parent, context, coming=len(stored))
    taken = await transaction.run("loose_objects.own", object_keys=[file.object_key for file in stored])
    if len(taken) != len(stored):
        raise Refused(ErrorCode.NOT_STORED, "The upload took too long. Try again.", "files")
    await add(transaction, parent, stored, context, status="STORED")
    return await save_answer(transaction, call, parent, [file.id for file in stored], context=context)


async def replayed(transaction: Transaction, call: MutationCall, asked: Any) -> ReplayedAnswer | None:
    """The ids that were the answer to the first call with the key; None if this is the first. `asked` is JSON, what the call wants. Raises Refused."""
    claim = await claim_key(transaction, call, hash_of_values(asked))
    return ReplayedAnswer(json.loads(claim.answer)["attachments"]) if claim.answer else None


async def save_answer(transaction: Transaction, call: MutationCall, parent: AttachmentTarget, identifiers: list[str], *, context: Context) -> list[str]:
    """The ids, which are the answer from now on, and what was done in the audit trail."""
    audit = audited(context, call.mutation, customer_id=parent.customer_id, detail=" ".join([parent.id, *identifiers]))
    await save(transaction, merged(audit, answered(call, {"attachments": identifiers}, now=context.now)))
    return identifiers


async def add(transaction: Transaction, parent: AttachmentTarget, files: list[StoredFile], context: Context, *, status: str) -> None:
    """Rows for a group of files. Raises Refused if the schedule was canceled meanwhile."""
    added = await transaction.run(
        "attachments.add",
        **parent.columns,
        group_id=fresh_id("grp", context),
        ids=[file.id for file in files],
        file_names=[file.file_name for file in files],
        content_types=[file.content_type for file in files],
        sizes=[file.size_bytes for file in files],
        hashes=[file.sha256 for file in files],
        object_keys=[file.object_key for file in files],
        status=status,
        uploaded_by=uploader_of(context),
        uploader=context.viewer.customer_id or context.viewer.client,
    )
    if len(added) != len(files):
        raise Refused(ErrorCode.WRONG_STATE, actions.MESSAGES[ErrorCode.WRONG_STATE], "parentId")
