"""Scheduled changes: set and withdrawn, and the move to another price that the merchant schedules."""

from dataclasses import replace
from datetime import datetime

from billing.lifecycle.actions import Action
from billing.lifecycle.bills import renewal_minor, running
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts, never_began
from billing.lifecycle.guards import guard_withdrawal
from billing.rows.contracts import Contract, Offer
from billing.states import PendingChangeKind, SubscriptionEventKind


def cleared(contract: Contract) -> Contract:
    return replace(contract, pending_kind=None, pending_at=None, pending_price_id=None, pending_plan_id=None, pending_quantity=None, pending_resumes_at=None)


def scheduled(contract: Contract, kind: PendingChangeKind, at: datetime) -> Contract:
    """Return the contract with this change in place of any other pending change. A subscription that will pause or end does not renew."""
    renews_at = contract.renews_at if kind is PendingChangeKind.PLAN else None
    return replace(cleared(contract), pending_kind=kind, pending_at=at, renews_at=renews_at)


def withdraw(facts: SubscriptionFacts) -> Decision:
    """Decide to withdraw the pending change. Nothing is charged, and the subscription renews at its present terms. Raises Refused."""
    guard_withdrawal(facts, Action.WITHDRAW_PENDING_CHANGE)
    return Decision(withdrawn(facts), (LifecycleEvent(SubscriptionEventKind.CHANGE_WITHDRAWN, facts.contract.pending_kind or ""),), effective_at=facts.now)


def withdrawn(facts: SubscriptionFacts) -> Contract:
    contract = cleared(facts.contract)
    is_renewing = contract.status in ("ACTIVE", "TRIALING")
    return replace(
        contract,
        renews_at=contract.period_ends_at if is_renewing else None,
        renewal_minor=renewal_minor(facts, facts.terms, running(facts)),
        cancel_reason=None,
        cancel_comment=None,
    )


def with_price_move(facts: SubscriptionFacts, contract: Contract) -> Contract:
    """Return the contract with the merchant's move to another price as its pending change, if it runs and no other change is pending."""
    offer = facts.offers.get(contract.price_id)
    present = facts.offers.get(offer.moves_to or "") if offer else None
    if present is None or contract.renews_at is None or contract.pending_kind is not None or contract.status not in ("ACTIVE", "TRIALING"):
        return contract
    return _at_price(replace(scheduled(contract, PendingChangeKind.PLAN, contract.renews_at), renews_at=contract.renews_at), present, contract.quantity)


def move_price(facts: SubscriptionFacts) -> Decision | None:
    """Decide what a move of prices means for a subscription: its renewal costs what the new price says, and a pending change to an earlier price goes to the new one.

    None where nothing changes: it has ended or will, its first period has not begun, or a charge decides about it. Such a subscription moves when its next period begins.
    """
    contract = facts.contract
    if contract.status == "CANCELED" or contract.pending_kind == PendingChangeKind.CANCEL or never_began(contract) or contract.charging_payment_id is not None:
        return None
    terms = facts.coming_terms
    after = contract
    if contract.pending_price_id is not None:
        after = _at_price(after, terms.offer, terms.quantity)
    after = with_price_move(facts, replace(after, renewal_minor=renewal_minor(facts, terms, running(facts))))
    if after == contract:
        return None
    return Decision(after, (LifecycleEvent(SubscriptionEventKind.CHANGE_SCHEDULED, f"PLAN: {terms.name}"),), effective_at=facts.now)


def moved(before: SubscriptionFacts, after: SubscriptionFacts) -> tuple[LifecycleEvent, ...]:
    """Return the event of a period that begins at the price to which the merchant has moved the subscription."""
    is_other = before.contract.price_id != after.contract.price_id
    return (LifecycleEvent(SubscriptionEventKind.PLAN_CHANGED, after.terms.name),) if is_other else ()


def _at_price(contract: Contract, offer: Offer, quantity: int) -> Contract:
    return replace(contract, pending_price_id=offer.price_id, pending_plan_id=offer.plan_id, pending_quantity=quantity)
