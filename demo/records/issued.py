"""Rows of the demo data with the parties that issued documents print."""

from dataclasses import dataclass, field

from billing.money.issuer import InvoiceIssuer

SHOP = InvoiceIssuer(
    "Portico Demo",
    ("Portico Demo GmbH", "Beispielstraße 12", "10115 Berlin", "Germany"),
    ("USt-IdNr. DE123456789",),
    ("HRB 12345 B, Amtsgericht Charlottenburg",),
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
