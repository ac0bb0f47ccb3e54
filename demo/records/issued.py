"""Rows of the demo data with the parties that issued documents print."""

from dataclasses import dataclass, field

from billing.money.issuer import InvoiceIssuer, IssuerDetails
from billing.postal_addresses import PostalAddress

STREET = ("Portico Demo GmbH", "Beispielstraße 12")
POSTAL = PostalAddress(STREET, "Berlin", None, "10115", "DE")
# The IBAN is the example of the registry of IBANs (ISO 13616).
SHOP = InvoiceIssuer(
    "Portico Demo",
    (*STREET, "10115 Berlin"),
    ("USt-IdNr. DE123456789",),
    ("Geschäftsführung: Erika Mustermann",),
    IssuerDetails(
        POSTAL,
        "HRB 12345 B, Amtsgericht Charlottenburg",
        "billing@portico.example",
        "+49 30 1234567",
        "DE89370400440532013000",
        "COBADEFFXXX",
    ),
)


@dataclass(slots=True, kw_only=True)
class PrintedParty:
    """A buyer as papers print them."""

    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_city: str | None = None
    address_region: str | None = None
    address_postal_code: str | None = None
    address_country: str | None = None
    tax_ids: list[str] = field(default_factory=list)
    tax_exemption: str | None = None
    tax_name: str | None = None
    name: str
    email: str
    locale: str
    time_zone: str


@dataclass(slots=True, kw_only=True)
class SeedDocumentSnapshot(PrintedParty):
    customer_id: str
    document_id: str
    issuer_name: str = SHOP.name
    issuer_address: list[str] = field(default_factory=lambda: [*SHOP.address])
    issuer_tax_ids: list[str] = field(default_factory=lambda: [*SHOP.tax_ids])
    issuer_footer: list[str] = field(default_factory=lambda: [*SHOP.footer])
    issuer_street: list[str] = field(default_factory=lambda: [*STREET])
    issuer_city: str | None = POSTAL.city
    issuer_postal_code: str | None = POSTAL.postal_code
    issuer_country: str | None = POSTAL.country
    issuer_registration: str | None = SHOP.details.registration
    issuer_email: str | None = SHOP.details.email
    issuer_phone: str | None = SHOP.details.phone
    issuer_iban: str | None = SHOP.details.iban
    issuer_bic: str | None = SHOP.details.bic
