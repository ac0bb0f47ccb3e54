"""Payments that take days: an order is there meanwhile, a period begins with the money or with the order, and cancelling and holding are possible all the time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from auth.viewer import Viewer
from billing.lifecycle.service import ServiceBegins
from billing.money.dunning import RetryPolicy
from billing.money.numbers import Numbering
from billing.money.refunds import Report
from billing.states import Actor
from db.builtin import embedded
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import tick_once
from jobs.clock import Billing, tick
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges.charging import apply_result
from tests.conftest import STAFF
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.payments.test_refunds import record_refund, settled

DAYS = timedelta(days=6)
MORE = "payment { id status declineCode }"
CONFIRM = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } } }"


async def ticked(life: Life, **length: float) -> None:
    life.now += timedelta(**length)
    done = await tick(Billing(life.database, {"sandbox": life.sandbox}, RetryPolicy((1, 3)), service_begins=life.service_begins), life.now)
    assert done.failures == 0


async def redeemed(life: Life) -> int:
    count: int = await life.admin.fetchval("select redeemed_count from coupon where code = 'WELCOME20'")
    return count


async def events(life: Life) -> list[str]:
    return [row["kind"] for row in sorted(await life.rows("subscription_event"), key=lambda row: (row["happened_at"], row["id"]))]


async def balance(life: Life) -> int:
    return sum(entry["amount_minor"] for entry in await life.rows("balance_entry"))


async def offered(life: Life, subscription: str) -> dict[str, str | None]:
    text = "query Q($id: ID!) { node(id: $id) { ... on Subscription { availableActions { action reason } } } }"
    return {item["action"]: item["reason"] for item in (await life.ask(text, id=subscription))["node"]["availableActions"]}


async def order(life: Life, card: str, **arguments: Any) -> str:
    await life.card(card)
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", more=MORE, **arguments)
    assert payload["userErrors"] == []
    assert payload["subscription"]["status"] == "PENDING"
    return str(payload["subscription"]["id"])


async def resume(life: Life, card: str) -> str:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW")
    await life.advance(subscription, days=40)
    await life.card(card)
    assert (await life.do("resumeSubscription", subscriptionId=subscription))["userErrors"] == []
    return subscription


async def resume_suspended(life: Life, card: str) -> str:
    subscription = await life.subscribe("storage")
    await life.do("suspendSubscription", subscriptionId=subscription)
    await life.advance(subscription, days=40)
    await life.card(card)
    assert (await life.do("resumeSubscription", subscriptionId=subscription))["userErrors"] == []
    return subscription


async def resume_by_the_clock(life: Life, card: str) -> str:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=(life.now + timedelta(days=40)).isoformat())
    await life.card("slow" if card == "requires_action" else card)
    await life.advance(subscription, days=41)
    return subscription


async def change(life: Life, card: str) -> str:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=3)
    await life.card(card)
    assert (await life.do("changePlan", subscriptionId=subscription, priceId=price("business")))["userErrors"] == []
    return subscription


@dataclass(frozen=True)
class Charging:
    """A charge that decides later. `before` is the status meanwhile, `succeeded` and `failed` are the status and plan's price when nobody does anything meanwhile."""

    begin: Callable[[Life, str], Awaitable[str]]
    before: str
    succeeded: tuple[str, str]
    failed: tuple[str, str]


CHARGES = {
    "addPlan": Charging(order, "PENDING", ("ACTIVE", "storage"), ("CANCELED", "storage")),
    "resume of a pause": Charging(resume, "PAUSED", ("ACTIVE", "storage"), ("PAUSED", "storage")),
    "resume of a suspension": Charging(resume_suspended, "SUSPENDED", ("ACTIVE", "storage"), ("SUSPENDED", "storage")),
    "resume by the clock": Charging(resume_by_the_clock, "PAUSED", ("ACTIVE", "storage"), ("PAUSED", "storage")),
    "changePlan": Charging(change, "ACTIVE", ("ACTIVE", "business"), ("ACTIVE", "storage")),
}
# What is done meanwhile: mutations one after the other, and the status after them; None is the status as before.
STOPS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "nothing": ((), None),
    "cancel": (("cancelSubscription",), "CANCELED"),
    "cancel at once": (("cancelSubscription NOW",), "CANCELED"),
    "hold": (("holdSubscription",), "SUSPENDED"),
    "hold and release": (("holdSubscription", "releaseSubscription"), None),
    "hold and cancel": (("holdSubscription", "cancelSubscription NOW"), "CANCELED"),
}
ENDS = {"succeeds": "slow", "fails": "slow_decline", "is confirmed": "requires_action"}


