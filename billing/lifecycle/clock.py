"""Changes of a subscription that are due by time: one step at a time, the earliest first, so that a late clock handles every period that it missed."""

from dataclasses import replace
from datetime import datetime

from billing.lifecycle.bills import renewal_minor, running
from billing.lifecycle.change import changed, same_interval
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts
from billing.lifecycle.pending import moved
from billing.lifecycle.periods import begin_period
from billing.lifecycle.resume import resumed
from billing.lifecycle.start import begin
from billing.lifecycle.stops import canceled, paused
from billing.rows.contracts import Contract
from billing.states import PendingChangeKind, SubscriptionEventKind, SuspendedBy


def due_at(contract: Contract) -> datetime | None:
    """Return the instant of the next change by time; None if there is none, also while a charge decides about the subscription, or the import holds it.
    (`subscription.due_at` is the same in SQL, except that it is also set while the import holds it.)"""
    if contract.charging_payment_id is not None or SuspendedBy.IMPORT in contract.holds:
        return None
    by_status = {"PENDING": None, "SCHEDULED": contract.started_at, "PAUSED": contract.resumes_at, "SUSPENDED": contract.pending_at, "CANCELED": None}
    if contract.status in by_status:
        return by_status[contract.status]
    return min((at for at in (contract.pending_at, contract.renews_at) if at is not None), default=None)


def is_due(contract: Contract, now: datetime) -> bool:
    at = due_at(contract)
    return at is not None and at <= now


def step(facts: SubscriptionFacts) -> Decision:
    """Decide the change that is due first. An automatic resume takes effect at the real time and has to be paid first; every other change takes effect at the instant when it was due."""
    contract = facts.contract
    at = due_at(contract) or facts.now
    if contract.status == "SCHEDULED":
        return begin(facts)
    if contract.status == "PAUSED":
        return resumed(facts, is_waiting=True)
    if contract.pending_at is not None and contract.pending_at <= at:
        return _pending(facts, contract.pending_at)
    return renew(facts)


def renew(facts: SubscriptionFacts) -> Decision:
    """Begin the next period where the last one ends, at the price to which the merchant has moved the subscription."""
    is_first = facts.contract.status == "TRIALING"
    at = facts.contract.period_ends_at or facts.now
    renewed = facts.at_present_price
    if not same_interval(facts.offer, renewed.offer):
        renewed = replace(renewed, contract=replace(renewed.contract, anchor_at=at))
    begun = begin_period(renewed, at, reason="FIRST" if is_first else "RENEWAL")
    event = LifecycleEvent(SubscriptionEventKind.ACTIVATED if is_first else SubscriptionEventKind.RENEWED)
    return replace(begun, events=(*moved(facts, renewed), event))


def _pending(facts: SubscriptionFacts, at: datetime) -> Decision:
    contract = facts.contract
    if contract.pending_kind == PendingChangeKind.CANCEL:
        return Decision(canceled(contract, at), (LifecycleEvent(SubscriptionEventKind.CANCELED),), effective_at=at)
    if contract.pending_kind == PendingChangeKind.PAUSE:
        return Decision(paused(contract, at, contract.pending_resumes_at), (LifecycleEvent(SubscriptionEventKind.PAUSED),), effective_at=at)
    return _new_plan(facts, at)


def _new_plan(facts: SubscriptionFacts, at: datetime) -> Decision:
    """Apply a scheduled change of plan at the end of a period, together with the renewal at the new price; a suspended subscription gets only the new plan."""
    contract = facts.contract
    terms = facts.coming_terms
    is_other = terms.offer.price_id != contract.price_id
    event = LifecycleEvent(SubscriptionEventKind.PLAN_CHANGED if is_other else SubscriptionEventKind.QUANTITY_CHANGED, terms.offer.plan_name)
    after = changed(contract, terms)
    if not same_interval(facts.offer, terms.offer):
        after = replace(after, anchor_at=at)
    changed_facts = replace(facts, contract=after)
    if contract.status == "SUSPENDED":
        return Decision(replace(after, renewal_minor=renewal_minor(changed_facts, terms, running(facts))), (event,), effective_at=at)
    renewed = renew(changed_facts)
    return replace(renewed, events=(event, *renewed.events))
