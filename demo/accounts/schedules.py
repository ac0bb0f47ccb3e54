"""Payment schedules: a sum in monthly installments, with one invoice for all, one for each, or none."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.periods import add_months
from billing.schedules.documents import DAYS_AHEAD, invoice_at
from demo.accounts.invoices import ChargedItem, InvoiceHeading, bill
from demo.accounts.payments import Debt, pay
from demo.records.account import DemoAccount
from demo.records.amounts import amounts_of
from demo.records.periods import midday
from demo.records.rows import SeedInstallment, SeedInvoice, SeedPaymentMethod, SeedPaymentSchedule, SeedSubscription

# The name of an installment by the customer's language.
INSTALLMENTS = {
    "de": "Rate {} von {}",
    "fr": "Échéance {} sur {}",
    "es": "Cuota {} de {}",
    "pt": "Parcela {} de {}",
    "ar": "القسط {} من {}",
    "ja": "{}回目(全{}回)",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The terms of a payment schedule. `parts_minor` are the installments before tax, in minor units."""

    name: str
    parts_minor: tuple[int, ...]
    invoicing: str
    currency: str
    first_due_on: date
    subscription: SeedSubscription | None = None


def agree(account: DemoAccount, agreement: Agreement, *, created_at: datetime) -> list[Debt]:
    """Add a payment schedule and return its debts, one for each installment, in the order of their due days."""
    schedule = _schedule(account, agreement, created_at=created_at)
    installments = [_installment(account, schedule, agreement, position=position) for position in range(1, len(agreement.parts_minor) + 1)]
    schedule.total_minor = sum(installment.amount_minor for installment in installments)
    cover = {"NONE": _not_covered, "COLLECTIVE": _covered_together, "PER_INSTALLMENT": _covered_each}[agreement.invoicing]
    invoices = cover(account, agreement, schedule, installments)
    for installment, invoice in zip(installments, invoices, strict=True):
        installment.invoice_id = invoice.id if invoice else None
    return [Debt(invoice, installment, schedule) for installment, invoice in zip(installments, invoices, strict=True)]


def pay_when_due(account: DemoAccount, debts: list[Debt], *, method: SeedPaymentMethod | None) -> None:
    for debt in debts:
        pay(account, debt, method=method, at=midday(due_day(debt), account.zone) - timedelta(days=1))


def cancel_rest(debts: list[Debt]) -> None:
    """Cancel the schedule: what is unpaid is no longer owed, and its own invoice is void."""
    for debt in debts:
        if debt.installment and debt.schedule and not debt.installment.paid_minor:
            debt.installment.status, debt.schedule.status = "CANCELED", "CANCELED"
            debt.installment.invoice_at = None
            if debt.invoice and not debt.invoice.paid_minor:
                debt.invoice.status = "VOID"


def due_day(debt: Debt) -> date:
    return debt.owed.due_on


def schedule_of(debts: list[Debt]) -> SeedPaymentSchedule:
    schedule = debts[0].schedule
    if schedule is None:
        raise ValueError("These debts are of no schedule.")
    return schedule


def _not_covered(account: DemoAccount, agreement: Agreement, schedule: SeedPaymentSchedule, installments: list[SeedInstallment]) -> list[SeedInvoice | None]:
    return [None] * len(installments)


def _covered_together(
    account: DemoAccount, agreement: Agreement, schedule: SeedPaymentSchedule, installments: list[SeedInstallment]
) -> list[SeedInvoice | None]:
    charges = [ChargedItem(f"{schedule.name}: {item.name}", part) for item, part in zip(installments, agreement.parts_minor, strict=True)]
    heading = InvoiceHeading("SCHEDULE", schedule.currency, schedule.created_at, schedule.subscription_id, schedule.id, due_on=installments[-1].due_on)
    return [bill(account, heading, charges)] * len(installments)


def _covered_each(account: DemoAccount, agreement: Agreement, schedule: SeedPaymentSchedule, installments: list[SeedInstallment]) -> list[SeedInvoice | None]:
    """Return the invoice of each installment. The billing clock issues it two weeks before the installment is due; until then it is None."""
    invoices: list[SeedInvoice | None] = []
    for installment, part in zip(installments, agreement.parts_minor, strict=True):
        issued_at = max(schedule.created_at, midday(installment.due_on - timedelta(days=DAYS_AHEAD), account.zone))
        heading = InvoiceHeading("SCHEDULE", schedule.currency, issued_at, schedule.subscription_id, schedule.id, due_on=installment.due_on)
        is_issued = issued_at <= account.now
        installment.invoice_at = None if is_issued else invoice_at(installment.due_on, account.customer.time_zone, days_ahead=DAYS_AHEAD)
        invoices.append(bill(account, heading, [ChargedItem(f"{schedule.name}: {installment.name}", part)]) if is_issued else None)
    return invoices


def _schedule(account: DemoAccount, agreement: Agreement, *, created_at: datetime) -> SeedPaymentSchedule:
    return account.add(
        SeedPaymentSchedule(
            customer_id=account.customer.id,
            id=account.id("sch", created_at),
            name=agreement.name,
            currency=agreement.currency,
            invoicing=agreement.invoicing,
            subscription_id=agreement.subscription.id if agreement.subscription else None,
            total_minor=0,
            created_at=created_at,
        )
    )


def _installment(account: DemoAccount, schedule: SeedPaymentSchedule, agreement: Agreement, *, position: int) -> SeedInstallment:
    parts = agreement.parts_minor
    return account.add(
        SeedInstallment(
            customer_id=schedule.customer_id,
            id=account.id("ins", schedule.created_at),
            schedule_id=schedule.id,
            currency=schedule.currency,
            position=position,
            name=_name(account, position, len(parts)),
            due_on=add_months(agreement.first_due_on, position - 1),
            amount_minor=amounts_of(parts[position - 1], account.customer.tax_rate_ppm).total_minor,
        )
    )


def _name(account: DemoAccount, position: int, count: int) -> str:
    """Return the name of an installment in the customer's language."""
    return INSTALLMENTS.get(account.customer.locale[:2], "Installment {} of {}").format(position, count)
