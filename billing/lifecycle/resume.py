"""Resume: one verb that undoes a pause, a suspension, or what is pending, and says which."""

from dataclasses import replace

from billing.lifecycle.actions import Action
from billing.lifecycle.facts import Decision, LifecycleEvent, ResumedFrom, SubscriptionFacts, is_running, never_began
from billing.lifecycle.guards import guard
from billing.lifecycle.pending import withdrawn
from billing.lifecycle.periods import begin_period
from billing.lifecycle.stops import strongest
from billing.refusals import ErrorCode, Refused
from billing.states import SubscriptionEventKind, SuspendedBy

PENDING = {"PAUSE": ResumedFrom.PENDING_PAUSE, "CANCEL": ResumedFrom.PENDING_CANCEL, "PLAN": ResumedFrom.PENDING_PLAN}


def resume(facts: SubscriptionFacts) -> Decision:
    """The customer's word. It lifts the customer's own suspension only."""
    contract = facts.contract
    guard(contract, Action.RESUME)
    if contract.status == "PAUSED":
        return resumed(facts, is_waiting=True)
    if contract.status == "SUSPENDED":
        return lift(facts, SuspendedBy.CUSTOMER, is_waiting=True)
    kind = contract.pending_kind or ""
    event = LifecycleEvent(SubscriptionEventKind.CHANGE_WITHDRAWN, kind)
    return Decision(withdrawn(facts), (event,), resumed_from=PENDING[kind], effective_at=facts.now)


def release(facts: SubscriptionFacts) -> Decision:
    """The merchant's word: it lifts the merchant's hold or, where there is none, dunning's, though something is unpaid. If that begins a new period, its invoice is
    left to the billing clock, because nobody waits for a charge."""
    by = next((hold for hold in (SuspendedBy.MERCHANT, SuspendedBy.DUNNING) if hold in facts.contract.holds), None)
    if by is None:
        raise Refused(ErrorCode.WRONG_STATE, "The subscription is not on hold.")
    return lift(facts, by, is_waiting=False)


def lift(facts: SubscriptionFacts, by: SuspendedBy, *, is_waiting: bool) -> Decision:
    """Take one hold away. While another remains, it stays suspended; and what was paused before is paused again.

    Such a pause ends on the day that was set for it, at once if that day has passed, or else by the customer's word. With a pending cancellation it is over: nothing
    happens to a pause at the end of its period, and what was paid is used until then.
    """
    contract = facts.contract
    holds = [hold for hold in contract.holds if hold != by]
    event = LifecycleEvent(SubscriptionEventKind.RESUMED if by is SuspendedBy.CUSTOMER else SubscriptionEventKind.RELEASED)
    held = replace(contract, holds=holds, suspended_by=strongest(holds))
    if holds:
        return Decision(held, (event,), effective_at=facts.now)
    if contract.charging_payment_id is not None and never_began(contract):
        return Decision(replace(held, status="PENDING", suspended_at=None), (event,), effective_at=facts.now)
    if contract.paused_at is not None and by is not SuspendedBy.CUSTOMER and contract.pending_kind is None:
        return Decision(replace(held, status="PAUSED", suspended_at=None), (event,), effective_at=facts.now)
    return resumed(replace(facts, contract=held), is_waiting=is_waiting, event=event)


def resumed(facts: SubscriptionFacts, *, is_waiting: bool, event: LifecycleEvent | None = None) -> Decision:
    """On with the period or trial that is not over yet, and nothing is charged; else a new period begins now, and is invoiced."""
    contract, now = facts.contract, facts.now
    source = ResumedFrom.PAUSED if contract.status == "PAUSED" else ResumedFrom.SUSPENDED
    events = (event or LifecycleEvent(SubscriptionEventKind.RESUMED),)
    free = replace(contract, suspended_at=None, paused_at=None, resumes_at=None)
    # While a charge decides about it, time does nothing to it: what has become due is done after that.
    if is_running(contract, now) or contract.charging_payment_id is not None:
        stops = contract.pending_kind in ("CANCEL", "PAUSE")
        is_trial = contract.trial_ends_at is not None and contract.trial_ends_at > now
        after = replace(free, status="TRIALING" if is_trial else "ACTIVE", renews_at=None if stops else contract.period_ends_at)
        return Decision(after, events, resumed_from=source, effective_at=now)
    # With a new anchor, in the time zone where the customer lives now.
    anchored = replace(free, anchor_at=now, billing_zone=facts.account.time_zone)
    if never_began(contract):
        first = begin_period(replace(facts, contract=replace(anchored, started_at=now)), now, reason="FIRST", is_waiting=is_waiting)
        return replace(first, events=(*events, LifecycleEvent(SubscriptionEventKind.ACTIVATED)), resumed_from=source)
    begun = begin_period(replace(facts, contract=anchored), now, reason="RENEWAL", is_waiting=is_waiting)
    return replace(begun, events=events, resumed_from=source)
