"""Invoices, receipts and statements over HTTP: by an address that is good for five minutes, in the customer's language, and nobody else's."""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pypdf import PdfReader

from pdf.words import WORDS
from tests.conftest import ADA, BIG, Portal, Post, demo_customer
from tests.pdf.load import csv_entries
from tests.pdf.samples import copied

PAPERS = """query Q($currency: CurrencyCode!, $from: Date!, $to: Date!) { customer {
  invoices(first: 3) { nodes { number total { formatted } document { url expiresAt } } }
  payments(first: 3, filter: { status: [SUCCEEDED] }) { nodes { amount { formatted } receipt { url } } }
  failed: payments(first: 1, filter: { status: [FAILED] }) { nodes { receipt { url } } }
  statement(currency: $currency, startsOn: $from, endsOn: $to) { pdfUrl csvUrl expiresAt }
  summary { balance { currency minorUnits } totalDue { currency minorUnits } } } }"""
YEARS = {"currency": "USD", "from": "2024-06-01", "to": "2027-05-31"}


async def customer_with_papers(post: Post, viewer: Any = ADA) -> dict[str, Any]:
    body = (await post(PAPERS, viewer, **YEARS)).json()
    assert "errors" not in body, body
    return body["data"]["customer"]


async def fetched(http: httpx.AsyncClient, url: str) -> httpx.Response:
    parts = urlsplit(url)
    return await http.get(f"{parts.path}?{parts.query}")


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).replace("\xa0", " ")


async def test_an_invoice_says_its_number_and_total_in_the_customers_language(http: httpx.AsyncClient, post: Post) -> None:
    for viewer in (ADA, demo_customer("greta@example.com")):
        invoice = (await customer_with_papers(post, viewer))["invoices"]["nodes"][0]
        text = text_of(await fetched(http, invoice["document"]["url"]))
        assert invoice["number"] in text
        assert "Ada Lovelace" in text or viewer is not ADA


CREDIT_NOTES = """{ customer { creditNotes(first: 3) { totalCount nodes { id number total { formatted } document { url } invoice { number creditNotes(first: 5) { nodes { id } } }
  lines(first: 5) { nodes { description total { minorUnits } } } } } balanceEntries(first: 50) { nodes { kind creditNote { id number } } } } }"""


async def test_a_credit_note_says_its_number_its_total_and_the_invoice_that_it_corrects(http: httpx.AsyncClient, post: Post) -> None:
    for viewer in (ADA, demo_customer("greta@example.com")):
        customer = (await post(CREDIT_NOTES, viewer)).json()["data"]["customer"]
        (note, *_) = customer["creditNotes"]["nodes"]
        answer = await fetched(http, note["document"]["url"])
        text = text_of(answer)
        assert note["number"] in text
        assert note["invoice"]["number"] in text
        assert note["total"]["formatted"].replace("\xa0", " ") in text
        assert f"credit-note-{note['id']}.pdf" in answer.headers["content-disposition"]


async def test_somebody_elses_credit_note_is_not_printed(http: httpx.AsyncClient, post: Post) -> None:
    urls = [
        (await post(CREDIT_NOTES, viewer)).json()["data"]["customer"]["creditNotes"]["nodes"][0]["document"]["url"]
        for viewer in (ADA, demo_customer("greta@example.com"))
    ]
    swapped = urls[0].replace(str(ADA.customer_id), str(demo_customer("greta@example.com").customer_id))
    assert (await fetched(http, swapped)).status_code == 403
    assert (await fetched(http, urls[1])).status_code == 200


async def test_credit_notes_are_read_alike_by_both_ways(portal: Portal) -> None:
    text = CREDIT_NOTES.replace("document { url }", "document { expiresAt }")
    planned, executed = await portal.plan(text, ADA), await portal.execute(text, ADA)
    assert planned is not None
    assert planned.data == executed.data
    customer = planned.data["customer"]
    assert customer["creditNotes"]["totalCount"] >= 1
    assert {entry["creditNote"] is None for entry in customer["balanceEntries"]["nodes"] if entry["kind"] == "CREDIT_NOTE"} == {False}