async def stop(life: Life, subscription: str, name: str) -> None:
    """As a customer may, or as staff do. `availableActions` agrees with the mutation."""
    mutation, _, when = name.partition(" ")
    is_cancel = mutation == "cancelSubscription"
    if is_cancel:
        assert (await offered(life, subscription))["CANCEL"] is None
    payload = await life.do(mutation, None if is_cancel else STAFF, subscriptionId=subscription, **({"when": when} if when else {}))
    assert payload["userErrors"] == []


async def decide(life: Life, end: str, subscription: str) -> None:
    payment = next(row for row in await life.rows("payment") if row["status"] in ("PROCESSING", "REQUIRES_ACTION"))
    if payment["status"] == "REQUIRES_ACTION":
        life.now += timedelta(minutes=3)
        await life.ask(CONFIRM, i={"paymentId": payment["id"]})
    else:
        life.now += DAYS
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    status = next(row["status"] for row in await life.rows("payment") if row["id"] == payment["id"])
    assert status == ("FAILED" if end == "fails" else "SUCCEEDED")


def expected_of(charging: Charging, stopped: str, end: str) -> tuple[str, str]:
    """The status and the plan at the end."""
    _, status = STOPS[stopped]
    if status is None:
        return charging.failed if end == "fails" else charging.succeeded
    if stopped == "cancel" and charging.before == "ACTIVE":
        return "ACTIVE", "storage"
    if stopped == "hold" and charging.before == "PENDING" and end == "fails":
        return charging.failed
    return status, "storage"


CASES = [(name, stopped, end) for name in CHARGES for stopped in STOPS for end in ENDS if end != "is confirmed" or stopped in ("nothing", "cancel", "hold")]


@pytest.mark.parametrize(("name", "stopped", "end"), CASES)
async def test_what_is_done_while_a_charge_decides_is_carried_out_whatever_it_decides(life: Life, name: str, stopped: str, end: str) -> None:
    charging, before = CHARGES[name], await redeemed(life)
    subscription = await charging.begin(life, ENDS[end])
    row = await life.row(subscription)
    assert (row["status"], row["due_at"], row["charging_payment_id"] is None) == (charging.before, None, False)
    allowed = {action for action, reason in (await offered(life, subscription)).items() if reason is None}
    assert allowed == {"CANCEL"}
    for mutation in STOPS[stopped][0]:
        life.now += timedelta(minutes=1)
        await stop(life, subscription, mutation)
    await decide(life, end, subscription)
    row = await life.row(subscription)
    status, plan = expected_of(charging, stopped, end)
    assert (row["status"], row["price_id"], row["charging_payment_id"]) == (status, price(plan), None)
    assert (row["pending_kind"] == "CANCEL") == (stopped == "cancel" and status == "ACTIVE")
    is_used = STOPS[stopped][1] is None and end != "fails"
    paid = [entry["kind"] for entry in await life.rows("balance_entry")]
    assert paid == ([] if end == "fails" or is_used else ["OVERPAYMENT"])
    assert await redeemed(life) - before == (name == "addPlan" and row["status"] != "CANCELED")
    assert [charge for charge in await life.rows("charge") if charge["settled_at"] is None] == []
    await assert_books(life)
    if end != "is confirmed":
        await life_goes_on(life, subscription, row)


async def life_goes_on(life: Life, subscription: str, row: Any) -> None:
    """Two months with a card that pays. What is held is released, and uses the credit before anything is charged."""
    await life.card("visa")
    if row["status"] == "SUSPENDED" and "MERCHANT" in row["holds"]:
        assert (await life.do("releaseSubscription", STAFF, subscriptionId=subscription))["userErrors"] == []
    for _ in range(4):
        await ticked(life, days=15)
    after = await life.row(subscription)
    assert after["status"] == ("CANCELED" if row["pending_kind"] == "CANCEL" or row["status"] == "CANCELED" else after["status"])
    if row["status"] == "ACTIVE" and row["pending_kind"] is None:
        assert (after["status"], after["period_ends_at"] > life.now) == ("ACTIVE", True)
    if row["period_starts_at"] is None and row["status"] == "SUSPENDED":
        assert (after["status"], Counter(invoice["reason"] for invoice in await life.rows("invoice"))["FIRST"]) == ("ACTIVE", 1)
    await assert_books(life)


OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "PAUSE": ("pauseSubscription", {}),
    "SUSPEND": ("suspendSubscription", {}),
    "RESUME": ("resumeSubscription", {}),
    "CHANGE_PLAN": ("changePlan", {"priceId": price("enterprise-support")}),
    "UPDATE_QUANTITY": ("updateQuantity", {"quantity": 3}),
    "APPLY_COUPON": ("applyCoupon", {"code": "STAY25"}),
    "REMOVE_COUPON": ("removeCoupon", {}),
    "WITHDRAW_PENDING_CHANGE": ("withdrawPendingChange", {}),
    "CANCEL": ("cancelSubscription", {"when": "NOW"}),
}


@pytest.mark.parametrize("is_held", [False, True], ids=["", "and staff hold it"])
@pytest.mark.parametrize("name", CHARGES)
async def test_while_a_charge_decides_each_action_does_what_the_available_actions_say(life: Life, name: str, is_held: bool) -> None:
    subscription = await CHARGES[name].begin(life, "slow")
    if is_held:
        await stop(life, subscription, "holdSubscription")
    reasons = await offered(life, subscription)
    assert reasons.keys() == OTHERS.keys()
    assert set(reasons.values()) == {None, "WRONG_STATE" if name == "addPlan" and not is_held else "IN_PROGRESS"}
    for action, (mutation, arguments) in OTHERS.items():
        before = await life.everything()
        preview = await life.preview(mutation, subscriptionId=subscription, **arguments)
        payload = await life.do(mutation, subscriptionId=subscription, **arguments)
        codes = [reasons[action]] if reasons[action] else []
        assert ([error["code"] for error in payload["userErrors"]], [error["code"] for error in preview["userErrors"]]) == (codes, codes)
        assert (await life.everything() == before) == bool(codes)


@pytest.mark.parametrize("name", CHARGES)
async def test_a_cancellation_and_the_money_at_the_same_instant_have_one_winner(life: Life, name: str) -> None:
    subscription = await CHARGES[name].begin(life, "slow")
    life.now += DAYS
    billing = Billing(life.database, {"sandbox": life.sandbox})
    canceled, held, _, _ = await asyncio.gather(
        life.do("cancelSubscription", subscriptionId=subscription, when="NOW"),
        life.do("holdSubscription", STAFF, subscriptionId=subscription),
        tick(billing, life.now),
        tick(billing, life.now),
    )
    assert canceled["userErrors"] == []
    assert [error["code"] for error in held["userErrors"]] in ([], ["CANCELED"])
    row = await life.row(subscription)
    assert (row["status"], row["charging_payment_id"]) == ("CANCELED", None)
    began = len(await life.rows("invoice")) > (0 if name == "addPlan" else 1)
    assert (await balance(life) > 0) == (not began)
    await assert_books(life)


# Case: the period of what is paid by a debit begins with the money.


async def test_an_order_by_debit_is_there_at_once_and_its_period_begins_when_the_money_is_there(life: Life) -> None:
    life.now = datetime(2027, 6, 1, 9, tzinfo=UTC)
    subscription = await order(life, "sepa")
    listed = "{ customer { subscriptions(filter: { status: [PENDING] }) { totalCount nodes { id history { nodes { kind actor } } appliedCoupon { coupon { name } } } } } }"
    (subscription_node,) = (await life.ask(listed))["customer"]["subscriptions"]["nodes"]
    assert (subscription_node["id"], subscription_node["history"]["nodes"]) == (subscription, [{"kind": "CREATED", "actor": "CUSTOMER"}])
    assert subscription_node["appliedCoupon"] is not None
    row = await life.row(subscription)
    assert (row["status"], row["started_at"], row["period_starts_at"], row["renews_at"]) == ("PENDING", life.now, None, None)
    await ticked(life, seconds=50)
    assert await life.rows("invoice") == []
    await ticked(life, days=3)
    row, (invoice,), (line,) = await life.row(subscription), await life.rows("invoice"), await life.rows("invoice_line")
    ends_at = datetime(2027, 7, 4, 9, 0, 50, tzinfo=UTC)
    assert (row["status"], row["started_at"], row["anchor_at"]) == ("ACTIVE", life.now, life.now)
    assert (row["period_starts_at"], row["period_ends_at"], row["renews_at"]) == (life.now, ends_at, ends_at)
    for paper in (invoice, line):
        assert (paper["period_starts_at"], paper["period_ends_at"]) == (life.now, ends_at)
    assert (invoice["status"], invoice["issued_at"], invoice["due_on"]) == ("PAID", life.now, life.now.date())
    assert await events(life) == ["CREATED", "ACTIVATED"]
    (redemption,) = await life.rows("coupon_redemption")
    assert redemption["used_until"] == ends_at
    await assert_books(life)


