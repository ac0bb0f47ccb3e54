"""What each action reads and decides: one plan for the mutation and for its preview."""

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

# Reads the facts and decides. The third argument says whether the contract is locked: it is, unless this is a preview.
Decide = Callable[[RunBlock, datetime, bool], Awaitable[tuple[SubscriptionFacts, Decision]]]


def pause(given: Any) -> Decide:
    return _of_subscription(given, lambda facts: stops.pause(facts, when=given.when, resumes_at=given.resumes_at))


def suspend(given: Any) -> Decide:
    return _of_subscription(given, stops.suspend)


def resume_(given: Any) -> Decide:
    return _of_subscription(given, resume.resume)


def cancel(given: Any) -> Decide:
    return _of_subscription(given, lambda facts: stops.cancel(facts, when=given.when, reason=given.reason, comment=given.comment))


def withdraw(given: Any) -> Decide:
    return _of_subscription(given, pending.withdraw)


def change_plan(given: Any) -> Decide:
    """Without a quantity the present one stays."""
    price_id = str(given.price_id)

    def decide(facts: SubscriptionFacts) -> Decision:
        quantity = facts.contract.quantity if given.quantity is None else given.quantity
        return change.change(facts, facts.offers.get(price_id), quantity, when=given.when)

    return _of_change(given, decide, price_id)


def update_quantity(given: Any) -> Decide:
    def decide(facts: SubscriptionFacts) -> Decision:
        return change.change(facts, facts.offer, given.quantity, when=given.when)

    return _of_change(given, decide)


def apply_coupon(given: Any) -> Decide:
    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, given, now, is_locked)
        return facts, coupon.apply(facts, await coupon_of(run, given.code))

    return plan


def remove_coupon(given: Any) -> Decide:
    return _of_subscription(given, coupon.remove)


def hold(given: Any) -> Decide:
    if len(given.note) > MAX_NOTE:
        raise Refused(ErrorCode.INVALID_VALUE, f"A note has at most {MAX_NOTE} characters.", "note")
    return _of_subscription(given, lambda facts: stops.hold(facts, SuspendedBy.MERCHANT, note=given.note))


def release(given: Any) -> Decide:
    return _of_subscription(given, resume.release)


def add_plan(given: Any, subscription_id: str, policy: trials.TrialPolicy) -> Decide:
    """The customer is locked by the first block in a transaction; in a preview nothing is."""

    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        if is_locked:
            await run("customers.lock")
        price_id, method_id = str(given.price_id), given.payment_method_id and str(given.payment_method_id)
        offer = (await offers_of(run, [price_id])).get(price_id)
        account = await account_around(run, currency=None, method_id=method_id)
        if method_id and account.method_id is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such payment method, or it has expired.", "paymentMethodId")
        order = start.SubscriptionOrder(subscription_id, given.quantity, given.start_at, method_id, account.currency)
        offer = trials.offered(start.check_offer(offer, order), policy)
        if given.coupon_code:
            account = coupon.ordered_with(account, await coupon_of(run, given.coupon_code), currency=offer.currency)
        facts = start.order_facts(account, offer, order, now=now)
        return facts, start.start(facts, order)

    return plan


def _of_subscription(given: Any, decide: Callable[[SubscriptionFacts], Decision], *others: str) -> Decide:
    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, given, now, is_locked, *others)
        return facts, decide(facts)

    return plan


def _of_change(given: Any, decide: Callable[[SubscriptionFacts], Decision], *others: str) -> Decide:
    """With the invoices on which unused time stands."""

    async def plan(run: RunBlock, now: datetime, is_locked: bool) -> tuple[SubscriptionFacts, Decision]:
        facts = await _facts(run, given, now, is_locked, *others)
        facts = replace(facts, covers=tuple(await run("covers.of_subscription", key=facts.contract.id)))
        return facts, decide(facts)

    return plan


async def _facts(run: RunBlock, given: Any, now: datetime, is_locked: bool, *others: str) -> SubscriptionFacts:
    contract = await contract_of(run, str(given.subscription_id), is_locked=is_locked)
    if clock.is_due(contract, now):
        raise SubscriptionBehindClock(contract.id)
    return await facts_of(run, contract, now=now, others=others)
