"""A price that the merchant changes: subscriptions keep their version of it, or move to the present one when their next period begins."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from auth.permissions import staff_scopes
from auth.seal import Seal
from auth.viewer import Viewer
from billing.states import Actor
from resolvers.context import Context, Letterhead
from tests.lifecycle.conftest import Life

WRITER = Viewer(Actor.STAFF, None, ("catalog:write",), "erp")
SEAL = Seal("a secret of tests that is long enough")
SAVED = """userErrors { code path message } outcome subscriptionsMoved price { id code unitAmount { amount } isArchived }"""
PENDING = "{ subscription: node(id: $id) { ... on Subscription { %s } } }"


class Merchant:
    """Staff who write the catalog, beside the customer of a test. Each test has a plan of its own."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.code = f"plan-{secrets.token_hex(6)}"
        self.price = f"{self.code}-month"

    async def save(self, mutation: str, **arguments: Any) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:] + "Input"
        fields = SAVED if mutation == "savePrice" else "userErrors { code path message } outcome"
        text = f"mutation M($input: {name}!) {{ {mutation}(input: $input) {{ {fields} }} }}"
        payload: dict[str, Any] = (await as_staff(self.life, text, input=arguments))[mutation]
        return payload

    async def sell(self, amount: str = "20.00", *, trial_days: int = 0, **terms: Any) -> str:
        await self.save("savePlan", code=self.code, name="Sold by tests", trialDays=trial_days)
        saved = await self.save("savePrice", code=self.price, planCode=self.code, amount=amount, currency="USD", interval="MONTH", **terms)
        assert saved["outcome"] == "CREATED", saved
        identifier: str = saved["price"]["id"]
        return identifier

    async def change(self, amount: str, existing: str = "AT_RENEWAL", **terms: Any) -> dict[str, Any]:
        saved = await self.save("savePrice", code=self.price, amount=amount, existing=existing, **terms)
        assert saved["userErrors"] == [], saved
        return saved


async def as_staff(life: Life, text: str, viewer: Viewer = WRITER, **variables: Any) -> dict[str, Any]:
    """Run a document as staff whose scopes the database knows, and whose letters are written."""
    context = Life.context

    def staff_context(self: Life, _: Viewer | None = None) -> Context:
        made = context(self, viewer)
        made.session.caller = replace(made.session.caller, scopes=staff_scopes(viewer), client=viewer.client)
        assert made.payments is not None
        made.payments = replace(made.payments, letterhead=Letterhead("the portal", "http://portal", SEAL))
        return made

    life.context = staff_context.__get__(life)  # type: ignore[method-assign]
    try:
        return await life.ask(text, viewer, **variables)
    finally:
        del life.context  # type: ignore[method-assign]


async def letters(life: Life) -> list[str]:
    rows = await life.admin.fetch("select id, sealed from letter where customer_id = $1 and kind = 'price_change' order by id", life.customer_id)
    return [SEAL.open(row["sealed"], row["id"]) for row in rows]


@pytest.fixture
def merchant(life: Life) -> Merchant:
    return Merchant(life)


async def subscribed(life: Life, price_id: str, **arguments: Any) -> str:
    payload = await life.do("addPlan", priceId=price_id, **arguments)
    assert payload["userErrors"] == [], payload
    identifier: str = payload["subscription"]["id"]
    return identifier


async def test_a_subscription_moves_at_its_renewal_and_pays_the_new_price(life: Life, merchant: Merchant) -> None:
    old = await merchant.sell()
    subscription = await subscribed(life, old, quantity=2)
    saved = await merchant.change("25.00")
    assert (saved["outcome"], saved["subscriptionsMoved"]) == ("UPDATED", 1)
    assert saved["price"]["id"] != old
    row = await life.row(subscription)
    assert (row["price_id"], row["pending_kind"], row["pending_price_id"], row["pending_quantity"]) == (old, "PLAN", saved["price"]["id"], 2)
    assert row["renewal_minor"] == 5_405, "2 × 25.00 with a tax of 8.1 %"
    assert "CHANGE_SCHEDULED" in [event["kind"] for event in await life.rows("subscription_event")]
    (letter,) = await letters(life)
    assert "$43.24" in letter
    assert "$54.05" in letter
    assert "February 28, 2027" in letter

    await life.advance(subscription, days=28)
    row = await life.row(subscription)
    assert (row["price_id"], row["pending_kind"], row["renewal_minor"]) == (saved["price"]["id"], None, 5_405)
    invoices = await life.rows("invoice")
    assert [invoice["total_minor"] for invoice in invoices] == [4_324, 5_405]
    assert {event["kind"] for event in await life.rows("subscription_event")} >= {"PLAN_CHANGED", "RENEWED"}


