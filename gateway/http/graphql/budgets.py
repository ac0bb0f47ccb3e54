"""What a caller may spend: cost units, of which so many come in a minute and no more than that are ever kept.

Partners' apps are promised a figure, so theirs are counted in the database, for all processes together. Those of all others only keep one caller from taking what others
need; they are counted in the memory of each process, which costs a request a microsecond. See docs/decisions/0035-fair-shares.md.
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
    """`per_minute` are the units of each kind of caller, by what its key begins with (`gateway/http/capacity/callers.py`); 0 is no budget."""

    def __init__(self, per_minute: Mapping[str, int], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        # What each caller had left, and when; who called last stands last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def spend(self, caller: str, context: Context, cost: int) -> CostBudget | None:
        """None for callers who have no budget. Raises DatabaseUnavailable, SessionEnded."""
        if context.viewer.kind is Actor.PARTNER:
            return await _of_partner(context, cost)
        return self.take(caller, cost)

    def take(self, caller: str, cost: int) -> CostBudget | None:
        """Take so many units, at least 1, from a budget in this process, if it has them. None for callers who have no budget."""
        maximum = self._per_minute.get(caller.partition(":")[0], 0)
        if not maximum:
            return None
        now, price = self._clock(), max(1, cost)
        left, since = self._left.pop(caller, (maximum, now))
        left = min(maximum, left + (now - since) * maximum / MINUTE)
        is_paid = price <= left
        left = left - price if is_paid else left
        self._forget_idle(now)
        if len(self._left) >= MAX_CALLERS:
            self._left.popitem(last=False)
        self._left[caller] = left, now
        return CostBudget(is_paid, int(left), maximum)

    def _forget_idle(self, now: float) -> None:
        """Forget a caller whose budget is full again, if there is one. One for each operation is enough: no operation brings more than one new caller."""
        oldest = next(iter(self._left), None)
        if oldest is not None and now - self._left[oldest][1] >= MINUTE:
            del self._left[oldest]


async def _of_partner(context: Context, cost: int) -> CostBudget:
    session = context.session.for_caller(replace(context.session.caller, actor=Actor.SYSTEM))
    async with session.write() as transaction:
        budget: CostBudget = await transaction.first("budgets.spend", client_id=context.viewer.app or context.viewer.client, price=max(1, cost))
    return budget


def budget_extensions(budget: CostBudget) -> dict[str, Any]:
    """For `extensions.cost`; `restoreRate` is in units a second."""
    return {"maximumAvailable": budget.maximum, "currentlyAvailable": budget.available, "restoreRate": budget.restore_rate}


def throttled(budget: CostBudget, cost: int, form: ResponseFormat) -> Answer:
    """The answer when the budget is spent: when to come back, or that it will never be enough."""
    extensions: dict[str, Any] = {"code": "THROTTLED", "cost": {"requested": max(1, cost), "throttleStatus": budget_extensions(budget)}}
    if cost > budget.maximum:
        extensions["code"] = "LIMIT_EXCEEDED"
        return respond(
            {"errors": [{"message": "The operation costs more than the maximum of this caller's budget.", "extensions": extensions}]}, "LIMIT_EXCEEDED", form
        )
    seconds = max(1, ceil((max(1, cost) - budget.available) * 60 / budget.maximum))
    error = {"message": "The caller's cost budget is used up. Try again later.", "extensions": {**extensions, "retryAfterSeconds": seconds}}
    return respond({"errors": [error]}, "THROTTLED", form, **{"Retry-After": str(seconds)})
