"""A new subscription: now, after a trial, or on a later day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing.lifecycle import trials
from billing.lifecycle.bills import is_free, renewal_minor, running
from billing.lifecycle.facts import Decision, LifecycleEvent, Redemption, SubscriptionFacts
from billing.lifecycle.guards import check_quantity
from billing.lifecycle.periods import begin_period
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import BillingAccount, Contract, Offer, OrderableOffer
from billing.states import SubscriptionEventKind

LATEST_START = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class SubscriptionOrder:
    """An order of a subscription. `id` is the id of the new subscription; `currency` is the customer's billing currency."""

    id: str
    quantity: int
    start_at: datetime | None
    payment_method_id: str | None
    currency: str


def check_offer(offer: OrderableOffer | None, order: SubscriptionOrder) -> OrderableOffer:
    """Return the offer if it can be ordered. Raises Refused."""
    check_quantity(order.quantity)
    if offer is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such price.", "priceId")
    if offer.is_archived:
        raise Refused(ErrorCode.PLAN_UNAVAILABLE, "This plan is no longer sold.", "priceId")
    if offer.currency != order.currency:
        raise Refused(ErrorCode.CURRENCY_MISMATCH, f"You are billed in {order.currency}.", "priceId")
    return offer


def order_facts(account: BillingAccount, offer: Offer, order: SubscriptionOrder, *, now: datetime) -> SubscriptionFacts:
    """Return the facts of an ordered subscription as of the time before it begins."""
    return SubscriptionFacts(_new_contract(account, offer, order, now=now), account, {offer.price_id: offer}, now)


def start(facts: SubscriptionFacts, order: SubscriptionOrder) -> Decision:
    """Decide a start. Without a chargeable method only a free subscription starts. One that starts later with a trial is first invoiced when the trial ends. Raises Refused."""
    now = facts.now
    if facts.account.method_id is None and not is_free(facts):
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "Add a payment method first.", "paymentMethodId")
    if order.start_at is not None and not now < order.start_at <= now + LATEST_START:
        raise Refused(ErrorCode.INVALID_VALUE, "The start must be in the future, within a year.", "startAt")
    created = LifecycleEvent(SubscriptionEventKind.CREATED)
    if order.start_at is None:
        begun = begin(facts, is_waiting=True)
        return replace(begun, events=(created, *begun.events))
    first_billed_at = facts.contract.trial_ends_at or order.start_at
    after = replace(facts.contract, renews_at=first_billed_at, renewal_minor=renewal_minor(facts, facts.terms, running(facts)))
    return Decision(after, (created,), redemptions=_taken(facts), effective_at=order.start_at)


def ordered(facts: SubscriptionFacts, payment_id: str) -> Decision:
    """Decide an order that begins when a payment has succeeded. The subscription is written now, with the coupon of the order."""
    after = replace(facts.contract, status="PENDING", charging_payment_id=payment_id, renewal_minor=renewal_minor(facts, facts.terms, running(facts)))
    return Decision(after, (LifecycleEvent(SubscriptionEventKind.CREATED),), redemptions=_taken(facts), effective_at=facts.now)


def begin(facts: SubscriptionFacts, *, is_waiting: bool = False) -> Decision:
    """Begin a subscription: its trial, or its first period with an invoice."""
    contract, starts_at = facts.contract, facts.contract.started_at
    if contract.trial_ends_at is not None:
        after = replace(contract, status="TRIALING", period_starts_at=starts_at, period_ends_at=contract.trial_ends_at, renews_at=contract.trial_ends_at)
        after = replace(after, renewal_minor=renewal_minor(replace(facts, contract=after), facts.terms, running(facts)))
        return Decision(after, (LifecycleEvent(SubscriptionEventKind.TRIAL_STARTED),), redemptions=_taken(facts), effective_at=starts_at)
    begun = begin_period(facts, starts_at, reason="FIRST", is_waiting=is_waiting)
    return replace(begun, events=(LifecycleEvent(SubscriptionEventKind.ACTIVATED),))


def _taken(facts: SubscriptionFacts) -> tuple[Redemption, ...]:
    """Return the coupon of the order. It is redeemed at once, although it is first used by the first invoice."""
    redemption = running(facts)
    return (redemption,) if redemption and redemption.id is None else ()


def _new_contract(account: BillingAccount, offer: Offer, order: SubscriptionOrder, *, now: datetime) -> Contract:
    starts_at = order.start_at or now
    trial_ends_at = trials.ends_at(offer, starts_at, account.time_zone)
    return Contract(
        customer_id=account.customer_id,
        id=order.id,
        plan_id=offer.plan_id,
        price_id=offer.price_id,
        currency=offer.currency,
        quantity=order.quantity,
        status="SCHEDULED",
        holds=[],
        suspended_by=None,
        started_at=starts_at,
        trial_ends_at=trial_ends_at,
        period_starts_at=None,
        period_ends_at=None,
        anchor_at=trial_ends_at or starts_at,
        billing_zone=account.time_zone,
        renews_at=None,
        renewal_minor=0,
        pending_kind=None,
        pending_at=None,
        pending_price_id=None,
        pending_plan_id=None,
        pending_quantity=None,
        pending_resumes_at=None,
        resumes_at=None,
        paused_at=None,
        suspended_at=None,
        canceled_at=None,
        cancel_reason=None,
        cancel_comment=None,
        payment_method_id=order.payment_method_id,
        charging_payment_id=None,
        version=0,
        created_at=now,
        has_overdue=False,
    )
