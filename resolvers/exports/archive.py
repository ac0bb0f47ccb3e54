"""Write the ZIP of an export to a temporary file: rows as JSON, attachments, and PDFs. Memory does not grow with the number of rows or the size of files."""

import asyncio
import hashlib
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from billing.customers.exporting import FORMAT, FORMAT_VERSION, entry_name
from billing.ids import prefix_of
from billing.rows.attachments import AttachmentObject
from billing.rows.customers import ExportedDocument
from db.unit_of_work import UnitOfWork
from pdf.layout import Merchant, Paper
from pdf.renderer import PdfRenderer
from resolvers.reads import pdf_contents
from resolvers.reads.facts import fetch_rows
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, StatementTooLong
from storage.bucket import Bucket, NoSuchObject

logger = logging.getLogger("portico.exports")

ROWS_AT_ONCE = 500
COPIED_AT_ONCE = 64 * 1024
PAPERS: dict[str, Callable[[DocumentRequest, str], Awaitable[Paper | None]]] = {
    "inv": pdf_contents.invoice,
    "cn": pdf_contents.credit_note,
    "pay": pdf_contents.receipt,
}
NAMES = {"inv": "invoice", "cn": "credit-note", "pay": "receipt"}


@dataclass(frozen=True, slots=True)
class Printing:
    """What PDFs are made with. A statement of one year has at most `max_entries` entries as PDF, and is a CSV with at most `max_csv_entries` above that."""

    merchant: Merchant
    renderer: Callable[[], PdfRenderer]
    max_entries: int
    max_csv_entries: int


@dataclass(frozen=True, slots=True)
class ArchiveSources:
    """Where the content comes from. `sessions` opens a unit of work of the customer: for rows as the system, and for documents as the customer. `report` is called
    after each file, so that the worker is known to be alive."""

    customer_id: str
    rows: Callable[[], UnitOfWork]
    documents: Callable[[], UnitOfWork]
    bucket: Bucket
    printing: Printing
    report: Callable[[], Awaitable[None]]
    now: datetime


@dataclass(slots=True)
class Archive:
    """A ZIP that is being written. `entries` describes the files in it, and `missing` what could not be added."""

    zip: ZipFile
    entries: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


async def write_archive(target: IO[bytes], sources: ArchiveSources) -> list[str]:
    """Write the ZIP and return what is missing in it. `customer.json` is written last, because it lists the files."""
    with tempfile.TemporaryFile() as rows, ZipFile(target, "w", ZIP_STORED, allowZip64=True) as opened:
        archive = Archive(opened)
        session = sources.rows()
        try:
            tables = await _write_rows(rows, session)
            files = await fetch_rows(session, "exporting.files", customer_id=sources.customer_id)
            documents = await fetch_rows(session, "exporting.documents", customer_id=sources.customer_id)
        finally:
            await session.close()
        for file in files:
            await _add_file(archive, sources, file)
        for document in documents:
            await _add_document(archive, sources, document)
        for currency, year in sorted({(document.currency, document.year) for document in documents}):
            await _add_statement(archive, sources, currency, year)
        await asyncio.to_thread(_write_description, archive, rows, tables, sources)
        return archive.missing


async def _write_rows(rows: IO[bytes], session: UnitOfWork) -> int:
    """Write the rows of every table as members of a JSON object, in one snapshot, and return the number of tables."""
    tables = await fetch_rows(session, "exporting.tables")
    for number, table in enumerate(tables):
        rows.write(f"{',' if number else ''}\n{json.dumps(table.relation)}: [".encode())
        async for position, row in _rows_of(session, table.relation):
            rows.write(f"{',' if position else ''}\n{row}".encode())
        rows.write(b"]")
    return len(tables)


async def _rows_of(session: UnitOfWork, relation: str) -> AsyncIterator[tuple[int, str]]:
    skipped = 0
    while True:
        part = await fetch_rows(session, "exporting.rows", customer_id=session.caller.customer_id, relation=relation, skipped=skipped, most=ROWS_AT_ONCE)
        for position, each in enumerate(part, skipped):
            yield position, each.row
        skipped += len(part)
        if len(part) < ROWS_AT_ONCE:
            return


