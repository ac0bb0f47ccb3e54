"""Documents for download: invoices, credit notes, receipts, statements of account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from inspect import Parameter
from typing import Annotated

import strawberry

from auth.urls.links import Links, TemporaryUrl
from billing.refusals import BadUserInput
from schema.declarations.paging import Argument
from schema.declarations.scalars import CurrencyCode, Date, DateTime

LONGEST = timedelta(days=3 * 366)


@strawberry.type(description="A PDF, made when it is downloaded, in the customer's language. The URL is valid for 5 minutes for anybody who has it.")
class Document:
    url: str = strawberry.field(description="The download URL.")
    expires_at: DateTime = strawberry.field(description="When the URL expires.")


@strawberry.type(
    description="A document as XML for programs: Cross Industry Invoice, EN 16931, as Factur-X and ZUGFeRD have it. The PDF has the same XML attached. The URL is valid for "
    "5 minutes for anybody who has it; a document that cannot be an e-invoice is answered there with NOT_FOUND and the reason, for example that an address has no country."
)
class EInvoiceDocument:
    url: str = strawberry.field(description="The download URL.")
    expires_at: DateTime = strawberry.field(description="When the URL expires.")


@strawberry.type(
    description="A statement of account: what was owed and paid in a currency, day by day. The URLs are valid for 5 minutes for anybody who has them. "
    "One with too many entries (10,000 unless the gateway is set otherwise) is answered there with LIMIT_EXCEEDED; choose a shorter period, or the CSV, which may have more."
)
class StatementDocuments:
    pdf_url: str = strawberry.field(description="The URL of the PDF.")
    csv_url: str = strawberry.field(
        description="The URL of the CSV for programs and spreadsheets: RFC 4180 in UTF-8 with a byte order mark, with the opening and the closing balance."
    )
    expires_at: DateTime = strawberry.field(description="When the URL expires.")


@dataclass(frozen=True, slots=True)
class StatementLinks:
    pdf_url: str
    csv_url: str
    expires_at: datetime


def document(identifier: str, customer_id: str, *, links: Links | None) -> TemporaryUrl | None:
    return links.paper(identifier, customer_id) if links else None


def e_invoice(identifier: str, customer_id: str, *, links: Links | None) -> TemporaryUrl | None:
    return links.paper(f"{identifier}.xml", customer_id) if links else None


def receipt(identifier: str, customer_id: str, settled_at: object, *, links: Links | None) -> TemporaryUrl | None:
    return links.paper(identifier, customer_id) if links and settled_at is not None else None


def statement(customer_id: str, *, currency: str, starts_on: date, ends_on: date, links: Links | None) -> StatementLinks | None:
    if not timedelta(0) <= ends_on - starts_on <= LONGEST:
        raise BadUserInput("A statement is of up to three years, from its first to its last day.", "endsOn")
    if links is None:
        return None
    pdf, csv = (links.paper(f"{currency}.{starts_on}.{ends_on}.{kind}", customer_id) for kind in ("pdf", "csv"))
    return StatementLinks(pdf.url, csv.url, pdf.expires_at)


STATEMENT_ARGUMENTS = (
    Argument("currency", Annotated[CurrencyCode, strawberry.argument(description="The currency.")], Parameter.empty),
    Argument("starts_on", Annotated[Date, strawberry.argument(description="The first day, where the customer lives.")], Parameter.empty),
    Argument("ends_on", Annotated[Date, strawberry.argument(description="The last day, at most three years later; else BAD_USER_INPUT.")], Parameter.empty),
)
