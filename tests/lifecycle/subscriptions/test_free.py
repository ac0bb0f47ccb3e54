"""A subscription that never costs anything needs no payment method, whichever way it comes about."""

from datetime import timedelta
from typing import Any

import pytest

from tests.lifecycle.conftest import START, Life, new_id, price

NEXT = "{ customer { summary { nextPayment { kind amount { amount } source { id } } } } }"
METHODS = "{ customer { paymentMethods(first: 5) { nodes { id isInUse availableActions { action reason } } } } }"
DELETE = "mutation D($input: DeletePaymentMethodInput!) { deletePaymentMethod(input: $input) { userErrors { code } } }"


async def free_price(life: Life, *, trial_days: int = 0) -> str:
    """A plan of its own with a monthly price of zero."""
    plan, identifier = new_id("plan"), new_id("price")
    await life.admin.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'Free', $2, $3)", plan, trial_days, START)
    await life.admin.execute(
        "insert into price (id, plan_id, currency, unit_minor, billing_interval, created_at) values ($1, $2, 'USD', 0, 'MONTH', $3)", identifier, plan, START
    )
    return identifier


async def coupon(life: Life, *, percent: int | None = None, minor: int | None = None, periods: int | None = None) -> str:
    """A coupon; its code."""
    identifier = new_id("cpn")
    code = identifier.upper()
    duration = "FOREVER" if periods is None else "ONCE" if periods == 1 else "REPEATING"
    await life.admin.execute(
        """insert into coupon (id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods, created_at)
           values ($1, $8, 'A coupon', $2, $3, $4, $5, $6, $7)""",
        identifier, percent and percent * 10_000, minor, "USD" if minor else None, duration, periods if periods and periods > 1 else None, START, code,
    )  # fmt: skip
    return code


async def without_method(life: Life) -> None:
    """Payments that were made keep their method; it is deleted as far as the customer can see."""
    await life.admin.execute("update payment_method set is_default = false, deleted_at = $2 where customer_id = $1", life.customer_id, life.now)


async def order(life: Life, kind: str) -> dict[str, Any]:
    """What to order, by why it is free or not."""
    if kind in ("price of zero", "price of zero after a trial"):
        return {"priceId": await free_price(life, trial_days=14 if "trial" in kind else 0)}
    if kind == "a trial, then free by a coupon":
        return {"priceId": price("starter"), "couponCode": await coupon(life, percent=100)}
    terms: dict[str, Any] = {
        "100 % for ever": {"percent": 100},
        "an amount for ever that covers the price": {"minor": 500},
        "100 % once": {"percent": 100, "periods": 1},
        "100 % for two periods": {"percent": 100, "periods": 2},
        "an amount for ever that does not cover the price": {"minor": 499},
        "99 % for ever": {"percent": 99},
    }
    return {"priceId": price("storage"), "couponCode": await coupon(life, **terms[kind])}


FREE = ["price of zero", "price of zero after a trial", "a trial, then free by a coupon", "100 % for ever", "an amount for ever that covers the price"]
NOT_FREE = ["100 % once", "100 % for two periods", "an amount for ever that does not cover the price", "99 % for ever"]


@pytest.mark.parametrize("start_at", [None, START + timedelta(days=10)], ids=["now", "later"])
@pytest.mark.parametrize("kind", FREE)
async def test_what_is_free_for_ever_is_ordered_and_renewed_without_a_payment_method(life: Life, kind: str, start_at: Any) -> None:
    await without_method(life)
    arguments = await order(life, kind) | ({"startAt": start_at.isoformat()} if start_at else {})
    preview = await life.preview("addPlan", **arguments)
    assert (preview["userErrors"], preview["preview"]["amountDue"]["amount"], preview["preview"]["renewalAmount"]["amount"]) == ([], "0.00", "0.00")
    payload = await life.do("addPlan", **arguments)
    assert payload["userErrors"] == []
    subscription = payload["subscription"]["id"]
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"] is None
    for _ in range(3):
        await life.advance(subscription, days=31)
    row = await life.row(subscription)
    assert (row["status"], row["holds"]) == ("ACTIVE", [])
    invoices = await life.rows("invoice")
    assert len(invoices) >= 2
    assert {(invoice["status"], invoice["total_minor"], invoice["collect_at"]) for invoice in invoices} == {("PAID", 0, None)}
    assert await life.rows("payment") == []
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"] is None


