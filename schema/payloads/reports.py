"""Reports for staff: the figures of months."""

from typing import Annotated, Any

import strawberry

from auth.permissions import Permission
from resolvers.context import Info
from resolvers.reads import reports
from schema.declarations.costs import REPORT
from schema.declarations.fields import guarded, money
from schema.declarations.scalars import CurrencyCode, Date, Decimal

MONTH = "Any day of it; it is a month of UTC."


@strawberry.type(name="MonthlyMetrics", description="The figures of one month and currency, over all customers. docs/merchant.md defines each.")
class MonthlyFigures:
    month: Date = strawberry.field(description="The first day of the month, in UTC.")
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts, and of the subscriptions that it counts.")
    mrr = money(
        "mrr_minor",
        description="Monthly recurring revenue: the prices of the subscriptions that were active at the end of the month, for the length of a month.",
    )
    churn: Decimal | None = strawberry.field(
        description="The share of the subscriptions that were active at the start of the month and ended in it, from 0 to 1; null where none was active."
    )
    active_subscriptions: int = strawberry.field(description="How many subscriptions were active at the end of the month; of a month that is not over, now.")
    collected = money("collected_minor", description="The payments that settled in the month, also those that were given back later.")
    refunded = money("refunded_minor", description="What went back in the month, by the merchant or by a bank.")
    open_amount = money("open_minor", description="What remained of all issued invoices at the end of the month; of a month that is not over, now.")


async def _metrics(
    info: Info,
    from_: Annotated[Date, strawberry.argument(name="from", description=f"The first month. {MONTH}")],
    to: Annotated[Date, strawberry.argument(description=f"The last month, at most 24 with the first one. {MONTH}")],
    currency: Annotated[CurrencyCode | None, strawberry.argument(description="Only figures in this currency.")] = strawberry.UNSET,
) -> Any:
    return await reports.metrics(from_, to, str(currency) if currency else None, info.context)


def metrics(permission: Permission) -> Any:
    """Declare the figures of months. They are nullable, so that refused arguments do not void other root fields."""
    field = strawberry.field(
        resolver=_metrics,
        graphql_type=list[MonthlyFigures] | None,
        description="For staff: figures of past months over all customers, by month and currency. BAD_USER_INPUT for months out of order, not begun, or more than 24.",
        metadata=REPORT,
    )
    return guarded(field, permission)