@pytest.mark.parametrize("begin", [resume, resume_suspended, resume_by_the_clock])
async def test_a_resume_by_debit_begins_its_period_when_the_money_is_there(life: Life, begin: Callable[[Life, str], Awaitable[str]]) -> None:
    subscription = await begin(life, "sepa")
    await ticked(life, days=6)
    row = await life.row(subscription)
    invoice = next(row for row in await life.rows("invoice") if row["reason"] == "RENEWAL")
    assert (row["status"], row["anchor_at"], row["period_starts_at"], invoice["period_starts_at"]) == ("ACTIVE", *[life.now] * 3)
    assert (row["holds"], row["resumes_at"], row["paused_at"], row["suspended_at"]) == ([], None, None, None)
    assert Counter(await events(life)) == Counter(["CREATED", "ACTIVATED", "SUSPENDED" if begin is resume_suspended else "PAUSED", "RESUMED"])
    await assert_books(life)


async def test_what_was_agreed_is_charged_whatever_prices_taxes_and_coupons_become_meanwhile(life: Life) -> None:
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, created_at) values ($1, $2, 'USD', 100, 'ADJUSTMENT', 'Gift', $3)",
        life.customer_id, f"bal_{life.customer_id[4:]}", life.now,
    )  # fmt: skip
    subscription = await order(life, "slow")
    await life.admin.execute("update customer set tax_rate_ppm = 200000 where id = $1", life.customer_id)
    await life.admin.execute("update price set unit_minor = unit_minor * 2 where id = $1", price("storage"))
    try:
        await ticked(life, days=2)
    finally:
        await life.admin.execute("update price set unit_minor = unit_minor / 2 where id = $1", price("storage"))
    (invoice,), (payment,) = await life.rows("invoice"), await life.rows("payment")
    assert (await life.row(subscription))["status"] == "ACTIVE"
    # 5.00 less 20 %, with a tax of 8.1 %.
    assert (invoice["total_minor"], invoice["credited_minor"], payment["amount_minor"]) == (432, 100, 332)
    await assert_books(life)


async def test_the_key_of_an_order_answers_with_the_order_and_then_with_what_became_of_it(life: Life) -> None:
    await life.card("slow")
    arguments = {"priceId": price("storage"), "idempotencyKey": "the one", "more": f"{MORE} invoice {{ status }}"}
    first = await life.do("addPlan", **arguments)
    again = await life.do("addPlan", **arguments)
    assert (again["replayed"], again | {"replayed": False}) == (True, first)
    await ticked(life, days=2)
    done = await life.do("addPlan", **arguments)
    assert (done["subscription"]["id"], done["subscription"]["status"], done["invoice"]) == (first["subscription"]["id"], "ACTIVE", {"status": "PAID"})
    assert len(await life.rows("subscription")) == 1


async def test_an_order_whose_debit_fails_is_canceled_and_says_why(life: Life) -> None:
    before = await redeemed(life)
    subscription = await order(life, "sepa_returned", idempotencyKey="the one")
    assert await redeemed(life) == before + 1
    await ticked(life, days=6)
    row = await life.row(subscription)
    assert (row["status"], row["canceled_at"], row["renews_at"]) == ("CANCELED", life.now, None)
    (event,) = [row for row in await life.rows("subscription_event") if row["kind"] == "CANCELED"]
    assert (event["actor"], event["note"]) == ("SYSTEM", "The payment failed: insufficient_funds.")
    assert [await life.rows(table) for table in ("invoice", "balance_entry", "payment_allocation", "coupon_redemption", "taken_plan")] == [[]] * 5
    assert await redeemed(life) == before
    again = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one", more=MORE)
    assert (again["replayed"], again["userErrors"][0]["code"], again["subscription"]["status"]) == (True, "PAYMENT_DECLINED", "CANCELED")
    await assert_books(life)


