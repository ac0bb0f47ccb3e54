"""What files are attached to: an invoice or a payment schedule that the caller may see and that still takes files."""

from dataclasses import dataclass, replace
from typing import Any

from billing.files.attachments import check_room
from billing.lifecycle import actions
from billing.lifecycle.actions import Action, check_action
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoices import InvoiceRow
from billing.states import Uploader
from db.unit_of_work import Transaction, UnitOfWork
from resolvers.context import Context, Files
from resolvers.reads.relations import by_id
from resolvers.reads.roots import owner_of


@dataclass(frozen=True, slots=True)
class AttachmentTarget:
    """Where files go, and whose they will be."""

    id: str
    customer_id: str
    is_invoice: bool

    @property
    def columns(self) -> dict[str, str | None]:
        """Its id under the name of the column that holds it."""
        return {"parent_id": self.id, "invoice_id": self.id if self.is_invoice else None, "schedule_id": None if self.is_invoice else self.id}


def files_of(context: Context) -> Files:
    assert context.files is not None, "the process keeps no files"
    return context.files


def uploader_of(context: Context) -> Uploader:
    """Partners act for the customer."""
    return Uploader.STAFF if context.viewer.is_staff else Uploader.CUSTOMER


async def open_parent(identifier: str, context: Context) -> AttachmentTarget:
    """Raises Refused: NOT_FOUND, also for what is somebody else's or takes no files at all; or why it takes none now. Ends the read that found out."""
    found = await by_id(await owner_of(identifier, context), identifier, ("inv", "sch"), context)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such invoice or payment schedule.", "parentId")
    check_action(_states(found), Action.UPLOAD_ATTACHMENTS, "parentId")
    await context.session.release()
    return AttachmentTarget(found.id, found.customer_id, isinstance(found, InvoiceRow))


def acting(context: Context, customer_id: str) -> UnitOfWork:
    """A unit of work of its own, among one customer's rows; staff who act there stay staff."""
    caller = context.session.caller
    return context.session.for_caller(replace(caller, customer_id=customer_id, session_id=None if context.viewer.is_staff else caller.session_id))


async def check_quota(transaction: Transaction, parent: AttachmentTarget, context: Context, *, coming: int) -> None:
    """Raises Refused if `coming` more files do not fit. Other groups of the customer wait, so that two cannot take the last place."""
    limit = files_of(context).limits.per_parent
    if limit is None:
        return
    await transaction.first("attachments.lock")
    count = await transaction.first("attachments.count", parent_id=parent.id)
    check_room(count.files + coming, limit)


def _states(found: Any) -> list[actions.ActionAvailability]:
    return actions.of_invoice(found.status, found.remaining_minor) if isinstance(found, InvoiceRow) else actions.of_schedule(found.status)
