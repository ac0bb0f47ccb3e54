"""Change of plan, price or quantity: now, counted in seconds, or at the period's end."""

from dataclasses import replace
from fractions import Fraction

from billing.lifecycle.actions import Action
from billing.lifecycle.bills import change_bill, renewal_minor, running
from billing.lifecycle.facts import ChangeWhen, Decision, LifecycleEvent, SubscriptionFacts, Terms, Warning, cycle_of
from billing.lifecycle.guards import check_quantity, guard, replaced
from billing.lifecycle.pending import cleared, scheduled
from billing.lifecycle.unused import UnusedTime
from billing.money.notes import IssuedCreditNote
from billing.periods import BillingPeriod, yearly
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract, Offer
from billing.states import PendingChangeKind, SubscriptionEventKind


def change(facts: SubscriptionFacts, offer: Offer | None, quantity: int, *, when: ChangeWhen) -> Decision:
    """Decide a change. During a trial nothing is charged and the trial's end stays. A change of interval under POLICY takes effect now, because the anchor moves. Raises Refused."""
    contract = facts.contract
    guard(contract, Action.CHANGE_PLAN)
    terms = _checked(facts, offer, quantity)
    if contract.status == "TRIALING":
        is_now = when is not ChangeWhen.PERIOD_END
        return _swap(facts, terms) if is_now else _at_period_end(facts, terms)
    is_now = when is ChangeWhen.NOW or (when is ChangeWhen.POLICY and (not same_interval(facts.offer, terms.offer) or _is_upgrade(facts, terms)))
    return _now(facts, terms) if is_now else _at_period_end(facts, terms)


def same_interval(one: Offer, other: Offer) -> bool:
    return (one.billing_interval, one.interval_count) == (other.billing_interval, other.interval_count)


def changed(contract: Contract, terms: Terms) -> Contract:
    return replace(cleared(contract), plan_id=terms.offer.plan_id, price_id=terms.offer.price_id, quantity=terms.quantity)


def _is_upgrade(facts: SubscriptionFacts, terms: Terms) -> bool:
    """Return whether the new price of a year is at least the old one; an equal price counts as an upgrade."""
    return _yearly(terms) >= _yearly(facts.terms)


def _event(contract: Contract, terms: Terms) -> LifecycleEvent:
    if terms.offer.price_id == contract.price_id:
        return LifecycleEvent(SubscriptionEventKind.QUANTITY_CHANGED, f"{contract.quantity} to {terms.quantity}")
    return LifecycleEvent(SubscriptionEventKind.PLAN_CHANGED, terms.name)


def _checked(facts: SubscriptionFacts, offer: Offer | None, quantity: int) -> Terms:
    contract = facts.contract
    check_quantity(quantity)
    if offer is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such price.", "priceId")
    if offer.price_id != contract.price_id and offer.is_archived:
        raise Refused(ErrorCode.PLAN_UNAVAILABLE, "This plan is no longer sold.", "priceId")
    if offer.currency != contract.currency:
        raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The subscription is in {contract.currency}, and stays in it.", "priceId")
    if (offer.price_id, quantity) == (contract.price_id, contract.quantity):
        raise Refused(ErrorCode.NO_CHANGE, "The new value equals the current one.", "priceId")
    return Terms(offer, quantity)


def _swap(facts: SubscriptionFacts, terms: Terms) -> Decision:
    after = replace(
        changed(facts.contract, terms),
        renews_at=facts.contract.period_ends_at,
        renewal_minor=renewal_minor(facts, terms, running(facts)),
    )
    return Decision(after, (_event(facts.contract, terms),), warnings=replaced(facts.contract), effective_at=facts.now)


def _at_period_end(facts: SubscriptionFacts, terms: Terms) -> Decision:
    contract, terms = facts.contract, facts.renewed(terms)
    at = contract.period_ends_at or facts.now
    after = replace(
        scheduled(contract, PendingChangeKind.PLAN, at),
        renews_at=at,
        pending_price_id=terms.offer.price_id,
        pending_plan_id=terms.offer.plan_id,
        pending_quantity=terms.quantity,
        renewal_minor=renewal_minor(facts, terms, running(facts)),
    )
    event = LifecycleEvent(SubscriptionEventKind.CHANGE_SCHEDULED, f"PLAN: {terms.name}")
    return Decision(after, (event,), warnings=replaced(contract), effective_at=at)


def _now(facts: SubscriptionFacts, terms: Terms) -> Decision:
    """Decide a change at once. With the same interval the rest of the period is billed, with another interval a whole new period from a new anchor. Raises Refused."""
    contract, now = facts.contract, facts.now
    if any(cover.is_processing for cover in facts.covers):
        raise Refused(
            ErrorCode.IN_PROGRESS, "The invoice for this period is being paid at the moment. Change it at the period's end, or try again later.", "when"
        )
    after = changed(contract, terms)
    if same_interval(facts.offer, terms.offer) and contract.period_starts_at and contract.period_ends_at:
        period, whole = BillingPeriod(now, contract.period_ends_at), BillingPeriod(contract.period_starts_at, contract.period_ends_at).seconds
    else:
        after = replace(after, anchor_at=now, billing_zone=facts.account.time_zone)
        period = cycle_of(after, terms.offer).period_from(now)
        whole = period.seconds
        after = replace(after, period_starts_at=period.starts_at, period_ends_at=period.ends_at)
    bill, unused, notes, redemption = change_bill(facts, terms, period=period, whole_seconds=whole)
    after = replace(after, renews_at=period.ends_at, renewal_minor=renewal_minor(facts, terms, redemption))
    return Decision(
        after,
        (_event(contract, terms),),
        bill=bill,
        notes=notes,
        redemptions=(redemption,) if redemption else (),
        warnings=(*replaced(contract), *_warnings(facts, terms, unused, notes)),
        effective_at=now,
    )


def _warnings(facts: SubscriptionFacts, terms: Terms, unused: UnusedTime, notes: tuple[IssuedCreditNote, ...]) -> tuple[Warning, ...]:
    """Return the warnings of a change at once. The invoice has a line for the unused time, as far as it was paid and the new price uses it; credit notes have the rest."""
    ends_now = unused.total_minor > 0 and not same_interval(facts.offer, terms.offer)
    return (*((Warning.PERIOD_ENDS_NOW,) if ends_now else ()), *((Warning.CREDIT_EXCEEDS_LINE,) if notes else ()))


def _yearly(terms: Terms) -> Fraction:
    return yearly(terms.price_minor, terms.offer.billing_interval, terms.offer.interval_count)
