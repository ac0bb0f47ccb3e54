"""Upload of files in the request's body, and deletion of attachments."""

import asyncio
import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from billing.files.attachments import check_count, check_sizes
from billing.lifecycle import actions
from billing.lifecycle.actions import Action, check_action
from billing.refusals import ErrorCode, Refused
from billing.states import Uploader
from db.callers import NewKey
from db.unit_of_work import KeyInUse, Transaction, UnitOfWork
from resolvers.attachments.attachment_targets import AttachmentTarget, acting, acting_for_owner, check_quota, files_of, open_parent, uploader_of
from resolvers.attachments.ingest import UploadTarget, ingest
from resolvers.attachments.kinds import DeclaredTypes, recognise
from resolvers.attachments.orphans import UPLOAD_WINDOW, WRITE_WINDOW, clear, discard
from resolvers.attachments.upload_parts import IncomingFile, Upload, iter_parts
from resolvers.audit import fresh_id, note
from resolvers.changes.previews import hash_of_values
from resolvers.changes.saving import Changes, in_json, merged
from resolvers.changes.writing import audited
from resolvers.context import Context
from resolvers.idempotency import MutationCall, ReplayedAnswer, answered, call_of, claim_key
from resolvers.reads.relations import by_id
from resolvers.reads.roots import owner_of
from resolvers.standing import check_signed_in
from storage import keys


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file that is in the bucket, as its row will describe it."""

    id: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    object_key: str


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one call, what they are attached to, and their status: the objects of a PENDING group do not exist yet."""

    parent: AttachmentTarget
    files: list[StoredFile]
    status: Literal["STORED", "PENDING"]

    def rows(self, context: Context) -> Changes:
        """Return the rows of the attachments, and the objects that they own."""
        uploader = {"uploaded_by": uploader_of(context), "uploader": context.viewer.customer_id or context.viewer.client}
        of_group = {**self.parent.columns, **uploader, "group_id": fresh_id("grp", context), "status": self.status}
        rows: Changes = {"attachment": [{**asdict(file), **of_group} for file in self.files]}
        return rows | {"owned_object": [{"object_key": file.object_key} for file in self.files]} if self.status == "STORED" else rows


@dataclass(frozen=True, slots=True)
class AttachedFiles:
    """The ids of attachments, with their customer and what they are attached to: None for attachments of several invoices or schedules."""

    customer_id: str
    parent_id: str | None
    attachments_keys: list[str]


@dataclass(frozen=True, slots=True)
class DeletedAttachment:
    """What is left to say of an attachment that was deleted: its customer, its id, and what it was attached to."""

    customer_id: str
    deleted_attachment_id: str
    parent_id: str


@dataclass(slots=True)
class FileSlot:
    """The place of one file of a group. `sizes` is shared: it holds the bytes received so far of every file of the group."""

    target: tuple[str, str]
    input_field: str
    sizes: list[int]
    number: int
    is_read: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self, size: int, is_over: bool) -> None:
        """Record the bytes of this file received so far. Raises Refused."""
        self.sizes[self.number] = size
        check_sizes(self.sizes)
        if is_over:
            self.is_read.set()


async def upload(arguments: Any, context: Context) -> Any:
    """Store a group of files as a whole. Its objects are recorded as loose, written, and then owned by rows; otherwise they are deleted again. Raises Refused."""
    check_count(len(arguments.files))
    call = call_of("uploadAttachments", arguments.idempotency_key, client=context.session.caller.key_owner)
    session = await acting_for_owner(str(arguments.parent_id), context)
    async with session.write() as transaction:
        parent = await open_parent(str(arguments.parent_id), transaction)
        targets = [_target(parent.customer_id, context) for _ in arguments.files]
        object_keys = [key for _, key in targets]
        await check_quota(transaction, parent, context, coming=len(targets))
        _announce(transaction, object_keys)
    is_owned = False
    try:
        stored = await _receive_all(arguments.files, targets, context)
        answer = await _save(session, call, FileGroup(parent, stored, "STORED"), context)
        is_owned = isinstance(answer, list)
    finally:
        if not is_owned:
            files_of(context).later(discard(session, files_of(context).bucket, object_keys))
    is_replayed = isinstance(answer, ReplayedAnswer)
    attached = AttachedFiles(parent.customer_id, parent.id, answer.value if isinstance(answer, ReplayedAnswer) else answer)
    return ReplayedAnswer(attached) if is_replayed else attached