async def test_a_subscription_keeps_its_version_of_the_price(life: Life, merchant: Merchant) -> None:
    old = await merchant.sell()
    subscription = await subscribed(life, old)
    before = await life.everything()
    saved = await merchant.change("25.00", "KEEP")
    assert saved["subscriptionsMoved"] == 0
    assert await life.everything() == before
    assert await letters(life) == []
    await life.advance(subscription, days=28)
    assert [invoice["total_minor"] for invoice in await life.rows("invoice")] == [2_162, 2_162]
    # The merchant decides later that it is to move after all; the call again changes nothing.
    moved = await merchant.change("25.00")
    assert (moved["outcome"], moved["subscriptionsMoved"], moved["price"]["id"]) == ("UPDATED", 1, saved["price"]["id"])
    again = await merchant.change("25.00")
    assert (again["outcome"], again["subscriptionsMoved"]) == ("UNCHANGED", 0)
    assert len(await letters(life)) == 1


async def test_the_customer_cannot_withdraw_the_move(life: Life, merchant: Merchant) -> None:
    subscription = await subscribed(life, await merchant.sell())
    await merchant.change("25.00")
    seen = await life.ask(f"query Q($id: ID!) {PENDING % 'pendingChange { kind } availableActions { action allowed reason }'}", id=subscription)
    allowed = {state["action"]: state["allowed"] for state in seen["subscription"]["availableActions"]}
    assert (allowed["WITHDRAW_PENDING_CHANGE"], allowed["RESUME"], allowed["CANCEL"], allowed["CHANGE_PLAN"]) == (False, False, True, True)
    for mutation in ("withdrawPendingChange", "resumeSubscription"):
        payload = await life.do(mutation, subscriptionId=subscription)
        assert [error["code"] for error in payload["userErrors"]] == ["WRONG_STATE"]
    assert (await life.row(subscription))["pending_kind"] == "PLAN"


@pytest.mark.parametrize("detour", ["cancel", "pause", "quantity", "quantity later", "coupon"])
async def test_the_move_outlasts_what_the_customer_does(life: Life, merchant: Merchant, detour: str) -> None:
    """Whatever replaces the pending change for a while: the next period costs the new price, and `renewalAmount` says so all the time."""
    subscription = await subscribed(life, await merchant.sell())
    saved = await merchant.change("25.00")
    expected = 2_703
    if detour == "cancel":
        await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END")
        await life.do("resumeSubscription", subscriptionId=subscription)
    elif detour == "pause":
        await life.do("pauseSubscription", subscriptionId=subscription, when="NOW")
        await life.do("resumeSubscription", subscriptionId=subscription)
    elif detour == "coupon":
        await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15")
        expected = 2_297
    else:
        payload = await life.do("updateQuantity", subscriptionId=subscription, quantity=3, when="NOW" if detour == "quantity" else "PERIOD_END")
        assert payload["userErrors"] == [], payload
        expected = 8_108
    row = await life.row(subscription)
    assert (row["pending_kind"], row["pending_price_id"], row["renewal_minor"]) == ("PLAN", saved["price"]["id"], expected)
    assert await life.admin.fetchval("select renewal_of(s) from subscription s where id = $1", subscription) == expected
    await life.advance(subscription, days=28)
    row = await life.row(subscription)
    assert (row["price_id"], row["pending_kind"]) == (saved["price"]["id"], None)
    assert max(await life.rows("invoice"), key=lambda invoice: invoice["issued_at"])["total_minor"] == expected


async def test_a_paused_subscription_continues_at_the_new_price(life: Life, merchant: Merchant) -> None:
    subscription = await subscribed(life, await merchant.sell())
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW")
    saved = await merchant.change("25.00")
    assert saved["subscriptionsMoved"] == 1
    row = await life.row(subscription)
    assert (row["pending_kind"], row["renewal_minor"]) == (None, 2_703)
    assert "the day on which it continues" in (await letters(life))[0]
    life.now = life.now.replace(year=2027, month=4, day=20)
    payload = await life.do("resumeSubscription", subscriptionId=subscription)
    assert payload["userErrors"] == [], payload
    assert (await life.row(subscription))["price_id"] == saved["price"]["id"]
    assert max(await life.rows("invoice"), key=lambda invoice: invoice["issued_at"])["total_minor"] == 2_703


