"""The amounts of the e-invoice are those of the invoice and those that are printed, to the minor unit, and keep the rules, for any lines."""

from dataclasses import replace
from datetime import date
from functools import partial

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing.money.money import exponent
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.states import TaxBehavior
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.einvoice.cii import amount_text
from pdf.einvoice.contents import credit_note_xml, if_possible, invoice_xml
from pdf.invoice import invoice_paper
from tests.depth import by_depth
from tests.einvoice.samples import credited, issued, line, parties
from tests.einvoice.validation import faults, schema_faults, values

CORRECTED = CorrectedInvoice("INV-2026-000042", date(2026, 11, 22))
SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation"
HEADER_TAX = "ApplicableHeaderTradeSettlement/ApplicableTradeTax"
LINE = "IncludedSupplyChainTradeLineItem"
RATES = (0, 70_000, 77_000, 88_750, 190_000, 210_000)
PARTIES = parties()


@st.composite
def invoice_lines(draw: st.DrawFn, currency: str) -> InvoiceLineRow:
    """Return a line: of a price with or without tax, with or without a discount, for a whole or a part of a period, or one that credits."""
    # Amounts of currencies with three decimals end in 0 here, since EN 16931 has two.
    finest = 10 ** max(0, exponent(currency) - 2)
    rate = draw(st.sampled_from(RATES if finest == 1 else (0,)))
    unit, quantity = draw(st.integers(0, 2_000_000)) * finest, draw(st.integers(1, 30))
    discount = draw(st.integers(0, unit * quantity // finest)) * finest if draw(st.booleans()) else 0
    row = line(unit, quantity, rate_ppm=rate, discount_minor=discount, behavior=draw(st.sampled_from(list(TaxBehavior))), currency=currency)
    if draw(st.booleans()):
        return row
    names = ("unit_minor", "subtotal_minor", "discount_minor", "net_minor", "tax_minor", "total_minor")
    kind = draw(st.sampled_from(["credits", "credits at a positive price", "is a part of a period"]))
    if kind == "is a part of a period":
        return replace(row, unit_minor=row.unit_minor * 2 + finest)
    return replace(row, **{name: -getattr(row, name) for name in names[kind == "credits at a positive price" :]})


@st.composite
def invoices(draw: st.DrawFn) -> tuple[InvoiceRow, list[InvoiceLineRow]]:
    currency = draw(st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
    rows = draw(st.lists(invoice_lines(currency), min_size=1, max_size=8))
    total = sum(row.total_minor for row in rows)
    assume(total >= 0)
    finest = 10 ** max(0, exponent(currency) - 2)
    return issued(rows, paid_minor=draw(st.integers(0, total // finest)) * finest)


@settings(max_examples=by_depth(60, 600), deadline=None)
@given(invoices())
def test_the_amounts_are_those_of_the_invoice_and_of_the_pdf(made: tuple[InvoiceRow, list[InvoiceLineRow]]) -> None:
    invoice, rows = made
    # Taxes that are rounded line by line can be further from the rate of the sum than the rules allow, where a yen is the smallest unit.
    if invoice.currency == "JPY":
        assume(if_possible(partial(invoice_xml, invoice, rows, PARTIES)))
    xml = invoice_xml(invoice, rows, PARTIES)
    assert faults(xml) == []
    reader, currency = PARTIES.reader, invoice.currency
    net = invoice.subtotal_minor - invoice.discount_minor
    expected = {
        "LineTotalAmount": net,
        "TaxBasisTotalAmount": net,
        "TaxTotalAmount": invoice.tax_minor,
        "GrandTotalAmount": invoice.total_minor,
        "DuePayableAmount": invoice.remaining_minor,
    }
    assert {name: values(xml, f"{SUMS}/{name}") for name in expected} == {name: [amount_text(minor, currency)] for name, minor in expected.items()}
    assert values(xml, f"{LINE}//LineTotalAmount") == [amount_text(row.net_minor, currency) for row in rows]
    printed = invoice_paper(invoice, rows, [], merchant=PARTIES.merchant, reader=reader).content()
    assert printed["due"] == reader.money(invoice.remaining_minor, currency)
    assert (reader.words["total"], reader.money(invoice.total_minor, currency)) in printed["totals"]
    assert [row["net"] for row in printed["lines"]] == [reader.money(row.net_minor, currency) for row in rows]
    taxes = [row[1] for row in printed["totals"] if " auf " in row[0]]
    assert [amount_text(minor, currency) for minor in _minors(taxes, invoice, rows)] == values(xml, f"{HEADER_TAX}/CalculatedAmount")


def _minors(printed: list[str], invoice: InvoiceRow, rows: list[InvoiceLineRow]) -> list[int]:
    """Return the tax of each rate, after checking that it is printed, the highest rate first."""
    rates = sorted({row.tax_rate_ppm or 0 for row in rows}, reverse=True)
    minors = [sum(row.tax_minor for row in rows if row.tax_rate_ppm == rate) for rate in rates]
    assert printed == [PARTIES.reader.money(minor, invoice.currency) for minor in minors]
    return minors


@settings(max_examples=by_depth(30, 300), deadline=None)
@given(st.lists(invoice_lines("EUR"), min_size=1, max_size=5), st.integers(0, 1_000))
def test_the_amounts_of_a_credit_note_are_those_that_are_printed(rows: list[InvoiceLineRow], part: int) -> None:
    total = sum(row.total_minor for row in rows)
    assume(total > 0)
    note, lines = credited(rows, refunded_minor=total * part // 1_000)
    xml = credit_note_xml(note, lines, CORRECTED, PARTIES)
    assert faults(xml) == []
    assert values(xml, f"{SUMS}/GrandTotalAmount") == [amount_text(note.total_minor, "EUR")]
    assert values(xml, f"{SUMS}/TaxTotalAmount") == [amount_text(note.tax_minor, "EUR")]
    printed = credit_note_paper(note, lines, CORRECTED, merchant=PARTIES.merchant, reader=PARTIES.reader).content()
    assert printed["total"] == PARTIES.reader.money(note.total_minor, "EUR")
    assert printed["totals"][0][1] == PARTIES.reader.money(note.subtotal_minor, "EUR")


@settings(max_examples=by_depth(200, 2_000), deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_schema(name: str, description: str) -> None:
    xml = invoice_xml(*issued([replace(line(10_000), description=description)]), parties(company_name=f"A{name}", address_city=name, tax_ids=[name]))
    assert schema_faults(xml) == []
