"""What was issued stays as it was issued: whatever the customer and the merchant change later, papers, the API and the statement say the same."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from billing.money.issuer import NO_DETAILS, InvoiceIssuer, IssuerDetails
from pdf.layout import Merchant
from pdf.parties import issued_by
from resolvers.changes.saving import as_json
from tests.conftest import ADA, Portal, Post, demo_customer
from tests.pdf.samples import ISSUER

GRETA = demo_customer("greta@example.com")
DOCUMENTS = """{ customer {
  invoices(first: 4) { nodes { id document { url } ...Parties } }
  creditNotes(first: 2) { nodes { id document { url } %s } }
  payments(first: 3, filter: { status: [SUCCEEDED] }) { nodes { id receiptNumber receipt { url } } } } }
fragment Parties on Invoice { %s }"""
PARTIES = """billedTo { name companyName email address { line1 line2 city region postalCode country } taxIds taxExemption taxName locale timeZone }
  issuer { name address taxIds footer country registration email phone iban bic } taxes { taxRate exemption netAmount { minorUnits } tax { minorUnits } total { minorUnits } }"""
QUERY = DOCUMENTS % (PARTIES, PARTIES)
STATEMENT = '{ customer { statement(currency: "EUR", startsOn: "2026-01-01", endsOn: "2027-12-31") { csvUrl } } }'
CHANGED = """update customer set name = 'Completely Other', email = 'other@example.com', locale = 'ja', time_zone = 'Pacific/Kiritimati', company_name = 'Other GmbH',
  address_line1 = 'Elsewhere 1', address_line2 = 'Back yard', address_city = 'Wien', address_region = 'Wien', address_postal_code = '1010', address_country = 'AT',
  tax_ids = '{ATU12345678}' where id = $1"""


@pytest.fixture
async def edited(admin: asyncpg.Connection) -> AsyncIterator[Any]:
    """Changes everything about Greta; she is herself again after the test."""
    before = await admin.fetchrow("select to_jsonb(c) from customer c where id = $1", GRETA.customer_id)

    async def edit() -> None:
        await admin.execute(CHANGED, GRETA.customer_id)

    yield edit
    await admin.execute(
        """update customer c set name = o.name, email = o.email, locale = o.locale, time_zone = o.time_zone, company_name = o.company_name, address_line1 = o.address_line1,
           address_line2 = o.address_line2, address_city = o.address_city, address_region = o.address_region, address_postal_code = o.address_postal_code,
           address_country = o.address_country, tax_ids = o.tax_ids from jsonb_populate_record(null::customer, $2::jsonb) o where c.id = $1""",
        GRETA.customer_id,
        before[0],
    )


async def papers(http: httpx.AsyncClient, post: Post) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the API says of documents without their addresses, and the bytes of each PDF by the id of its document."""
    answer = (await post(QUERY, GRETA)).json()
    assert "errors" not in answer, answer
    customer, files = answer["data"]["customer"], dict[str, bytes]()
    for node in (node for kind in customer.values() for node in kind["nodes"]):
        url = urlsplit((node.pop("document", None) or node.pop("receipt"))["url"])
        file = await http.get(f"{url.path}?{url.query}")
        assert file.status_code == 200, file.text
        files[node["id"]] = file.content
    return customer, files


async def test_nothing_that_a_customer_changes_afterwards_changes_an_issued_paper(http: httpx.AsyncClient, post: Post, edited: Any) -> None:
    said, files = await papers(http, post)
    assert len(files) >= 7
    first = said["invoices"]["nodes"][0]["billedTo"]
    assert (first["companyName"], first["address"]["country"], first["taxIds"]) == ("Müller Gestaltung GmbH", "DE", ["DE136695976"])
    await edited()
    said_later, files_later = await papers(http, post)
    assert said_later == said
    assert {name for name, file in files.items() if files_later[name] != file} == set()


async def test_the_days_of_a_statement_are_those_on_its_documents(http: httpx.AsyncClient, post: Post, edited: Any) -> None:
    async def rows() -> list[str]:
        url = urlsplit((await post(STATEMENT, GRETA)).json()["data"]["customer"]["statement"]["csvUrl"])
        lines = (await http.get(f"{url.path}?{url.query}")).text.splitlines()
        return sorted(line.rsplit(",", 2)[0] for line in lines if re.search(",(INVOICE|PAYMENT|CREDIT_NOTE),", line))

    before = await rows()
    assert len(before) > 20
    await edited()
    assert await rows() == before


