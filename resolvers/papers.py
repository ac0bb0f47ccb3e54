"""What is printed: an invoice, a receipt, a statement of account. The rows behind them, read as the customer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from db.session import Session
from papers.invoice import PaidPart, invoice_paper, receipt_paper
from papers.sheet import Merchant, Paper, Reader
from papers.statement import Entry, EntryKind, Statement, statement_paper
from resolvers.lifecycle.reading import asked


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a paper, and who sends it."""

    session: Session
    customer_id: str
    merchant: Merchant

    async def rows(self, block: str, **values: Any) -> list[Any]:
        return await asked(self.session, block, customer_id=self.customer_id, **values)

    async def reader(self) -> Reader:
        (customer,) = await self.rows("customers.by_id", key=self.customer_id)
        return Reader(customer.name, customer.email, customer.locale, customer.time_zone)


async def invoice(asking: Asking, identifier: str) -> Paper | None:
    """None if there is no such invoice, or it is somebody else's."""
    found = await asking.rows("papers.invoices", ids=[identifier])
    if not found:
        return None
    lines = await asking.rows("papers.lines", key=identifier)
    allocations = await asking.rows("papers.allocations", key=identifier)
    payments = _by_id(await asking.rows("papers.payments", ids=[one.payment_id for one in allocations]))
    paid = [PaidPart(payments[one.payment_id], found[0].number, one.amount_minor) for one in allocations]
    return invoice_paper(found[0], lines, paid, merchant=asking.merchant, reader=await asking.reader())


async def receipt(asking: Asking, identifier: str) -> Paper | None:
    """None also for a payment that was not received."""
    found = await asking.rows("papers.payments", ids=[identifier])
    if not found or found[0].settled_at is None:
        return None
    allocations = await asking.rows("payment_allocations.of_payment", key=identifier)
    invoices = _by_id(await asking.rows("papers.invoices", ids=[one.invoice_id for one in allocations if one.invoice_id]))
    installments = _by_id(await asking.rows("papers.installments", ids=[one.installment_id for one in allocations if one.installment_id]))
    parts = [PaidPart(found[0], _name(one, invoices, installments), one.amount_minor) for one in allocations]
    return receipt_paper(found[0], parts, merchant=asking.merchant, reader=await asking.reader())


async def statement(asking: Asking, currency: str, *, starts_on: date, ends_on: date) -> Statement:
    entries = await asking.rows("papers.entries", currency=currency, until_on=ends_on)
    opening = sum(entry.amount_minor for entry in entries if entry.happened_on < starts_on)
    shown = [Entry(entry.happened_on, EntryKind(entry.kind), entry.reference, entry.amount_minor) for entry in entries if entry.happened_on >= starts_on]
    return Statement(currency, starts_on, ends_on, opening, shown)


async def printed_statement(asking: Asking, found: Statement) -> Paper:
    return statement_paper(found, merchant=asking.merchant, reader=await asking.reader(), made_at=asking.session.caller.now)


def _by_id(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _name(allocation: Any, invoices: dict[str, Any], installments: dict[str, Any]) -> str:
    if allocation.invoice_id in invoices:
        return str(invoices[allocation.invoice_id].number)
    return str(installments[allocation.installment_id].name) if allocation.installment_id in installments else ""
