"""What a partner's app may spend: cost units, of which so many come in a minute and no more than that are ever kept."""

from dataclasses import replace
from math import ceil
from typing import Any

from billing.rows import Budget
from billing.states import Actor
from gateway.answers import Answer, Form, respond
from resolvers.context import Context


async def spend(context: Context, cost: int) -> Budget | None:
    """None for callers who have no budget. In the database, so that all processes count as one. Raises DatabaseUnavailable, SessionEnded."""
    if context.viewer.kind is not Actor.PARTNER:
        return None
    session = context.session.of(replace(context.session.caller, actor=Actor.SYSTEM))
    async with session.write() as transaction:
        found: Budget = await transaction.first("budgets.spend", client_id=context.viewer.client, price=max(1, cost))
    return found


def told(budget: Budget) -> dict[str, Any]:
    """For `extensions.cost`; `restoreRate` is in units a second."""
    return {"maximumAvailable": budget.maximum, "currentlyAvailable": budget.available, "restoreRate": budget.restore_rate}


def throttled(budget: Budget, cost: int, form: Form) -> Answer:
    """The answer when the budget is spent: when to come back, or that it will never be enough."""
    extensions: dict[str, Any] = {"code": "THROTTLED", "cost": {"requested": max(1, cost), "throttleStatus": told(budget)}}
    if cost > budget.maximum:
        extensions["code"] = "LIMIT_EXCEEDED"
        return respond({"errors": [{"message": "The operation costs more than your budget ever holds.", "extensions": extensions}]}, "LIMIT_EXCEEDED", form)
    seconds = max(1, ceil((max(1, cost) - budget.available) * 60 / budget.maximum))
    error = {"message": "Your budget is spent. Try again later.", "extensions": {**extensions, "retryAfterSeconds": seconds}}
    return respond({"errors": [error]}, "THROTTLED", form, **{"Retry-After": str(seconds)})
