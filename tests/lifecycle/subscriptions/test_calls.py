"""One call, one effect: keys, versions, previews, and what became of a call whose answer was lost."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from auth.viewer import Viewer
from billing.states import Actor
from payments.processor import ChargeRequest
from resolvers.changes.writing import writer
from resolvers.charges.reconciling import reconcile
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, price


async def test_the_same_key_gives_the_first_answer_again(life: Life) -> None:
    arguments = {"priceId": price("storage"), "idempotencyKey": "one"}
    first = await life.do("addPlan", **arguments, more="invoice { id } payment { id }")
    again = await life.do("addPlan", **arguments, more="invoice { id } payment { id }")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again | {"replayed": False} == first
    assert len(await life.rows("subscription")) == life.sandbox.calls() == 1


async def test_a_declined_charge_is_kept_as_the_answer_too(life: Life) -> None:
    await life.card("insufficient_funds")
    arguments = {"priceId": price("storage"), "idempotencyKey": "one"}
    await life.do("addPlan", **arguments)
    again = await life.do("addPlan", **arguments)
    assert (again["replayed"], again["userErrors"][0]["code"]) == (True, "PAYMENT_DECLINED")
    assert life.sandbox.calls() == 1


async def test_the_same_key_with_another_input_is_a_conflict(life: Life) -> None:
    await life.do("addPlan", priceId=price("storage"), idempotencyKey="one")
    refused = await life.do("addPlan", priceId=price("storage"), quantity=2, idempotencyKey="one")
    assert refused["userErrors"] == [
        {"code": "IDEMPOTENCY_CONFLICT", "path": ["input", "idempotencyKey"], "message": "This idempotency key was used with another input. Use a new key."}
    ]
    assert len(await life.rows("subscription")) == 1


async def test_a_refused_call_leaves_its_key_free(life: Life) -> None:
    subscription = await life.subscribe("storage")
    arguments = {"subscriptionId": subscription, "idempotencyKey": "one"}
    assert (await life.do("resumeSubscription", **arguments))["userErrors"][0]["code"] == "WRONG_STATE"
    await life.do("suspendSubscription", subscriptionId=subscription)
    assert (await life.do("resumeSubscription", **arguments))["userErrors"] == []


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
async def test_a_key_is_1_to_255_printable_characters(life: Life, key: str) -> None:
    assert (await life.do("addPlan", priceId=price("storage"), idempotencyKey=key))["userErrors"][0]["code"] == "INVALID_VALUE"


async def test_an_expected_version_that_is_gone_is_a_conflict(life: Life) -> None:
    subscription = await life.subscribe("storage")
    version = (await life.row(subscription))["version"]
    assert (await life.do("pauseSubscription", subscriptionId=subscription, expectedVersion=version - 1))["userErrors"][0]["code"] == "VERSION_CONFLICT"
    payload = await life.do("pauseSubscription", subscriptionId=subscription, expectedVersion=version)
    assert payload["subscription"]["version"] == version + 1


async def test_what_became_of_a_call_is_told_by_its_key(life: Life) -> None:
    await life.do("addPlan", priceId=price("storage"), idempotencyKey="lost")
    text = "query Q($key: String!) { operation(idempotencyKey: $key) { mutation state subscription { status } invoice { status } payment { status } userErrors { code } } }"
    assert (await life.ask(text, key="lost"))["operation"] == {
        "mutation": "addPlan",
        "state": "DONE",
        "subscription": {"status": "ACTIVE"},
        "invoice": {"status": "PAID"},
        "payment": {"status": "SUCCEEDED"},
        "userErrors": [],
    }
    assert (await life.ask(text, key="never sent"))["operation"] is None


PREVIEWED: list[tuple[str, dict[str, Any]]] = [
    ("pauseSubscription", {}),
    ("pauseSubscription", {"when": "NOW"}),
    ("suspendSubscription", {}),
    ("cancelSubscription", {}),
    ("cancelSubscription", {"when": "NOW"}),
    ("changePlan", {"priceId": price("business")}),
    ("changePlan", {"priceId": price("storage", "YEAR")}),
    ("updateQuantity", {"quantity": 7}),
    ("applyCoupon", {"code": "STAY25"}),
]


@pytest.mark.parametrize(("mutation", "arguments"), PREVIEWED)
async def test_what_a_preview_says_is_what_happens_and_it_writes_nothing(life: Life, mutation: str, arguments: dict[str, Any]) -> None:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=3, seconds=7)
    before = await life.everything()
    preview = (await life.preview(mutation, subscriptionId=subscription, **arguments))["preview"]
    assert await life.everything() == before
    life.now += timedelta(minutes=9)
    payload = await life.do(mutation, subscriptionId=subscription, **arguments, previewToken=preview["previewToken"])
    assert payload["userErrors"] == []
    assert payload["subscription"]["status"] == preview["status"]
    assert payload["subscription"]["renewsAt"] == preview["renewsAt"]
    assert payload["subscription"]["renewalAmount"] == preview["renewalAmount"]
    made = [row for row in await life.rows("invoice") if row["id"] not in {row["id"] for row in before["invoice"]}]
    assert sum(row["total_minor"] for row in made) == sum(int(line["total"]["minorUnits"]) for line in preview["lines"])
    assert sum(row["paid_minor"] for row in made) == round(float(preview["amountDue"]["amount"]) * 100)


async def test_an_order_is_previewed_with_its_coupon(life: Life) -> None:
    preview = (await life.preview("addPlan", priceId=price("storage"), quantity=2, couponCode="WELCOME20"))["preview"]
    assert preview["amountDue"] == {"amount": "8.65"}
    assert preview["renewalAmount"] == {"amount": "10.81"}
    payload = await life.do(
        "addPlan", priceId=price("storage"), quantity=2, couponCode="WELCOME20", previewToken=preview["previewToken"], more="payment { amount { amount } }"
    )
    assert payload["payment"] == {"amount": {"amount": "8.65"}}


@pytest.mark.parametrize("what", ["late", "forged", "other input", "another mutation's", "changed meanwhile", "early"])
async def test_a_preview_that_does_not_hold_is_refused_and_nothing_is_changed(life: Life, what: str) -> None:
    subscription = await life.subscribe("storage")
    arguments: dict[str, Any] = {"subscriptionId": subscription, "priceId": price("business")}
    token = (await life.preview("changePlan", **arguments))["preview"]["previewToken"]
    if what == "late":
        life.now += timedelta(minutes=10, seconds=1)
    if what == "early":
        life.now -= timedelta(seconds=1)
    if what == "forged":
        token = token[:-3] + ("AAA" if not token.endswith("AAA") else "BBB")
    if what == "other input":
        arguments |= {"quantity": 2}
    if what == "another mutation's":
        token = (await life.preview("updateQuantity", subscriptionId=subscription, quantity=2))["preview"]["previewToken"]
    if what == "changed meanwhile":
        await life.do("applyCoupon", subscriptionId=subscription, code="STAY25")
    before = await life.everything()
    assert (await life.do("changePlan", **arguments, previewToken=token))["userErrors"][0]["code"] == "PREVIEW_EXPIRED"
    assert await life.everything() == before


async def test_a_preview_warns_of_what_is_lost(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription)
    assert (await life.preview("changePlan", subscriptionId=subscription, priceId=price("business")))["preview"]["warnings"] == ["REPLACES_PENDING_PAUSE"]
    assert (await life.preview("cancelSubscription", subscriptionId=subscription, when="NOW"))["preview"]["warnings"] == ["REPLACES_PENDING_PAUSE", "NO_REFUND"]


async def test_a_preview_of_what_would_be_refused_says_why(life: Life) -> None:
    subscription = await life.subscribe("storage")
    payload = await life.preview("resumeSubscription", subscriptionId=subscription)
    assert payload == {"preview": None, "userErrors": [{"code": "WRONG_STATE", "path": None}]}


async def test_a_call_that_died_with_its_charge_is_never_charged_again_however_bad_the_line(life: Life) -> None:
    await life.card("hesitates")
    arguments = {"priceId": price("storage"), "idempotencyKey": "one"}
    call = asyncio.create_task(life.do("addPlan", **arguments))
    while not life.sandbox.calls():  # noqa: ASYNC110 - nothing tells when the sandbox is asked
        await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    (begun,) = await life.rows("charge")
    await life.sandbox.charge(ChargeRequest(**json.loads(begun["request"])))  # Nobody waits for it any more, and it arrives all the same.

    life.now += timedelta(seconds=25)
    life.sandbox.is_away = True
    repeated = await life.do("addPlan", **arguments, more="payment { status }")
    assert (repeated["userErrors"], repeated["payment"]) == ([], {"status": "PROCESSING"})
    life.sandbox.is_away = False
    again = await life.do("addPlan", **arguments, more="payment { status }")
    assert (again["replayed"], again["payment"]) == (True, {"status": "PROCESSING"})

    life.now += timedelta(minutes=2)
    context = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock"))
    assert await reconcile(context.session, begun["payment_id"], {"sandbox": life.sandbox}, by=writer(context))
    assert [row["status"] for row in await life.rows("payment")] == ["SUCCEEDED"]
    assert [row["status"] for row in await life.rows("subscription")] == ["ACTIVE"]
    assert life.sandbox.calls("capture") == 1


async def test_staff_preview_a_hold_and_a_release_of_somebody_elses_subscription(life: Life) -> None:
    subscription = await life.subscribe("storage")
    before = await life.everything()
    text = "query P($i: HoldSubscriptionInput!) { previewHoldSubscription(input: $i) { preview { status warnings renewsAt } userErrors { code } } }"
    preview = (await life.ask(text, STAFF, i={"subscriptionId": subscription, "idempotencyKey": "-"}))["previewHoldSubscription"]
    assert preview == {"preview": {"status": "SUSPENDED", "warnings": ["OPEN_INVOICES_STAY_DUE"], "renewsAt": None}, "userErrors": []}
    text = "query P($i: ReleaseSubscriptionInput!) { previewReleaseSubscription(input: $i) { preview { status } userErrors { code } } }"
    refused = (await life.ask(text, STAFF, i={"subscriptionId": subscription, "idempotencyKey": "-"}))["previewReleaseSubscription"]
    assert refused == {"preview": None, "userErrors": [{"code": "WRONG_STATE"}]}
    assert await life.everything() == before
