"""The contents of PDF documents: an invoice, a credit note, a receipt, a statement of account. Their rows are read as the customer."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from billing.money.refunds import BY_THE_BANK
from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.payments import PaymentRow
from billing.states import BalanceEntryKind
from db.blocks import blocks
from db.ledger import extent_sql
from db.pages import Value, Window, keyset_arguments, page_sql
from db.unit_of_work import UnitOfWork
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.einvoice.contents import credit_note_xml, if_possible, invoice_xml
from pdf.invoice import PaidBack, PaidPart, invoice_paper
from pdf.layout import Merchant, Paper, Recipient
from pdf.parties import DocumentParties, issued_by, reader_of
from pdf.receipt import PaidInvoice, receipt_paper
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, StatementCsv, statement_paper
from resolvers.reads.facts import fetch_rows, rows_from

# This many rows occupy the event loop for about 5 ms.
PAGE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """The customer for whom a document is made, the session that reads it, and the merchant that issues it."""

    session: UnitOfWork
    customer_id: str
    merchant: Merchant

    async def rows(self, block: str, **values: Any) -> list[Any]:
        return await fetch_rows(self.session, block, customer_id=self.customer_id, **values)

    async def reader(self) -> Recipient:
        """Return the customer with today's name and address."""
        (customer,) = await self.rows("customers.by_id", key=self.customer_id)
        return reader_of(customer)

    async def issued(self, identifier: str) -> DocumentParties:
        """Return buyer and seller as they were when a document was issued."""
        (snapshot,) = await self.rows("document_snapshots.of_document", key=identifier)
        return DocumentParties(reader_of(snapshot), issued_by(self.merchant, snapshot), snapshot)


@dataclass(frozen=True, slots=True)
class StatementPeriod:
    """The scope of a statement of account: a currency, from the first to the last day."""

    currency: str
    starts_on: date
    ends_on: date


class StatementTooLong(Exception):
    """A statement has more entries than one document may have."""

    def __init__(self, entries: int, allowed: int) -> None:
        super().__init__(f"The statement has {entries} entries; at most {allowed} are in one document. Ask for a shorter period.")
        self.entries, self.allowed = entries, allowed


async def invoice(request: DocumentRequest, identifier: str) -> Paper | None:
    """Return the invoice document. None if there is no such invoice, or it is another customer's."""
    invoices = await request.rows("papers.invoices", ids=[identifier])
    if not invoices:
        return None
    lines, issued = await request.rows("papers.lines", key=identifier), await request.issued(identifier)
    allocations = await request.rows("papers.allocations", key=identifier)
    payments = _by_id(await request.rows("papers.payments", ids=[one.payment_id for one in allocations]))
    paid: list[PaidPart | PaidBack] = [PaidPart(payments[one.payment_id], invoices[0].number, one.amount_minor) for one in allocations]
    if invoices[0].refunded_minor:
        paid += [_paid_back(row, payments[row.payment_id]) for row in await request.rows("papers.paid_back", key=identifier, payment_id=None)]
    paper = invoice_paper(invoices[0], lines, paid, merchant=issued.merchant, reader=issued.reader)
    return replace(paper, attachment=partial(if_possible, partial(invoice_xml, invoices[0], lines, issued)))


async def invoice_data(request: DocumentRequest, identifier: str) -> Callable[[], str] | None:
    """Return the function that makes the e-invoice of an invoice, for a thread; it raises NoEInvoice. None if there is no such invoice, or it is another customer's."""
    invoices = await request.rows("papers.invoices", ids=[identifier])
    if not invoices:
        return None
    lines = await request.rows("papers.lines", key=identifier)
    return partial(invoice_xml, invoices[0], lines, await request.issued(identifier))


async def credit_note(request: DocumentRequest, identifier: str) -> Paper | None:
    """Return the credit note document. None if there is no such credit note, or it is another customer's."""
    values = await _credit_note(request, identifier)
    if values is None:
        return None
    note, lines, corrected, issued = values
    paper = credit_note_paper(note, lines, corrected, merchant=issued.merchant, reader=issued.reader)
    return replace(paper, attachment=partial(if_possible, partial(credit_note_xml, *values)))


async def credit_note_data(request: DocumentRequest, identifier: str) -> Callable[[], str] | None:
    """Return the same as `invoice_data` for a credit note."""
    values = await _credit_note(request, identifier)
    return None if values is None else partial(credit_note_xml, *values)


async def _credit_note(request: DocumentRequest, identifier: str) -> tuple[CreditNoteRow, list[CreditNoteLineRow], CorrectedInvoice, DocumentParties] | None:
    notes = await request.rows("papers.credit_notes", ids=[identifier])
    if not notes:
        return None
    lines = await request.rows("credit_note_lines.of_credit_note", key=identifier)
    (corrected,) = await request.rows("papers.invoices", ids=[notes[0].invoice_id])
    issued, before = await request.issued(identifier), await request.issued(corrected.id)
    issued_on = corrected.issued_at.astimezone(before.reader.zone).date()
    return notes[0], sorted(lines, key=lambda line: line.position), CorrectedInvoice(corrected.number, issued_on), issued


