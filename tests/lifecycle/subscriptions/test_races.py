"""Concurrent calls: one effect each, no credit and no coupon used twice, and refusals that write nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from auth.throttle import Throttle
from db.pool import Database
from gateway.http.graphql.execution import run
from gateway.http.requests import GraphQLRequest
from jobs.clock import Billing, tick
from payments.processor import ChargeRequest, ChargeResult, ProcessorUnavailable
from payments.sandbox import Sandbox
from tests.conftest import STAFF, Portal
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, end_life, living, new_id, new_life, price

CROWD = 50


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def events(life: Life, kind: str) -> int:
    return len([row for row in await life.rows("subscription_event") if row["kind"] == kind])


async def slow_card(life: Life, seconds: float = 0.3) -> None:
    """Add a card whose charges are answered late, so that calls overtake each other."""
    life.sandbox._hesitation_seconds = seconds
    await life.card("hesitates")


class Gate(Sandbox):
    """A processor that answers when the test allows it."""

    def __init__(self, before: Sandbox) -> None:
        super().__init__("secret", before._ledger)
        self.has_begun, self.may_answer = asyncio.Event(), asyncio.Event()

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self.has_begun.set()
        await self.may_answer.wait()
        return await super().charge(charge)


@asynccontextmanager
async def under_way(life: Life, mutation: str, **arguments: Any) -> AsyncIterator[asyncio.Task[dict[str, Any]]]:
    """Run a call whose charge is undecided within the context and decided at its end."""
    before = life.sandbox
    life.sandbox = gate = Gate(before)
    task = asyncio.create_task(life.do(mutation, **arguments))
    await gate.has_begun.wait()
    life.sandbox = before
    try:
        yield task
    finally:
        gate.may_answer.set()
        await task


async def credited(life: Life, minor: int) -> None:
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at) values ($1, $2, 'USD', $3, 'ADJUSTMENT', $4)",
        life.customer_id, new_id("bal"), minor, life.now,
    )  # fmt: skip


async def new_coupon(life: Life, code: str, **terms: Any) -> str:
    terms = {
        "percent_off_ppm": 500_000,
        "amount_off_minor": None,
        "currency": None,
        "duration": "ONCE",
        "duration_periods": None,
        "max_redemptions": None,
    } | terms
    coupon = new_id("cpn")
    await life.admin.execute(
        f"insert into coupon (id, code, name, created_at, {', '.join(terms)}) values ($1, $2, $2, $3, {', '.join(f'${n}' for n in range(4, 4 + len(terms)))})",
        coupon, code, life.now, *terms.values(),
    )  # fmt: skip
    return coupon


async def redeemed(life: Life, coupon: str) -> int:
    return await life.admin.fetchval("select redeemed_count from coupon where id = $1", coupon)


async def test_fifty_calls_with_one_key_have_one_effect(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await slow_card(life)
    arguments = {"subscriptionId": subscription, "priceId": price("business"), "idempotencyKey": "the one"}
    payloads = await asyncio.gather(*(life.do("changePlan", **arguments, more="payment { id }") for _ in range(CROWD)))
    refusals = Counter(code for payload in payloads for code in codes(payload))
    assert set(refusals) <= {"IN_PROGRESS"}
    assert sum(payload["userErrors"] == [] and not payload["replayed"] for payload in payloads) == 1
    again = await life.do("changePlan", **arguments, more="payment { id }")
    assert again["replayed"]
    assert len({payload["payment"]["id"] for payload in [*payloads, again] if not payload["userErrors"]}) == 1
    assert (life.sandbox.calls("capture"), await events(life, "PLAN_CHANGED")) == (2, 1)
    await assert_books(life)


async def test_fifty_new_subscriptions_with_one_key_are_one(life: Life) -> None:
    await slow_card(life)
    payloads = await asyncio.gather(*(life.do("addPlan", priceId=price("storage"), idempotencyKey="the one") for _ in range(CROWD)))
    assert {code for payload in payloads for code in codes(payload)} <= {"IN_PROGRESS"}
    assert len(await life.rows("subscription")) == 1
    assert life.sandbox.calls("capture") == 1
    await assert_books(life)


async def test_fifty_calls_with_keys_of_their_own_take_effect_one_after_the_other(life: Life) -> None:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=3)
    payloads = await asyncio.gather(*(life.do("updateQuantity", subscriptionId=subscription, quantity=2 + n, when="NOW") for n in range(CROWD)))
    assert {code for payload in payloads for code in codes(payload)} <= {"IN_PROGRESS"}
    done = [payload for payload in payloads if not payload["userErrors"]]
    assert done
    assert await events(life, "QUANTITY_CHANGED") == len(done)
    row = await life.row(subscription)
    assert row["charging_payment_id"] is None
    assert row["quantity"] in {payload["subscription"]["quantity"] for payload in done}
    await assert_books(life)


async def test_new_subscriptions_at_once_are_numbered_and_paid_one_by_one(life: Life) -> None:
    await slow_card(life)
    payloads = await asyncio.gather(*(life.do("addPlan", priceId=price("storage")) for _ in range(4)))
    assert [codes(payload) for payload in payloads] == [[]] * 4
    assert len(await life.rows("invoice")) == len(await life.rows("subscription")) == 4
    await assert_books(life)


async def test_an_invoice_that_is_issued_while_another_is_charged_takes_the_next_number(life: Life) -> None:
    first = await life.subscribe("storage")
    life.now += timedelta(days=29)
    async with under_way(life, "addPlan", priceId=price("enterprise-support")) as adding:
        await life.tick(first)
    assert codes(adding.result()) == []
    await assert_books(life)


async def test_two_changes_of_one_plan_at_once_are_charged_once_each_at_most(life: Life) -> None:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=3)
    await slow_card(life)
    wanted = ["team", "business"]
    payloads = await asyncio.gather(*(life.do("changePlan", subscriptionId=subscription, priceId=price(code)) for code in wanted))
    assert sorted(map(codes, payloads)) == [[], ["IN_PROGRESS"]]
    winner = next(payload for payload in payloads if not payload["userErrors"])
    assert winner["subscription"]["plan"]["code"] in wanted
    await assert_books(life)


async def test_credit_that_two_want_at_once_is_spent_once(life: Life) -> None:
    one, other = await life.subscribe("storage"), await life.subscribe("storage")
    await credited(life, 700)
    await slow_card(life)
    payloads = await asyncio.gather(*(life.do("updateQuantity", subscriptionId=each, quantity=3, when="NOW") for each in (one, other)))
    assert list(map(codes, payloads)) == [[], []]
    await assert_books(life)
    changes = [row for row in await life.rows("invoice") if row["reason"] == "PLAN_CHANGE"]
    assert sum(row["credited_minor"] for row in changes) == 700


async def test_credit_that_a_declined_charge_would_have_used_is_free_again(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await credited(life, 700)
    await life.card("insufficient_funds")
    payload = await life.do("updateQuantity", subscriptionId=subscription, quantity=3, when="NOW")
    assert codes(payload) == ["PAYMENT_DECLINED"]
    await life.card("visa")
    await life.do("updateQuantity", subscriptionId=subscription, quantity=3, when="NOW")
    assert max((row["credited_minor"] for row in await life.rows("invoice")), default=0) == 700
    await assert_books(life)


async def test_a_hold_while_a_charge_decides_is_carried_out_and_the_money_is_credit(life: Life) -> None:
    subscription = await life.subscribe("storage")
    async with under_way(life, "changePlan", subscriptionId=subscription, priceId=price("business")) as changing:
        held = await life.do("holdSubscription", STAFF, subscriptionId=subscription)
    assert (codes(held), codes(changing.result())) == ([], [])
    row = await life.row(subscription)
    assert (row["status"], row["price_id"], row["charging_payment_id"]) == ("SUSPENDED", price("storage"), None)
    assert [entry["kind"] for entry in await life.rows("balance_entry")] == ["OVERPAYMENT"]
    await assert_books(life)


@pytest.fixture
async def crowd(portal: Portal, pool: Database, owner: asyncpg.Connection) -> Any:
    """Twenty customers with one sandbox."""
    lives = [await new_life(portal, pool, owner) for _ in range(20)]
    yield [replace(life, sandbox=lives[0].sandbox) for life in lives]
    for life in lives:
        await end_life(owner, life.customer_id)


async def test_the_last_redemption_of_a_coupon_goes_to_one_of_twenty_customers(crowd: list[Life]) -> None:
    coupon = await new_coupon(crowd[0], "LAST ONE APPLIED", max_redemptions=1)
    subscriptions = [await life.subscribe("storage") for life in crowd]
    payloads = await asyncio.gather(
        *(life.do("applyCoupon", subscriptionId=subscription, code="last one applied") for life, subscription in zip(crowd, subscriptions, strict=True))
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("COUPON_INVALID",): 19}
    assert await redeemed(crowd[0], coupon) == 1


async def test_the_last_redemption_that_comes_with_an_order_goes_to_one_and_nobody_else_is_charged(crowd: list[Life]) -> None:
    coupon = await new_coupon(crowd[0], "LAST ONE ORDERED", max_redemptions=1)
    for life in crowd:
        await slow_card(life, 0.1)
    payloads = await asyncio.gather(*(life.do("addPlan", priceId=price("storage"), couponCode="LAST ONE ORDERED") for life in crowd))
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("COUPON_INVALID",): 19}
    assert await redeemed(crowd[0], coupon) == 1
    assert crowd[0].sandbox.calls("capture") == 1


async def test_a_coupon_of_a_declined_order_is_there_again(life: Life) -> None:
    coupon = await new_coupon(life, "DECLINED", max_redemptions=1)
    await life.card("insufficient_funds")
    assert codes(await life.do("addPlan", priceId=price("storage"), couponCode="DECLINED")) == ["PAYMENT_DECLINED"]
    assert await redeemed(life, coupon) == 0
    await life.card("visa")
    assert codes(await life.do("addPlan", priceId=price("storage"), couponCode="DECLINED")) == []
    assert await redeemed(life, coupon) == 1


async def test_one_customer_redeems_a_coupon_once_however_many_orders_are_under_way(life: Life) -> None:
    coupon = await new_coupon(life, "ONCE EACH")
    async with under_way(life, "addPlan", priceId=price("storage"), couponCode="ONCE EACH") as first:
        second = await life.do("addPlan", priceId=price("storage"), couponCode="once each")
    assert (codes(first.result()), codes(second)) == ([], ["COUPON_INVALID"])
    assert await redeemed(life, coupon) == 1


async def test_a_resume_and_the_clock_at_the_end_of_a_pause_start_one_period(life: Life) -> None:
    subscription = await life.subscribe("storage")
    resumes_at = life.now + timedelta(days=60)
    await life.do("pauseSubscription", subscriptionId=subscription, resumesAt=resumes_at.isoformat())
    await life.advance(subscription, days=30)
    await slow_card(life)
    life.now = resumes_at
    resumed, *_ = await asyncio.gather(life.do("resumeSubscription", subscriptionId=subscription), life.tick(subscription), life.tick(subscription))
    assert codes(resumed) in ([], ["IN_PROGRESS"], ["WRONG_STATE"])
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"], row["charging_payment_id"]) == ("ACTIVE", resumes_at, None)
    assert await events(life, "RESUMED") == 1
    assert life.sandbox.calls("capture") == 2
    await assert_books(life)


@pytest.mark.parametrize("early", [timedelta(0), timedelta(microseconds=1)])
async def test_a_resume_and_the_end_of_a_canceled_subscription_have_one_winner(life: Life, early: timedelta) -> None:
    """At the end's instant it has ended. A moment before, who gets the lock first wins."""
    subscription = await life.subscribe("storage")
    await life.do("cancelSubscription", subscriptionId=subscription, reason="UNUSED")
    end: datetime = (await life.row(subscription))["period_ends_at"]
    customer, clock = replace(life, now=end - early), replace(life, now=end)
    resumed, _ = await asyncio.gather(customer.do("resumeSubscription", subscriptionId=subscription), clock.tick(subscription))
    await clock.tick(subscription)
    row = await life.row(subscription)
    if codes(resumed):
        assert (codes(resumed), row["status"], len(await life.rows("invoice"))) == (["CANCELED"], "CANCELED", 1)
    else:
        assert early
        assert (row["status"], row["cancel_reason"], len(await life.rows("invoice"))) == ("ACTIVE", None, 2)
    await assert_books(life)


