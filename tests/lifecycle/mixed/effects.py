"""What a call may change of the debt of a customer: most calls that move no money nothing, and a changed schedule no more than it adds.

A call about a subscription that the billing clock has not brought to now first does what the clock would have done. What that bills is owed, and not by the call.
"""

from dataclasses import dataclass
from typing import Any

from billing.money.decimals import minor_of
from tests.lifecycle.conftest import Life
from tests.lifecycle.figures import counted

# Neither money nor an amount is an input of these.
WITHOUT_EFFECT = {"extendDueDate", "promiseToPay", "saveCustomer", "applyCoupon", "removeCoupon", "holdSubscription", "closeCustomer", "reopenCustomer"}


@dataclass(frozen=True)
class LateSubscription:
    """A subscription of which something is due by time, and the invoices and payments that the customer has before it is done."""

    id: str
    present: frozenset[str]


@dataclass(frozen=True)
class OwedBefore:
    """What was owed before a call, by currency and in minor units, and how much more may be owed after it. `late` is set where the clock's work comes first."""

    mutation: str
    owed: dict[str, int]
    added_minor: int
    late: LateSubscription | None = None


async def owed_before(life: Life, mutation: str, arguments: dict[str, Any]) -> OwedBefore | None:
    """Return what is owed before a call; None for a call that may have any effect."""
    if mutation in WITHOUT_EFFECT:
        return OwedBefore(mutation, await owed(life), 0, await _late(life, arguments.get("subscriptionId")))
    if mutation == "updateInstallments":
        return OwedBefore(mutation, await owed(life), await _added(life, arguments))
    return None


async def check_effect(life: Life, before: OwedBefore) -> None:
    after = await owed(life)
    if before.late is not None:
        after = {currency: minor - await _billed_late(life, before.late, currency) for currency, minor in after.items()}
    more = {currency: minor - before.owed.get(currency, 0) for currency, minor in after.items()}
    if before.mutation in WITHOUT_EFFECT:
        assert not any(more.values()), f"{before.mutation} changed what is owed by {more}"
    assert max(more.values(), default=0) <= before.added_minor, f"{before.mutation} made {more} be owed, at most {before.added_minor} were added"


async def owed(life: Life) -> dict[str, int]:
    """Return what the customer owes in all, less credit: due, and on later days."""
    return {currency: figure.due + figure.later - figure.credit for currency, figure in (await counted(life)).items()}


async def _late(life: Life, subscription_id: str | None) -> LateSubscription | None:
    due = await life.rows("subscription", f"and id = '{subscription_id}' and due_at <= '{life.now}' and not holds @> array['IMPORT']")
    if not due:
        return None
    return LateSubscription(due[0]["id"], frozenset({row["id"] for table in ("invoice", "payment") for row in await life.rows(table)}))


async def _billed_late(life: Life, late: LateSubscription, currency: str) -> int:
    """Return the total of what the clock's work has billed for the subscription, less what was paid at once."""
    invoices = [row for row in await life.rows("invoice", f"and subscription_id = '{late.id}' and currency = '{currency}'") if row["id"] not in late.present]
    payments = [row for row in await life.rows("payment", f"and status = 'SUCCEEDED' and currency = '{currency}'") if row["id"] not in late.present]
    return sum(row["total_minor"] for row in invoices) - sum(row["amount_minor"] for row in payments)


async def _added(life: Life, arguments: dict[str, Any]) -> int:
    """Return how much a change adds to a schedule; amounts that it lowers do not count."""
    present = {row["id"]: row for row in await life.rows("installment", f"and schedule_id = '{arguments['paymentScheduleId']}'")}
    currency = next(row["currency"] for row in present.values())
    added: int = sum(minor_of(one["amount"], currency) for one in arguments.get("add") or ())
    changed = [(minor_of(one["amount"], currency), present[one["installmentId"]]["amount_minor"]) for one in arguments.get("change") or () if "amount" in one]
    raised: int = sum(max(new - old, 0) for new, old in changed)
    return added + raised