async def _add_file(archive: Archive, sources: ArchiveSources, file: AttachmentObject) -> None:
    """Add an attachment, or name it as missing. One whose bytes are not those that were uploaded is added, and named too."""
    name, digest, size = entry_name("files", file.id, file.file_name), hashlib.sha256(), 0
    try:
        async with sources.bucket.open(file.object_key) as chunks:
            with archive.zip.open(_entry(name, file.uploaded_at), "w", force_zip64=True) as entry:
                async for chunk in chunks:
                    await asyncio.to_thread(entry.write, chunk)
                    digest.update(chunk)
                    size += len(chunk)
    except NoSuchObject:
        archive.missing.append(name)
        return
    if digest.hexdigest() != file.sha256:
        archive.missing.append(name)
    archive.entries.append({"path": name, "attachment": file.id, "sha256": digest.hexdigest(), "sizeBytes": size})
    await sources.report()


async def _add_document(archive: Archive, sources: ArchiveSources, document: ExportedDocument) -> None:
    prefix = prefix_of(document.id) or ""

    async def printed(request: DocumentRequest) -> bytes | None:
        paper = await PAPERS[prefix](request, document.id)
        await request.session.close()
        return await sources.printing.renderer().print(paper) if paper else None

    await _add_printed(archive, sources, f"documents/{NAMES[prefix]}-{document.id}.pdf", printed)


async def _add_statement(archive: Archive, sources: ArchiveSources, currency: str, year: int) -> None:
    """Add the statement of one year, as PDF, or where it has too many entries as CSV."""
    period, printing = StatementPeriod(currency, date(year, 1, 1), date(year, 12, 31)), sources.printing

    async def printed(request: DocumentRequest) -> bytes:
        statement = await pdf_contents.statement(request, period, max_entries=printing.max_entries)
        paper = await pdf_contents.printed_statement(request, statement)
        await request.session.close()
        return await printing.renderer().print(paper)

    async def listed(request: DocumentRequest) -> bytes:
        return await pdf_contents.statement_csv(request, period, max_entries=printing.max_csv_entries)

    try:
        await _add_printed(archive, sources, f"documents/statement-{currency}-{year}.pdf", printed)
    except StatementTooLong:
        await _add_printed(archive, sources, f"documents/statement-{currency}-{year}.csv", listed)


async def _add_printed(archive: Archive, sources: ArchiveSources, name: str, make: Callable[[DocumentRequest], Awaitable[bytes | None]]) -> None:
    """Add a document, or name it as missing. Raises StatementTooLong, and DatabaseUnavailable."""
    session = sources.documents()
    try:
        content = await make(DocumentRequest(session, sources.customer_id, sources.printing.merchant))
    finally:
        await session.close()
    if content is None:
        archive.missing.append(name)
        return
    await asyncio.to_thread(archive.zip.writestr, _entry(name, sources.now), content)
    archive.entries.append({"path": name, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)})
    await sources.report()


def _write_description(archive: Archive, rows: IO[bytes], tables: int, sources: ArchiveSources) -> None:
    """Write `customer.json`: a head, the rows, the files and what is missing."""
    head = {"format": FORMAT, "version": FORMAT_VERSION, "customerId": sources.customer_id, "exportedAt": sources.now.isoformat()}
    tail = {"files": archive.entries, "missing": archive.missing}
    rows.seek(0)
    with archive.zip.open(_entry("customer.json", sources.now), "w", force_zip64=True) as entry:
        entry.write(f'{json.dumps(head)[:-1]}, "tables": {{'.encode())
        while part := rows.read(COPIED_AT_ONCE):
            entry.write(part)
        entry.write(f"}}, {json.dumps(tail)[1:]}".encode())
    logger.info("an export was written", extra={"tables": tables, "files": len(archive.entries), "missing": len(archive.missing)})


def _entry(name: str, at: datetime) -> ZipInfo:
    return ZipInfo(name, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
