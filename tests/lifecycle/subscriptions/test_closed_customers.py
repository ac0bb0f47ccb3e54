"""Closing a customer, from every state of a subscription: nothing renews any more, nothing is begun, and what is owed stays owed."""

from datetime import timedelta
from typing import Any

import pytest

from auth.viewer import Viewer
from billing.states import Actor
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.subscriptions.test_actions import CELLS, into

CLOSER = Viewer(Actor.STAFF, None, ("customers:write",), "shop")
SAVE = "mutation ($input: SaveCustomerInput!) { saveCustomer(input: $input) { outcome userErrors { code path } } }"
ENDED = {"PENDING", "SCHEDULED", "PAUSED", "CANCELED"}


async def change(life: Life, name: str, kind: str = "CloseCustomer", **arguments: Any) -> Any:
    text = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ replayed customer {{ closedAt }} userErrors {{ code path }} }} }}"
    return (await life.ask(text, CLOSER, input={"customerId": life.customer_id} | arguments))[name]


async def owed(life: Life) -> list[Any]:
    return await life.admin.fetch("select id, remaining_minor, status from invoice where customer_id = $1 order by id", life.customer_id)


@pytest.mark.parametrize("state", CELLS)
async def test_nothing_renews_once_the_customer_is_closed(life: Life, state: str) -> None:
    subscription = await into(life, state)
    before = await owed(life)
    payload = await change(life, "closeCustomer")
    assert payload["userErrors"] == []
    row = await life.row(subscription)
    assert row["status"] == "CANCELED" if state in ENDED else row["pending_kind"] == "CANCEL"
    closed = await life.everything()
    assert (await change(life, "closeCustomer"))["customer"] == payload["customer"]
    assert await life.everything() == closed, "a second call changes nothing"
    for _ in range(3):
        await life.advance(subscription, days=200)
    assert await owed(life) == before, "nothing was billed, and what was owed still is"
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert (await life.row(subscription))["renews_at"] is None


@pytest.mark.parametrize("is_canceled_before", [False, True])
async def test_what_the_import_holds_ends_at_once(life: Life, is_canceled_before: bool) -> None:
    subscription, other = await into(life, "ACTIVE"), await life.subscribe("storage")
    if is_canceled_before:
        assert (await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END"))["userErrors"] == []
    await life.admin.execute(
        "update subscription set status = 'SUSPENDED', holds = '{IMPORT}', suspended_by = 'IMPORT', suspended_at = $2, renews_at = null where id = $1",
        subscription, life.now,
    )  # fmt: skip
    await change(life, "closeCustomer")
    row = await life.row(subscription)
    assert (row["status"], list(row["holds"]), row["pending_kind"], row["canceled_at"]) == ("CANCELED", [], None, life.now)
    assert (await life.row(other))["pending_kind"] == "CANCEL", "what nothing holds ends with its period"


async def test_without_closing_it_renews(life: Life) -> None:
    """The control of the test before."""
    subscription = await into(life, "ACTIVE")
    before = await owed(life)
    await life.advance(subscription, days=200)
    assert len(await owed(life)) > len(before)


async def test_a_renewal_that_is_due_and_not_billed_yet_is_not_billed_after_closing(life: Life) -> None:
    subscription = await into(life, "ACTIVE")
    before = await owed(life)
    life.now += timedelta(days=60)
    await change(life, "closeCustomer")
    assert (await life.row(subscription))["status"] == "CANCELED"
    await life.advance(subscription, days=60)
    assert await owed(life) == before


@pytest.mark.parametrize(
    ("mutation", "arguments", "code"),
    [
        ("resumeSubscription", {}, "CUSTOMER_CLOSED"),
        ("withdrawPendingChange", {}, "CUSTOMER_CLOSED"),
        ("addPlan", {"priceId": price("storage")}, "CUSTOMER_CLOSED"),
        # These are refused for every subscription that is going to end.
        ("pauseSubscription", {}, "ALREADY_SCHEDULED"),
        ("changePlan", {"priceId": price("enterprise-support")}, "RESUME_FIRST"),
        ("updateQuantity", {"quantity": 3}, "RESUME_FIRST"),
        ("applyCoupon", {"code": "welcome20"}, "RESUME_FIRST"),
    ],
)
async def test_nothing_is_begun_or_prolonged_for_a_closed_customer(life: Life, mutation: str, arguments: dict[str, Any], code: str) -> None:
    subscription = await into(life, "ACTIVE")
    of = {} if mutation == "addPlan" else {"subscriptionId": subscription}
    await change(life, "closeCustomer")
    before = await life.everything()
    # The unit of work of a token would refuse the customer; this one has no token, as that of staff who act for them.
    payload = await life.do(mutation, **of, **arguments)
    assert [error["code"] for error in payload["userErrors"]] == [code]
    assert await life.everything() == before


async def test_a_subscription_of_a_closed_customer_can_still_be_stopped(life: Life) -> None:
    subscription = await into(life, "ACTIVE")
    await change(life, "closeCustomer")
    assert (await life.do("holdSubscription", STAFF, subscriptionId=subscription, note="", idempotencyKey=subscription))["userErrors"] == []
    assert (await life.do("cancelSubscription", subscriptionId=subscription, when="NOW"))["subscription"]["status"] == "CANCELED"


@pytest.mark.parametrize("state", ["ACTIVE", "TRIALING", "pending PLAN", "PAUSED"])
async def test_a_new_tax_rate_is_in_what_renewals_cost(life: Life, state: str) -> None:
    subscription = await into(life, state)
    before = await life.row(subscription)
    net_minor = round(before["renewal_minor"] / 1.081)
    payload = (await life.ask(SAVE, CLOSER, input={"id": life.customer_id, "taxRate": "20"}))["saveCustomer"]
    assert (payload["outcome"], payload["userErrors"]) == ("UPDATED", [])
    after = await life.row(subscription)
    assert abs(after["renewal_minor"] - net_minor * 1.2) <= 1
    assert after["version"] == before["version"] + 1
    assert (await life.ask(SAVE, CLOSER, input={"id": life.customer_id, "taxRate": "20.0"}))["saveCustomer"]["outcome"] == "UNCHANGED"
    assert await life.row(subscription) == after
