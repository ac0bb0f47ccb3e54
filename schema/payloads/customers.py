"""Customers as staff keep them: inputs and payloads."""

import strawberry

from billing.states import TaxExemption
from schema.declarations import nouns
from schema.declarations.fields import one
from schema.declarations.merchant import SaveOutcome
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import CurrencyCode, Decimal, Metadata

TAX_IDS = "Tax numbers on invoices, such as DE123456789: at most 10 of 50 characters each. Null clears."
ABSENT = "A field that is left out stays unchanged, and null clears."


@strawberry.input(description="A postal address. It replaces the address of before as a whole.")
class BillingAddressInput:
    line1: str = strawberry.field(description="Street and number, or a post box. 1 to 200 characters.")
    line2: str | None = strawberry.field(default=None, description="Floor, building, care of. At most 200 characters.")
    city: str | None = strawberry.field(default=None, description="City, town or village. At most 100 characters.")
    region: str | None = strawberry.field(
        default=None, description="State, province or prefecture, as it is written in addresses there. At most 100 characters."
    )
    postal_code: str | None = strawberry.field(default=None, description="Postal code. At most 20 characters.")
    country: str = strawberry.field(description="Country, two letters after ISO 3166-1, such as DE.")


@strawberry.input(
    description="A customer. Without `id`, the one with the `externalId` is changed, or created if there is none; without both, one is created. "
    f"A new customer needs `email`, `name` and `currency`. {ABSENT}"
)
class SaveCustomerInput:
    id: strawberry.ID | None = strawberry.field(default=None, description="The customer to change. NOT_FOUND if there is none.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own id, 1 to 200 printable characters. It never changes once it is set."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="E-mail address, in the capitals in which it is written. Where the customer signs in with an address, they sign in with this one from now on. "
        "It cannot be cleared. DUPLICATE_EMAIL: another customer has it.",
    )
    allow_shared_email: bool = strawberry.field(
        default=False,
        description="Whether another customer may have the same address already. Then this one gets letters there and is entered by portal links only.",
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Name of the person or company, 1 to 200 characters. It cannot be cleared.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="A BCP 47 tag such as de-CH. Null sets `en`, the value of new customers.")
    time_zone: str | None = strawberry.field(
        default=strawberry.UNSET, description="An IANA name such as Europe/Zurich. Null sets `UTC`, the value of new customers."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=strawberry.UNSET, description="The currency that is offered first. It cannot be cleared. CURRENCY_IN_USE: the customer has a history."
    )
    billing_address: BillingAddressInput | None = strawberry.field(default=strawberry.UNSET, description="The address on invoices from now on.")
    company_name: str | None = strawberry.field(default=strawberry.UNSET, description="The company, where the name is a person's. 1 to 200 characters.")
    tax_id: str | None = strawberry.field(default=strawberry.UNSET, description="The one tax number of the customer, instead of `taxIds`.")
    tax_ids: list[str] | None = strawberry.field(default=strawberry.UNSET, description=TAX_IDS)
    tax_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description='The tax rate in percent of what is billed from now on, such as "7.7": at most 4 decimals. Null is "0".'
    )
    tax_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What the tax is called on documents, such as VAT, at most 40 characters. Null: the word for tax in the customer's language.",
    )
    tax_exemption: TaxExemption | None = strawberry.field(default=strawberry.UNSET, description="Why no tax is charged. It sets the tax rate to 0.")
    is_tax_exempt: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether the customer is exempt from tax, instead of `taxExemption`. True sets EXEMPT, unless a reason is stored; false clears it.",
    )
    metadata: Metadata | None = strawberry.field(default=strawberry.UNSET, description="Pairs of your own. Null removes all.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A key of your own, 1 to 255 printable characters: a second call with it returns the answer of the first."
    )


@strawberry.input(description="The customer to invite.")
class InviteCustomerInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = strawberry.field(default=None, description="Invite only if `Customer.version` still has this value.")
    idempotency_key: str | None = strawberry.field(default=None, description="A key of your own: a second call with it sends no second letter.")


@strawberry.input(description="The customer to close or to reopen.")
class CloseCustomerInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = strawberry.field(default=None, description="Change only if `Customer.version` still has this value.")
    idempotency_key: str | None = strawberry.field(default=None, description="A key of your own: a second call with it returns the answer of the first.")


@strawberry.input(description="The customer whose data is exported.")
class ExportCustomerInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    idempotency_key: str | None = strawberry.field(default=None, description="A key of your own: a second call with it returns the answer of the first.")


@strawberry.input(description="A request for everything that is stored about the caller.")
class RequestMyDataInput:
    idempotency_key: str | None = strawberry.field(default=None, description="A key of your own: a second call with it returns the answer of the first.")


@strawberry.type(description="The payload of `exportCustomer`.")
class ExportCustomerPayload(CustomerPayload, KeyedPayload):
    data_export = one("data_exports.by_id", key="data_export_key", graphql_type=nouns.DataExport | None, description="The export; null when refused.")


@strawberry.type(description="The payload of `requestMyData`.")
class RequestMyDataPayload(CustomerPayload, KeyedPayload):
    data_export = one("data_exports.by_id", key="data_export_key", graphql_type=nouns.DataExport | None, description="The export; null when refused.")


@strawberry.input(description="The customer to erase.")
class EraseCustomerInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    idempotency_key: str = strawberry.field(description="A key of your own: a second call with it returns the answer of the first.")
    expected_version: int | None = strawberry.field(default=None, description="Erase only if `Customer.version` still has this value.")


@strawberry.type(description="The payload of `saveCustomer`.")
class SaveCustomerPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer as they are now; null when refused.")
    outcome: SaveOutcome | None = strawberry.field(description="What the call did; null when refused.")


@strawberry.type(description="The payload of `inviteCustomer`.")
class InviteCustomerPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer; null when refused.")


@strawberry.type(description="The payload of `closeCustomer`.")
class CloseCustomerPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer as they are now; null when refused.")


@strawberry.type(description="The payload of `reopenCustomer`.")
class ReopenCustomerPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer as they are now; null when refused.")


@strawberry.type(description="The payload of `eraseCustomer`.")
class EraseCustomerPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="What is left of the customer; null when refused.")
