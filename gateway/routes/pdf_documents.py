"""`/papers/…`: invoices, credit notes, receipts and statements by signed addresses, printed when they are asked for.

A link can be used again and again by whoever has it, so each use counts against the customer for whom it is signed: papers a minute (429), a place among
those that are made at once and a bounded queue for it (503), and a time in which the paper is made and sent.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
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
from db.unit_of_work import Caller, DatabaseUnavailable, SessionEnded, UnitOfWork
from gateway.http import responses
from gateway.http.capacity.admission import Admission, CancelOnDisconnect, ClientDisconnected, Overloaded
from gateway.http.capacity.allowance import Allowance
from gateway.http.capacity.callers import link_key
from gateway.http.chunked_body import InParts
from gateway.routes.downloads import HEADERS, NOT_GOOD, disposition, form
from gateway.wiring.configuration.settings import Settings, WrongSetting
from pdf.layout import Logo, Merchant, Paper
from pdf.renderer import PdfRenderer
from resolvers.reads import pdf_contents
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, StatementTooLong

STATEMENT = re.compile(r"([A-Z]{3})\.(\d{4}-\d\d-\d\d)\.(\d{4}-\d\d-\d\d)\.(pdf|csv)")
TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}
KINDS: dict[str, Literal["svg", "png", "jpeg"]] = {".svg": "svg", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


@dataclass(frozen=True, slots=True)
class PdfContext:
    """What making a paper takes: the database to read from, whose papers they are, the press, and the settings that bound all of it."""

    database: Database
    merchant: Merchant
    renderer: PdfRenderer
    settings: Settings
    admission: Admission
    allowance: Allowance
    clock: Callable[[], datetime]


def routes(database: Database, issuer: OwnIssuer, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Raises WrongSetting."""
    secrets = tuple(secret_of(key) for key in issuer.keys if key.signing is not None)
    places = Admission(running=settings.papers_at_once, queued=settings.max_queued_papers, wait_seconds=settings.paper_queue_seconds)
    press, allowance = PdfRenderer(at_once=settings.papers_at_once, fonts=_font_folders(settings)), Allowance(settings.papers_per_minute)
    printer = PdfContext(database, merchant_of(settings), press, settings, places, allowance, clock)

    async def download(request: Request) -> Response:
        parameters = request.query_params
        link = parse_signed_url(request.path_params["name"], parameters, "papers")
        if not link.verify(secrets, now=clock()):
            return responses.refused("FORBIDDEN", NOT_GOOD, form())
        return await _within_bounds(printer, link, request)

    return [Route("/papers/{name}", download, methods=["GET"])]


def merchant_of(settings: Settings) -> Merchant:
    """Raises WrongSetting."""
    return Merchant(
        settings.merchant,
        settings.merchant_address,
        settings.merchant_accent,
        _logo(settings.merchant_logo),
        settings.merchant_footer,
        settings.merchant_tax_ids,
    )


async def _within_bounds(printer: PdfContext, link: SignedUrl, request: Request) -> Response:
    """The paper, in a place of its own, as long as somebody waits for it and within its time."""
    try:
        async with (
            asyncio.timeout(printer.settings.paper_seconds),
            CancelOnDisconnect(request.receive),
            printer.admission.place(link_key(link.customer_id, link.app)),
        ):
            if seconds := await printer.allowance.spend(f"{link.customer_id} {link.app}"):
                return responses.refused(
                    "THROTTLED",
                    "Too many downloads of invoices, credit notes, receipts and statements. Try again later.",
                    form(),
                    **{"Retry-After": str(seconds)},
                )
            return await _printed(printer, link)
    except StatementTooLong as error:
        return _too_long(error, printer.settings)
    except ClientDisconnected:
        return responses.refused("CLIENT_CLOSED_REQUEST", "The client has left.", form())
    except SessionEnded:  # the app that the address was made for is disabled
        return responses.refused("FORBIDDEN", NOT_GOOD, form())
    except (Overloaded, TimeoutError, DatabaseUnavailable) as error:
        return responses.outage(error, form())
    except Exception as error:  # a bug, or a process that printed and failed; here is the edge
        return responses.unexpected(error, form())


async def _printed(printer: PdfContext, link: SignedUrl) -> Response:
    caller = Caller(link.customer_id, Actor.CUSTOMER, printer.clock(), app=link.app or None)
    session = UnitOfWork(printer.database, caller, acquire_seconds=printer.settings.acquire_seconds)
    asking = DocumentRequest(session, link.customer_id, printer.merchant)
    try:
        if match := STATEMENT.fullmatch(link.identifier):
            return await _statement(asking, match, printer)
        paper = await _paper_of(link.identifier)(asking, link.identifier)
        # What is read is read before it is printed: no connection waits for the press.
        await session.close()
        if paper is None:
            return responses.refused("NOT_FOUND", "There is no such invoice, credit note, receipt or statement.", form())
        return _file(await printer.renderer.print(paper), f"{paper.template}-{link.identifier}.pdf", printer)
    finally:
        await session.close()


def _paper_of(identifier: str) -> Callable[[DocumentRequest, str], Awaitable[Paper | None]]:
    return {"pay": pdf_contents.receipt, "cn": pdf_contents.credit_note}.get(prefix_of(identifier), pdf_contents.invoice)


async def _statement(asking: DocumentRequest, match: re.Match[str], printer: PdfContext) -> Response:
    """Raises StatementTooLong."""
    currency, starts_on, ends_on, kind = match.groups()
    period = StatementPeriod(currency, date.fromisoformat(starts_on), date.fromisoformat(ends_on))
    if kind == "csv":
        content = await pdf_contents.statement_csv(asking, period, max_entries=printer.settings.max_statement_csv_rows)
        await asking.session.close()
    else:
        statement = await pdf_contents.statement(asking, period, max_entries=printer.settings.max_statement_rows)
        paper = await pdf_contents.printed_statement(asking, statement)
        await asking.session.close()
        content = await printer.renderer.print(paper)
    return _file(content, f"statement-{currency}-{starts_on}-{ends_on}.{kind}", printer)


def _too_long(error: StatementTooLong, settings: Settings) -> Response:
    """As a document that is too large, in the reading of the statuses that does not say 200 to an error: here nobody speaks GraphQL."""
    message = str(error)
    if error.allowed < error.entries <= settings.max_statement_csv_rows:
        message = f"{message.removesuffix('.')}, or take the CSV, which has room for all."
    extensions = {"code": "LIMIT_EXCEEDED", "limit": "statement_rows", "allowed": error.allowed}
    return responses.respond({"errors": [{"message": message, "extensions": extensions}]}, "LIMIT_EXCEEDED", replace(form(), profile="draft-2026"))


def _file(content: bytes, name: str, printer: PdfContext) -> Response:
    headers = {**HEADERS, "Content-Type": TYPES[name.rpartition(".")[2]], "Content-Disposition": disposition(name)}
    return InParts(content, headers, seconds=printer.settings.paper_seconds)


def _font_folders(settings: Settings) -> list[Path]:
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
