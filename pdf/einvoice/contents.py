"""Rows of invoices and credit notes as e-invoices. Their amounts are those of the rows and of the PDF; nothing is computed again."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.states import InvoiceStatus, TaxExemption
from pdf.credit_note import CorrectedInvoice, amount_uses
from pdf.einvoice.cii import cii_xml
from pdf.einvoice.model import CategorySum, CorrectedDocument, DayRange, DocumentType, EInvoice, PaymentTerms, TaxCategory, TradeLine, TradeParty
from pdf.einvoice.rules import NoEInvoice, check
from pdf.einvoice.tax_numbers import other_number, vat_number
from pdf.layout import Recipient
from pdf.line_words import described
from pdf.parties import DocumentParties, postal_of
from pdf.taxes import by_rate, net_unit_minor

EXEMPTIONS = {TaxExemption.EXEMPT: TaxCategory.EXEMPT, TaxExemption.REVERSE_CHARGE: TaxCategory.REVERSE_CHARGE}


def invoice_xml(invoice: InvoiceRow, lines: Sequence[InvoiceLineRow], parties: DocumentParties) -> str:
    """Return the e-invoice of an invoice. Raises NoEInvoice."""
    if invoice.status == InvoiceStatus.VOID:
        raise NoEInvoice("The invoice is void.")
    reader, untaxed, details = parties.reader, _untaxed(parties, lines), parties.merchant.details
    account = (details.iban, details.bic) if invoice.remaining_minor > 0 else (None, None)
    terms = PaymentTerms(invoice.total_minor - invoice.remaining_minor, invoice.remaining_minor, invoice.printed_due_on, None, *account)
    document = EInvoice(
        DocumentType.INVOICE,
        invoice.number,
        _day(invoice.issued_at, reader),
        invoice.currency,
        _seller(parties),
        _buyer(parties, untaxed),
        [_invoice_line(line, reader, untaxed) for line in lines],
        _taxes(lines, reader, untaxed),
        terms,
        _days(invoice.period_starts_at, invoice.period_ends_at, reader),
        None,
        reader.words["discount"],
    )
    check(document)
    return cii_xml(document)


def credit_note_xml(note: CreditNoteRow, lines: Sequence[CreditNoteLineRow], corrected: CorrectedInvoice, parties: DocumentParties) -> str:
    """Return the e-invoice of a credit note, whose amounts are positive: what is credited. Raises NoEInvoice."""
    reader, untaxed = parties.reader, _untaxed(parties, lines)
    text = "\n".join(f"{label}: {amount}" for label, amount in amount_uses(note, reader))
    document = EInvoice(
        DocumentType.CREDIT_NOTE,
        note.number,
        _day(note.issued_at, reader),
        note.currency,
        _seller(parties),
        _buyer(parties, untaxed),
        [_credit_line(line, reader, untaxed) for line in lines],
        _taxes(lines, reader, untaxed),
        PaymentTerms(note.refunded_minor, note.total_minor - note.refunded_minor, text=text),
        corrected=CorrectedDocument(corrected.number, corrected.issued_on),
    )
    check(document)
    return cii_xml(document)


def if_possible(make: Callable[[], str]) -> str | None:
    """Return the e-invoice that `make` returns, or None where the document has none."""
    try:
        return make()
    except NoEInvoice:
        return None


def _untaxed(parties: DocumentParties, lines: Sequence[InvoiceLineRow] | Sequence[CreditNoteLineRow]) -> TaxCategory:
    """Return the category of lines without tax. A merchant without a tax number whose document has no tax at all charges none."""
    exemption = parties.buyer.tax_exemption
    if exemption is not None:
        return EXEMPTIONS[TaxExemption(exemption)]
    return TaxCategory.ZERO if parties.merchant.tax_ids or any(line.tax_rate_ppm or line.tax_minor for line in lines) else TaxCategory.NO_TAX


def _seller(parties: DocumentParties) -> TradeParty:
    merchant, details = parties.merchant, parties.merchant.details
    tax_number = other_number(merchant.tax_ids)
    return TradeParty(
        merchant.name,
        details.postal,
        vat_number(merchant.tax_ids),
        tax_number,
        details.registration or tax_number,
        details.email,
        details.phone,
        merchant.name if details.email or details.phone else None,
        "\n".join(merchant.footer),
    )


def _buyer(parties: DocumentParties, untaxed: TaxCategory) -> TradeParty:
    buyer, number = parties.buyer, vat_number(parties.buyer.tax_ids)
    return TradeParty(
        buyer.company_name or buyer.name,
        postal_of(buyer),
        None if untaxed is TaxCategory.NO_TAX else number,  # BR-O-2
        registration=other_number(buyer.tax_ids),
        email=buyer.email,
        contact=buyer.name if buyer.company_name else None,
    )


def _invoice_line(line: InvoiceLineRow, reader: Recipient, untaxed: TaxCategory) -> TradeLine:
    """Return a line whose quantity times its price is its subtotal: the price of one unit, or that of the whole quantity where a part of a period is charged."""
    unit, subtotal = net_unit_minor(line), line.subtotal_minor
    is_whole = unit * line.quantity == subtotal
    sign = -1 if subtotal < 0 or (subtotal == 0 and unit < 0) else 1
    return TradeLine(
        line.position,
        _name(line, reader),
        sign * line.quantity,
        abs(unit if is_whole else subtotal),
        1 if is_whole else line.quantity,
        line.discount_minor,
        line.net_minor,
        *_category(line, untaxed),
        _days(line.period_starts_at, line.period_ends_at, reader),
    )


def _credit_line(line: CreditNoteLineRow, reader: Recipient, untaxed: TaxCategory) -> TradeLine:
    net, days = line.subtotal_minor, _days(line.period_starts_at, line.period_ends_at, reader)
    return TradeLine(line.position, _name(line, reader), -1 if net < 0 else 1, abs(net), 1, 0, net, *_category(line, untaxed), days)


def _name(line: InvoiceLineRow | CreditNoteLineRow, reader: Recipient) -> str:
    return described(line.description, line.wording, line.wording_of, reader.language)


def _category(line: InvoiceLineRow | CreditNoteLineRow, untaxed: TaxCategory) -> tuple[TaxCategory, int]:
    return _category_of(line.tax_rate_ppm, line.tax_minor, untaxed)


def _category_of(rate_ppm: int | None, tax_minor: int, untaxed: TaxCategory) -> tuple[TaxCategory, int]:
    """Raises NoEInvoice for tax at a rate that is not known."""
    if rate_ppm is None and tax_minor:
        raise NoEInvoice("The tax rate of a line is not known, or it credits lines of several rates.")
    return (TaxCategory.STANDARD, rate_ppm) if rate_ppm else (untaxed, 0)


def _taxes(lines: Sequence[InvoiceLineRow] | Sequence[CreditNoteLineRow], reader: Recipient, untaxed: TaxCategory) -> list[CategorySum]:
    sums: dict[tuple[TaxCategory, int], tuple[int, int]] = {}
    for one in by_rate(lines):
        key = _category_of(one.tax_rate_ppm, one.tax_minor, untaxed)
        net, tax = sums.get(key, (0, 0))
        sums[key] = net + one.net_minor, tax + one.tax_minor
    return [CategorySum(category, rate, net, tax, _reason(category, reader)) for (category, rate), (net, tax) in sums.items()]


def _reason(category: TaxCategory, reader: Recipient) -> str | None:
    if category is TaxCategory.NO_TAX:
        return "Not subject to VAT"
    return reader.words[f"exempt_{reader.tax_exemption}"] if category in EXEMPTIONS.values() else None


def _day(instant: datetime, reader: Recipient) -> date:
    return instant.astimezone(reader.zone).date()


def _days(starts: datetime | None, ends: datetime | None, reader: Recipient) -> DayRange | None:
    span = reader.span(starts, ends)
    return DayRange(*span) if span else None
