"""A new period: the same rule at the beginning, at a renewal, and after a pause."""

from dataclasses import replace
from datetime import datetime

from billing.lifecycle.bills import period_bill, renewal_minor
from billing.lifecycle.facts import Decision, SubscriptionFacts, cycle_of


def begin_period(facts: SubscriptionFacts, starts_at: datetime, *, reason: str, is_waiting: bool = False) -> Decision:
    """Begin a period: the subscription is active and billed, and its coupon is used. The caller adds the events."""
    contract = facts.contract
    period = cycle_of(contract, facts.offer).period_from(starts_at)
    bill, redemption = period_bill(facts, period, reason=reason, is_waiting=is_waiting)
    after = replace(
        contract,
        status="ACTIVE",
        period_starts_at=period.starts_at,
        period_ends_at=period.ends_at,
        renews_at=period.ends_at,
    )
    after = replace(after, renewal_minor=renewal_minor(replace(facts, contract=after), facts.terms, redemption))
    return Decision(after, bill=bill, redemptions=(redemption,) if redemption else (), effective_at=starts_at)
