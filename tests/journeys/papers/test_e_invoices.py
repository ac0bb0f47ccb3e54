"""E-invoices over HTTP: as XML by an address of their own, and attached to the PDF; only the customer's own; unchanged by later edits."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
from pypdf import PdfReader

from auth.urls.links import Links, secret_of
from tests.conftest import ADA, ISSUER, Portal, Post, demo_customer
from tests.einvoice.validation import faults, value

GRETA = demo_customer("greta@example.com")
KENJI = demo_customer("kenji@example.com")
EMMA = demo_customer("empty@example.com")
QUERY = """{ customer {
  invoices(first: 100) { nodes { id number status total { minorUnits } tax { minorUnits } amountRemaining { minorUnits } eInvoice { url expiresAt } document { url } } }
  creditNotes(first: 10) { nodes { id number total { minorUnits } eInvoice { url } document { url } invoice { number } } } } }"""
SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation"


WITHOUT_ADDRESS = """select i.id, i.customer_id from portico.invoice i join portico.document_snapshot s on s.customer_id = i.customer_id and s.document_id = i.id
 where i.status <> 'VOID' and s.address_country is null order by i.id limit 1"""


def link(name: str, customer_id: str) -> str:
    """Return an address that the server has signed, whoever owns the document."""
    return Links("http://server", secret_of(ISSUER.keys[0]), datetime.now(UTC)).paper(name, customer_id).url


async def documents(post: Post, viewer: Any = GRETA) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    answer = (await post(QUERY, viewer)).json()
    assert "errors" not in answer, answer
    customer = answer["data"]["customer"]
    return customer["invoices"]["nodes"], customer["creditNotes"]["nodes"]


async def fetched(http: httpx.AsyncClient, url: str) -> httpx.Response:
    parts = urlsplit(url)
    return await http.get(f"{parts.path}?{parts.query}")


def minor(xml: str, name: str) -> int:
    return int(str(value(xml, f"{SUMS}/{name}")).replace(".", ""))


async def test_every_invoice_of_the_demo_is_a_valid_e_invoice_with_its_amounts(http: httpx.AsyncClient, post: Post) -> None:
    for viewer in (GRETA, ADA):
        invoices, _ = await documents(post, viewer)
        valid = [invoice for invoice in invoices if invoice["status"] != "VOID"][:8]
        assert len(valid) >= 3
        for invoice in valid:
            answer = await fetched(http, invoice["eInvoice"]["url"])
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml"), answer.text
            assert f"invoice-{invoice['id']}.xml" in answer.headers["content-disposition"]
            assert faults(answer.text) == []
            assert value(answer.text, "rsm:ExchangedDocument/ID") == invoice["number"]
            amounts = {"GrandTotalAmount": "total", "TaxTotalAmount": "tax", "DuePayableAmount": "amountRemaining"}
            assert {name: minor(answer.text, name) for name in amounts} == {name: int(invoice[field]["minorUnits"]) for name, field in amounts.items()}


async def test_the_pdf_has_the_same_xml_attached(http: httpx.AsyncClient, post: Post) -> None:
    invoices, notes = await documents(post)
    for document in (invoices[0], notes[0]):
        xml, pdf = [(await fetched(http, document[name]["url"])).content for name in ("eInvoice", "document")]
        assert PdfReader(BytesIO(pdf)).attachments == {"factur-x.xml": [xml]}


async def test_a_credit_note_is_a_valid_e_invoice_that_names_its_invoice(http: httpx.AsyncClient, post: Post) -> None:
    _, notes = await documents(post)
    (note, *_) = notes
    answer = await fetched(http, note["eInvoice"]["url"])
    assert answer.status_code == 200, answer.text
    assert faults(answer.text) == []
    assert f"credit-note-{note['id']}.xml" in answer.headers["content-disposition"]
    assert value(answer.text, "rsm:ExchangedDocument/TypeCode") == "381"
    assert value(answer.text, "InvoiceReferencedDocument/IssuerAssignedID") == note["invoice"]["number"]
    assert minor(answer.text, "GrandTotalAmount") == int(note["total"]["minorUnits"])


async def test_what_cannot_be_an_e_invoice_is_answered_with_the_reason_and_printed_without(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    invoice_id, customer_id = await admin.fetchrow(WITHOUT_ADDRESS)
    answer = await fetched(http, link(f"{invoice_id}.xml", customer_id))
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["message"] == "There is no e-invoice of this document. The address of the customer has no country."
    pdf = await fetched(http, link(invoice_id, customer_id))
    assert PdfReader(BytesIO(pdf.content)).attachments == {}


async def test_somebody_elses_e_invoice_is_not_answered(http: httpx.AsyncClient, post: Post) -> None:
    (own, *_), _ = await documents(post)
    url = own["eInvoice"]["url"]
    assert (await fetched(http, url)).status_code == 200
    for changed in (
        url.replace(str(GRETA.customer_id), str(KENJI.customer_id)),
        url.replace(".xml", ""),
        own["document"]["url"].replace("?", ".xml?"),
        url[:-4] + "0000",
    ):
        assert (await fetched(http, changed)).status_code == 403


async def test_an_address_that_is_signed_for_another_customers_document_has_nothing(http: httpx.AsyncClient, post: Post) -> None:
    """The signature says for whom an address is; that the document is theirs is checked once more by the rows that they can read."""
    (own, *_), _ = await documents(post)
    address, stolen = (link(f"{own['id']}.xml", str(viewer.customer_id)) for viewer in (GRETA, KENJI))
    assert (await fetched(http, address)).status_code == 200
    answer = await fetched(http, stolen)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["message"] == "There is no such invoice or credit note."


async def test_an_e_invoice_keeps_the_buyer_of_its_issue(http: httpx.AsyncClient, post: Post, admin: asyncpg.Connection) -> None:
    (first, *_), _ = await documents(post)
    before = (await fetched(http, first["eInvoice"]["url"])).content
    try:
        await admin.execute("update customer set company_name = 'Other GmbH', address_country = 'AT', tax_name = 'MwSt.' where id = $1", GRETA.customer_id)
        assert (await fetched(http, first["eInvoice"]["url"])).content == before
    finally:
        await admin.execute(
            "update customer set company_name = 'Müller Gestaltung GmbH', address_country = 'DE', tax_name = null where id = $1", GRETA.customer_id
        )


TAX = "{ customer { companyName taxId taxIds taxRate taxName isTaxExempt taxExemption billingAddress { line1 line2 city region postalCode country } } }"


async def test_the_customers_tax_is_read_alike_by_both_ways(portal: Portal) -> None:
    expected = {GRETA: ("DE136695976", "19", False), demo_customer("fatima@example.com"): (None, "0", True), EMMA: (None, "0", False)}
    for viewer, (number, rate, is_exempt) in expected.items():
        planned, executed = await portal.plan(TAX, viewer), await portal.execute(TAX, viewer)
        assert planned is not None
        assert planned.data == executed.data
        customer = planned.data["customer"]
        assert (customer["taxId"], customer["taxRate"], customer["isTaxExempt"], customer["taxName"]) == (number, rate, is_exempt, None)
