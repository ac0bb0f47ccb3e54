"""The plan of each action, which reads the facts and decides. The mutation and its preview use the same plan."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle import change, clock, coupon, pending, resume, start, stops, trials
from billing.lifecycle.facts import Decision, SubscriptionFacts
from billing.refusals import ErrorCode, Refused
from billing.states import SuspendedBy
from resolvers.reads.facts import RunBlock, account_around, coupon_of, facts_of, offers_of
from resolvers.reads.facts import contract as contract_of
from resolvers.subscriptions.advance import SubscriptionBehindClock

MAX_NOTE = 500

# Reads the facts and decides. The third argument says whether to lock the contract: it is locked unless this is a preview.
Decide = Callable[[RunBlock, datetime, bool], Awaitable[tuple[SubscriptionFacts, Decision]]]


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
    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, arguments, now, is_locked)
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
    """Order a plan. In a transaction the first block locks the customer; a preview takes no lock."""

    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        if is_locked:
            await run("customers.lock")
        price_id, method_id = str(arguments.price_id), arguments.payment_method_id and str(arguments.payment_method_id)
        offer = (await offers_of(run, [price_id])).get(price_id)
        account = await account_around(run, currency=None, method_id=method_id)
        if method_id and account.method_id is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such payment method, or it has expired.", "paymentMethodId")
        order = start.SubscriptionOrder(subscription_id, arguments.quantity, arguments.start_at, method_id, account.currency)
        offer = trials.offered(start.check_offer(offer, order), policy)
        if arguments.coupon_code:
            account = coupon.ordered_with(account, await coupon_of(run, arguments.coupon_code), currency=offer.currency)
        facts = start.order_facts(account, offer, order, now=now)
        return facts, start.start(facts, order)

    return plan


def _of_subscription(arguments: Any, decide: Callable[[SubscriptionFacts], Decision], *others: str) -> Decide:
    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, arguments, now, is_locked, *others)
        return facts, decide(facts)

    return plan


def _of_change(arguments: Any, decide: Callable[[SubscriptionFacts], Decision], *others: str) -> Decide:
    """Return a plan whose facts include the invoices that cover unused time."""

    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, arguments, now, is_locked, *others)
        facts = replace(facts, covers=tuple(await run("covers.of_subscription", key=facts.contract.id)))
        return facts, decide(facts)

    return plan


async def _facts(run: RunBlock, arguments: Any, now: datetime, is_locked: bool, *others: str) -> SubscriptionFacts:
    contract = await contract_of(run, str(arguments.subscription_id), is_locked=is_locked)
    if clock.is_due(contract, now):
        raise SubscriptionBehindClock(contract.id)
    return await facts_of(run, contract, now=now, others=others)