async def test_a_resume_and_a_renewal_at_one_instant_leave_one_invoice_for_the_period(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription)
    await life.do("resumeSubscription", subscriptionId=subscription)
    life.now = (await life.row(subscription))["period_ends_at"]
    await life.do("suspendSubscription", subscriptionId=subscription)
    await asyncio.gather(life.do("resumeSubscription", subscriptionId=subscription), life.tick(subscription), life.tick(subscription))
    assert [row["reason"] for row in sorted(await life.rows("invoice"), key=lambda row: row["number"])] == ["FIRST", "RENEWAL"]
    assert (await life.row(subscription))["status"] == "ACTIVE"
    await assert_books(life)


async def test_only_one_of_two_charges_under_way_may_count_on_the_same_credit(life: Life) -> None:
    one, other = await life.subscribe("storage"), await life.subscribe("storage")
    await credited(life, 700)
    async with under_way(life, "updateQuantity", subscriptionId=one, quantity=3, when="NOW") as first:
        second = await life.do("updateQuantity", subscriptionId=other, quantity=3, when="NOW")
    assert (codes(first.result()), codes(second)) == ([], [])
    assert sorted(row["credited_minor"] for row in await life.rows("invoice")) == [0, 0, 0, 700]
    await assert_books(life)


async def test_an_invoice_is_not_collected_while_a_charge_may_take_unused_time_off_it(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.advance(subscription, days=29)
    life.now += timedelta(days=3)
    async with under_way(life, "changePlan", subscriptionId=subscription, priceId=price("business")) as changing:
        await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert codes(changing.result()) == []
    await assert_books(life)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert {row["status"] for row in await life.rows("invoice")} == {"PAID"}
    await assert_books(life)


async def test_a_change_at_once_waits_while_the_period_it_would_give_back_is_being_paid(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("sepa")
    life.now += timedelta(days=29)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    life.now += timedelta(seconds=10)
    await life.card("visa")
    before = await life.everything()
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    assert codes(payload) == ["IN_PROGRESS"]
    assert await life.everything() == before
    assert codes(await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="PERIOD_END")) == []


# The refusal of each input, in the order in which fields are checked.
REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    ("pauseSubscription", "theirs", {}, "NOT_FOUND"),
    ("suspendSubscription", "theirs", {}, "NOT_FOUND"),
    ("resumeSubscription", "theirs", {}, "NOT_FOUND"),
    ("cancelSubscription", "theirs", {}, "NOT_FOUND"),
    ("withdrawPendingChange", "theirs", {}, "NOT_FOUND"),
    ("changePlan", "theirs", {"priceId": price("team")}, "NOT_FOUND"),
    ("updateQuantity", "theirs", {"quantity": 2}, "NOT_FOUND"),
    ("applyCoupon", "theirs", {"code": "WELCOME20"}, "NOT_FOUND"),
    ("removeCoupon", "theirs", {}, "NOT_FOUND"),
    ("pauseSubscription", "sub_00000000000000000000000000", {}, "NOT_FOUND"),
    ("changePlan", "mine", {"priceId": price("solo-2019")}, "PLAN_UNAVAILABLE"),
    ("changePlan", "mine", {"priceId": price("team", currency="EUR")}, "CURRENCY_MISMATCH"),
    ("changePlan", "mine", {"priceId": "price_00000000000000000000000000"}, "NOT_FOUND"),
    ("changePlan", "mine", {"priceId": price("storage")}, "NO_CHANGE"),
    ("changePlan", "mine", {"priceId": price("team"), "quantity": 0}, "INVALID_VALUE"),
    ("changePlan", "mine", {"priceId": price("team"), "quantity": 10_001}, "INVALID_VALUE"),
    ("updateQuantity", "mine", {"quantity": 0}, "INVALID_VALUE"),
    ("updateQuantity", "mine", {"quantity": 10_001}, "INVALID_VALUE"),
    ("updateQuantity", "mine", {"quantity": -1}, "INVALID_VALUE"),
    ("pauseSubscription", "mine", {"when": "NOW", "resumesAt": "2027-01-01T00:00:00Z"}, "INVALID_VALUE"),
    ("pauseSubscription", "mine", {"resumesAt": "2027-02-01T00:00:00Z"}, "INVALID_VALUE"),
    ("pauseSubscription", "mine", {"resumesAt": "2029-02-01T00:00:00Z"}, "INVALID_VALUE"),
    ("resumeSubscription", "mine", {}, "WRONG_STATE"),
    ("withdrawPendingChange", "mine", {}, "WRONG_STATE"),
    ("cancelSubscription", "mine", {"comment": "x" * 501}, "INVALID_VALUE"),
    ("applyCoupon", "mine", {"code": "NO SUCH CODE"}, "COUPON_INVALID"),
    ("applyCoupon", "mine", {"code": "LAUNCH2021"}, "COUPON_INVALID"),
    ("applyCoupon", "mine", {"code": ""}, "COUPON_INVALID"),
    ("removeCoupon", "mine", {}, "WRONG_STATE"),
    ("pauseSubscription", "mine", {"expectedVersion": 999}, "VERSION_CONFLICT"),
    ("changePlan", "mine", {"priceId": price("team"), "previewToken": "forged"}, "PREVIEW_EXPIRED"),
    ("pauseSubscription", "mine", {"idempotencyKey": ""}, "INVALID_VALUE"),
    ("pauseSubscription", "mine", {"idempotencyKey": "k" * 256}, "INVALID_VALUE"),
    ("addPlan", "", {"priceId": price("solo-2019")}, "PLAN_UNAVAILABLE"),
    ("addPlan", "", {"priceId": price("storage", currency="EUR")}, "CURRENCY_MISMATCH"),
    ("addPlan", "", {"priceId": price("storage"), "quantity": 0}, "INVALID_VALUE"),
    ("addPlan", "", {"priceId": price("storage"), "quantity": 10_001}, "INVALID_VALUE"),
    ("addPlan", "", {"priceId": price("storage"), "couponCode": "NO SUCH CODE"}, "COUPON_INVALID"),
    ("addPlan", "", {"priceId": price("storage"), "startAt": "2027-01-01T00:00:00Z"}, "INVALID_VALUE"),
    ("addPlan", "", {"priceId": price("storage"), "startAt": "2029-01-01T00:00:00Z"}, "INVALID_VALUE"),
    ("addPlan", "", {"priceId": price("storage"), "paymentMethodId": "pm_00000000000000000000000000"}, "NOT_FOUND"),
]