async def test_the_first_period_costs_what_was_ordered(life: Life, merchant: Merchant) -> None:
    old = await merchant.sell()
    payload = await life.do("addPlan", priceId=old, startAt="2027-02-10T09:00:00Z")
    subscription = payload["subscription"]["id"]
    saved = await merchant.change("25.00")
    assert (await life.row(subscription))["renewal_minor"] == 2_162
    await life.advance(subscription, days=10)
    row = await life.row(subscription)
    assert (row["status"], row["price_id"], row["pending_price_id"], row["renewal_minor"]) == ("ACTIVE", old, saved["price"]["id"], 2_703)
    await life.advance(subscription, days=29)
    assert [invoice["total_minor"] for invoice in await life.rows("invoice")] == [2_162, 2_703]


async def test_a_trial_ends_at_the_new_price_and_another_interval(life: Life, merchant: Merchant) -> None:
    subscription = await subscribed(life, await merchant.sell(trial_days=14))
    saved = await merchant.change("240.00", interval="YEAR")
    await life.advance(subscription, days=14)
    row = await life.row(subscription)
    assert (row["status"], row["price_id"]) == ("ACTIVE", saved["price"]["id"])
    assert (row["period_ends_at"] - row["period_starts_at"]).days == 365
    assert [invoice["total_minor"] for invoice in await life.rows("invoice")] == [25_944]


async def test_a_second_change_moves_those_that_are_already_on_their_way(life: Life, merchant: Merchant) -> None:
    subscription = await subscribed(life, await merchant.sell())
    await merchant.change("25.00")
    third = await merchant.change("30.00")
    assert (await life.row(subscription))["pending_price_id"] == third["price"]["id"]
    await life.advance(subscription, days=28)
    assert [invoice["total_minor"] for invoice in await life.rows("invoice")] == [2_162, 3_243]
    assert len(await letters(life)) == 2


async def test_a_subscription_that_ends_is_left_alone(life: Life, merchant: Merchant) -> None:
    subscription = await subscribed(life, await merchant.sell())
    await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END")
    before = await life.row(subscription)
    assert (await merchant.change("25.00"))["subscriptionsMoved"] == 0
    assert await life.row(subscription) == before
    assert await letters(life) == []


async def test_another_currency_moves_nobody_and_is_refused(life: Life, merchant: Merchant) -> None:
    old = await merchant.sell()
    subscription = await subscribed(life, old)
    before = (await life.everything(), await life.admin.fetch("select * from price order by id"))
    saved = await merchant.save("savePrice", code=merchant.price, amount="25.00", currency="EUR", existing="AT_RENEWAL")
    assert [(error["code"], error["path"]) for error in saved["userErrors"]] == [("CURRENCY_MISMATCH", ["input", "existing"])]
    assert (await life.everything(), await life.admin.fetch("select * from price order by id")) == before
    staying = await merchant.change("25.00", "KEEP", currency="EUR")
    moved = await merchant.change("25.00", "AT_RENEWAL")
    assert (moved["outcome"], moved["price"]["id"]) == ("UNCHANGED", staying["price"]["id"])
    assert (await life.row(subscription))["pending_kind"] is None


async def test_a_failure_on_the_way_leaves_nothing_half_applied(life: Life, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = await subscribed(life, await merchant.sell())
    before = (
        await life.everything(),
        await life.admin.fetch("select * from price order by id"),
        await life.admin.fetch("select * from audit_event order by id"),
    )

    async def fail(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("resolvers.catalog.price_moves.enqueue_letter", fail)
    with pytest.raises(AssertionError):
        await merchant.change("25.00")
    monkeypatch.undo()
    after = (
        await life.everything(),
        await life.admin.fetch("select * from price order by id"),
        await life.admin.fetch("select * from audit_event order by id"),
    )
    assert after == before
    assert (await merchant.change("25.00"))["subscriptionsMoved"] == 1
    assert (await life.row(subscription))["pending_kind"] == "PLAN"