async def test_parties_and_taxes_are_read_alike_by_both_ways(portal: Portal) -> None:
    text = re.sub(r"(document|receipt) { url }", "", QUERY)
    planned, executed = await portal.plan(text, GRETA), await portal.execute(text, GRETA)
    assert planned is not None
    assert planned.data == executed.data


async def test_the_taxes_of_a_document_add_up_to_its_totals(portal: Portal) -> None:
    text = """{ customer { invoices(first: 100) { nodes { total { minorUnits } tax { minorUnits } taxes { taxRate netAmount { minorUnits } tax { minorUnits } }
      lines(first: 100) { nodes { taxRate netAmount { minorUnits } tax { minorUnits } } } } } } }"""
    for name in ("ada", "greta", "kenji", "fatima"):
        answer = await portal.execute(text, demo_customer(f"{name}@example.com"))
        assert answer.data
        invoices = answer.data["customer"]["invoices"]["nodes"]
        assert invoices
        for invoice in invoices:
            lines, taxes = invoice["lines"]["nodes"], invoice["taxes"]
            net, tax = sums(taxes)
            assert (net, tax) == sums(lines)
            assert (net + tax, tax) == (int(invoice["total"]["minorUnits"]), int(invoice["tax"]["minorUnits"]))
            assert [one["taxRate"] for one in taxes] == sorted({one["taxRate"] for one in lines}, key=float, reverse=True)


def sums(rows: list[dict[str, Any]]) -> tuple[int, int]:
    return sum(int(row["netAmount"]["minorUnits"]) for row in rows), sum(int(row["tax"]["minorUnits"]) for row in rows)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("update document_snapshot set name = 'Other'", asyncpg.InsufficientPrivilegeError),
        ("delete from document_snapshot", asyncpg.InsufficientPrivilegeError),
        ("update customer set tax_ids = '{}'", asyncpg.InsufficientPrivilegeError),
        ("update invoice_line set tax_rate_ppm = 0", asyncpg.InsufficientPrivilegeError),
        ("update invoice set issued_at = now()", asyncpg.InsufficientPrivilegeError),
    ],
)
async def test_the_application_cannot_change_what_was_printed(admin: asyncpg.Connection, change: str, error: type[Exception]) -> None:
    async with admin.transaction():
        await admin.execute(f"set local role portico_app; set local app.customer_id = '{GRETA.customer_id}'")
        assert await admin.fetchval("select count(*) from document_snapshot") > 20
        with pytest.raises(error):
            async with admin.transaction():
                await admin.execute(change)


@pytest.mark.parametrize(
    "change", ["update document_snapshot set name = 'Other' where customer_id = $1", "delete from document_snapshot where customer_id = $1"]
)
async def test_not_even_the_owner_changes_what_was_printed(admin: asyncpg.Connection, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="never changes"):
        await admin.execute(change, GRETA.customer_id)


class _Undone(Exception):
    """Ends a transaction without its effect."""


@pytest.mark.parametrize("issuer", [ISSUER, replace(ISSUER, details=IssuerDetails(iban="DE89370400440532013000"))], ids=["in fields", "in lines"])
async def test_the_merchant_in_fields_is_stored_with_what_is_issued(portal: Portal, admin: asyncpg.Connection, issuer: InvoiceIssuer) -> None:
    """A declined payment stands for a document that is issued now, because it has no snapshot yet."""
    payment_id = await admin.fetchval("select id from payment where customer_id = $1 and settled_at is null limit 1", ADA.customer_id)
    session, stored = portal.session(ADA), list[Any]()
    with suppress(_Undone):
        async with session.write() as transaction:
            await transaction.save({"document_snapshot": as_json([{"document_id": payment_id, **issuer.columns()}])})
            stored = await transaction.run("document_snapshots.of_document", key=payment_id)
            raise _Undone
    await session.close()
    (snapshot,) = stored
    seller = issued_by(Merchant("Another", details=NO_DETAILS), snapshot)
    assert (seller.name, seller.address, seller.tax_ids, seller.footer, seller.details) == (
        issuer.name,
        issuer.address,
        issuer.tax_ids,
        issuer.footer,
        issuer.details,
    )
    assert snapshot.name == "Ada Lovelace"
