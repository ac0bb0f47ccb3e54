"""`createPaymentSchedule`, and the preview of equal installments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.merchant.names import ExternalIdKind, checked_external_id, external_id_taken, merged_metadata
from billing.money.decimals import is_known_currency
from billing.refusals import ErrorCode, Refused
from billing.rows.money.schedules import ScheduleTerms
from billing.schedules.documents import invoice_at
from billing.schedules.installments import (
    InstallmentRhythm,
    PlannedInstallment,
    amount_of,
    check_installments,
    checked_name,
    default_name,
    equal_installments,
)
from billing.states import BillingInterval, CollectionMethod, Invoicing
from db.unit_of_work import Transaction
from resolvers.changes.external_ids import refuse_taken
from resolvers.changes.saving import as_json
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.facts import account_around
from resolvers.reads.ownership import customer_named
from resolvers.schedules.issuing import issue, issue_due
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent


async def create(arguments: Any, context: Context) -> MutationResult:
    """Write a schedule with its installments, and issue the invoices whose day has come. Raises Refused, and then nothing was written."""
    owner = await customer_named(arguments, context)

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        await transaction.run("customers.lock")
        account = await account_around(transaction.run, currency=str(arguments.currency))
        planned = planned_installments(arguments)
        check_installments(planned, by.now.astimezone(ZoneInfo(account.time_zone)).date(), is_backdated=arguments.backdated)
        await _check_subscription(transaction, arguments)
        row = _schedule_row(arguments, planned, by=by)
        await refuse_taken(transaction, ExternalIdKind.PAYMENT_SCHEDULE, row["external_id"])
        if not await transaction.run("schedules.add", rows=as_json([row])):
            raise external_id_taken()
        schedule = await transaction.first("schedules.terms", key=row["id"])
        await add_installments(transaction, NewInstallments(schedule, planned, 1, "installments"), by=by)
        await _issue_first(transaction, schedule, by=by)
        return Prepared({"payment_schedule": schedule.id}, {}, schedule.id)

    return await run_idempotent(context, arguments, "createPaymentSchedule", prepare, owner=owner)


def equal_parts(arguments: Any, currency: str) -> list[PlannedInstallment]:
    """Return equal installments of an input's total. Raises Refused, with the field of that input."""
    rhythm = InstallmentRhythm(arguments.first_due_on, BillingInterval(arguments.every.interval), arguments.every.count)
    return equal_installments(amount_of(str(arguments.total), currency, "total"), arguments.count, rhythm)


def planned_installments(arguments: Any) -> list[PlannedInstallment]:
    """Return the installments of an input: those that it lists, or equal parts. Raises Refused, also for an input with both or neither."""
    listed, equal = arguments.installments, arguments.equal_installments
    if (listed is None) == (equal is None):
        raise Refused(ErrorCode.INVALID_VALUE, "Give `installments` or `equalInstallments`.", "installments")
    if listed is not None:
        return [planned(one, str(arguments.currency), f"installments.{place}", default_name(place + 1, len(listed))) for place, one in enumerate(listed)]
    try:
        return equal_parts(equal, str(arguments.currency))
    except Refused as refused:
        raise Refused(refused.code, refused.message, f"equalInstallments.{refused.field}") from None


def planned(entry: Any, currency: str, field: str, name: str) -> PlannedInstallment:
    """Return an installment of an input. `name` is its name if it has none. Raises Refused, with the path of the entry."""
    if entry.external_id is not None:
        _checked_id(entry.external_id, f"{field}.externalId")
    return PlannedInstallment(
        checked_name(entry.name if entry.name is not None else name, f"{field}.name"),
        entry.due_on,
        amount_of(str(entry.amount), currency, f"{field}.amount"),
        entry.external_id,
    )


@dataclass(frozen=True, slots=True)
class NewInstallments:
    """Installments to be inserted, with positions from `first` on. `field` is the input's list of them."""

    schedule: ScheduleTerms
    planned: Sequence[PlannedInstallment]
    first: int
    field: str


async def add_installments(transaction: Transaction, new: NewInstallments, *, by: WriteContext) -> None:
    """Insert installments. Raises Refused for an external id that is taken."""
    rows = [
        {
            "id": by.new_id("ins"),
            "schedule_id": new.schedule.id,
            "currency": new.schedule.currency,
            "position": position,
            "name": one.name,
            "due_on": one.due_on,
            "amount_minor": one.amount_minor,
            "invoice_at": own_invoice_at(new.schedule, one.due_on, by=by),
            "external_id": one.external_id,
        }
        for position, one in enumerate(new.planned, new.first)
    ]
    for place, one in enumerate(new.planned):
        await refuse_taken(transaction, ExternalIdKind.INSTALLMENT, one.external_id, f"{new.field}.{place}.externalId")
    written = {row.id for row in await transaction.run("schedules.add_installments", rows=as_json(rows))}
    for place, row in enumerate(rows):
        if row["id"] not in written:
            raise external_id_taken(f"{new.field}.{place}.externalId")


def own_invoice_at(schedule: ScheduleTerms, due_on: date, *, by: WriteContext) -> datetime | None:
    """Return when an installment gets an invoice of its own; None in a schedule without such invoices."""
    return invoice_at(due_on, schedule.time_zone, days_ahead=by.invoice_days) if schedule.invoicing == Invoicing.PER_INSTALLMENT else None


async def _issue_first(transaction: Transaction, schedule: ScheduleTerms, *, by: WriteContext) -> None:
    if schedule.invoicing == Invoicing.COLLECTIVE:
        await issue(transaction, schedule, await transaction.run("schedules.installments", key=schedule.id), by=by)
    elif schedule.invoicing == Invoicing.PER_INSTALLMENT:
        await issue_due(transaction, schedule.id, by=by)


async def _check_subscription(transaction: Transaction, arguments: Any) -> None:
    """Check that the subscription is the customer's and in the same currency. Raises Refused."""
    if arguments.subscription_id is None:
        return
    subscription = await transaction.first("schedules.subscription", key=str(arguments.subscription_id))
    if subscription is None:
        raise Refused(ErrorCode.NOT_FOUND, "The customer has no such subscription.", "subscriptionId")
    if subscription.currency != str(arguments.currency):
        raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The subscription is billed in {subscription.currency}.", "currency")


def _schedule_row(arguments: Any, planned: Sequence[PlannedInstallment], *, by: WriteContext) -> dict[str, Any]:
    if arguments.collection == CollectionMethod.AUTOMATIC and arguments.invoicing == Invoicing.NONE:
        raise Refused(ErrorCode.INVALID_VALUE, "What is charged automatically has an invoice: choose COLLECTIVE or PER_INSTALLMENT.", "collection")
    if not is_known_currency(arguments.currency):
        raise Refused(ErrorCode.INVALID_VALUE, f"{arguments.currency} is not a currency of ISO 4217.", "currency")
    return {
        "id": by.new_id("sch"),
        "name": checked_name(arguments.name, "name"),
        "currency": str(arguments.currency),
        "subscription_id": str(arguments.subscription_id) if arguments.subscription_id else None,
        "invoicing": arguments.invoicing,
        "collection": arguments.collection,
        "total_minor": sum(one.amount_minor for one in planned),
        "external_id": checked_external_id(arguments.external_id),
        "metadata": merged_metadata({}, arguments.metadata or {}),
        "created_at": by.now,
    }


def _checked_id(text: str, field: str) -> None:
    try:
        checked_external_id(text)
    except Refused as refused:
        raise Refused(refused.code, refused.message, field) from None
