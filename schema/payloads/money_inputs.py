"""Amounts as input."""

import strawberry

from schema.declarations.scalars import CurrencyCode, Decimal


@strawberry.input(
    description='An amount as input: in major units, with at most as many decimals as its currency has after ISO 4217, such as "12.90" USD or "1290" JPY.'
)
class MoneyInput:
    amount: Decimal = strawberry.field(description="The amount in major units.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
