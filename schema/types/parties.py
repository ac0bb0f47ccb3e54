"""Who issues and who gets invoices, as they are printed, and what tax they come to."""

from collections.abc import Sequence
from typing import Any

import strawberry

from billing.money.coupons import percent_text
from billing.states import TaxExemption
from schema.declarations.fields import derived, money, part
from schema.declarations.scalars import Decimal


@strawberry.type(description="A postal address.")
class BillingAddress:
    address_line1: str = strawberry.field(name="line1", description="Street and number, or a post box.")
    address_line2: str | None = strawberry.field(name="line2", description="Floor, building, care of.")
    address_city: str | None = strawberry.field(name="city", description="City, town or village.")
    address_region: str | None = strawberry.field(name="region", description="State, province or prefecture, as it is written in addresses there.")
    address_postal_code: str | None = strawberry.field(name="postalCode", description="Postal code.")
    address_country: str = strawberry.field(name="country", description="Country, two letters after ISO 3166-1, such as DE.")


@strawberry.type(
    description="Who an invoice or a credit note was issued to, as it was printed then: later changes of the profile do not change it. "
    "On what was issued before the gateway stored this: the customer as of the day on which it began to."
)
class BilledTo:
    name: str = strawberry.field(description="Name of the person or company.")
    company_name: str | None = strawberry.field(description="The company, where the name is a person's.")
    email: str = strawberry.field(description="E-mail address.")
    address = part(BillingAddress, when="address_country", description="The billing address, if there was one.")
    tax_ids: list[str] = strawberry.field(description="Tax numbers as they are printed, such as DE123456789.")
    tax_exemption: TaxExemption | None = strawberry.field(description="Why no tax was charged, where that was known.")
    tax_name: str | None = strawberry.field(description="What the tax is called on it; null: the general word of its language.")
    locale: str = strawberry.field(description="The language and region in which it is printed, a BCP 47 tag.")
    time_zone: str = strawberry.field(description="The IANA time zone of its days.")


@strawberry.type(description="Who issued an invoice or a credit note, as it was printed then: later changes of the settings do not change it.")
class Issuer:
    issuer_name: str = strawberry.field(name="name", description="The merchant's name.")
    issuer_address: list[str] = strawberry.field(name="address", description="The merchant's address, line by line.")
    issuer_tax_ids: list[str] = strawberry.field(name="taxIds", description="The merchant's tax numbers.")
    issuer_footer: list[str] = strawberry.field(name="footer", description="What stands at the foot, line by line.")
    issuer_country: str | None = strawberry.field(name="country", description="The country of the address, two letters after ISO 3166-1; not in its lines.")
    issuer_registration: str | None = strawberry.field(name="registration", description="The merchant's number in the register of companies.")
    issuer_email: str | None = strawberry.field(name="email", description="E-mail address for questions.")
    issuer_phone: str | None = strawberry.field(name="phone", description="Phone number for questions.")
    issuer_iban: str | None = strawberry.field(name="iban", description="The account to which the customer may transfer money.")
    issuer_bic: str | None = strawberry.field(name="bic", description="The bank of that account.")


def first_tax_id(tax_ids: Sequence[str]) -> str | None:
    return tax_ids[0] if tax_ids else None


def is_exempt(tax_exemption: str | None) -> bool:
    return tax_exemption is not None


def tax_rate() -> Any:
    return derived(
        percent_text,
        needs=("tax_rate_ppm",),
        graphql_type=Decimal | None,
        description='The tax rate in percent, such as "19" or "7.7"; null where it is not known, or where a credit takes back lines of several rates.',
    )


@strawberry.type(description="What a document comes to at one tax rate.")
class TaxSummary:
    tax_rate = tax_rate()
    tax_exemption: TaxExemption | None = strawberry.field(name="exemption", description="Why the rate is zero, where that is known.")
    net_amount = money("net_minor", description="Less discount, without tax.")
    tax = money("tax_minor", description="The tax on it.")
    total = money("total_minor", description="With tax.")