async def delete(arguments: Any, context: Context) -> DeletedAttachment:
    """Delete an attachment of the caller. The row is deleted first; its object is then loose, and deleted after the response. Raises Refused."""
    identifier = str(arguments.attachment_id)
    attachment = await by_id(await owner_of(identifier, context), identifier, ("att",), context)
    if attachment is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such attachment.", "attachmentId")
    viewer = context.viewer
    check_action(
        actions.of_attachment(attachment.status, attachment.uploaded_by, actor=viewer.kind, needs_sign_in=viewer.needs_sign_in), Action.DELETE, "attachmentId"
    )
    await context.session.release()
    session = acting(context, attachment.customer_id)
    async with session.write() as transaction:
        if attachment.uploaded_by == Uploader.CUSTOMER:
            await check_signed_in(transaction, context)
        gone = await transaction.first("attachments.delete", id=identifier, uploaded_by=uploader_of(context))
        if gone is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such attachment.", "attachmentId")
        await transaction.run("loose_objects.add", object_keys=[gone.object_key], expires_at=context.now + UPLOAD_WINDOW)
        await note(transaction, context, "deleteAttachment", detail=identifier)
    bucket = files_of(context).bucket
    files_of(context).later(clear(bucket, gone.object_key) if attachment.status == "PENDING" else discard(session, bucket, [gone.object_key]))
    return DeletedAttachment(attachment.customer_id, identifier, attachment.parent_id)


def _announce(transaction: Transaction, object_keys: list[str]) -> None:
    """Store the names of loose objects, in the round trip of COMMIT."""
    caller = transaction.caller
    expires_at = (caller.now + WRITE_WINDOW).isoformat()
    transaction.at_commit("loose_objects.add", customer_id=caller.customer_id, object_keys=f"{{{','.join(object_keys)}}}", expires_at=expires_at)


def _target(customer_id: str, context: Context) -> tuple[str, str]:
    """Return a new id for an attachment, and the key of its object."""
    identifier = fresh_id("att", context)
    return identifier, keys.stored(customer_id, identifier, secrets.token_hex(8))


async def _receive_all(uploads: list[Upload], targets: list[tuple[str, str]], context: Context) -> list[StoredFile]:
    """Receive the group's files in any order; return them in the order of the input. The next file is received while the bucket still completes the one before."""
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
    """Wait until a file's last byte was received. Raises the error of the task if it ended before."""
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


async def _save(session: UnitOfWork, call: MutationCall, group: FileGroup, context: Context) -> list[str] | ReplayedAnswer:
    """Return the ids of the attachments that now own the objects. The key is nearly always new; only for one that is not its state is read, in another transaction.

    Raises Refused.
    """
    request = [group.parent.id, uploader_of(context), *([file.file_name, file.content_type, file.size_bytes, file.sha256] for file in group.files)]
    try:
        async with session.write(claims=NewKey(call.mutation, call.key, hash_of_values(request))) as transaction:
            return await _save_checked(transaction, call, group, context)
    except KeyInUse:
        pass
    async with session.write() as transaction:
        return await replayed(transaction, call, request) or await _save_checked(transaction, call, group, context)


async def _save_checked(transaction: Transaction, call: MutationCall, group: FileGroup, context: Context) -> list[str]:
    await check_quota(transaction, group.parent, context, coming=len(group.files))
    return await save_group(transaction, call, group, context)


async def replayed(transaction: Transaction, call: MutationCall, request: Any) -> ReplayedAnswer | None:
    """Return the ids that answered the first call with the key; None if this is the first. `request` is the call's arguments as JSON. Raises Refused."""
    claim = await claim_key(transaction, call, hash_of_values(request))
    return ReplayedAnswer(json.loads(claim.answer)["attachments"]) if claim.answer else None


async def save_group(transaction: Transaction, call: MutationCall, group: FileGroup, context: Context) -> list[str]:
    """Insert the rows of a group of files, which own its objects where these are stored, with the answer of the key and the event in the audit trail. Return the ids.

    Raises Refused if an object is being deleted, or the schedule was canceled meanwhile.
    """
    identifiers, count = [file.id for file in group.files], len(group.files)
    audit = audited(context, call.mutation, customer_id=group.parent.customer_id, detail=" ".join([group.parent.id, *identifiers]))
    changes = merged(group.rows(context), audit, answered(call, {"attachments": identifiers}, now=context.now))
    written = await transaction.save(in_json(changes))
    if written.get("owned_object", count) != count:
        raise Refused(ErrorCode.NOT_STORED, "The upload took too long. Try again.", "files")
    if written["attachment"] != count:
        raise Refused(ErrorCode.WRONG_STATE, actions.MESSAGES[ErrorCode.WRONG_STATE], "parentId")
    return identifiers
