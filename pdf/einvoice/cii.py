"""An e-invoice as XML: Cross Industry Invoice (UN/CEFACT D22B), the profile EN 16931 of Factur-X 1.0 and ZUGFeRD 2. The order of the elements is that of its schema."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from billing.money.coupons import percent_text
from billing.money.money import decimal_text, exponent
from billing.postal_addresses import PostalAddress
from pdf.einvoice.model import CategorySum, CorrectedDocument, DayRange, DocumentType, EInvoice, PaymentTerms, TaxCategory, TradeLine, TradeParty

PROFILE = "urn:cen.eu:en16931:2017"
NAMESPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100" '
    'xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100"'
)
# The codes of UN/ECE Recommendation 20 for a unit without a measure, of UNTDID 5189 for a discount, and of UNTDID 4461 for transfers: within SEPA, and others.
ONE = "C62"
DISCOUNT = "95"
SEPA_TRANSFER, TRANSFER = "58", "30"
REASON_CODES = {TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE", TaxCategory.NO_TAX: "VATEX-EU-O"}
DECIMALS = 2
# In place of a name that has no letter which XML could have.
NO_NAME = "–"
# What XML 1.0 cannot have.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cii_xml(invoice: EInvoice) -> str:
    """Return the XML. Amounts have at most two decimals, as `obstacle` checks."""
    transaction = _node(
        "rsm:SupplyChainTradeTransaction",
        *(_line(line, invoice) for line in invoice.lines),
        _node("ram:ApplicableHeaderTradeAgreement", _party("ram:SellerTradeParty", invoice.seller), _party("ram:BuyerTradeParty", invoice.buyer)),
        _delivery(invoice),
        _settlement(invoice),
    )
    document = _node(
        "rsm:ExchangedDocument",
        _text("ram:ID", invoice.number),
        _text("ram:TypeCode", invoice.type),
        _node("ram:IssueDateTime", _day(invoice.issued_on)),
    )
    context = _node("rsm:ExchangedDocumentContext", _node("ram:GuidelineSpecifiedDocumentContextParameter", _text("ram:ID", PROFILE)))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice {NAMESPACES}>{context}{document}{transaction}</rsm:CrossIndustryInvoice>\n'


def _line(line: TradeLine, invoice: EInvoice) -> str:
    currency = invoice.currency
    base = _text("ram:BasisQuantity", str(line.price_quantity), unitCode=ONE) if line.price_quantity != 1 else ""
    price = _node("ram:NetPriceProductTradePrice", _text("ram:ChargeAmount", decimal_text(line.price_minor, currency)), base)
    settlement = _node(
        "ram:SpecifiedLineTradeSettlement",
        _node("ram:ApplicableTradeTax", _text("ram:TypeCode", "VAT"), _text("ram:CategoryCode", line.category), _rate(line.category, line.rate_ppm)),
        _days(line.days),
        _discount(line, invoice),
        _node("ram:SpecifiedTradeSettlementLineMonetarySummation", _text("ram:LineTotalAmount", amount_text(line.net_minor, currency))),
    )
    return _node(
        "ram:IncludedSupplyChainTradeLineItem",
        _node("ram:AssociatedDocumentLineDocument", _text("ram:LineID", str(line.number))),
        _node("ram:SpecifiedTradeProduct", _text("ram:Name", line.name, default=NO_NAME)),
        _node("ram:SpecifiedLineTradeAgreement", price),
        _node("ram:SpecifiedLineTradeDelivery", _text("ram:BilledQuantity", str(line.quantity), unitCode=ONE)),
        settlement,
    )


def _delivery(invoice: EInvoice) -> str:
    """Return the element about the delivery, which the schema needs. Where no period is named, the day of supply is that of issue."""
    occurred = "" if invoice.days else _node("ram:ActualDeliverySupplyChainEvent", _node("ram:OccurrenceDateTime", _day(invoice.issued_on)))
    return _node("ram:ApplicableHeaderTradeDelivery", occurred) or "<ram:ApplicableHeaderTradeDelivery/>"


def _discount(line: TradeLine, invoice: EInvoice) -> str:
    if not line.discount_minor:
        return ""
    is_charge = line.discount_minor < 0
    return _node(
        "ram:SpecifiedTradeAllowanceCharge",
        _node("ram:ChargeIndicator", _text("udt:Indicator", "true" if is_charge else "false")),
        _text("ram:ActualAmount", amount_text(abs(line.discount_minor), invoice.currency)),
        _text("ram:ReasonCode", None if is_charge else DISCOUNT),
        _text("ram:Reason", invoice.discount),
    )


def _party(name: str, party: TradeParty) -> str:
    contact = _node(
        "ram:DefinedTradeContact",
        _text("ram:PersonName", party.contact),
        _node("ram:TelephoneUniversalCommunication", _text("ram:CompleteNumber", party.phone)),
        _node("ram:EmailURIUniversalCommunication", _text("ram:URIID", party.email)),
    )
    return _node(
        name,
        _text("ram:Name", party.name, default=NO_NAME),
        _text("ram:Description", party.legal_text),
        _node("ram:SpecifiedLegalOrganization", _text("ram:ID", party.registration)),
        contact,
        _address(party.postal) if party.postal else "",
        _node("ram:URIUniversalCommunication", _text("ram:URIID", party.email, schemeID="EM")),
        _node("ram:SpecifiedTaxRegistration", _text("ram:ID", party.vat_number, schemeID="VA")),
        _node("ram:SpecifiedTaxRegistration", _text("ram:ID", party.tax_number, schemeID="FC")),
    )


def _address(postal: PostalAddress) -> str:
    lines = [*postal.street[:2], ", ".join(postal.street[2:])]
    return _node(
        "ram:PostalTradeAddress",
        _text("ram:PostcodeCode", postal.postal_code),
        *(_text(f"ram:Line{name}", line) for name, line in zip(("One", "Two", "Three"), lines, strict=False)),
        _text("ram:CityName", postal.city),
        _text("ram:CountryID", postal.country),
        _text("ram:CountrySubDivisionName", postal.region),
    )


def _settlement(invoice: EInvoice) -> str:
    terms = invoice.terms
    return _node(
        "ram:ApplicableHeaderTradeSettlement",
        _text("ram:PaymentReference", invoice.number if invoice.type is DocumentType.INVOICE else None),
        _text("ram:InvoiceCurrencyCode", invoice.currency),
        _transfer(terms, invoice),
        *(_tax(one, invoice.currency) for one in invoice.taxes),
        _days(invoice.days),
        _node(
            "ram:SpecifiedTradePaymentTerms",
            _text("ram:Description", terms.text),
            _node("ram:DueDateDateTime", _day(terms.due_on)) if terms.due_on else "",
        ),
        _sums(invoice),
        _corrected(invoice.corrected) if invoice.corrected else "",
    )


def _transfer(terms: PaymentTerms, invoice: EInvoice) -> str:
    if terms.iban is None:
        return ""
    return _node(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        _text("ram:TypeCode", SEPA_TRANSFER if invoice.currency == "EUR" else TRANSFER),
        _node("ram:PayeePartyCreditorFinancialAccount", _text("ram:IBANID", terms.iban), _text("ram:AccountName", invoice.seller.name)),
        _node("ram:PayeeSpecifiedCreditorFinancialInstitution", _text("ram:BICID", terms.bic)),
    )


def _tax(one: CategorySum, currency: str) -> str:
    return _node(
        "ram:ApplicableTradeTax",
        _text("ram:CalculatedAmount", amount_text(one.tax_minor, currency)),
        _text("ram:TypeCode", "VAT"),
        _text("ram:ExemptionReason", one.reason),
        _text("ram:BasisAmount", amount_text(one.net_minor, currency)),
        _text("ram:CategoryCode", one.category),
        _text("ram:ExemptionReasonCode", REASON_CODES.get(one.category)),
        _rate(one.category, one.rate_ppm),
    )


def _rate(category: TaxCategory, ppm: int) -> str:
    return _text("ram:RateApplicablePercent", None if category is TaxCategory.NO_TAX else percent_text(ppm))


def _sums(invoice: EInvoice) -> str:
    terms, currency = invoice.terms, invoice.currency
    return _node(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        _text("ram:LineTotalAmount", amount_text(invoice.net_minor, currency)),
        _text("ram:TaxBasisTotalAmount", amount_text(invoice.net_minor, currency)),
        _text("ram:TaxTotalAmount", amount_text(invoice.tax_minor, currency), currencyID=currency),
        _text("ram:GrandTotalAmount", amount_text(invoice.total_minor, currency)),
        _text("ram:TotalPrepaidAmount", amount_text(terms.settled_minor, currency) if terms.settled_minor else None),
        _text("ram:DuePayableAmount", amount_text(terms.due_minor, currency)),
    )


def _corrected(corrected: CorrectedDocument) -> str:
    issued = f'<qdt:DateTimeString format="102">{corrected.issued_on:%Y%m%d}</qdt:DateTimeString>'
    return _node("ram:InvoiceReferencedDocument", _text("ram:IssuerAssignedID", corrected.number), _node("ram:FormattedIssueDateTime", issued))


def _days(days: DayRange | None) -> str:
    if days is None:
        return ""
    return _node("ram:BillingSpecifiedPeriod", _node("ram:StartDateTime", _day(days.first)), _node("ram:EndDateTime", _day(days.last)))


def _day(day: date) -> str:
    return f'<udt:DateTimeString format="102">{day:%Y%m%d}</udt:DateTimeString>'


def amount_text(minor: int, currency: str) -> str:
    """Return an amount with at most two decimals. Raises ValueError for one that has more."""
    text, dropped = decimal_text(minor, currency), max(0, exponent(currency) - DECIMALS)
    if dropped == 0:
        return text
    if text[-dropped:].strip("0"):
        raise ValueError("the amounts of EN 16931 have two decimals")
    return text[:-dropped]


def _node(name: str, *children: str) -> str:
    """Return an element with its children; nothing without any."""
    content = "".join(children)
    return f"<{name}>{content}</{name}>" if content else ""


def _text(name: str, value: str | None, *, default: str = "", **attributes: str) -> str:
    """Return an element with a text, or with the default in place of an empty one; nothing without both."""
    text = FORBIDDEN.sub("", value or "").strip() or default
    if not text:
        return ""
    return f"<{name}{''.join(_attributes(attributes.items()))}>{escape(text)}</{name}>"


def _attributes(pairs: Iterable[tuple[str, str]]) -> Sequence[str]:
    return [f" {name}={quoteattr(value)}" for name, value in pairs]
