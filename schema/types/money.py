"""Money as clients see it."""

from typing import Annotated

import strawberry

from billing.money import money as rules
from schema.declarations.fields import derived
from schema.declarations.paging import Argument
from schema.declarations.scalars import BigInt, CurrencyCode, Decimal

LOCALE = Argument(
    "locale",
    Annotated[
        str | None,
        strawberry.argument(
            description="A BCP 47 tag such as de-CH. Default: `Customer.locale` of the customer who calls, or for whom an app calls; en for staff and services. "
            "An unknown tag reads as en."
        ),
    ],
)


@strawberry.type(description="An exact amount in one currency. Amounts of different currencies are never added up.")
class Money:
    minor: BigInt = strawberry.field(name="minorUnits", description="The amount in the currency's smallest unit: cents, yen, fils.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    amount = derived(
        rules.decimal_text,
        needs=("minor", "currency"),
        sql_twin="decimal_text",
        graphql_type=Decimal,
        description='The amount with all decimals of its currency after ISO 4217: "12.90" USD, "1290" JPY, "1.290" KWD.',
    )
    formatted = derived(
        rules.formatted_for,
        needs=("minor", "currency"),
        arguments=(LOCALE,),
        graphql_type=str,
        description="The amount for people to read, after CLDR, by default in the locale of the customer: $12.90 in en, 12,90 $ in de.",
    )
