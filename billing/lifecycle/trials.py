"""Free trials: which customers get one, its end, and the record of the plans that a subscription has had."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from billing.periods import Cycle
from billing.rows.contracts import Contract, Offer, OrderableOffer, TakenPlanRow


class TrialPolicy(StrEnum):
    """How many trials a customer may have: one of each plan, one in all, or none."""

    PER_PLAN = "per_plan"
    PER_CUSTOMER = "per_customer"
    NONE = "none"


def offered(offer: OrderableOffer, policy: TrialPolicy) -> OrderableOffer:
    """Return the offer for this customer: without trial days if the customer may have no (further) trial. A customer who has had a plan, paid or free, has had its trial."""
    is_used_up = offer.was_taken or (policy is TrialPolicy.PER_CUSTOMER and offer.had_trial)
    return replace(offer, trial_days=0) if is_used_up or policy is TrialPolicy.NONE else offer


def ends_at(offer: Offer, starts_at: datetime, zone: str) -> datetime | None:
    """Return the end of the trial: calendar days of an IANA time zone after the start, at the same wall time; None without a trial."""
    return Cycle(starts_at, zone, "DAY").boundary(offer.trial_days) if offer.trial_days else None


def taken(before: Contract, after: Contract, *, now: datetime) -> tuple[TakenPlanRow, ...]:
    """Return the plans to record for a decision. A change also records the plan that it leaves, because a subscription of an earlier version of the program has no record."""
    if before.version == 0:
        return (_taken(after, after.trial_ends_at is not None, now),)
    if before.plan_id == after.plan_id:
        return ()
    return _taken(before, False, now), _taken(after, False, now)


def is_canceled_order(before: Contract, after: Contract) -> bool:
    """Return whether a subscription was canceled before it began."""
    return before.version > 0 and before.period_starts_at is None and after.status == "CANCELED"


def _taken(contract: Contract, has_trial: bool, now: datetime) -> TakenPlanRow:
    return TakenPlanRow(contract.customer_id, contract.plan_id, contract.id, has_trial, now)
