"""Changes of a payment schedule: which installments may be changed, and what the rest of the schedule is when it is canceled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing.refusals import ErrorCode, Refused
from billing.rows.money.schedules import ScheduledInstallment
from billing.schedules.installments import MAX_INSTALLMENTS, PlannedInstallment, check_day, check_sum
from billing.states import InstallmentStatus

NO_INSTALLMENT = "There is no such installment in this schedule."


@dataclass(frozen=True, slots=True)
class InstallmentEdit:
    """New values of an installment; None leaves a value as it is."""

    id: str
    name: str | None = None
    due_on: date | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class RequestedUpdate:
    """What a call changes of a schedule's installments."""

    change: tuple[InstallmentEdit, ...] = ()
    add: tuple[PlannedInstallment, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleUpdate:
    """The installments after a call: those that have other values, the new ones, those that are deleted, and those that are canceled, because a document or a payment names
    them."""

    changed: tuple[ScheduledInstallment, ...]
    added: tuple[PlannedInstallment, ...]
    deleted: tuple[ScheduledInstallment, ...]
    canceled: tuple[ScheduledInstallment, ...]

    @property
    def touched_ids(self) -> frozenset[str]:
        """Return the ids of the installments that exist and do not stay as they were."""
        return frozenset(one.id for one in (*self.changed, *self.deleted, *self.canceled))


def updated(current: Sequence[ScheduledInstallment], requested: RequestedUpdate, today_on: date, *, is_backdated: bool) -> ScheduleUpdate:
    """Return the update of a schedule. Raises Refused, with the path of the entry, and then nothing is changed."""
    by_id = {one.id: one for one in current}
    changed = _changed(by_id, requested, today_on, is_backdated=is_backdated)
    removed = [_open(by_id, identifier, f"remove.{place}") for place, identifier in enumerate(requested.remove)]
    if len(set(requested.remove)) < len(requested.remove):
        raise Refused(ErrorCode.INVALID_VALUE, "An installment is removed once.", "remove")
    for place, one in enumerate(requested.add):
        check_day(one.due_on, today_on, f"add.{place}.dueOn", is_backdated=is_backdated)
    if not (changed or requested.add or removed):
        raise Refused(ErrorCode.NO_CHANGE, "The installments are so already.")
    deleted = tuple(one for one in removed if one.invoice_id is None and not one.has_history)
    canceled = tuple(one for one in removed if one not in deleted)
    update = ScheduleUpdate(tuple(changed), requested.add, deleted, canceled)
    _check_whole(current, update)
    return update


def check_unpaid(installment: ScheduledInstallment, field: str | None) -> None:
    """Check that nothing was paid of an installment and that no payment is in flight. Raises Refused."""
    if installment.status == InstallmentStatus.PROCESSING:
        raise Refused(ErrorCode.IN_PROGRESS, "A payment of this installment is in progress.", field)
    if installment.status == InstallmentStatus.CANCELED:
        raise Refused(ErrorCode.WRONG_STATE, "This installment was canceled.", field)
    if not installment.remaining_minor:
        raise Refused(ErrorCode.ALREADY_PAID, "This installment is paid.", field)
    if installment.paid_minor or installment.refunded_minor:
        raise Refused(ErrorCode.WRONG_STATE, "A part of this installment is paid.", field)


def _changed(by_id: Mapping[str, ScheduledInstallment], requested: RequestedUpdate, today_on: date, *, is_backdated: bool) -> list[ScheduledInstallment]:
    """Return the installments that get other values. A removed one is not changed too."""
    changed: dict[str, ScheduledInstallment] = {}
    for place, edit in enumerate(requested.change):
        field = f"change.{place}"
        before = _open(by_id, edit.id, f"{field}.installmentId")
        if edit.id in changed or edit.id in requested.remove:
            raise Refused(ErrorCode.INVALID_VALUE, "An installment is changed once, or removed.", f"{field}.installmentId")
        if edit.due_on is not None and edit.due_on != before.due_on:
            check_day(edit.due_on, today_on, f"{field}.dueOn", is_backdated=is_backdated)
        changed[edit.id] = replace(
            before, name=edit.name or before.name, due_on=edit.due_on or before.due_on, amount_minor=edit.amount_minor or before.amount_minor
        )
    return [replace(one, remaining_minor=one.amount_minor) for one in changed.values() if one != by_id[one.id]]


def _open(by_id: Mapping[str, ScheduledInstallment], identifier: str, field: str) -> ScheduledInstallment:
    if identifier not in by_id:
        raise Refused(ErrorCode.NOT_FOUND, NO_INSTALLMENT, field)
    check_unpaid(by_id[identifier], field)
    return by_id[identifier]


def _check_whole(current: Sequence[ScheduledInstallment], update: ScheduleUpdate) -> None:
    """Check the schedule after an update: it has installments, not too many, and a sum that can be written."""
    stay = [one for one in current if one.id not in update.touched_ids]
    live = len([one for one in stay if one.status != InstallmentStatus.CANCELED]) + len(update.changed) + len(update.added)
    if not live:
        raise Refused(ErrorCode.INVALID_VALUE, "Nothing would be left. `cancelPaymentSchedule` cancels a schedule.", "remove")
    if live > MAX_INSTALLMENTS:
        raise Refused(ErrorCode.INVALID_VALUE, f"A payment schedule has 1 to {MAX_INSTALLMENTS} installments.", "add")
    amounts = [one.amount_minor for one in (*stay, *update.changed, *update.canceled)] + [one.amount_minor for one in update.added]
    check_sum(sum(amounts), "add" if update.added else "change")
