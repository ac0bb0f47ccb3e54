"""Scheduled changes: set and withdrawn."""

from dataclasses import replace
from datetime import datetime

from billing.lifecycle.actions import Action
from billing.lifecycle.bills import renewal_minor, running
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts
from billing.lifecycle.guards import guard
from billing.rows.contracts import Contract
from billing.states import PendingChangeKind, SubscriptionEventKind


def cleared(contract: Contract) -> Contract:
    return replace(contract, pending_kind=None, pending_at=None, pending_price_id=None, pending_plan_id=None, pending_quantity=None, pending_resumes_at=None)


def scheduled(contract: Contract, kind: PendingChangeKind, at: datetime) -> Contract:
    """Return the contract with this change in place of any other pending change. A subscription that will pause or end does not renew."""
    renews_at = contract.renews_at if kind is PendingChangeKind.PLAN else None
    return replace(cleared(contract), pending_kind=kind, pending_at=at, renews_at=renews_at)


def withdraw(facts: SubscriptionFacts) -> Decision:
    """Decide to withdraw the pending change. Nothing is charged, and the subscription renews at its present terms. Raises Refused."""
    guard(facts.contract, Action.WITHDRAW_PENDING_CHANGE)
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