async def test_a_statement_shows_a_credit_note_by_its_number_and_once(http: httpx.AsyncClient, post: Post) -> None:
    (note,) = (await post(CREDIT_NOTES, ADA)).json()["data"]["customer"]["creditNotes"]["nodes"]
    customer = await customer_with_papers(post)
    rows = csv_entries(await fetched(http, customer["statement"]["csvUrl"]))
    assert [row["amount"] for row in rows if row["kind"] == "CREDIT_NOTE" and row["reference"] == note["number"]] == ["-25.00"]
    assert "25.00" not in {row["amount"].lstrip("-") for row in rows if row["kind"] == "CREDIT"}


async def test_a_receipt_is_for_what_was_received(http: httpx.AsyncClient, post: Post) -> None:
    customer = await customer_with_papers(post)
    assert customer["failed"]["nodes"] == [{"receipt": None}]
    payment = customer["payments"]["nodes"][0]
    assert payment["amount"]["formatted"] in text_of(await fetched(http, payment["receipt"]["url"]))


@pytest.mark.parametrize(("viewer", "currency", "minor_units"), [(ADA, "USD", 100), (demo_customer("fatima@example.com"), "KWD", 1_000)], ids=["Ada", "Fatima"])
async def test_a_statement_ends_with_what_is_due_less_the_credit(
    viewer: Any, currency: str, minor_units: int, http: httpx.AsyncClient, post: Post, admin: Any
) -> None:
    customer = (await post(PAPERS, viewer, **YEARS | {"currency": currency})).json()["data"]["customer"]
    answer = await fetched(http, customer["statement"]["csvUrl"])
    rows = csv_entries(answer)
    closing = round(float(rows[-1]["balance"]) * minor_units)
    coming = await admin.fetchval(
        "select coalesce(sum(remaining_minor), 0) from installment where customer_id = $1 and currency = $2 and invoice_id is null and due_on > current_date and due_on <= '2027-05-31'",
        viewer.customer_id,
        currency,
    )
    due = {one["currency"]: int(one["minorUnits"]) for one in customer["summary"]["totalDue"]}[currency]
    balance = {one["currency"]: int(one["minorUnits"]) for one in customer["summary"]["balance"]}[currency]
    assert closing == due + coming - max(balance, 0)
    text = copied((await fetched(http, customer["statement"]["pdfUrl"])).content)
    assert WORDS["en" if viewer is ADA else "ar"]["closing"] in text


async def test_both_ways_give_the_same_shape(portal: Portal) -> None:
    assert await portal.plan("{ customer { invoices(first: 1) { nodes { document { url } } } } }", ADA) is not None


@pytest.mark.parametrize("how", ["somebody else's", "changed", "a file's place"])
async def test_an_address_that_was_not_given_out_is_refused(http: httpx.AsyncClient, post: Post, how: str) -> None:
    url = (await customer_with_papers(post))["invoices"]["nodes"][0]["document"]["url"]
    if how == "somebody else's":
        url = url.replace(str(ADA.customer_id), str(BIG.customer_id))
    if how == "changed":
        url = url[:-4] + "0000"
    if how == "a file's place":
        url = url.replace("/papers/", "/files/")
    assert (await fetched(http, url)).status_code == 403


async def test_a_statement_backwards_is_refused(post: Post) -> None:
    body = (await post(PAPERS, ADA, **YEARS | {"to": "2024-05-31"})).json()
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_statement_is_planned_too(portal: Portal) -> None:
    text = '{ customer { statement(currency: "USD", startsOn: "2026-01-01", endsOn: "2026-12-31") { pdfUrl expiresAt } } }'
    planned, executed = await portal.plan(text, ADA), await portal.execute(text, ADA)
    assert planned is not None
    assert planned.data == executed.data
    assert planned.data["customer"]["statement"]["expiresAt"].endswith("Z")
