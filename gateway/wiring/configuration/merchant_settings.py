"""The settings about the merchant: what letters and documents say of who sends them."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from billing.money.issuer import InvoiceIssuer, IssuerDetails
from billing.postal_addresses import PostalAddress
from gateway.wiring.configuration.setting_values import Bic, Country, HttpUrl, Iban, Lines, Origins, TimeZone
from mail.letters import OPTIONAL


def _optional_letters(names: tuple[str, ...]) -> tuple[str, ...]:
    known = {letter.value for letter in OPTIONAL}
    for number, name in enumerate(names, 1):
        if name not in known:
            raise ValueError(f"number {number} is not one of {', '.join(sorted(known))}")
    return names


def _read_key(value: str) -> str:
    if not value.startswith("rk_"):
        raise ValueError("is not a restricted key of Stripe, which begins with rk_; reading needs no other")
    return value


StripeReadKey = Annotated[str, AfterValidator(_read_key)]
OptionalLetters = Annotated[Lines, AfterValidator(_optional_letters)]


class MerchantSettings(BaseSettings):
    """A part of Settings, which has the rest and the prefix of the variables."""

    merchant: str = Field("Portico Demo", description="The merchant's name, on letters and invoices.")
    merchant_address: Lines = Field(
        (),
        examples=["1 High Street"],
        description="The lines of the merchant's address on invoices, as a comma list; as JSON where one has a comma. With PORTICO_MERCHANT_COUNTRY those above the city, "
        "else all of them.",
    )
    merchant_city: str | None = Field(None, max_length=100, examples=["London"], description="The city of the merchant's address.")
    merchant_region: str | None = Field(None, max_length=100, examples=["NY"], description="The state or province, where addresses of the country have one.")
    merchant_postal_code: str | None = Field(None, max_length=20, examples=["N1 1AA"], description="The postal code of the merchant's address.")
    merchant_country: Country | None = Field(
        None, examples=["GB"], description="The country of the merchant's address, two letters (ISO 3166-1). Without it there are no e-invoices."
    )
    merchant_tax_ids: Lines = Field(
        (),
        examples=["VAT GB123456789"],
        description="The merchant's tax numbers on invoices, as a comma list; a VAT number begins with its country.",
    )
    merchant_registration: str | None = Field(
        None, max_length=200, examples=["Company no. 01234567"], description="The merchant's number in the register of companies, on invoices."
    )
    merchant_email: str | None = Field(
        None, max_length=254, pattern=r"^[^\s@]+@[^\s@]+$", examples=["billing@example.com"], description="The e-mail address for questions, on invoices."
    )
    merchant_phone: str | None = Field(None, max_length=50, examples=["+44 20 7946 0000"], description="The phone number for questions, on invoices.")
    merchant_iban: Iban | None = Field(
        None, examples=["GB33BUKB20201555555555"], description="The account (IBAN) to which customers may transfer what an invoice comes to."
    )
    merchant_bic: Bic | None = Field(None, examples=["BUKBGB22"], description="The bank (BIC) of that account.")
    merchant_footer: Lines = Field(
        (),
        examples=["Director: Jane Doe"],
        description="The text at the foot of invoices, line by line, as a comma list; as JSON where one has a comma.",
    )
    merchant_accent: str = Field("#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$", description="The merchant's colour on invoices and letters, as #rrggbb.")
    merchant_logo: Path | None = Field(
        None, examples=["/etc/portico/logo.svg"], description="The merchant's logo on invoices and letters: an SVG, PNG or JPEG file."
    )
    portal: bool | None = Field(None, description="Whether the reference portal is served at /; see docs/portal.md. Left out: outside of production.")
    portal_file: Path | None = Field(
        None, examples=["/etc/portico/portal.json"], description="A JSON file with links, languages and more about the portal; see docs/portal.md."
    )
    portal_frame_ancestors: Origins = Field(
        (), examples=["https://www.example.com"], description="Sites that may show the portal in a frame, as a comma list of exact origins."
    )
    letters_off: OptionalLetters = Field(
        (), examples=["receipt,renewal_to_come"], description="The letters about money that are not sent, as a comma list; see docs/letters.md."
    )
    stripe_import_key: StripeReadKey | None = Field(
        None,
        repr=False,
        examples=["rk_live_…"],
        description="A restricted key of Stripe that may only read, for `./portico import-from stripe`; see docs/import/stripe.md.",
    )
    stripe_import_address: HttpUrl = Field("https://api.stripe.com", description="The address at which that command reads Stripe's API.")
    merchant_time_zone: TimeZone = Field("UTC", description="The merchant's time zone, such as Europe/Zurich; the year in invoice numbers begins in it.")

    @property
    def issuer(self) -> InvoiceIssuer:
        """Return what invoices print of the merchant, and what is stored with each."""
        details = IssuerDetails(self._postal, self.merchant_registration, self.merchant_email, self.merchant_phone, self.merchant_iban, self.merchant_bic)
        lines = self._postal.lines() if self._postal else self.merchant_address
        return InvoiceIssuer(self.merchant, tuple(lines), self.merchant_tax_ids, self.merchant_footer, details)

    @property
    def _postal(self) -> PostalAddress | None:
        if self.merchant_country is None:
            return None
        return PostalAddress(self.merchant_address, self.merchant_city, self.merchant_region, self.merchant_postal_code, self.merchant_country)
