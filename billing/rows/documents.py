"""Rows for the PDFs of issued documents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentSnapshotRow:
    """The details of the buyer and the seller that an invoice, a credit note or a receipt prints, as of its issue. `issuer_…` is null if the program that wrote the
    document did not have the merchant's settings, or the merchant has no such detail; `is_backfilled`: the buyer's details are of the day on which snapshots were introduced."""

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
    tax_name: str | None
    issuer_street: list[str] | None
    issuer_city: str | None
    issuer_region: str | None
    issuer_postal_code: str | None
    issuer_country: str | None
    issuer_registration: str | None
    issuer_email: str | None
    issuer_phone: str | None
    issuer_iban: str | None
    issuer_bic: str | None


@dataclass(frozen=True, slots=True)
class DocumentTax:
    """The amounts of a document at one tax rate. The rate is null if it is not known; the exemption is the reason of a rate of zero, if it is known."""

    customer_id: str
    document_id: str
    currency: str
    tax_rate_ppm: int | None
    tax_exemption: str | None
    net_minor: int
    tax_minor: int
    total_minor: int
