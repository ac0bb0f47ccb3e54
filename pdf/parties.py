"""Buyer and seller as papers print them: names, addresses in the format of the country, tax numbers."""

from dataclasses import dataclass, replace

from billing.money.issuer import IssuerDetails
from billing.postal_addresses import PostalAddress
from billing.rows.customers import CustomerRow
from billing.rows.documents import DocumentSnapshotRow
from pdf.layout import Merchant, Recipient, country_name


@dataclass(frozen=True, slots=True)
class DocumentParties:
    """The buyer and the seller of a document as they were at its issue: as they are printed, and in the buyer's case in fields, too."""

    reader: Recipient
    merchant: Merchant
    buyer: DocumentSnapshotRow


def reader_of(buyer: CustomerRow | DocumentSnapshotRow) -> Recipient:
    """Return the recipient: the customer's present data, or those with which a document was issued."""
    lines = [*([buyer.name] if buyer.company_name else []), *address_lines(buyer), *buyer.tax_ids, buyer.email]
    return Recipient(buyer.company_name or buyer.name, buyer.email, buyer.locale, buyer.time_zone, tuple(lines), buyer.tax_exemption, buyer.tax_name)


def issued_by(merchant: Merchant, snapshot: DocumentSnapshotRow) -> Merchant:
    """Return the merchant as it was when the document was issued, with the present logo and colour. Without stored data: the present merchant."""
    if snapshot.issuer_name is None:
        return merchant
    address, tax_ids, footer = (tuple(lines or ()) for lines in (snapshot.issuer_address, snapshot.issuer_tax_ids, snapshot.issuer_footer))
    return replace(merchant, name=snapshot.issuer_name, address=address, tax_ids=tax_ids, footer=footer, details=_details(snapshot))


def address_lines(buyer: CustomerRow | DocumentSnapshotRow) -> list[str]:
    """Return the lines of the address, the last one the country in the buyer's language. Empty without an address."""
    postal = postal_of(buyer)
    return [*postal.lines(), country_name(postal.country, buyer.locale)] if postal else []


def postal_of(buyer: CustomerRow | DocumentSnapshotRow) -> PostalAddress | None:
    if buyer.address_country is None:
        return None
    street = tuple(line for line in (buyer.address_line1, buyer.address_line2) if line)
    return PostalAddress(street, buyer.address_city, buyer.address_region, buyer.address_postal_code, buyer.address_country)


def _details(snapshot: DocumentSnapshotRow) -> IssuerDetails:
    country, postal = snapshot.issuer_country, None
    if country is not None:
        street = tuple(snapshot.issuer_street or ())
        postal = PostalAddress(street, snapshot.issuer_city, snapshot.issuer_region, snapshot.issuer_postal_code, country)
    return IssuerDetails(postal, snapshot.issuer_registration, snapshot.issuer_email, snapshot.issuer_phone, snapshot.issuer_iban, snapshot.issuer_bic)