async def test_a_refusal_leaves_nothing_behind(life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    """But a word in the audit trail."""
    async with living(portal, pool, owner) as other:
        ids = {"mine": await life.subscribe("storage"), "theirs": await other.subscribe("storage")}
        before = [await life.everything(), await other.everything()]
        charges = life.sandbox.calls()
        for mutation, subscription, arguments, code in REFUSALS:
            on = {"subscriptionId": ids.get(subscription, subscription)} if subscription else {}
            payload = await life.do(mutation, **on, **arguments)
            assert (codes(payload), payload["subscription"]) == ([code], None), (mutation, arguments)
            assert [await life.everything(), await other.everything()] == before, (mutation, arguments)
        assert life.sandbox.calls() == charges


async def test_a_declined_change_leaves_a_failed_payment_and_nothing_else(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    before = await life.everything()
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    assert codes(payload) == ["PAYMENT_DECLINED"]
    after = await life.everything()
    assert {table for table in after if after[table] != before[table]} == {"subscription", "payment", "idempotency_key", "charge"}
    row, then = dict(after["subscription"][0]), dict(before["subscription"][0])
    assert row | {"version": 0} == then | {"version": 0}
    await assert_books(life)


async def test_a_processor_that_is_away_at_the_second_try_says_nothing_about_the_first(life: Life) -> None:
    """The first call died after the money was taken. That the second could not reach the processor must not undo it."""
    subscription = await life.subscribe("storage")
    arguments = {"subscriptionId": subscription, "priceId": price("business"), "idempotencyKey": "the one", "more": "payment { status }"}
    before = life.sandbox
    life.sandbox = Taken(before)
    with pytest.raises(AssertionError):
        await life.do("changePlan", **arguments)
    life.now += timedelta(seconds=21)
    life.sandbox = Away(before)
    again = await life.do("changePlan", **arguments)
    assert (codes(again), again["payment"]["status"]) == ([], "PROCESSING")
    life.sandbox = before
    life.now += timedelta(minutes=5)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    row = await life.row(subscription)
    assert (row["price_id"], row["charging_payment_id"]) == (price("business"), None)
    await assert_books(life)


class Taken(Gate):
    """A processor that captures the money and then ends the server."""

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self.may_answer.set()
        await super().charge(charge)
        raise RuntimeError("down")


class Away(Gate):
    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        raise ProcessorUnavailable


async def test_codes_may_be_tried_so_often_and_no_more(life: Life) -> None:
    subscription = await life.subscribe("storage")
    life.identity.throttle = Throttle(secret="tests")
    before = await life.everything()
    outcomes = [await tried(life, subscription, f"GUESS{n}") for n in range(30)]
    assert outcomes == ["COUPON_INVALID"] * 20 + ["THROTTLED"] * 10
    assert await tried(life, subscription, "WELCOME20") == "THROTTLED"
    assert await life.everything() == before


async def tried(life: Life, subscription: str, code: str) -> str:
    text = "mutation M($input: ApplyCouponInput!) { applyCoupon(input: $input) { userErrors { code } } }"
    document = life.documents.prepare(text)
    life.keys += 1
    arguments = {"subscriptionId": subscription, "code": code, "idempotencyKey": f"key {life.keys}"}
    context = life.context()
    result = await run(life.schema, document, GraphQLRequest(text, {"input": arguments}, None, False), context)
    await context.session.close()
    return result.errors[0].extensions["code"] if result.errors else codes(result.data["applyCoupon"])[0]
