"""What is owed after a call about a subscription that the billing clock has not brought to now: what the clock would have billed, and nothing by the call."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.mixed.effects import check_effect, owed_before
from tests.lifecycle.payments.test_paying import credit

CALLS: dict[str, dict[str, Any]] = {"applyCoupon": {"code": "SPRING15"}, "removeCoupon": {}, "holdSubscription": {"note": "Again"}}
# What is done before the time passes, and how many invoices the clock would issue after 40 days.
LATE = {
    "renewal": 1,
    "renewal with credit": 1,
    "renewal with a debt": 1,
    "start": 1,
    "end of a trial": 1,
    "change of plan": 1,
    "resume": 1,
    "declined resume": 0,
}


async def begin(life: Life, name: str) -> str:
    """Order a plan of which something is due within 40 days. Return the subscription."""
    soon = (life.now + timedelta(days=20)).isoformat()
    if name == "start":
        return await life.subscribe("storage", startAt=soon, is_past_trial=False)
    if name == "end of a trial":
        return await life.subscribe("business", is_past_trial=False)
    subscription = await life.subscribe("storage")
    if name == "change of plan":
        await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="PERIOD_END")
    if name in ("resume", "declined resume"):
        await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=soon)
    if name == "declined resume":
        await life.card("insufficient_funds")
    if name in ("renewal with credit", "renewal with a debt"):
        await credit(life, 200 if name == "renewal with credit" else -200)
    return subscription


@pytest.mark.parametrize("mutation", CALLS)
@pytest.mark.parametrize("name", LATE)
async def test_the_late_clock_bills_and_the_call_does_not(life: Life, name: str, mutation: str) -> None:
    subscription = await begin(life, name)
    if mutation == "removeCoupon":
        await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15")
    life.now += timedelta(days=40)
    arguments = {"subscriptionId": subscription} | CALLS[mutation]
    issued = len(await life.rows("invoice"))
    before = await owed_before(life, mutation, arguments)
    assert before is not None
    payload = await life.do(mutation, STAFF if mutation == "holdSubscription" else None, **arguments)
    assert payload["userErrors"] == []
    await check_effect(life, before)
    assert len(await life.rows("invoice")) == issued + LATE[name]


async def test_a_late_period_is_billed_without_the_coupon_that_is_applied_after_its_start(life: Life) -> None:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=40)
    await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15")
    assert [row["discount_minor"] for row in await life.rows("invoice")] == [0, 0]
    await life.advance(subscription, days=31)
    assert sorted(row["discount_minor"] for row in await life.rows("invoice")) == [0, 0, 75]


@pytest.mark.parametrize("days", [1, 40])
async def test_what_a_call_itself_adds_is_noticed(life: Life, days: int) -> None:
    """Also where the clock is late."""
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=days)
    before = await owed_before(life, "applyCoupon", {"subscriptionId": subscription})
    assert before is not None
    await life.tick(subscription)
    await check_effect(life, before)
    await credit(life, -1)
    with pytest.raises(AssertionError, match="applyCoupon changed what is owed"):
        await check_effect(life, before)