async def receipt(request: DocumentRequest, identifier: str) -> Paper | None:
    """Return the receipt document. None if there is no such payment, it is another customer's, or it was not received."""
    payments = await request.rows("papers.payments", ids=[identifier])
    if not payments or payments[0].settled_at is None:
        return None
    allocations = await request.rows("payment_allocations.of_payment", key=identifier)
    invoices = _by_id(await request.rows("papers.invoices", ids=[one.invoice_id for one in allocations if one.invoice_id]))
    installments = _by_id(await request.rows("papers.installments", ids=[one.installment_id for one in allocations if one.installment_id]))
    parts: list[PaidPart | PaidBack] = [PaidPart(payments[0], _name(one, invoices, installments), one.amount_minor) for one in allocations]
    issued = await request.issued(identifier)
    entries = await request.rows("balance_entries.of_payment", key=identifier)
    parts += [PaidPart(payments[0], issued.reader.words["account"], entry.amount_minor) for entry in entries if entry.kind != BalanceEntryKind.REFUND]
    if payments[0].refunded_minor:
        parts += [_paid_back(row, payments[0]) for row in await request.rows("papers.paid_back", key=None, payment_id=identifier)]
    return receipt_paper(payments[0], parts, await _with_lines(request, invoices), merchant=issued.merchant, reader=issued.reader)


async def _with_lines(request: DocumentRequest, invoices: Mapping[str, InvoiceRow]) -> list[PaidInvoice]:
    """Return the invoices with their lines, in the order of issue."""
    lines: dict[str, list[InvoiceLineRow]] = defaultdict(list)
    for line in await request.rows("papers.lines_of_invoices", ids=[*invoices]):
        lines[line.invoice_id].append(line)
    return [PaidInvoice(one, lines[one.id]) for one in sorted(invoices.values(), key=lambda one: (one.issued_at, one.id))]


async def statement(request: DocumentRequest, period: StatementPeriod, *, max_entries: int, page_rows: int = PAGE_ROWS) -> AccountStatement:
    """Read the statement of a period. Raises StatementTooLong."""
    extent = await _extent(request, period, max_entries)
    entries = [entry async for page in _pages(request, period, extent.entries, page_rows) for entry in page]
    return AccountStatement(period.currency, period.starts_on, period.ends_on, extent.opening_minor, entries)


async def statement_csv(request: DocumentRequest, period: StatementPeriod, *, max_entries: int, page_rows: int = PAGE_ROWS) -> bytes:
    """Return the statement as CSV. Only one page of rows is in memory at a time, and rows are formatted in a thread. Raises StatementTooLong."""
    extent = await _extent(request, period, max_entries)
    written = StatementCsv(period.currency, period.starts_on, extent.opening_minor)
    async for page in _pages(request, period, extent.entries, page_rows):
        await asyncio.to_thread(written.add, page)
    return await asyncio.to_thread(written.closed, period.ends_on)


async def _extent(request: DocumentRequest, period: StatementPeriod, max_entries: int) -> Any:
    """Return the number of entries, and the amount owed before them. Raises StatementTooLong."""
    (extent,) = await rows_from(
        request.session, extent_sql(blocks()["papers.entries"]), "StatementExtent", starts_on=period.starts_on, **_values(request, period)
    )
    if extent.entries > max_entries:
        raise StatementTooLong(extent.entries, max_entries)
    return extent


async def _pages(request: DocumentRequest, period: StatementPeriod, count: int, page_rows: int) -> AsyncIterator[list[LedgerEntry]]:
    """Yield the entries in their order, read page by page in one snapshot."""
    block, values = blocks()["papers.entries"], _values(request, period)
    # The keyset before the first entry of the period: ranks begin at 1.
    after: tuple[Value, ...] = (period.starts_on, 0, "")
    while count > 0:
        window = Window("oldest", page_rows, after=after)
        page = await rows_from(request.session, page_sql(block, window, limit=":size"), block.returns, size=page_rows, **values, **keyset_arguments(window))
        yield [LedgerEntry(row.happened_on, EntryKind(row.kind), row.reference, row.amount_minor) for row in page]
        after = (page[-1].happened_on, page[-1].rank, page[-1].id)
        count -= len(page)


def _values(request: DocumentRequest, period: StatementPeriod) -> dict[str, Any]:
    return {"customer_id": request.customer_id, "currency": period.currency, "until_on": period.ends_on}


async def printed_statement(request: DocumentRequest, statement: AccountStatement) -> Paper:
    return statement_paper(statement, merchant=request.merchant, reader=await request.reader(), made_at=request.session.caller.now)


def _paid_back(row: Any, payment: PaymentRow) -> PaidBack:
    return PaidBack(payment, row.settled_at, row.amount_minor, row.reason in BY_THE_BANK)


def _by_id(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _name(allocation: Any, invoices: dict[str, Any], installments: dict[str, Any]) -> str:
    if allocation.invoice_id in invoices:
        return str(invoices[allocation.invoice_id].number)
    return str(installments[allocation.installment_id].name) if allocation.installment_id in installments else ""
