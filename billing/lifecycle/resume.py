"""Resume: one action that ends a pause or a suspension, or withdraws a pending change, and names which."""

from dataclasses import replace

from billing.lifecycle.actions import Action
from billing.lifecycle.facts import Decision, LifecycleEvent, ResumedFrom, SubscriptionFacts, is_running, never_began
from billing.lifecycle.guards import guard_withdrawal
from billing.lifecycle.pending import moved, withdrawn
from billing.lifecycle.periods import begin_period
from billing.lifecycle.stops import strongest
from billing.refusals import ErrorCode, Refused
from billing.states import SubscriptionEventKind, SuspendedBy

PENDING = {"PAUSE": ResumedFrom.PENDING_PAUSE, "CANCEL": ResumedFrom.PENDING_CANCEL, "PLAN": ResumedFrom.PENDING_PLAN}


def resume(facts: SubscriptionFacts) -> Decision:
    """Decide a resume by the customer. It lifts only the customer's own suspension. Raises Refused."""
    contract = facts.contract
    guard_withdrawal(facts, Action.RESUME)
    if contract.status == "PAUSED":
        return resumed(facts, is_waiting=True)
    if contract.status == "SUSPENDED":
        return lift(facts, SuspendedBy.CUSTOMER, is_waiting=True)
    kind = contract.pending_kind or ""
    event = LifecycleEvent(SubscriptionEventKind.CHANGE_WITHDRAWN, kind)
    return Decision(withdrawn(facts), (event,), resumed_from=PENDING[kind], effective_at=facts.now)


def release(facts: SubscriptionFacts) -> Decision:
    """Decide a release by the merchant: it lifts the merchant's hold or, if there is none, dunning's hold, even with unpaid invoices. If that begins a new period, the
    billing clock charges its invoice, because no caller waits for a charge. Raises Refused."""
    by = next((hold for hold in (SuspendedBy.MERCHANT, SuspendedBy.DUNNING) if hold in facts.contract.holds), None)
    if SuspendedBy.IMPORT in facts.contract.holds:
        raise Refused(ErrorCode.WRONG_STATE, "The import holds the subscription. `releaseImported` releases it.")
    if by is None:
        raise Refused(ErrorCode.WRONG_STATE, "The subscription is not on hold.")
    return lift(facts, by, is_waiting=False)


def lift(facts: SubscriptionFacts, by: SuspendedBy, *, is_waiting: bool) -> Decision:
    """Remove one hold. While another hold remains, the subscription stays suspended; if it was paused before, it is paused again.

    Such a pause ends on the day that was set for it, at once if that day has passed, or without a day when the customer resumes. With a pending cancellation the pause is
    over: a pause has no end of a period at which to cancel, and the customer uses the paid period until then.
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
    """Continue the period or trial that is not over yet, without a charge; otherwise begin a new period now, with an invoice."""
    contract, now = facts.contract, facts.now
    source = ResumedFrom.PAUSED if contract.status == "PAUSED" else ResumedFrom.SUSPENDED
    events = (event or LifecycleEvent(SubscriptionEventKind.RESUMED),)
    active = replace(contract, suspended_at=None, paused_at=None, resumes_at=None)
    # While a charge decides about the subscription, changes by time wait: they are made after the charge is settled.
    if is_running(contract, now) or contract.charging_payment_id is not None:
        stops = contract.pending_kind in ("CANCEL", "PAUSE")
        is_trial = contract.trial_ends_at is not None and contract.trial_ends_at > now
        after = replace(active, status="TRIALING" if is_trial else "ACTIVE", renews_at=None if stops else contract.period_ends_at)
        return Decision(after, events, resumed_from=source, effective_at=now)
    # With a new anchor, in the customer's present time zone.
    anchored = replace(active, anchor_at=now, billing_zone=facts.account.time_zone)
    if never_began(contract):
        first = begin_period(replace(facts, contract=replace(anchored, started_at=now)), now, reason="FIRST", is_waiting=is_waiting)
        return replace(first, events=(*events, LifecycleEvent(SubscriptionEventKind.ACTIVATED)), resumed_from=source)
    renewed = replace(facts, contract=anchored).at_present_price
    begun = begin_period(renewed, now, reason="RENEWAL", is_waiting=is_waiting)
    return replace(begun, events=(*moved(facts, renewed), *events), resumed_from=source)
