"""Invoices, receipts and statements over HTTP: by an address that is good for five minutes, in the customer's language, and nobody else's."""

import csv
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pypdf import PdfReader

from tests.conftest import ADA, BIG, Portal, Post, shown

PAPERS = """query Q($currency: CurrencyCode!, $from: Date!, $to: Date!) { customer {
  invoices(first: 3) { nodes { number total { formatted } document { url expiresAt } } }
  payments(first: 3, filter: { status: [SUCCEEDED] }) { nodes { amount { formatted } receipt { url } } }
  failed: payments(first: 1, filter: { status: [FAILED] }) { nodes { receipt { url } } }
  statement(currency: $currency, startsOn: $from, endsOn: $to) { pdfUrl csvUrl expiresAt }
  summary { balance { currency minorUnits } totalDue { currency minorUnits } } } }"""
YEARS = {"currency": "USD", "from": "2024-06-01", "to": "2027-05-31"}


async def asked(post: Post, viewer: Any = ADA) -> dict[str, Any]:
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
    for viewer in (ADA, shown("greta@example.com")):
        found = (await asked(post, viewer))["invoices"]["nodes"][0]
        text = text_of(await fetched(http, found["document"]["url"]))
        assert found["number"] in text
        assert "Ada Lovelace" in text or viewer is not ADA


async def test_a_receipt_is_for_what_was_received(http: httpx.AsyncClient, post: Post) -> None:
    found = await asked(post)
    assert found["failed"]["nodes"] == [{"receipt": None}]
    payment = found["payments"]["nodes"][0]
    assert payment["amount"]["formatted"] in text_of(await fetched(http, payment["receipt"]["url"]))


@pytest.mark.parametrize(("viewer", "currency", "minor_units"), [(ADA, "USD", 100), (shown("fatima@example.com"), "KWD", 1_000)], ids=["Ada", "Fatima"])
async def test_a_statement_ends_with_what_is_due_less_the_credit(
    viewer: Any, currency: str, minor_units: int, http: httpx.AsyncClient, post: Post, admin: Any
) -> None:
    found = (await post(PAPERS, viewer, **YEARS | {"currency": currency})).json()["data"]["customer"]
    answer = await fetched(http, found["statement"]["csvUrl"])
    rows = list(csv.DictReader(StringIO(answer.text)))
    closing = round(float(rows[-1]["balance"]) * minor_units)
    coming = await admin.fetchval(
        "select coalesce(sum(remaining_minor), 0) from installment where customer_id = $1 and currency = $2 and invoice_id is null and due_on > current_date and due_on <= '2027-05-31'",
        viewer.customer_id,
        currency,
    )
    due = {one["currency"]: int(one["minorUnits"]) for one in found["summary"]["totalDue"]}[currency]
    balance = {one["currency"]: int(one["minorUnits"]) for one in found["summary"]["balance"]}[currency]
    assert closing == due + coming - max(balance, 0)
    assert "Balance at the end" in text_of(await fetched(http, found["statement"]["pdfUrl"]))


async def test_both_ways_give_the_same_shape(portal: Portal) -> None:
    assert await portal.plan("{ customer { invoices(first: 1) { nodes { document { url } } } } }", ADA) is not None


@pytest.mark.parametrize("how", ["somebody else's", "changed", "a file's place"])
async def test_an_address_that_was_not_given_out_is_refused(http: httpx.AsyncClient, post: Post, how: str) -> None:
    url = (await asked(post))["invoices"]["nodes"][0]["document"]["url"]
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
