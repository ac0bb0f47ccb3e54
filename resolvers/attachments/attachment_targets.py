"""The targets of attachments: an invoice or a payment schedule that the caller may read and that accepts files."""

from dataclasses import dataclass, replace
from typing import Any

from billing.files.attachments import check_room
from billing.ids import prefix_of
from billing.lifecycle import actions
from billing.lifecycle.actions import Action, check_action
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoices import InvoiceRow
from billing.states import Uploader
from db.unit_of_work import Transaction, UnitOfWork
from resolvers.context import Context, Files
from resolvers.reads.relations import BY_ID
from resolvers.reads.roots import owner_of

# The kinds that take files: by the prefix of their ids, the block that finds one.
PARENTS = {prefix: BY_ID[prefix] for prefix in ("inv", "sch")}
NO_PARENT = "There is no such invoice or payment schedule."


@dataclass(frozen=True, slots=True)
class AttachmentTarget:
    """The invoice or schedule that files are attached to, and its customer."""

    id: str
    customer_id: str
    is_invoice: bool

    @property
    def columns(self) -> dict[str, str | None]:
        """Its id, under the names of the attachment's columns."""
        return {"invoice_id": self.id if self.is_invoice else None, "schedule_id": None if self.is_invoice else self.id}


def files_of(context: Context) -> Files:
    assert context.files is not None, "the process stores no files"
    return context.files


def uploader_of(context: Context) -> Uploader:
    """Return who uploads. A partner's app uploads as the customer."""
    return Uploader.STAFF if context.viewer.is_staff else Uploader.CUSTOMER


async def acting_for_owner(parent_id: str, context: Context) -> UnitOfWork:
    """Return a unit of work on the rows of the customer to whom the target belongs, and end the read transaction. Raises Refused."""
    owner = await owner_of(parent_id, context) if prefix_of(parent_id) in PARENTS else None
    await context.session.release()
    if owner is None:
        raise Refused(ErrorCode.NOT_FOUND, NO_PARENT, "parentId")
    return acting(context, owner)


async def open_parent(identifier: str, transaction: Transaction) -> AttachmentTarget:
    """Return the target with an id.

    Raises Refused: NOT_FOUND, also for another customer's row and for a kind that takes no files; or the reason why it takes none now.
    """
    block = PARENTS.get(prefix_of(identifier))
    row = await transaction.first(block, key=identifier) if block else None
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, NO_PARENT, "parentId")
    check_action(_states(row), Action.UPLOAD_ATTACHMENTS, "parentId")
    return AttachmentTarget(row.id, row.customer_id, isinstance(row, InvoiceRow))


def acting(context: Context, customer_id: str) -> UnitOfWork:
    """Return a unit of work of its own on one customer's rows. Staff stay staff in it."""
    caller = context.session.caller
    return context.session.for_caller(replace(caller, customer_id=customer_id, session_id=None if context.viewer.is_staff else caller.session_id))


async def check_quota(transaction: Transaction, parent: AttachmentTarget, context: Context, *, coming: int) -> None:
    """Raise Refused if `coming` more files exceed the limit. Takes the customer's lock, so that two concurrent groups cannot both take the last place."""
    limit = files_of(context).limits.per_parent
    if limit is None:
        return
    await transaction.first("attachments.lock")
    count = await transaction.first("attachments.count", parent_id=parent.id)
    check_room(count.files + coming, limit)


def _states(row: Any) -> list[actions.ActionAvailability]:
    return actions.of_invoice(row.status, row.remaining_minor) if isinstance(row, InvoiceRow) else actions.of_schedule(row.status)
