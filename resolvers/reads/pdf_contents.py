"""What is printed: an invoice, a credit note, a receipt, a statement of account. The rows behind them, read as the customer."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing.money.refunds import BY_THE_BANK
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.payments import PaymentRow
from billing.states import BalanceEntryKind
from db.blocks import blocks
from db.ledger import extent_sql
from db.pages import Value, Window, keyset_arguments, page_sql
from db.unit_of_work import UnitOfWork
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.invoice import PaidBack, PaidPart, invoice_paper
from pdf.layout import Merchant, Paper, Recipient
from pdf.parties import issued_by, reader_of
from pdf.receipt import PaidInvoice, receipt_paper
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, StatementCsv, statement_paper
from resolvers.reads.facts import fetch_rows, rows_from

# So many rows keep the event loop busy for about 5 ms.
PAGE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class DocumentParties:
    """For whom and from whom a document is."""

    reader: Recipient
    merchant: Merchant


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """Who asks for a paper, and who sends it."""

    session: UnitOfWork
    customer_id: str
    merchant: Merchant

    async def rows(self, block: str, **values: Any) -> list[Any]:
        return await fetch_rows(self.session, block, customer_id=self.customer_id, **values)

    async def reader(self) -> Recipient:
        """The customer as they are today."""
        (customer,) = await self.rows("customers.by_id", key=self.customer_id)
        return reader_of(customer)

    async def issued(self, identifier: str) -> DocumentParties:
        """Buyer and seller as they were when a document was issued."""
        (snapshot,) = await self.rows("document_snapshots.of_document", key=identifier)
        return DocumentParties(reader_of(snapshot), issued_by(self.merchant, snapshot))


@dataclass(frozen=True, slots=True)
class StatementPeriod:
    """What a statement of account is of: a currency, from the first to the last day."""

    currency: str
    starts_on: date
    ends_on: date


class StatementTooLong(Exception):
    """A statement has more entries than one document may have."""

    def __init__(self, entries: int, allowed: int) -> None:
        super().__init__(f"The statement has {entries} entries; at most {allowed} are in one document. Ask for a shorter period.")
        self.entries, self.allowed = entries, allowed


async def invoice(asking: DocumentRequest, identifier: str) -> Paper | None:
    """None if there is no such invoice, or it is somebody else's."""
    found = await asking.rows("papers.invoices", ids=[identifier])
    if not found:
        return None
    lines = await asking.rows("papers.lines", key=identifier)
    allocations = await asking.rows("papers.allocations", key=identifier)
    payments = _by_id(await asking.rows("papers.payments", ids=[one.payment_id for one in allocations]))
    paid: list[PaidPart | PaidBack] = [PaidPart(payments[one.payment_id], found[0].number, one.amount_minor) for one in allocations]
    if found[0].refunded_minor:
        paid += [_paid_back(row, payments[row.payment_id]) for row in await asking.rows("papers.paid_back", key=identifier, payment_id=None)]
    issued = await asking.issued(identifier)
    return invoice_paper(found[0], lines, paid, merchant=issued.merchant, reader=issued.reader)


async def credit_note(asking: DocumentRequest, identifier: str) -> Paper | None:
    """None if there is no such credit note, or it is somebody else's."""
    notes = await asking.rows("papers.credit_notes", ids=[identifier])
    if not notes:
        return None
    lines = await asking.rows("credit_note_lines.of_credit_note", key=identifier)
    (corrected,) = await asking.rows("papers.invoices", ids=[notes[0].invoice_id])
    lines = sorted(lines, key=lambda line: line.position)
    issued, before = await asking.issued(identifier), await asking.issued(corrected.id)
    issued_on = corrected.issued_at.astimezone(before.reader.zone).date()
    return credit_note_paper(notes[0], lines, CorrectedInvoice(corrected.number, issued_on), merchant=issued.merchant, reader=issued.reader)