@pytest.mark.parametrize("card", ["insufficient_funds", "unavailable"])
async def test_an_order_that_is_declined_at_once_leaves_no_subscription(life: Life, card: str) -> None:
    before = await redeemed(life)
    await life.card(card)
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20")
    assert payload["userErrors"][0]["code"] == ("PAYMENT_DECLINED" if card == "insufficient_funds" else "PAYMENT_UNAVAILABLE")
    assert [await life.rows(table) for table in ("subscription", "invoice", "coupon_redemption", "taken_plan")] == [[]] * 4
    assert await redeemed(life) == before


async def test_a_canceled_order_gives_its_coupon_and_the_credit_back_at_once(life: Life) -> None:
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, created_at) values ($1, $2, 'USD', 100, 'ADJUSTMENT', 'Gift', $3)",
        life.customer_id, f"bal_{life.customer_id[4:]}", life.now,
    )  # fmt: skip
    first = await order(life, "slow")
    second = await life.preview("addPlan", priceId=price("storage"))
    assert (second["preview"]["creditUsed"]["amount"], second["preview"]["amountDue"]["amount"]) == ("0.00", "5.41")
    assert (await life.preview("addPlan", priceId=price("storage"), couponCode="WELCOME20"))["userErrors"][0]["code"] == "COUPON_INVALID"
    preview = await life.preview("cancelSubscription", subscriptionId=first)
    assert preview["preview"]["warnings"] == ["COUPON_ENDS", "PAYMENT_BECOMES_CREDIT"]
    await stop(life, first, "cancelSubscription")
    assert sorted(await events(life)) == ["CANCELED", "CREATED"]
    second = await life.preview("addPlan", priceId=price("storage"), couponCode="WELCOME20")
    assert (second["preview"]["creditUsed"]["amount"], second["preview"]["amountDue"]["amount"]) == ("1.00", "3.32")
    await ticked(life, days=6)
    assert (await life.row(first))["status"] == "CANCELED"
    assert await balance(life) == 432
    await assert_books(life)


async def test_a_scheduled_order_that_is_canceled_gives_its_coupon_back_too(life: Life) -> None:
    before = await redeemed(life)
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", startAt="2027-03-01T00:00:00Z")
    assert await redeemed(life) == before + 1
    await life.do("cancelSubscription", subscriptionId=payload["subscription"]["id"])
    assert await redeemed(life) == before
    assert await life.rows("coupon_redemption") == []


async def test_a_second_order_while_the_first_decides_has_no_trial_and_both_begin(life: Life) -> None:
    """The plan has a trial. Who has had it, and orders twice by debit, has two subscriptions to pay for; one that is canceled gives back nothing that was not its own."""
    taken = await life.subscribe("business")
    await life.do("cancelSubscription", subscriptionId=taken, when="NOW")
    await life.card("slow")
    one, other = [(await life.do("addPlan", priceId=price("business")))["subscription"] for _ in range(2)]
    assert [one["status"], other["status"]] == ["PENDING", "PENDING"]
    await stop(life, one["id"], "cancelSubscription")
    third = await life.preview("addPlan", priceId=price("business"))
    assert third["preview"]["trialEndsAt"] is None
    await ticked(life, days=6)
    assert [(await life.row(order["id"]))["status"] for order in (one, other)] == ["CANCELED", "ACTIVE"]
    await assert_books(life)


async def test_an_order_that_the_customer_never_confirms_is_canceled_after_an_hour(life: Life) -> None:
    subscription = await order(life, "requires_action")
    await ticked(life, minutes=59)
    assert (await life.row(subscription))["status"] == "PENDING"
    await ticked(life, minutes=2)
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert life.sandbox.calls("capture") == 0
    await assert_books(life)


async def test_money_that_comes_after_an_order_failed_is_credit_and_the_order_stays_canceled(life: Life) -> None:
    subscription = await order(life, "slow_decline", idempotencyKey="the one")
    await ticked(life, days=6)
    (payment,) = await life.rows("payment")
    session = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock")).session
    late = ChargeResult(ChargeStatus.SUCCEEDED, processor_reference="late")
    for _ in range(2):
        answer = await apply_result(session, payment["id"], late, by=system_writer(life.now, Numbering()))
        assert answer == {"payment": payment["id"], "subscription": subscription}
    assert ((await life.row(subscription))["status"], await balance(life)) == ("CANCELED", payment["amount_minor"])
    again = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one", more=MORE)
    assert (again["userErrors"], again["subscription"]["status"], again["payment"]["status"]) == ([], "CANCELED", "SUCCEEDED")


