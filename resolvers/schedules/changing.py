"""`updateInstallments` and `cancelPaymentSchedule`: what is unpaid changes, and the invoices of it are voided or credited in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from billing.lifecycle.actions import Action, check_action, check_version, of_schedule
from billing.money.dunning import charge_at
from billing.refusals import ErrorCode, Refused
from billing.rows.money.schedules import ScheduledInstallment, ScheduleInvoice, ScheduleTerms
from billing.schedules.changes import InstallmentEdit, RequestedUpdate, ScheduleUpdate, updated
from billing.schedules.documents import correction, description_of, is_open, is_untouched
from billing.schedules.installments import amount_of, checked_name
from billing.states import Actor, CollectionMethod, InstallmentStatus, InvoiceStatus, Invoicing, ScheduleStatus
from db.unit_of_work import Transaction
from resolvers.changes.credit_notes import note_rows
from resolvers.changes.saving import Changes, merged, save
from resolvers.changes.writing import WriteContext
from resolvers.charges import dunning
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.ownership import owner_named
from resolvers.schedules.creating import NewInstallments, add_installments, own_invoice_at, planned
from resolvers.schedules.issuing import issue, issue_due
from resolvers.subscriptions.idempotent_call import Prepare, Prepared, run_idempotent

NO_SCHEDULE = "There is no such payment schedule."


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """A schedule with its installments and its own invoices."""

    schedule: ScheduleTerms
    installments: Sequence[ScheduledInstallment]
    invoices: Sequence[ScheduleInvoice]

    @property
    def shared_invoices(self) -> list[ScheduleInvoice]:
        """Return the invoices of several installments that are not in payment, in a schedule with such invoices."""
        if self.schedule.invoicing != Invoicing.COLLECTIVE:
            return []
        covering = {one.invoice_id for one in self.installments if one.status != InstallmentStatus.CANCELED}
        return [one for one in self.invoices if one.id in covering and one.status not in (InvoiceStatus.VOID, InvoiceStatus.PROCESSING)]

    @property
    def is_in_payment(self) -> bool:
        return any(one.status == InstallmentStatus.PROCESSING for one in self.installments)


async def update(arguments: Any, context: Context) -> MutationResult:
    """Change, add and remove unpaid installments. Raises Refused, with the path of the entry, and then nothing was written."""

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        facts = await _locked(transaction, str(arguments.payment_schedule_id))
        check_action(_offered(facts), Action.UPDATE_INSTALLMENTS)
        check_version(arguments.expected_version, facts.schedule.version)
        _check_released(facts)
        today_on = by.now.astimezone(ZoneInfo(facts.schedule.time_zone)).date()
        decided = updated(facts.installments, _requested(arguments, facts), today_on, is_backdated=arguments.backdated)
        await _apply(transaction, facts, decided, by=by)
        return Prepared({"payment_schedule": facts.schedule.id}, {}, facts.schedule.id)

    return await _run(arguments, context, "updateInstallments", prepare)


async def cancel(arguments: Any, context: Context) -> MutationResult:
    """Cancel what is unpaid of a schedule, also what a bank took back after the cancellation. What is paid stays. Raises Refused."""

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        facts = await _locked(transaction, str(arguments.payment_schedule_id))
        check_action(_offered(facts), Action.CANCEL)
        check_version(arguments.expected_version, facts.schedule.version)
        rest = [one for one in facts.installments if one.remaining_minor]
        rows = {"canceled_installment": [{"id": one.id} for one in rest], "changed_schedule": [_schedule_row(facts, status=ScheduleStatus.CANCELED)]}
        await save(transaction, merged(rows, _taken_off(facts, rest, by=by)))
        await dunning.lift_paid(transaction, by=by)
        return Prepared({"payment_schedule": facts.schedule.id}, {}, facts.schedule.id)

    return await _run(arguments, context, "cancelPaymentSchedule", prepare)


async def _run(arguments: Any, context: Context, mutation: str, prepare: Prepare) -> MutationResult:
    owner = await owner_named(str(arguments.payment_schedule_id), "paymentScheduleId", context, message=NO_SCHEDULE)
    return await run_idempotent(context, arguments, mutation, prepare, owner=owner)


async def _locked(transaction: Transaction, schedule_id: str) -> ScheduleFacts:
    await transaction.run("customers.lock")
    schedule = await transaction.first("schedules.terms", key=schedule_id)
    if schedule is None:
        raise Refused(ErrorCode.NOT_FOUND, NO_SCHEDULE, "paymentScheduleId")
    invoices = await transaction.run("schedules.invoices", key=schedule_id)
    paying = {one.id for one in invoices if one.status == InvoiceStatus.PROCESSING}
    installments = [_as_in_payment(one) if one.invoice_id in paying else one for one in await transaction.run("schedules.installments", key=schedule_id)]
    return ScheduleFacts(schedule, installments, invoices)


def _as_in_payment(installment: ScheduledInstallment) -> ScheduledInstallment:
    """Return an installment whose invoice is in payment: it is paid with it."""
    return replace(installment, status=InstallmentStatus.PROCESSING) if installment.remaining_minor else installment


def _offered(facts: ScheduleFacts) -> Any:
    remaining_minor = sum(one.remaining_minor for one in facts.installments)
    return of_schedule(facts.schedule.status, is_in_payment=facts.is_in_payment, remaining_minor=remaining_minor, actor=Actor.STAFF)


def _requested(arguments: Any, facts: ScheduleFacts) -> RequestedUpdate:
    """Return the update of an input. Raises Refused for values that no installment can have."""
    currency = facts.schedule.currency
    first = _next_position(facts)
    added = tuple(planned(one, currency, f"add.{place}", str(first + place)) for place, one in enumerate(arguments.add or ()))
    return RequestedUpdate(
        tuple(_edit(one, currency, f"change.{place}") for place, one in enumerate(arguments.change or ())), added, tuple(map(str, arguments.remove or ()))
    )


def _edit(entry: Any, currency: str, field: str) -> InstallmentEdit:
    return InstallmentEdit(
        str(entry.installment_id),
        checked_name(entry.name, f"{field}.name") if entry.name is not None else None,
        entry.due_on,
        amount_of(str(entry.amount), currency, f"{field}.amount") if entry.amount is not None else None,
    )


def _check_released(facts: ScheduleFacts) -> None:
    """Check that no import holds the schedule: what an update invoices would be collected here, while the system that it came from still does. Raises Refused."""
    is_planned = facts.schedule.invoicing == Invoicing.PER_INSTALLMENT
    unplanned = [one for one in facts.installments if one.remaining_minor and not (one.invoice_id or one.invoice_at or one.has_history)]
    if facts.schedule.is_import_held or (is_planned and unplanned) or any(is_open(one) and one.is_uncollected for one in facts.invoices):
        raise Refused(ErrorCode.WRONG_STATE, "It was imported. `releaseImported` releases it; then it can be changed.")


def _next_position(facts: ScheduleFacts) -> int:
    return max((one.position for one in facts.installments), default=0) + 1


async def _apply(transaction: Transaction, facts: ScheduleFacts, decided: ScheduleUpdate, *, by: WriteContext) -> None:
    """Write an update: the installments, what it changes of invoices, and the invoices that are issued instead."""
    schedule, is_collective = facts.schedule, facts.schedule.invoicing == Invoicing.COLLECTIVE
    rows: Changes = {
        "changed_schedule": [_schedule_row(facts, total_minor=_total(facts, decided))],
        "changed_installment": [_terms_row(facts, one, by=by) for one in decided.changed],
        "canceled_installment": [{"id": one.id} for one in decided.canceled],
        "deleted_installment": [{"id": one.id} for one in decided.deleted],
    }
    withdrawn = _corrected(facts, decided, by=by) if is_collective else _taken_off(facts, _before(facts, decided), by=by)
    await save(transaction, merged(rows, withdrawn))
    await add_installments(transaction, NewInstallments(schedule, decided.added, _next_position(facts), "add"), by=by)
    if is_collective:
        await _issue_collective(transaction, facts, by=by)
    else:
        await issue_due(transaction, schedule.id, by=by)
    await dunning.lift_paid(transaction, by=by)


async def _issue_collective(transaction: Transaction, facts: ScheduleFacts, *, by: WriteContext) -> None:
    """Issue one invoice for the installments whose invoice was voided and for the new ones, and let the clock charge the others on the first day of what is unpaid now."""
    schedule, shared = facts.schedule, facts.shared_invoices
    live = [one for one in await transaction.run("schedules.installments", key=schedule.id) if one.status != InstallmentStatus.CANCELED]
    voided = {None, *(one.id for one in shared if is_untouched(one))}
    if uncovered := [one for one in live if one.invoice_id in voided and one.remaining_minor == one.amount_minor]:
        await issue(transaction, schedule, uncovered, by=by)
    if schedule.collection == CollectionMethod.AUTOMATIC:
        moved = {one.id: [item.due_on for item in live if item.invoice_id == one.id and item.remaining_minor] for one in shared}
        rows = [{"id": key, "collect_at": charge_at(min(days), schedule.time_zone)} for key, days in moved.items() if days and key not in voided]
        await save(transaction, {"moved_collection": rows})


def _corrected(facts: ScheduleFacts, decided: ScheduleUpdate, *, by: WriteContext) -> Changes:
    """Return what an update changes of invoices of several installments: one is void, to be issued anew, if nothing of it is paid; else it is credited where less is owed.
    Raises Refused where more would be owed on an invoice of which a part is paid."""
    changes: Changes = {}
    for invoice in facts.shared_invoices:
        before = [one for one in _before(facts, decided) if one.invoice_id == invoice.id]
        less_minor = sum(one.amount_minor for one in before) - sum(one.amount_minor for one in decided.changed if one.invoice_id == invoice.id)
        if is_untouched(invoice):
            changes = merged(changes, {"withdrawn_invoice": [{"id": invoice.id}]})
        elif less_minor < 0:
            raise Refused(
                ErrorCode.WRONG_STATE, "A part of the invoice of these installments is paid, so it cannot be raised. Add an installment instead.", "change"
            )
        elif less_minor:
            changes = merged(changes, _note(facts, invoice, less_minor, before, by=by))
    return changes


def _taken_off(facts: ScheduleFacts, rest: Sequence[ScheduledInstallment], *, by: WriteContext) -> Changes:
    """Return the changes that take installments off their open invoices: one is void if nothing else is on it and nothing is paid, else credited."""
    changes: Changes = {}
    for invoice in facts.invoices:
        covered = [one for one in rest if one.invoice_id == invoice.id]
        minor = sum(one.remaining_minor for one in covered)
        if not covered or not is_open(invoice):
            continue
        if is_untouched(invoice) and minor >= invoice.remaining_minor:
            changes = merged(changes, {"withdrawn_invoice": [{"id": invoice.id}]})
        else:
            changes = merged(changes, _note(facts, invoice, minor, covered, by=by))
    return changes


def _note(facts: ScheduleFacts, invoice: ScheduleInvoice, minor: int, about: Sequence[ScheduledInstallment], *, by: WriteContext) -> Changes:
    note = correction(invoice, minor, description_of(facts.schedule, about))
    if note is None:
        return {}
    released = {"id": invoice.id, "credited_minor": note.released_minor, "paid_at": by.now}
    return {**note_rows(note, facts.schedule.customer_id, facts.schedule.currency, by=by), "released": [released]}


def _before(facts: ScheduleFacts, decided: ScheduleUpdate) -> list[ScheduledInstallment]:
    return [one for one in facts.installments if one.id in decided.touched_ids]


def _total(facts: ScheduleFacts, decided: ScheduleUpdate) -> int:
    """Return the sum of all installments after an update, canceled ones included."""
    stay = [one for one in facts.installments if one.id not in decided.touched_ids]
    return sum(one.amount_minor for one in (*stay, *decided.changed, *decided.canceled)) + sum(one.amount_minor for one in decided.added)


def _schedule_row(facts: ScheduleFacts, *, total_minor: int | None = None, status: ScheduleStatus = ScheduleStatus.ACTIVE) -> dict[str, Any]:
    schedule = facts.schedule
    return {"id": schedule.id, "total_minor": total_minor or schedule.total_minor, "status": status, "version": schedule.version}


def _terms_row(facts: ScheduleFacts, installment: ScheduledInstallment, *, by: WriteContext) -> dict[str, Any]:
    """Return the columns of a changed installment. An invoice of its own is withdrawn with the change, and it gets another one."""
    is_own = facts.schedule.invoicing == Invoicing.PER_INSTALLMENT and installment.invoice_id in {None, *(one.id for one in facts.invoices)}
    return {
        "id": installment.id,
        "name": installment.name,
        "due_on": installment.due_on,
        "amount_minor": installment.amount_minor,
        "invoice_id": None if is_own else installment.invoice_id,
        "invoice_at": own_invoice_at(facts.schedule, installment.due_on, by=by) if is_own else None,
    }
