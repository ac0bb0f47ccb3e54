"""Buyer and seller as papers print them: names, addresses in the format of the country, tax numbers."""

from dataclasses import replace

from billing.money.money import known_locale
from billing.rows.customers import CustomerRow
from billing.rows.documents import DocumentSnapshotRow
from pdf.layout import Merchant, Recipient

# Countries where the city comes before the region and the postal code, and countries where the address goes from the largest unit to the smallest (Universal
# Postal Union).
CITY_FIRST = {"AU", "CA", "GB", "HK", "IE", "IN", "NG", "NZ", "PK", "SG", "TW", "US", "ZA"}
LARGEST_FIRST = {"CN", "JP", "KR"}
# Countries where the region is behind the city, such as 00186 Roma RM.
REGION_BESIDE = {"IT"}


def reader_of(buyer: CustomerRow | DocumentSnapshotRow) -> Recipient:
    """Return the recipient: the customer's present data, or those with which a document was issued."""
    lines = [*([buyer.name] if buyer.company_name else []), *address_lines(buyer), *buyer.tax_ids, buyer.email]
    return Recipient(buyer.company_name or buyer.name, buyer.email, buyer.locale, buyer.time_zone, tuple(lines), buyer.tax_exemption)


def issued_by(merchant: Merchant, snapshot: DocumentSnapshotRow) -> Merchant:
    """Return the merchant as it was when the document was issued, with the present logo and colour. Without stored data: the present merchant."""
    if snapshot.issuer_name is None:
        return merchant
    address, tax_ids, footer = (tuple(lines or ()) for lines in (snapshot.issuer_address, snapshot.issuer_tax_ids, snapshot.issuer_footer))
    return replace(merchant, name=snapshot.issuer_name, address=address, tax_ids=tax_ids, footer=footer)


def address_lines(buyer: CustomerRow | DocumentSnapshotRow) -> list[str]:
    """Return the lines of the address, the last one the country in the buyer's language. Empty without an address."""
    country = buyer.address_country
    if country is None:
        return []
    line1, line2, city, region, code = (
        part or "" for part in (buyer.address_line1, buyer.address_line2, buyer.address_city, buyer.address_region, buyer.address_postal_code)
    )
    if country in LARGEST_FIRST:
        lines = [code, f"{region}{city}{line1}", line2]
    elif country in CITY_FIRST:
        lines = [line1, line2, f"{', '.join(part for part in (city, region) if part)} {code}"]
    elif country in REGION_BESIDE:
        lines = [line1, line2, f"{code} {city} {region}"]
    else:
        lines = [line1, line2, f"{code} {city}", region]
    return [line for line in (*(line.strip() for line in lines), _country(country, buyer.locale)) if line]


def _country(code: str, locale: str) -> str:
    return str(known_locale(locale).territories.get(code, code))