async def test_an_order_that_the_version_before_began_is_settled_as_that_version_would_have(life: Life) -> None:
    """It is not there while the debit decides, and its charge has none of the new columns."""
    subscription, ordered_at = await order(life, "slow"), life.now
    for table in ("subscription_event", "taken_plan", "coupon_redemption"):
        await life.admin.execute(f"delete from {table} where subscription_id = $1", subscription)
    await life.admin.execute("update charge set subscription_id = null, ordered = null, agreed = null where customer_id = $1", life.customer_id)
    await life.admin.execute("delete from subscription where id = $1", subscription)
    await ticked(life, days=6)
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"]) == ("ACTIVE", ordered_at)
    await assert_books(life)


async def test_an_order_whose_outcome_nobody_knows_is_there_and_is_canceled_if_it_never_arrived(life: Life) -> None:
    subscription = await order(life, "timeout_before_capture")
    await ticked(life, minutes=2)
    assert (await life.row(subscription))["status"] == "PENDING"
    await ticked(life, minutes=20)
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert [row["note"] for row in await life.rows("subscription_event") if row["kind"] == "CANCELED"] == ["The payment could not be made."]
    await assert_books(life)


# The other setting: the service begins with the order.


async def test_a_service_that_begins_with_the_order_is_active_while_its_invoice_is_in_payment(life: Life) -> None:
    life.service_begins = ServiceBegins.ORDER
    await life.card("sepa")
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one", more=f"{MORE} invoice {{ status }}")
    assert (payload["subscription"]["status"], payload["invoice"]["status"], payload["payment"]["status"]) == ("ACTIVE", "PROCESSING", "PROCESSING")
    ordered_at, subscription = life.now, payload["subscription"]["id"]
    assert (await life.row(subscription))["charging_payment_id"] is None
    assert sorted(await events(life)) == ["ACTIVATED", "CREATED"]
    await ticked(life, days=6)
    row, (invoice,) = await life.row(subscription), await life.rows("invoice")
    assert (row["status"], row["period_starts_at"], row["started_at"]) == ("ACTIVE", ordered_at, ordered_at)
    assert (invoice["status"], invoice["paid_minor"], invoice["period_starts_at"]) == ("PAID", 432, ordered_at)
    again = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one")
    assert (again["replayed"], again["subscription"]["id"], again["userErrors"]) == (True, subscription, [])
    await assert_books(life)


async def test_a_debit_that_fails_after_the_service_began_leaves_an_invoice_that_is_tried_again(life: Life) -> None:
    life.service_begins = ServiceBegins.ORDER
    await life.card("sepa_returned")
    payload = await life.do("addPlan", priceId=price("storage"), idempotencyKey="the one")
    await ticked(life, minutes=2)
    (invoice,) = await life.rows("invoice")
    assert (invoice["status"], invoice["collection"], invoice["failed_attempts"]) == ("OPEN", "RETRYING", 1)
    assert (await life.row(payload["subscription"]["id"]))["status"] == "ACTIVE"
    await life.card("visa")
    again = await life.do("addPlan", priceId=price("storage"), idempotencyKey="the one")
    assert (again["replayed"], again["userErrors"], again["subscription"]["id"]) == (True, [], payload["subscription"]["id"])
    await ticked(life, days=2)
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID"]
    await assert_books(life)


async def test_money_that_comes_after_a_failure_pays_the_invoice_of_a_service_that_began(life: Life) -> None:
    life.service_begins = ServiceBegins.ORDER
    await life.card("sepa_returned")
    await life.do("addPlan", priceId=price("storage"))
    await ticked(life, minutes=2)
    ((invoice,), (payment,)) = await life.rows("invoice"), await life.rows("payment")
    assert (invoice["status"], payment["status"]) == ("OPEN", "FAILED")
    session = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock")).session
    for _ in range(2):
        await apply_result(session, payment["id"], ChargeResult(ChargeStatus.SUCCEEDED, processor_reference="late"), by=system_writer(life.now, Numbering()))
    (invoice,) = await life.rows("invoice")
    assert (invoice["status"], invoice["paid_minor"], await balance(life)) == ("PAID", payment["amount_minor"], 0)


