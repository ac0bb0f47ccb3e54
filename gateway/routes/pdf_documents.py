"""`/papers/…`: invoices, credit notes, receipts and statements by signed URLs, rendered on request, and e-invoices as XML.

A link can be used any number of times by any holder, so each use counts against the customer for whom it is signed: documents per minute (429), a place among
those rendered at once with a bounded queue (503), and a time limit for rendering and sending.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.jwt.tokens import OwnIssuer
from auth.urls.links import SignedUrl, parse_signed_url, secret_of
from billing.ids import prefix_of
from billing.states import Actor
from db.pool import Database
from db.replicas.routing import Replicas
from db.unit_of_work import Caller, DatabaseUnavailable, SessionEnded, UnitOfWork
from gateway.http import responses
from gateway.http.capacity.admission import Admission, CancelOnDisconnect, ClientDisconnected, Overloaded
from gateway.http.capacity.allowance import Allowance
from gateway.http.capacity.callers import link_key
from gateway.http.chunked_body import ChunkedResponse
from gateway.routes.downloads import HEADERS, INVALID_LINK, disposition, form
from gateway.wiring.configuration.settings import Settings, WrongSetting
from pdf.einvoice.rules import NoEInvoice
from pdf.layout import Logo, Merchant, Paper
from pdf.renderer import PdfRenderer
from resolvers.reads import pdf_contents
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, StatementTooLong
from storage.bucket import Bucket, BucketUnavailable

STATEMENT = re.compile(r"([A-Z]{3})\.(\d{4}-\d\d-\d\d)\.(\d{4}-\d\d-\d\d)\.(pdf|csv)")
TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "xml": "application/xml"}
E_INVOICE = ".xml"
NOT_FOUND = 404
KINDS: dict[str, Literal["svg", "png", "jpeg"]] = {".svg": "svg", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


@dataclass(frozen=True, slots=True)
class PdfContext:
    """The objects that rendering a document needs: the database, the merchant, the renderer, and the settings with their limits."""

    database: Database
    merchant: Merchant
    renderer: PdfRenderer
    settings: Settings
    admission: Admission
    allowance: Allowance
    clock: Callable[[], datetime]
    bucket: Bucket
    replicas: Replicas


def renderer_of(settings: Settings) -> PdfRenderer:
    """Raises WrongSetting for a font folder that cannot be used."""
    return PdfRenderer(at_once=settings.papers_at_once, fonts=font_folders(settings))


def routes(
    database: Database, issuer: OwnIssuer, settings: Settings, renderer: PdfRenderer, clock: Callable[[], datetime], *, bucket: Bucket, replicas: Replicas
) -> list[Route]:
    """Raises WrongSetting for a merchant setting that cannot be used. `bucket` has the original PDFs of imported invoices."""
    secrets = tuple(secret_of(key) for key in issuer.keys if key.signing is not None)
    admission = Admission(running=settings.papers_at_once, queued=settings.max_queued_papers, wait_seconds=settings.paper_queue_seconds)
    context = PdfContext(database, merchant_of(settings), renderer, settings, admission, Allowance(settings.papers_per_minute), clock, bucket, replicas)

    async def download(request: Request) -> Response:
        parameters = request.query_params
        link = parse_signed_url(request.path_params["name"], parameters, "papers")
        if not link.verify(secrets, now=clock()):
            return responses.refused("FORBIDDEN", INVALID_LINK, form())
        return await _respond(context, link, request)

    return [Route("/papers/{name}", download, methods=["GET"])]


def merchant_of(settings: Settings) -> Merchant:
    """Raises WrongSetting for a merchant setting or font folder that cannot be used."""
    issuer = settings.issuer
    return Merchant(issuer.name, issuer.address, settings.merchant_accent, _logo(settings.merchant_logo), issuer.footer, issuer.tax_ids, issuer.details)


async def _respond(context: PdfContext, link: SignedUrl, request: Request) -> Response:
    """Render the document in a place of its own and within its time limit. It is cancelled when the client disconnects."""
    try:
        async with (
            asyncio.timeout(context.settings.paper_seconds),
            CancelOnDisconnect(request.receive),
            context.admission.place(link_key(link.customer_id, link.app)),
        ):
            if seconds := await context.allowance.spend(f"{link.customer_id} {link.app}"):
                return responses.throttled("Too many downloads of invoices, credit notes, receipts and statements. Try again later.", seconds, form())
            return await _render(context, link)
    except StatementTooLong as error:
        return _too_long(error, context.settings)
    except ClientDisconnected:
        return responses.refused("CLIENT_CLOSED_REQUEST", "The client has closed the connection.", form())
    except SessionEnded:  # the app for which the URL was made is disabled
        return responses.refused("FORBIDDEN", INVALID_LINK, form())
    except (Overloaded, TimeoutError, DatabaseUnavailable, BucketUnavailable) as error:
        return responses.outage(error, form())
    except Exception as error:  # a bug, or a failure of the rendering process
        return responses.unexpected(error, form())


async def _render(context: PdfContext, link: SignedUrl) -> Response:
    """Render what a replica has of the document, or else the primary: also where the replica fails, or does not have the document yet."""
    if replica := context.replicas.choose(link_key(link.customer_id, link.app)):
        with suppress(Exception):  # whatever it is, the primary decides
            response = await _rendered(context, link, replica.database)
            if response.status_code != NOT_FOUND:
                return response
    return await _rendered(context, link, None)


async def _rendered(context: PdfContext, link: SignedUrl, replica: Database | None) -> Response:
    caller = Caller(link.customer_id, Actor.CUSTOMER, context.clock(), app=link.app or None)
    session = UnitOfWork(context.database, caller, acquire_seconds=context.settings.acquire_seconds)
    await session.read_from(replica)
    document_request = DocumentRequest(session, link.customer_id, context.merchant)
    try:
        if match := STATEMENT.fullmatch(link.identifier):
            return await _statement(document_request, match, context)
        if link.identifier.endswith(E_INVOICE):
            return await _e_invoice(document_request, link.identifier.removesuffix(E_INVOICE), context)
        if (original := await _original(document_request, link.identifier, context)) is not None:
            return original
        paper = await _paper_of(link.identifier)(document_request, link.identifier)
        # All reads are done before rendering, so that no connection is held meanwhile.
        await session.close()
        if paper is None:
            return responses.refused("NOT_FOUND", "There is no such invoice, credit note, receipt or statement.", form())
        return _file(await context.renderer.print(paper), f"{paper.template}-{link.identifier}.pdf", context)
    finally:
        await session.close()


async def _original(document_request: DocumentRequest, identifier: str, context: PdfContext) -> Response | None:
    """Return the PDF with which another system issued an imported invoice; None where there is none. Raises BucketUnavailable."""
    rows = await document_request.rows("imported_documents.of_invoice", key=identifier) if prefix_of(identifier) == "inv" else []
    if not rows:
        return None
    await document_request.session.close()
    async with context.bucket.open(rows[0].object_key) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    return _file(content, f"invoice-{identifier}.pdf", context)


def _paper_of(identifier: str) -> Callable[[DocumentRequest, str], Awaitable[Paper | None]]:
    return {"pay": pdf_contents.receipt, "cn": pdf_contents.credit_note}.get(prefix_of(identifier), pdf_contents.invoice)


async def _e_invoice(document_request: DocumentRequest, identifier: str, context: PdfContext) -> Response:
    """Return the XML of an invoice or a credit note."""
    is_note = prefix_of(identifier) == "cn"
    make = await (pdf_contents.credit_note_data if is_note else pdf_contents.invoice_data)(document_request, identifier)
    await document_request.session.close()
    if make is None:
        return responses.refused("NOT_FOUND", "There is no such invoice or credit note.", form())
    try:
        xml = await asyncio.to_thread(make)
    except NoEInvoice as error:
        return responses.refused("NOT_FOUND", f"There is no e-invoice of this document. {error}", form())
    return _file(xml.encode(), f"{'credit-note' if is_note else 'invoice'}-{identifier}.xml", context)


async def _statement(document_request: DocumentRequest, match: re.Match[str], context: PdfContext) -> Response:
    """Return a statement as PDF or CSV. Raises StatementTooLong."""
    currency, starts_on, ends_on, kind = match.groups()
    period = StatementPeriod(currency, date.fromisoformat(starts_on), date.fromisoformat(ends_on))
    if kind == "csv":
        content = await pdf_contents.statement_csv(document_request, period, max_entries=context.settings.max_statement_csv_rows)
        await document_request.session.close()
    else:
        statement = await pdf_contents.statement(document_request, period, max_entries=context.settings.max_statement_rows)
        paper = await pdf_contents.printed_statement(document_request, statement)
        await document_request.session.close()
        content = await context.renderer.print(paper)
    return _file(content, f"statement-{currency}-{starts_on}-{ends_on}.{kind}", context)


def _too_long(error: StatementTooLong, settings: Settings) -> Response:
    """Return the response LIMIT_EXCEEDED, in the status profile that has no 200 for errors, because clients of this route do not use GraphQL."""
    message = str(error)
    if error.allowed < error.entries <= settings.max_statement_csv_rows:
        message = f"{message.removesuffix('.')}, or use the CSV, which can hold all entries."
    extensions = {"code": "LIMIT_EXCEEDED", "limit": "statement_rows", "allowed": error.allowed}
    return responses.respond({"errors": [{"message": message, "extensions": extensions}]}, "LIMIT_EXCEEDED", replace(form(), profile="draft-2026"))


def _file(content: bytes, name: str, context: PdfContext) -> Response:
    headers = {**HEADERS, "Content-Type": TYPES[name.rpartition(".")[2]], "Content-Disposition": disposition(name)}
    return ChunkedResponse(content, headers, seconds=context.settings.paper_seconds)


def font_folders(settings: Settings) -> list[Path]:
    """Return the folders with more fonts. Raises WrongSetting."""
    folders = [Path(folder) for folder in settings.paper_fonts]
    for folder in folders:
        if not folder.is_dir():
            raise WrongSetting(f"PORTICO_PAPER_FONTS: {folder} is not a folder.")
    return folders


def _logo(path: Path | None) -> Logo | None:
    if path is None:
        return None
    kind = KINDS.get(path.suffix.lower())
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WrongSetting(f"PORTICO_MERCHANT_LOGO: cannot be read ({error.strerror}).") from None
    if kind is None:
        raise WrongSetting("PORTICO_MERCHANT_LOGO: is an SVG, PNG or JPEG file.")
    return Logo(content, kind)
