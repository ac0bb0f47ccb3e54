"""The cost budget of a caller: units that are restored at a rate per minute, up to the amount of one minute.

Partners' apps have a contractual figure, so their budgets are counted in the database, for all processes together. All other budgets only keep one caller from taking
the capacity of others; they are counted in the memory of each process, which takes a microsecond per request. See docs/decisions/0035-fair-shares.md.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from billing.rows.partners import CostBudget
from billing.states import Actor
from gateway.http.responses import Answer, ResponseFormat, respond
from resolvers.context import Context

MINUTE = 60.0
MAX_CALLERS = 50_000


class Budgets:
    """`per_minute` are the units of each kind of caller, by the prefix of its key (`gateway/http/capacity/callers.py`); 0 means no budget."""

    def __init__(self, per_minute: Mapping[str, int], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        # The units that each caller had left, and when. Ordered by the last call, the latest last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        # How many operations were refused so far.
        self.refused = 0

    async def spend(self, caller: str, context: Context, cost: int) -> CostBudget | None:
        """Spend the cost of an operation and return the budget; None for callers without a budget. Raises DatabaseUnavailable, SessionEnded."""
        if context.viewer.kind is Actor.PARTNER:
            budget = await _of_partner(context, cost)
            self.refused += not budget.is_paid
            return budget
        return self.take(caller, cost)

    def take(self, caller: str, cost: int) -> CostBudget | None:
        """Take `cost` units, at least 1, from a budget in this process if it has them, and return the budget. None for callers without a budget."""
        maximum = self._per_minute.get(caller.partition(":")[0], 0)
        if not maximum:
            return None
        now, price = self._clock(), max(1, cost)
        left, since = self._left.pop(caller, (maximum, now))
        left = min(maximum, left + (now - since) * maximum / MINUTE)
        is_paid = price <= left
        left = left - price if is_paid else left
        self.refused += not is_paid
        self._forget_idle(now)
        if len(self._left) >= MAX_CALLERS:
            self._left.popitem(last=False)
        self._left[caller] = left, now
        return CostBudget(is_paid, int(left), maximum)

    def _forget_idle(self, now: float) -> None:
        """Remove one caller whose budget is full again, if there is one. One per operation is enough, because an operation adds at most one caller."""
        oldest = next(iter(self._left), None)
        if oldest is not None and now - self._left[oldest][1] >= MINUTE:
            del self._left[oldest]


async def _of_partner(context: Context, cost: int) -> CostBudget:
    session = context.session.for_caller(replace(context.session.caller, actor=Actor.SYSTEM))
    async with session.write() as transaction:
        budget: CostBudget = await transaction.first("budgets.spend", client_id=context.viewer.app or context.viewer.client, price=max(1, cost))
    return budget


def budget_extensions(budget: CostBudget) -> dict[str, Any]:
    """Return the budget for `extensions.cost`; `restoreRate` is in units per second."""
    return {"maximumAvailable": budget.maximum, "currentlyAvailable": budget.available, "restoreRate": budget.restore_rate}


def throttled(budget: CostBudget, cost: int, form: ResponseFormat) -> Answer:
    """Return the response when the budget is spent: with the time to try again, or LIMIT_EXCEEDED if the cost is larger than the whole budget."""
    extensions: dict[str, Any] = {"code": "THROTTLED", "cost": {"requested": max(1, cost), "throttleStatus": budget_extensions(budget)}}
    if cost > budget.maximum:
        extensions["code"] = "LIMIT_EXCEEDED"
        return respond(
            {"errors": [{"message": "The operation costs more than the maximum of this caller's budget.", "extensions": extensions}]}, "LIMIT_EXCEEDED", form
        )
    seconds = max(1, ceil((max(1, cost) - budget.available) * 60 / budget.maximum))
    error = {"message": "The caller's cost budget is used up. Try again later.", "extensions": {**extensions, "retryAfterSeconds": seconds}}
    return respond({"errors": [error]}, "THROTTLED", form, **{"Retry-After": str(seconds)})
