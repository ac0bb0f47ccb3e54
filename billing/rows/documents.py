"""Rows about what issued documents print."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentSnapshotRow:
    """What an invoice, a credit note or a receipt prints of the buyer and the seller, as both were when it was issued. `issuer_…` is null where a program wrote the
    document that did not know the merchant's settings; `is_backfilled`: the buyer as of the day on which snapshots were introduced."""

    customer_id: str
    document_id: str
    name: str
    company_name: str | None
    email: str
    address_line1: str | None
    address_line2: str | None
    address_city: str | None
    address_region: str | None
    address_postal_code: str | None
    address_country: str | None
    tax_ids: list[str]
    tax_exemption: str | None
    locale: str
    time_zone: str
    issuer_name: str | None
    issuer_address: list[str] | None
    issuer_tax_ids: list[str] | None
    issuer_footer: list[str] | None
    is_backfilled: bool


@dataclass(frozen=True, slots=True)
class DocumentTax:
    """What a document comes to at one tax rate. The rate is null where it is not known; the exemption says why it is zero, where that is known."""

    customer_id: str
    document_id: str
    currency: str
    tax_rate_ppm: int | None
    tax_exemption: str | None
    net_minor: int
    tax_minor: int
    total_minor: int