async def test_who_does_not_pay_for_a_service_that_began_is_held_like_any_other(life: Life) -> None:
    life.service_begins = ServiceBegins.ORDER
    await life.card("sepa_returned")
    payload = await life.do("addPlan", priceId=price("storage"))
    for _ in range(8):
        await ticked(life, days=1)
    row = await life.row(payload["subscription"]["id"])
    assert (row["status"], row["holds"]) == ("SUSPENDED", ["DUNNING"])
    await assert_books(life)


async def test_a_service_that_begins_with_the_order_waits_for_a_customer_who_has_to_confirm(life: Life) -> None:
    """The processor has not accepted it before."""
    life.service_begins = ServiceBegins.ORDER
    subscription = await order(life, "requires_action")
    (payment,) = await life.rows("payment")
    life.now += timedelta(minutes=3)
    await life.ask(CONFIRM, i={"paymentId": payment["id"]})
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"]) == ("ACTIVE", life.now)
    await assert_books(life)


@pytest.mark.parametrize("begin", [resume, resume_suspended, resume_by_the_clock])
@pytest.mark.parametrize("card", ["sepa", "sepa_returned"])
async def test_a_resume_begins_with_the_order_too(life: Life, begin: Callable[[Life, str], Awaitable[str]], card: str) -> None:
    life.service_begins = ServiceBegins.ORDER
    subscription = await begin(life, card)
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"], row["charging_payment_id"]) == ("ACTIVE", life.now, None)
    (invoice,) = await life.rows("invoice", "and reason = 'RENEWAL'")
    assert invoice["status"] == "PROCESSING"
    await ticked(life, minutes=2)
    (invoice,) = await life.rows("invoice", "and reason = 'RENEWAL'")
    assert invoice["status"] == ("PAID" if card == "sepa" else "OPEN")
    await assert_books(life)


@pytest.mark.parametrize(("setting", "status"), [("money", "PAUSED"), ("order", "ACTIVE")])
async def test_the_clock_of_an_operator_begins_a_resume_as_the_setting_says(
    life: Life, place: embedded.Urls, tmp_path: Path, setting: Literal["money", "order"], status: str
) -> None:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=(life.now + timedelta(days=40)).isoformat())
    await life.card("sepa")
    settings = Settings(data_dir=tmp_path, service_begins=setting)
    done = await tick_once(settings, DatabaseUrls(place.admin, place.app), life.now + timedelta(days=41))
    assert (done.counts["billing_clock"].failures, (await life.row(subscription))["status"]) == (0, status)


@pytest.mark.parametrize("stopped", ["cancelSubscription NOW", "holdSubscription"])
@pytest.mark.parametrize("end", ["sepa", "sepa_returned"])
async def test_what_is_stopped_after_it_began_with_the_order_owes_its_invoice(life: Life, stopped: str, end: str) -> None:
    life.service_begins = ServiceBegins.ORDER
    await life.card(end)
    payload = await life.do("addPlan", priceId=price("storage"))
    await stop(life, payload["subscription"]["id"], stopped)
    await ticked(life, minutes=2)
    assert (await life.row(payload["subscription"]["id"]))["status"] == ("CANCELED" if "NOW" in stopped else "SUSPENDED")
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID" if end == "sepa" else "OPEN"]
    assert await life.rows("balance_entry") == []
    await assert_books(life)


async def test_a_hold_for_a_dispute_that_was_won_while_a_charge_decided_ends_with_the_charge_though_that_fails(life: Life) -> None:
    subscription = await change(life, "slow_decline")
    first = next(row for row in await life.rows("payment") if row["status"] == "SUCCEEDED")
    await record_refund(life, first["id"], Report("dp_1", first["amount_minor"], "SUCCEEDED", "DISPUTE"))
    assert (await life.row(subscription))["holds"] == ["DUNNING"]
    await record_refund(life, first["id"], Report("dp_1", first["amount_minor"], "REVERSED", "DISPUTE"))
    waiting = next(row for row in await life.rows("payment") if row["status"] == "PROCESSING")
    await settled(life, waiting["id"], ChargeResult(ChargeStatus.FAILED, "x", decline_code="insufficient_funds"))
    row = await life.row(subscription)
    assert (row["status"], row["holds"], row["charging_payment_id"]) == ("ACTIVE", [], None)
    await assert_books(life)
