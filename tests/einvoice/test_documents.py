"""E-invoices keep the schema and the business rules of EN 16931, whatever the document charges for; one that cannot has none, and says why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing.money.issuer import InvoiceIssuer, IssuerDetails
from billing.postal_addresses import PostalAddress
from billing.rows.money.invoices import InvoiceLineRow
from pdf.credit_note import CorrectedInvoice
from pdf.einvoice.contents import credit_note_xml, if_possible, invoice_xml
from pdf.einvoice.rules import NoEInvoice
from pdf.parties import DocumentParties
from pdf.words import WORDS
from tests.einvoice.samples import credited, issued, line, parties
from tests.einvoice.validation import faults, value, values
from tests.pdf.samples import ISSUER

CORRECTED = CorrectedInvoice("INV-2026-000042", date(2026, 11, 22))
SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation"
LINE = "IncludedSupplyChainTradeLineItem"
HEADER_TAX = "ApplicableHeaderTradeSettlement/ApplicableTradeTax"
SELLER, BUYER = "SellerTradeParty", "BuyerTradeParty"


def of(*lines: InvoiceLineRow, to: DocumentParties | None = None, **changes: Any) -> str:
    """Return the e-invoice of an invoice with these lines, and check that it is valid."""
    xml = invoice_xml(*issued(lines, **changes), to or parties())
    assert faults(xml) == []
    return xml


def test_the_numbers_days_and_amounts_are_those_of_the_invoice() -> None:
    xml = of(line(10_000), paid_minor=1_000)
    for path, text in {
        "rsm:ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID": "urn:cen.eu:en16931:2017",
        "rsm:ExchangedDocument/ID": "INV-2026-000042",
        "rsm:ExchangedDocument/TypeCode": "380",
        "rsm:ExchangedDocument/IssueDateTime/udt:DateTimeString": "20261122",
        "DueDateDateTime/udt:DateTimeString": "20261206",
        "InvoiceCurrencyCode": "EUR",
        "ApplicableHeaderTradeSettlement/BillingSpecifiedPeriod/StartDateTime/udt:DateTimeString": "20261122",
        "ApplicableHeaderTradeSettlement/BillingSpecifiedPeriod/EndDateTime/udt:DateTimeString": "20261221",
        f"{LINE}/SpecifiedTradeProduct/Name": "Business plan, seat 1",
        f"{SUMS}/TaxBasisTotalAmount": "100.00",
        f"{SUMS}/TaxTotalAmount": "19.00",
        f"{SUMS}/GrandTotalAmount": "119.00",
        f"{SUMS}/TotalPrepaidAmount": "10.00",
        f"{SUMS}/DuePayableAmount": "109.00",
        "PayeePartyCreditorFinancialAccount/IBANID": "DE89370400440532013000",
        "PayeeSpecifiedCreditorFinancialInstitution/BICID": "COBADEFFXXX",
    }.items():
        assert value(xml, path) == text, path


def test_the_due_day_is_that_of_the_issue_also_when_it_was_extended() -> None:
    xml = of(line(10_000), due_on=date(2027, 3, 31), issued_due_on=date(2026, 12, 6))
    assert value(xml, "DueDateDateTime/udt:DateTimeString") == "20261206"


def test_seller_and_buyer_are_named_with_address_and_numbers() -> None:
    xml = of(line(10_000))
    for path, text in {
        f"{SELLER}/Name": "Acme Cloud GmbH",
        f"{SELLER}/SpecifiedLegalOrganization/ID": "HRB 12345, Amtsgericht Charlottenburg",
        f"{SELLER}/SpecifiedTaxRegistration/ID": "DE123456789",
        f"{SELLER}/PostalTradeAddress/LineOne": "Musterstraße 1",
        f"{SELLER}/PostalTradeAddress/CountryID": "DE",
        f"{SELLER}/DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber": "+49 30 1234567",
        f"{BUYER}/Name": "Müller Gestaltung GmbH",
        f"{BUYER}/DefinedTradeContact/PersonName": "Greta Müller",
        f"{BUYER}/PostalTradeAddress/PostcodeCode": "10969",
        f"{BUYER}/PostalTradeAddress/CityName": "Berlin",
        f"{BUYER}/URIUniversalCommunication/URIID": "greta@example.com",
        f"{BUYER}/SpecifiedTaxRegistration/ID": "DE136695976",
    }.items():
        assert value(xml, path) == text, path


@pytest.mark.parametrize(
    ("exemption", "category", "code"),
    [(None, "Z", None), ("EXEMPT", "E", None), ("REVERSE_CHARGE", "AE", "VATEX-EU-AE")],
)
@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr"])
def test_a_line_without_tax_says_why_in_the_buyers_words(exemption: str | None, category: str, code: str | None, language: str) -> None:
    xml = of(line(10_000, rate_ppm=0), to=parties(tax_exemption=exemption, locale=language))
    assert value(xml, f"{LINE}/SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode") == category
    assert value(xml, f"{HEADER_TAX}/CategoryCode") == category
    assert value(xml, f"{HEADER_TAX}/ExemptionReason") == (WORDS[language][f"exempt_{exemption}"] if exemption else None)
    assert value(xml, f"{HEADER_TAX}/ExemptionReasonCode") == code


def test_a_merchant_without_a_tax_number_charges_no_tax() -> None:
    xml = of(line(10_000, rate_ppm=0), to=parties(replace(ISSUER, tax_ids=())))
    assert value(xml, f"{HEADER_TAX}/CategoryCode") == "O"
    assert value(xml, f"{HEADER_TAX}/RateApplicablePercent") is None
    assert value(xml, f"{BUYER}/SpecifiedTaxRegistration/ID") is None


def test_a_number_that_is_no_vat_number_is_a_tax_registration() -> None:
    xml = of(line(10_000, rate_ppm=88_750), to=parties(replace(ISSUER, tax_ids=("EIN 12-3456789",), details=replace(ISSUER.details, registration=None))))
    assert value(xml, f"{SELLER}/SpecifiedTaxRegistration/ID[@schemeID='FC']") == "EIN 12-3456789"
    assert value(xml, f"{HEADER_TAX}/RateApplicablePercent") == "8.875"


def test_every_rate_has_its_sums() -> None:
    xml = of(line(10_000), line(5_000, rate_ppm=70_000), line(1_000, 2), line(2_500, rate_ppm=0))
    assert values(xml, f"{HEADER_TAX}/RateApplicablePercent") == ["19", "7", "0"]
    assert values(xml, f"{HEADER_TAX}/CategoryCode") == ["S", "S", "Z"]
    assert values(xml, f"{HEADER_TAX}/BasisAmount") == ["120.00", "50.00", "25.00"]
    assert values(xml, f"{HEADER_TAX}/CalculatedAmount") == ["22.80", "3.50", "0.00"]


def test_a_discount_is_an_allowance_of_its_line() -> None:
    xml = of(line(10_000, 3, discount_minor=5_000))
    assert value(xml, f"{LINE}//SpecifiedTradeAllowanceCharge/ActualAmount") == "50.00"
    assert value(xml, f"{LINE}//ChargeIndicator/udt:Indicator") == "false"
    assert value(xml, f"{LINE}//Reason") == "Rabatt"
    assert value(xml, f"{LINE}//LineTotalAmount") == "250.00"


def test_a_discount_that_is_taken_back_is_a_charge() -> None:
    xml = of(line(10_000), replace(line(-5_000), discount_minor=-1_000, net_minor=-4_000, tax_minor=-760, total_minor=-4_760))
    assert value(xml, f"{LINE}//ChargeIndicator/udt:Indicator") == "true"
    assert value(xml, f"{SUMS}/GrandTotalAmount") == "71.40"


def test_a_line_that_credits_has_a_negative_quantity_and_no_negative_price() -> None:
    xml = of(line(10_000), line(-1_500, 2))
    assert values(xml, f"{LINE}//BilledQuantity") == ["1", "-2"]
    assert values(xml, f"{LINE}//NetPriceProductTradePrice/ChargeAmount") == ["100.00", "15.00"]
    assert values(xml, f"{LINE}//LineTotalAmount") == ["100.00", "-30.00"]


@pytest.mark.parametrize(
    ("row", "price", "base"),
    [
        (line(11_900, 3, behavior="INCLUSIVE"), "100.00", None),
        (line(1_000, 7, behavior="INCLUSIVE"), "58.82", "7"),
        (replace(line(10_000, 2), subtotal_minor=3_333, net_minor=3_333, tax_minor=633, total_minor=3_966), "33.33", "2"),
    ],
    ids=["a price with tax", "one that does not divide", "a part of a period"],
)
def test_the_price_is_without_tax_and_gives_the_net_exactly(row: InvoiceLineRow, price: str, base: str | None) -> None:
    xml = of(row)
    assert value(xml, f"{LINE}//NetPriceProductTradePrice/ChargeAmount") == price
    assert value(xml, f"{LINE}//NetPriceProductTradePrice/BasisQuantity") == base


@pytest.mark.parametrize(
    ("currency", "unit", "rate", "total"),
    [("JPY", 11_000, 100_000, "12100"), ("KWD", 10_500, 0, "10.50"), ("EUR", 1, 0, "0.01"), ("USD", 999_999_999_999, 0, "9999999999.99")],
)
def test_amounts_have_the_decimals_of_the_currency_and_at_most_two(currency: str, unit: int, rate: int, total: str) -> None:
    xml = of(line(unit, rate_ppm=rate, currency=currency))
    assert value(xml, f"{SUMS}/GrandTotalAmount") == total


def test_credit_that_was_used_counts_as_paid() -> None:
    invoice, rows = issued([line(10_000)], paid_minor=2_000)
    xml = invoice_xml(replace(invoice, credited_minor=3_000, remaining_minor=6_900), rows, parties())
    assert faults(xml) == []
    assert value(xml, f"{SUMS}/TotalPrepaidAmount") == "50.00"
    assert value(xml, f"{SUMS}/DuePayableAmount") == "69.00"


def test_a_paid_invoice_names_no_account() -> None:
    xml = of(line(10_000), paid_minor=11_900)
    assert value(xml, f"{SUMS}/DuePayableAmount") == "0.00"
    assert value(xml, "SpecifiedTradeSettlementPaymentMeans/TypeCode") is None


def test_without_a_period_the_day_of_supply_is_that_of_issue() -> None:
    xml = of(line(10_000), period_starts_at=None, period_ends_at=None)
    assert value(xml, "ActualDeliverySupplyChainEvent/OccurrenceDateTime/udt:DateTimeString") == "20261122"


def test_a_credit_note_names_the_invoice_and_is_positive() -> None:
    xml = credit_note_xml(*credited([line(10_000), line(5_000, rate_ppm=70_000)], refunded_minor=4_000), CORRECTED, parties())
    assert faults(xml) == []
    assert value(xml, "rsm:ExchangedDocument/TypeCode") == "381"
    assert value(xml, "InvoiceReferencedDocument/IssuerAssignedID") == "INV-2026-000042"
    assert value(xml, "InvoiceReferencedDocument/FormattedIssueDateTime/qdt:DateTimeString") == "20261122"
    assert value(xml, f"{SUMS}/GrandTotalAmount") == "172.50"
    assert value(xml, f"{SUMS}/TotalPrepaidAmount") == "40.00"
    assert value(xml, f"{SUMS}/DuePayableAmount") == "132.50"
    assert "132,50" in str(value(xml, "SpecifiedTradePaymentTerms/Description"))


@pytest.mark.parametrize("exemption", ["EXEMPT", "REVERSE_CHARGE"])
def test_a_credit_note_says_why_there_is_no_tax(exemption: str) -> None:
    xml = credit_note_xml(*credited([line(10_000, rate_ppm=0)]), CORRECTED, parties(tax_exemption=exemption))
    assert faults(xml) == []
    assert value(xml, f"{HEADER_TAX}/ExemptionReason") == WORDS["de"][f"exempt_{exemption}"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((same, same) for same in ("<b>&amp; \"Söhne\" ]]> 'x'", "فاطمة الصباح", "👩‍💻")),
        ("a\x00b\x1fc\ufffe\ud800", "abc"),
        ("  x  ", "x"),
    ],
)
def test_any_text_is_text(name: str, text: str) -> None:
    xml = of(replace(line(10_000), description=name), to=parties(company_name=name, address_line1=name))
    assert value(xml, f"{LINE}//Name") == text


NO_TAX_IDS: dict[str, Any] = {"tax_ids": [], "tax_exemption": "REVERSE_CHARGE"}
NO_NUMBERS = InvoiceIssuer("Acme", ("Musterstraße 1",), (), (), IssuerDetails(PostalAddress((), None, None, None, "DE")))


@pytest.mark.parametrize(
    ("rows", "to", "reason"),
    [
        ([line(10_000)], parties(address_country=None), "The address of the customer has no country."),
        ([line(10_000)], parties(address_country="ZZ"), "The address of the customer has no country."),
        ([line(10_000)], parties(replace(ISSUER, details=IssuerDetails())), "The address of the merchant has no country."),
        ([line(10_000)], parties(NO_NUMBERS), "The merchant has neither a tax number nor a number in a register."),
        ([line(10_000)], parties(replace(ISSUER, tax_ids=())), "The merchant has no tax number."),
        ([line(10_000, rate_ppm=0)], parties(**NO_TAX_IDS), "The customer has no tax number, which reverse charge needs."),
        ([replace(line(10_000), tax_rate_ppm=None)], parties(), "The tax rate of a line is not known, or it credits lines of several rates."),
        ([line(10_505, rate_ppm=0, currency="KWD")], parties(), "An amount has more than two decimals."),
        (
            [line(5, rate_ppm=100_000, currency="JPY")] * 4,
            parties(),
            "The taxes of the lines are rounded up or down by a whole unit of the currency in all.",
        ),
    ],
)
def test_what_cannot_be_an_e_invoice_says_why(rows: list[InvoiceLineRow], to: DocumentParties, reason: str) -> None:
    make: Callable[[], str] = lambda: invoice_xml(*issued(rows), to)  # noqa: E731
    with pytest.raises(NoEInvoice) as error:
        make()
    assert str(error.value) == reason
    assert if_possible(make) is None


def test_a_void_invoice_is_no_e_invoice() -> None:
    with pytest.raises(NoEInvoice, match="void"):
        of(line(10_000), status="VOID")