@pytest.mark.parametrize("kind", NOT_FREE)
async def test_what_will_cost_something_later_is_not_ordered_without_a_payment_method(life: Life, kind: str) -> None:
    await without_method(life)
    arguments = await order(life, kind)
    before = await life.everything()
    assert [error["code"] for error in (await life.preview("addPlan", **arguments))["userErrors"]] == ["PAYMENT_METHOD_REQUIRED"]
    assert [error["code"] for error in (await life.do("addPlan", **arguments))["userErrors"]] == ["PAYMENT_METHOD_REQUIRED"]
    assert await life.everything() == before
    await life.card()
    assert (await life.do("addPlan", **arguments))["userErrors"] == []


async def test_a_change_to_a_free_price_and_a_resume_of_it_need_no_payment_method(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await without_method(life)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=await free_price(life), when="NOW")
    assert payload["userErrors"] == []
    for resumes_at in (None, life.now + timedelta(days=90)):
        await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=resumes_at and resumes_at.isoformat())
        life.now += timedelta(days=91)
        if resumes_at is None:
            assert (await life.do("resumeSubscription", subscriptionId=subscription))["userErrors"] == []
        else:
            await life.tick(subscription)
        assert (await life.row(subscription))["status"] == "ACTIVE"
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"] is None


async def test_a_price_of_zero_that_is_to_come_needs_no_payment_method(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await without_method(life)
    assert (await life.do("changePlan", subscriptionId=subscription, priceId=await free_price(life)))["subscription"]["pendingChange"]["kind"] == "PLAN"
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"] is None
    await life.advance(subscription, days=31)
    assert [row["total_minor"] for row in sorted(await life.rows("invoice"), key=lambda row: row["issued_at"])] == [541, 0]


async def test_the_next_payment_is_the_next_that_costs_something(life: Life) -> None:
    assert (await life.do("addPlan", **await order(life, "100 % for ever")))["userErrors"] == []
    life.now += timedelta(days=3)
    paid = await life.subscribe("storage")
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"] == {"kind": "RENEWAL", "amount": {"amount": "5.41"}, "source": {"id": paid}}
    await life.do("pauseSubscription", subscriptionId=paid, when="NOW", resumesAt=(life.now + timedelta(days=60)).isoformat())
    assert (await life.ask(NEXT))["customer"]["summary"]["nextPayment"]["kind"] == "RESUME"


@pytest.mark.parametrize(("kind", "is_in_use"), [*((kind, False) for kind in FREE), *((kind, True) for kind in NOT_FREE)])
async def test_a_method_that_nothing_will_be_charged_to_may_be_deleted(life: Life, kind: str, is_in_use: bool) -> None:
    payload = await life.do("addPlan", **await order(life, kind))
    (method,) = (await life.ask(METHODS))["customer"]["paymentMethods"]["nodes"]
    assert method["isInUse"] is is_in_use
    assert {state["action"]: state["reason"] for state in method["availableActions"]}["DELETE"] == ("METHOD_IN_USE" if is_in_use else None)
    deleted = (await life.ask(DELETE, input={"paymentMethodId": method["id"]}))["deletePaymentMethod"]
    assert [error["code"] for error in deleted["userErrors"]] == (["METHOD_IN_USE"] if is_in_use else [])
    if not is_in_use:
        await life.advance(payload["subscription"]["id"], days=62)
        assert (await life.row(payload["subscription"]["id"]))["status"] == "ACTIVE"
