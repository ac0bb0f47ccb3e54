"""The plan of each action, which reads the facts and decides. The mutation and its preview use the same plan."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle import change, clock, coupon, pending, resume, start, stops, trials
from billing.lifecycle.facts import Decision, SubscriptionFacts
from billing.refusals import ErrorCode, Refused
from billing.states import SuspendedBy
from resolvers.reads.facts import RunBlock, coupon_of, facts_of_change, facts_of_subscription
from resolvers.subscriptions.advance import SubscriptionBehindClock

MAX_NOTE = 500

# Reads the facts and decides. In a mutation the customer is locked already, and so are the facts.
Decide = Callable[[RunBlock, datetime], Awaitable[tuple[SubscriptionFacts, Decision]]]


def pause(arguments: Any) -> Decide:
    return _of_subscription(arguments, lambda facts: stops.pause(facts, when=arguments.when, resumes_at=arguments.resumes_at))


def suspend(arguments: Any) -> Decide:
    return _of_subscription(arguments, stops.suspend)


def resume_(arguments: Any) -> Decide:
    return _of_subscription(arguments, resume.resume)


def cancel(arguments: Any) -> Decide:
    return _of_subscription(arguments, lambda facts: stops.cancel(facts, when=arguments.when, reason=arguments.reason, comment=arguments.comment))


def withdraw(arguments: Any) -> Decide:
    return _of_subscription(arguments, pending.withdraw)


def change_plan(arguments: Any) -> Decide:
    """Change the price. Without a quantity the present one stays."""
    price_id = str(arguments.price_id)

    def decide(facts: SubscriptionFacts) -> Decision:
        quantity = facts.contract.quantity if arguments.quantity is None else arguments.quantity
        return change.change(facts, facts.offers.get(price_id), quantity, when=arguments.when)

    return _of_change(arguments, decide, price_id)


def update_quantity(arguments: Any) -> Decide:
    def decide(facts: SubscriptionFacts) -> Decision:
        return change.change(facts, facts.offer, arguments.quantity, when=arguments.when)

    return _of_change(arguments, decide)


def apply_coupon(arguments: Any) -> Decide:
    async def plan(run: RunBlock, now: datetime) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, arguments, now)
        return facts, coupon.apply(facts, await coupon_of(run, arguments.code))

    return plan


def remove_coupon(arguments: Any) -> Decide:
    return _of_subscription(arguments, coupon.remove)


def hold(arguments: Any) -> Decide:
    if len(arguments.note) > MAX_NOTE:
        raise Refused(ErrorCode.INVALID_VALUE, f"A note has at most {MAX_NOTE} characters.", "note")
    return _of_subscription(arguments, lambda facts: stops.hold(facts, SuspendedBy.MERCHANT, note=arguments.note))


def release(arguments: Any) -> Decide:
    return _of_subscription(arguments, resume.release)


def add_plan(arguments: Any, subscription_id: str, policy: trials.TrialPolicy) -> Decide:
    """Order a plan."""

    async def plan(run: RunBlock, now: datetime) -> tuple[SubscriptionFacts, Decision]:
        price_id, method_id = str(arguments.price_id), arguments.payment_method_id and str(arguments.payment_method_id)
        accounts, offers = await run("accounts.around + offers.by_ids", key=None, currency=None, method_id=method_id, ids=[price_id])
        account = accounts[0]
        if method_id and account.method_id is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such payment method, or it has expired.", "paymentMethodId")
        order = start.SubscriptionOrder(subscription_id, arguments.quantity, arguments.start_at, method_id, account.currency)
        offer = trials.offered(start.check_offer(offers[0] if offers else None, order), policy)
        if arguments.coupon_code:
            account = coupon.ordered_with(account, await coupon_of(run, arguments.coupon_code), currency=offer.currency)
        facts = start.order_facts(account, offer, order, now=now)
        return facts, replace(start.start(facts, order), ordered_before=offer.subscriptions)

    return plan


def _of_subscription(arguments: Any, decide: Callable[[SubscriptionFacts], Decision]) -> Decide:
    async def plan(run: RunBlock, now: datetime) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, arguments, now)
        return facts, decide(facts)

    return plan


def _of_change(arguments: Any, decide: Callable[[SubscriptionFacts], Decision], *others: str) -> Decide:
    """Return a plan whose facts include the invoices that cover unused time."""

    async def plan(run: RunBlock, now: datetime) -> tuple[SubscriptionFacts, Decision]:
        facts = _at_time(await facts_of_change(run, str(arguments.subscription_id), now=now, others=others))
        return facts, decide(facts)

    return plan


async def _facts(run: RunBlock, arguments: Any, now: datetime) -> SubscriptionFacts:
    return _at_time(await facts_of_subscription(run, str(arguments.subscription_id), now=now))


def _at_time(facts: SubscriptionFacts) -> SubscriptionFacts:
    """Return the facts of a subscription that the billing clock has brought to now. Raises SubscriptionBehindClock."""
    if clock.is_due(facts.contract, facts.now):
        raise SubscriptionBehindClock(facts.contract.id)
    return facts
