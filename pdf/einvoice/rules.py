"""The rules of EN 16931 that documents of Portico can break. A document that breaks one has no e-invoice, because a wrong one is worse than none."""

from billing.money.money import MILLION, exponent
from billing.postal_addresses import COUNTRIES
from pdf.einvoice.cii import DECIMALS
from pdf.einvoice.model import CategorySum, EInvoice, TaxCategory, TradeParty


class NoEInvoice(Exception):
    """A document cannot be an e-invoice; the message is the reason, for a developer."""


def check(invoice: EInvoice) -> None:
    """Raises NoEInvoice for a document that EN 16931 does not allow."""
    reason = _of_parties(invoice) or _of_taxes(invoice) or _of_amounts(invoice)
    if reason:
        raise NoEInvoice(reason)


def _of_parties(invoice: EInvoice) -> str | None:
    for name, party in (("merchant", invoice.seller), ("customer", invoice.buyer)):
        if party.postal is None or party.postal.country not in COUNTRIES:
            return f"The address of the {name} has no country."  # BR-8 to BR-11
    if not invoice.lines:
        return "It has no lines."  # BR-16
    seller, categories = invoice.seller, {line.category for line in invoice.lines}
    if not (seller.registration or seller.vat_number):
        return "The merchant has neither a tax number nor a number in a register."  # BR-CO-26
    if categories != {TaxCategory.NO_TAX} and not (seller.vat_number or seller.tax_number):
        return "The merchant has no tax number."  # BR-S-2, BR-Z-2, BR-E-2, BR-AE-2
    if TaxCategory.REVERSE_CHARGE in categories and not _is_registered(invoice.buyer):
        return "The customer has no tax number, which reverse charge needs."  # BR-AE-2
    return None


def _is_registered(party: TradeParty) -> bool:
    return bool(party.vat_number or party.registration)


def _of_taxes(invoice: EInvoice) -> str | None:
    if not all(_is_close(one, 10 ** exponent(invoice.currency)) for one in invoice.taxes):
        return "The taxes of the lines are rounded up or down by a whole unit of the currency in all."  # BR-S-9, BR-CO-17
    return None


def _is_close(one: CategorySum, unit: int) -> bool:
    """Return whether the tax is the rate of the net, with less than one unit of the currency between them, less a hundredth that validators may round."""
    difference = abs(abs(one.tax_minor) * MILLION - abs(one.net_minor) * one.rate_ppm)
    return 100 * difference < 99 * unit * MILLION


def _of_amounts(invoice: EInvoice) -> str | None:
    finest = 10 ** max(0, exponent(invoice.currency) - DECIMALS)
    amounts = [one for line in invoice.lines for one in (line.net_minor, line.discount_minor)]
    amounts += [one for tax in invoice.taxes for one in (tax.net_minor, tax.tax_minor)]
    if any(amount % finest for amount in (*amounts, invoice.terms.settled_minor, invoice.terms.due_minor)):
        return "An amount has more than two decimals."  # BR-DEC
    return None