async def receipt(asking: DocumentRequest, identifier: str) -> Paper | None:
    """None also for a payment that was not received."""
    found = await asking.rows("papers.payments", ids=[identifier])
    if not found or found[0].settled_at is None:
        return None
    allocations = await asking.rows("payment_allocations.of_payment", key=identifier)
    invoices = _by_id(await asking.rows("papers.invoices", ids=[one.invoice_id for one in allocations if one.invoice_id]))
    installments = _by_id(await asking.rows("papers.installments", ids=[one.installment_id for one in allocations if one.installment_id]))
    parts: list[PaidPart | PaidBack] = [PaidPart(found[0], _name(one, invoices, installments), one.amount_minor) for one in allocations]
    issued = await asking.issued(identifier)
    entries = await asking.rows("balance_entries.of_payment", key=identifier)
    parts += [PaidPart(found[0], issued.reader.words["account"], entry.amount_minor) for entry in entries if entry.kind != BalanceEntryKind.REFUND]
    if found[0].refunded_minor:
        parts += [_paid_back(row, found[0]) for row in await asking.rows("papers.paid_back", key=None, payment_id=identifier)]
    return receipt_paper(found[0], parts, await _with_lines(asking, invoices), merchant=issued.merchant, reader=issued.reader)


async def _with_lines(asking: DocumentRequest, invoices: Mapping[str, InvoiceRow]) -> list[PaidInvoice]:
    """In the order of their issue."""
    lines: dict[str, list[InvoiceLineRow]] = defaultdict(list)
    for line in await asking.rows("papers.lines_of_invoices", ids=[*invoices]):
        lines[line.invoice_id].append(line)
    return [PaidInvoice(one, lines[one.id]) for one in sorted(invoices.values(), key=lambda one: (one.issued_at, one.id))]


async def statement(asking: DocumentRequest, period: StatementPeriod, *, max_entries: int, page_rows: int = PAGE_ROWS) -> AccountStatement:
    """Raises StatementTooLong."""
    extent = await _extent(asking, period, max_entries)
    entries = [entry async for page in _pages(asking, period, extent.entries, page_rows) for entry in page]
    return AccountStatement(period.currency, period.starts_on, period.ends_on, extent.opening_minor, entries)


async def statement_csv(asking: DocumentRequest, period: StatementPeriod, *, max_entries: int, page_rows: int = PAGE_ROWS) -> bytes:
    """The rows of one page at a time are in memory, and are written outside the event loop. Raises StatementTooLong."""
    extent = await _extent(asking, period, max_entries)
    written = StatementCsv(period.currency, period.starts_on, extent.opening_minor)
    async for page in _pages(asking, period, extent.entries, page_rows):
        await asyncio.to_thread(written.add, page)
    return await asyncio.to_thread(written.closed, period.ends_on)


async def _extent(asking: DocumentRequest, period: StatementPeriod, max_entries: int) -> Any:
    """How many entries there are and what was owed before them. Raises StatementTooLong."""
    (extent,) = await rows_from(
        asking.session, extent_sql(blocks()["papers.entries"]), "StatementExtent", starts_on=period.starts_on, **_values(asking, period)
    )
    if extent.entries > max_entries:
        raise StatementTooLong(extent.entries, max_entries)
    return extent


async def _pages(asking: DocumentRequest, period: StatementPeriod, count: int, page_rows: int) -> AsyncIterator[list[LedgerEntry]]:
    """The entries in their order, read page by page in the session's one snapshot."""
    block, values = blocks()["papers.entries"], _values(asking, period)
    # The keyset before the first entry of the period: ranks begin at 1.
    after: tuple[Value, ...] = (period.starts_on, 0, "")
    while count > 0:
        window = Window("oldest", page_rows, after=after)
        page = await rows_from(asking.session, page_sql(block, window, limit=":size"), block.returns, size=page_rows, **values, **keyset_arguments(window))
        yield [LedgerEntry(row.happened_on, EntryKind(row.kind), row.reference, row.amount_minor) for row in page]
        after = (page[-1].happened_on, page[-1].rank, page[-1].id)
        count -= len(page)


def _values(asking: DocumentRequest, period: StatementPeriod) -> dict[str, Any]:
    return {"customer_id": asking.customer_id, "currency": period.currency, "until_on": period.ends_on}


async def printed_statement(asking: DocumentRequest, statement: AccountStatement) -> Paper:
    return statement_paper(statement, merchant=asking.merchant, reader=await asking.reader(), made_at=asking.session.caller.now)


def _paid_back(row: Any, payment: PaymentRow) -> PaidBack:
    return PaidBack(payment, row.settled_at, row.amount_minor, row.reason in BY_THE_BANK)


def _by_id(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _name(allocation: Any, invoices: dict[str, Any], installments: dict[str, Any]) -> str:
    if allocation.invoice_id in invoices:
        return str(invoices[allocation.invoice_id].number)
    return str(installments[allocation.installment_id].name) if allocation.installment_id in installments else ""
