"""Invoices of payment schedules: one for each installment before its day, or one for all. Every function needs the customer's lock."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from billing.money.allocation import AllocationPart, Item, Spread, spread
from billing.money.dunning import charge_at
from billing.rows.money.schedules import ScheduledInstallment, ScheduleTerms
from billing.schedules.documents import InstallmentLine, line_of
from billing.states import Collection, CollectionMethod, InvoiceReason, InvoiceStatus
from db.unit_of_work import Transaction, UnitOfWork
from resolvers.changes.saving import Changes, merged, save
from resolvers.changes.writing import WriteContext, unnumbered
from resolvers.reads.facts import account_around


@dataclass(frozen=True, slots=True)
class InvoiceIntent:
    """An invoice to be issued for installments of which nothing is paid. The customer's credit pays `credit_minor` of it at most."""

    schedule: ScheduleTerms
    installments: Sequence[ScheduledInstallment]
    credit_minor: int
    tax_rate_ppm: int

    @property
    def total_minor(self) -> int:
        return sum(one.amount_minor for one in self.installments)


async def issue_ahead(session: UnitOfWork, installment_id: str, *, by: WriteContext) -> None:
    """Issue the invoice of an installment whose day for it has come, and of the others of its schedule."""
    async with session.write() as transaction:
        await transaction.run("customers.lock")
        row = await transaction.first("schedules.of_installment", key=installment_id)
        if row is not None:
            await issue_due(transaction, row.id, by=by)


async def issue_before_payment(transaction: Transaction, installment_id: str, *, by: WriteContext) -> bool:
    """Issue the invoice of an installment that is paid before its invoice was issued, so that the payment pays both. Returns whether it was issued.

    Credit is left to the payment.
    """
    row = await transaction.first("schedules.of_installment", key=installment_id)
    if row is None:
        return False
    schedule: ScheduleTerms = await transaction.first("schedules.terms", key=row.id)
    named = [one for one in await transaction.run("schedules.installments", key=row.id) if one.id == installment_id]
    if _is_begun(named[0]):
        return False
    account = await account_around(transaction.run, currency=schedule.currency)
    await save(transaction, _rows(InvoiceIntent(schedule, named, 0, account.tax_rate_ppm), by=by))
    return True


async def issue_due(transaction: Transaction, schedule_id: str, *, by: WriteContext) -> None:
    """Issue the invoices of installments whose day for it has come. One that was paid before has none."""
    schedule: ScheduleTerms = await transaction.first("schedules.terms", key=schedule_id)
    due = [one for one in await transaction.run("schedules.installments", key=schedule_id) if one.invoice_at and one.invoice_at <= by.now]
    begun = [one for one in due if _is_begun(one)]
    if begun:
        await save(transaction, {"uninvoiced_installment": [{"id": one.id} for one in begun]})
    for installment in due:
        if installment not in begun:
            await issue(transaction, schedule, [installment], by=by)


async def issue(transaction: Transaction, schedule: ScheduleTerms, installments: Sequence[ScheduledInstallment], *, by: WriteContext) -> None:
    """Issue one invoice for installments of which nothing is paid. The customer's credit pays it first, as it pays a renewal."""
    account = await account_around(transaction.run, currency=schedule.currency)
    await save(transaction, _rows(InvoiceIntent(schedule, installments, max(account.balance_minor, 0), account.tax_rate_ppm), by=by))


def _is_begun(installment: ScheduledInstallment) -> bool:
    return bool(installment.paid_minor or installment.refunded_minor or not installment.remaining_minor)


def _rows(intent: InvoiceIntent, *, by: WriteContext) -> Changes:
    schedule, invoice_id = intent.schedule, by.new_id("inv")
    items = [Item(invoice_id, one.id, one.due_on, one.amount_minor) for one in intent.installments]
    credited = spread(min(intent.credit_minor, intent.total_minor), items)
    lines = [line_of(schedule, one, intent.tax_rate_ppm) for one in intent.installments]
    invoice = _invoice(intent, lines, credited, invoice_id, by=by)
    changes: Changes = {
        "invoice": [invoice],
        "invoice_line": [_line(invoice, line, position, by=by) for position, line in enumerate(lines, 1)],
        "invoiced_installment": _covered(intent.installments, credited.parts, invoice_id),
    }
    if not credited.spent_minor:
        return changes
    paid = {"collected_schedule": [{"id": schedule.id, "paid_minor": credited.spent_minor}]}
    return merged(changes, paid, {"balance_entry": [_used_credit(intent, credited.spent_minor, invoice_id, by=by)]})


def _invoice(intent: InvoiceIntent, lines: Sequence[InstallmentLine], credited: Spread, invoice_id: str, *, by: WriteContext) -> dict[str, Any]:
    schedule, credit_of = intent.schedule, _credit_of(credited.parts)
    unpaid_days = [one.due_on for one in intent.installments if one.amount_minor > credit_of.get(one.id, 0)]
    is_charged = schedule.collection == CollectionMethod.AUTOMATIC and bool(unpaid_days)
    return {
        "customer_id": schedule.customer_id,
        "id": invoice_id,
        **unnumbered(invoice_id, by=by),
        "reason": InvoiceReason.SCHEDULE,
        "status": InvoiceStatus.OPEN if unpaid_days else InvoiceStatus.PAID,
        "currency": schedule.currency,
        "subscription_id": schedule.subscription_id,
        "schedule_id": schedule.id,
        "due_on": max(one.due_on for one in intent.installments),
        "subtotal_minor": sum(line.amounts.subtotal_minor for line in lines),
        "discount_minor": 0,
        "tax_minor": sum(line.amounts.tax_minor for line in lines),
        "total_minor": intent.total_minor,
        "paid_minor": 0,
        "credited_minor": credited.spent_minor,
        "paid_at": None if unpaid_days else by.now,
        "collection": Collection.DUE if is_charged else Collection.NONE,
        "collect_at": charge_at(min(unpaid_days), schedule.time_zone) if is_charged else None,
        "created_at": by.now,
        "is_automatic": schedule.collection == CollectionMethod.AUTOMATIC,
    }


def _line(invoice: dict[str, Any], line: InstallmentLine, position: int, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": invoice["customer_id"],
        "id": by.new_id("line"),
        "invoice_id": invoice["id"],
        "currency": invoice["currency"],
        "position": position,
        "description": line.description,
        "tax_rate_ppm": line.tax_rate_ppm,
        "quantity": 1,
        "unit_minor": line.amount_minor,
        **asdict(line.amounts),
        "total_minor": line.amounts.total_minor,
    }


def _covered(installments: Sequence[ScheduledInstallment], credited: Sequence[AllocationPart], invoice_id: str) -> list[dict[str, Any]]:
    credit_of = _credit_of(credited)
    return [{"id": one.id, "invoice_id": invoice_id, "paid_minor": credit_of.get(one.id, 0)} for one in installments]


def _credit_of(parts: Sequence[AllocationPart]) -> dict[str | None, int]:
    return {part.installment_id: part.amount_minor for part in parts}


def _used_credit(intent: InvoiceIntent, credited_minor: int, invoice_id: str, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": intent.schedule.customer_id,
        "id": by.new_id("bal"),
        "currency": intent.schedule.currency,
        "amount_minor": -credited_minor,
        "kind": "APPLIED_TO_INVOICE",
        "description": "Used for an invoice",
        "invoice_id": invoice_id,
        "created_at": by.now,
    }
