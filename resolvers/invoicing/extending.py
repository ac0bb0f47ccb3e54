"""`extendDueDate`: an invoice or an installment is due later, and dunning of it begins anew on that day. Issued documents stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from auth.permissions import SCHEDULES, check
from billing.lifecycle.actions import Action, check_action, check_version, installment_actions
from billing.money.dunning import Step, extended
from billing.money.promises import check_extension
from billing.refusals import ErrorCode, Refused
from billing.rows.money.dunning import DunnedInvoice
from billing.rows.money.operations import Collectable
from billing.rows.money.schedules import ScheduledInstallment, ScheduleTerms
from billing.states import Actor, Collection
from db.unit_of_work import Transaction
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext
from resolvers.charges import dunning
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import owner_by_id, run_for
from resolvers.invoicing.withdrawing import invoice_for
from resolvers.schedules.creating import own_invoice_at
from resolvers.subscriptions.idempotent_call import Prepare, Prepared

NOT_COLLECTED = Step(Collection.NONE, None, None, None)


@dataclass(frozen=True, slots=True)
class LaterInstallment:
    """An installment that is due later, with its schedule and all installments of that."""

    schedule: ScheduleTerms
    installments: Sequence[ScheduledInstallment]
    installment_id: str
    due_on: date

    @property
    def installment(self) -> ScheduledInstallment:
        return next(one for one in self.installments if one.id == self.installment_id)

    def unpaid_days(self) -> list[date]:
        """Return the due days of what remains of the installment's invoice, with the later day."""
        covered = [one for one in self.installments if one.invoice_id == self.installment.invoice_id and one.remaining_minor]
        return [self.due_on if one.id == self.installment_id else one.due_on for one in covered]


async def extend_due_date(arguments: Any, context: Context) -> MutationResult:
    """Move the due day of an invoice or of an installment. Raises Refused."""
    if (arguments.invoice_id is None) == (arguments.installment_id is None):
        raise Refused(ErrorCode.INVALID_VALUE, "Send exactly one of `invoiceId` and `installmentId`.", "invoiceId")
    if arguments.invoice_id is not None:
        owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)
        return await run_for(context, arguments, "extendDueDate", _of_invoice(arguments), owner=owner)
    check(context.viewer, SCHEDULES)  # what is agreed in a payment schedule changes
    owner = await owner_by_id(arguments.installment_id, "ins", "installmentId", context)
    return await run_for(context, arguments, "extendDueDate", _of_installment(arguments), owner=owner)


def _of_invoice(arguments: Any) -> Prepare:
    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        invoice = await invoice_for(transaction.run, arguments.invoice_id, Action.EXTEND_DUE_DATE)
        check_version(arguments.expected_version, invoice.version)
        terms: DunnedInvoice = await transaction.first("dunning.terms", key=invoice.id)
        check_extension(arguments.due_on, terms.due_on, _today(terms.time_zone, by))
        decided = await _restarted(transaction, invoice.id, arguments.due_on)
        return Prepared({"invoice": invoice.id}, {"extended": [_row(terms, arguments.due_on, decided)]}, invoice.id)

    return prepare


def _of_installment(arguments: Any) -> Prepare:
    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        installment = await transaction.first("installments.by_id", key=str(arguments.installment_id))
        offered = installment_actions(
            installment.status, installment.remaining_minor, installment.invoice_status, installment.invoice_remaining_minor, actor=Actor.STAFF
        )
        check_action(offered, Action.EXTEND_DUE_DATE, "installmentId")
        check_version(arguments.expected_version, installment.version)
        schedule: ScheduleTerms = await transaction.first("schedules.terms", key=installment.schedule_id)
        check_extension(arguments.due_on, installment.due_on, _today(schedule.time_zone, by))
        later = LaterInstallment(schedule, await transaction.run("schedules.installments", key=schedule.id), installment.id, arguments.due_on)
        changes = _installment_rows(later, by=by) | await _invoice_rows(transaction, later, by=by)
        return Prepared({"installment": installment.id, "invoice": installment.invoice_id}, changes, installment.id)

    return prepare


def _installment_rows(later: LaterInstallment, *, by: WriteContext) -> Changes:
    schedule, installment = later.schedule, later.installment
    invoice_at = own_invoice_at(schedule, later.due_on, by=by) if installment.invoice_at is not None else None
    return {
        "extended_installment": [{"id": installment.id, "due_on": later.due_on, "invoice_at": invoice_at}],
        "changed_schedule": [{"id": schedule.id, "total_minor": schedule.total_minor, "status": schedule.status, "version": schedule.version}],
    }


async def _invoice_rows(transaction: Transaction, later: LaterInstallment, *, by: WriteContext) -> Changes:
    """Return the changes of the invoice that covers the installment: it is due with its last one. Dunning begins anew if nothing else of it has come due."""
    if later.installment.invoice_id is None:
        return {}
    terms: DunnedInvoice = await transaction.first("dunning.terms", key=later.installment.invoice_id)
    first_on = min(later.unpaid_days())
    decided = await _restarted(transaction, terms.id, first_on) if first_on > _today(terms.time_zone, by) else None
    return {"extended": [_row(terms, max(terms.due_on, later.due_on), decided)]}


async def _restarted(transaction: Transaction, invoice_id: str, due_on: date) -> Step:
    """Return the collection of an invoice that is charged next on its later day. One that the clock does not charge stays so."""
    collectable: Collectable | None = await transaction.first("collections.facts", key=invoice_id)
    return extended(dunning.collecting(collectable), due_on) if collectable else NOT_COLLECTED


def _row(invoice: DunnedInvoice, due_on: date, decided: Step | None) -> dict[str, Any]:
    return {"id": invoice.id, "due_on": due_on, "collection": decided.state if decided else None, "collect_at": decided.next_at if decided else None}


def _today(time_zone: str, by: WriteContext) -> date:
    return by.now.astimezone(ZoneInfo(time_zone)).date()
