"""Invoices and their lines: an invoice is the sum of its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.lifecycle.bills import DAYS_TO_PAY
from billing.money.charges import Amounts
from billing.money.wording import Wording
from billing.periods import BillingPeriod
from demo.records.account import DemoAccount
from demo.records.amounts import amounts_of
from demo.records.rows import SeedCoupon, SeedInvoice, SeedInvoiceLine


@dataclass(frozen=True, slots=True)
class ChargedItem:
    """The values of one invoice line."""

    description: str
    unit_minor: int
    quantity: int = 1
    coupon: SeedCoupon | None = None
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class InvoiceHeading:
    """The values of an invoice without its lines. `due_on` is by default 14 days after the issue."""

    reason: str
    currency: str
    issued_at: datetime
    subscription_id: str | None = None
    schedule_id: str | None = None
    period: BillingPeriod | None = None
    due_on: date | None = None


def written(wording: Wording | None) -> dict[str, str]:
    """Return the columns that identify a text of Portico's own, for its translation."""
    return {"wording": wording.kind, "wording_of": wording.subject} if wording else {}


def bill(account: DemoAccount, heading: InvoiceHeading, charges: Sequence[ChargedItem]) -> SeedInvoice:
    rate = account.customer.tax_rate_ppm
    amounts = [amounts_of(charge.unit_minor * charge.quantity, rate, coupon=charge.coupon) for charge in charges]
    invoice = _invoice(account, heading, amounts)
    for position, charge in enumerate(charges, 1):
        _line(account, invoice, charge, amounts=amounts[position - 1], position=position)
    if not invoice.total_minor:
        invoice.status, invoice.paid_at = "PAID", invoice.issued_at
    return invoice


def issue_manually(
    account: DemoAccount, charges: Sequence[ChargedItem], *, issued_at: datetime, currency: str | None = None, due_on: date | None = None
) -> SeedInvoice:
    return bill(account, InvoiceHeading("MANUAL", currency or account.customer.currency, issued_at, due_on=due_on), charges)


def _invoice(account: DemoAccount, heading: InvoiceHeading, amounts: list[Amounts]) -> SeedInvoice:
    invoice = account.add(
        SeedInvoice(
            customer_id=account.customer.id,
            id=account.id("inv", heading.issued_at),
            reason=heading.reason,
            currency=heading.currency,
            subscription_id=heading.subscription_id,
            schedule_id=heading.schedule_id,
            issued_at=heading.issued_at,
            created_at=heading.issued_at,
            due_on=heading.due_on or account.day(heading.issued_at) + timedelta(days=DAYS_TO_PAY),
            period_starts_at=heading.period.starts_at if heading.period else None,
            period_ends_at=heading.period.ends_at if heading.period else None,
            subtotal_minor=sum(amount.subtotal_minor for amount in amounts),
            discount_minor=sum(amount.discount_minor for amount in amounts),
            tax_minor=sum(amount.tax_minor for amount in amounts),
            total_minor=sum(amount.total_minor for amount in amounts),
        )
    )
    account.invoices.append(invoice)
    return invoice


def _line(account: DemoAccount, invoice: SeedInvoice, charge: ChargedItem, *, amounts: Amounts, position: int) -> None:
    account.add(
        SeedInvoiceLine(
            customer_id=invoice.customer_id,
            id=account.id("line", invoice.issued_at),
            invoice_id=invoice.id,
            currency=invoice.currency,
            position=position,
            description=charge.description,
            quantity=charge.quantity,
            unit_minor=charge.unit_minor,
            subtotal_minor=amounts.subtotal_minor,
            discount_minor=amounts.discount_minor,
            tax_minor=amounts.tax_minor,
            total_minor=amounts.total_minor,
            tax_rate_ppm=account.customer.tax_rate_ppm,
            **written(charge.wording),
            period_starts_at=invoice.period_starts_at,
            period_ends_at=invoice.period_ends_at,
        )
    )
