"""Free trials: who gets one, until when, and what is shown of one that is still to come."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from billing.lifecycle.trials import TrialPolicy
from billing.refusals import ErrorCode, Refused
from demo.records.catalogue import PLANS
from gateway.http.graphql.execution import run_planned
from gateway.http.requests import GraphQLRequest
from jobs.clock import Billing, tick
from resolvers.changes.saving import save
from resolvers.changes.writing import rows_of, writer
from resolvers.subscriptions import decisions
from tests.lifecycle.conftest import Life, price

# With a trial of 14, 14 and 30 days.
STARTER, TEAM, BUSINESS = "starter", "team", "business"
KNOWN_TRIALS = Path(__file__).parents[3] / "db/migrations/versions/0015_trials/0015_known_trials.sql"
STEPS = 40
COMING = "summary { nextPayment { date kind amount { amount } source { id } } } subscriptions(first: 5) { nodes { id status trialEndsAt renewsAt } }"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def add(life: Life, code: str, **more: Any) -> dict[str, Any]:
    payload = await life.do("addPlan", priceId=price(code), **more)
    assert payload["userErrors"] == []
    subscription: dict[str, Any] = payload["subscription"]
    return subscription


async def status_of_next(life: Life, code: str, **more: Any) -> str:
    """The status of a new subscription, which its preview has shown."""
    answer = await life.preview("addPlan", priceId=price(code), **more)
    subscription = await add(life, code, **more)
    assert answer["preview"]["status"] == subscription["status"]
    assert answer["preview"]["renewsAt"] == subscription["renewsAt"]
    return str(subscription["status"])


async def cancel(life: Life, subscription: dict[str, Any]) -> None:
    assert (await life.do("cancelSubscription", subscriptionId=subscription["id"], when="NOW"))["userErrors"] == []


async def change(life: Life, subscription: dict[str, Any], code: str, when: str = "POLICY") -> None:
    assert (await life.do("changePlan", subscriptionId=subscription["id"], priceId=price(code), when=when))["userErrors"] == []


async def tick_all(life: Life) -> None:
    passed = await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert passed.failures == 0


async def test_a_trial_is_had_once_whatever_plan_the_subscription_changes_to(life: Life) -> None:
    for number in range(3):
        subscription = await add(life, STARTER)
        assert subscription["status"] == ("ACTIVE" if number else "TRIALING")
        life.now += timedelta(days=13)
        await change(life, subscription, "storage", when="NOW")
        await cancel(life, subscription)
    assert await status_of_next(life, STARTER) == "ACTIVE"


@pytest.mark.parametrize("when", ["NOW", "PERIOD_END"])
async def test_a_plan_that_a_trial_goes_on_with_is_had_too(life: Life, when: str) -> None:
    subscription = await add(life, STARTER)
    await change(life, subscription, TEAM, when)
    life.now += timedelta(days=14)
    await tick_all(life)
    await change(life, subscription, "storage", "NOW")
    await cancel(life, subscription)
    assert await status_of_next(life, TEAM) == "ACTIVE"
    assert await status_of_next(life, BUSINESS) == "TRIALING"


async def test_a_change_that_was_withdrawn_takes_no_trial(life: Life) -> None:
    subscription = await add(life, STARTER)
    await change(life, subscription, TEAM, "PERIOD_END")
    await life.do("withdrawPendingChange", subscriptionId=subscription["id"])
    assert await status_of_next(life, TEAM) == "TRIALING"


async def test_a_change_that_is_declined_takes_no_trial(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price(TEAM))
    assert payload["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    assert await status_of_next(life, TEAM) == "TRIALING"


async def test_who_paid_for_a_plan_and_left_it_has_had_it(life: Life) -> None:
    subscription = await life.subscribe("storage")
    for code in (TEAM, "storage"):
        life.now += timedelta(days=1)
        assert (await life.do("changePlan", subscriptionId=subscription, priceId=price(code), when="NOW"))["userErrors"] == []
    assert await status_of_next(life, TEAM) == "ACTIVE"


async def test_a_subscription_of_the_previous_version_counts_with_the_plan_it_leaves(life: Life) -> None:
    subscription = await add(life, STARTER)
    await life.admin.execute("delete from taken_plan where customer_id = $1", life.customer_id)
    assert (await life.preview("addPlan", priceId=price(STARTER)))["preview"]["status"] == "ACTIVE"
    await change(life, subscription, TEAM)
    assert await status_of_next(life, STARTER) == "ACTIVE"


async def test_an_order_for_a_later_day_takes_the_trial(life: Life) -> None:
    start = (life.now + timedelta(days=20)).isoformat()
    first = await add(life, STARTER, startAt=start)
    assert await status_of_next(life, STARTER, startAt=start) == "SCHEDULED"
    rows = {row["id"]: row for row in await life.rows("subscription")}
    assert sorted(row["trial_ends_at"] is None for row in rows.values()) == [False, True]
    life.now += timedelta(days=20)
    await tick_all(life)
    assert {row["id"]: row["status"] for row in await life.rows("subscription")}[first["id"]] == "TRIALING"


async def test_an_order_that_is_canceled_before_it_begins_gives_the_trial_back(life: Life) -> None:
    start = (life.now + timedelta(days=20)).isoformat()
    await cancel(life, await add(life, STARTER, startAt=start))
    assert await life.rows("taken_plan") == []
    subscription = await add(life, STARTER)
    assert subscription["status"] == "TRIALING"
    await cancel(life, subscription)
    assert await status_of_next(life, STARTER) == "ACTIVE"


async def test_a_canceled_order_gives_nothing_back_to_who_has_had_the_plan_otherwise(life: Life) -> None:
    order = await add(life, STARTER, startAt=(life.now + timedelta(days=20)).isoformat())
    other = await add(life, STARTER)
    await change(life, other, "storage", "NOW")
    await cancel(life, order)
    assert await status_of_next(life, STARTER) == "ACTIVE"


async def test_of_two_orders_at_once_one_has_the_trial_and_the_other_is_as_without(life: Life) -> None:
    payloads = await asyncio.gather(*(life.do("addPlan", priceId=price(STARTER)) for _ in range(4)))
    assert [payload["userErrors"] for payload in payloads] == [[]] * 4
    assert sorted(payload["subscription"]["status"] for payload in payloads) == ["ACTIVE", "ACTIVE", "ACTIVE", "TRIALING"]
    assert sum(row["has_trial"] for row in await life.rows("taken_plan")) == 1


async def test_of_two_orders_with_previews_one_has_the_trial_and_the_other_is_to_preview_again(life: Life) -> None:
    previews = [await life.preview("addPlan", priceId=price(STARTER), quantity=quantity) for quantity in (1, 2)]
    payloads = await asyncio.gather(
        *(
            life.do("addPlan", priceId=price(STARTER), quantity=quantity, previewToken=preview["preview"]["previewToken"])
            for quantity, preview in zip((1, 2), previews, strict=True)
        )
    )
    assert sorted([error["code"] for error in payload["userErrors"]] for payload in payloads) == [[], ["PREVIEW_EXPIRED"]]
    assert [row["status"] for row in await life.rows("subscription")] == ["TRIALING"]
    assert life.sandbox.calls("capture") == 0


async def test_without_the_lock_too_only_one_of_two_decisions_is_written(life: Life) -> None:
    """The unique key is the second lock. Both have decided before either writes."""
    order = type("Order", (), {"price_id": price(STARTER), "payment_method_id": None, "coupon_code": None, "quantity": 1, "start_at": None})
    context = life.context()
    contexts = [context, life.context()]
    changes = []
    for number, each in enumerate(contexts):
        async with each.session.write() as transaction:
            plan = decisions.add_plan(order, f"sub_{number:026}", TrialPolicy.PER_PLAN)
            facts, decision = await plan(transaction.run, life.now)
            changes.append(rows_of(facts, decision, writer(each)))
    async with context.session.write() as transaction:
        await save(transaction, changes[0])
    before = await life.everything()
    with pytest.raises(Refused) as refused:
        async with contexts[1].session.write() as transaction:
            await save(transaction, changes[1])
    assert refused.value.code is ErrorCode.PREVIEW_EXPIRED
    assert await life.everything() == before
    assert len(before["subscription"]) == len(before["taken_plan"]) == 1


@pytest.mark.parametrize(
    ("policy", "first", "same", "other", "free"),
    [
        (TrialPolicy.PER_PLAN, "TRIALING", "ACTIVE", "TRIALING", "ACTIVE"),
        (TrialPolicy.PER_CUSTOMER, "TRIALING", "ACTIVE", "ACTIVE", "ACTIVE"),
        (TrialPolicy.NONE, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"),
    ],
)
async def test_the_setting_says_how_many_trials_a_customer_has(life: Life, policy: TrialPolicy, first: str, same: str, other: str, free: str) -> None:
    life.trials = policy
    assert await status_of_next(life, "storage") == free
    assert [await status_of_next(life, code) for code in (STARTER, STARTER, TEAM)] == [first, same, other]


async def test_with_one_trial_a_customer_an_order_for_a_later_day_is_it_until_it_is_canceled(life: Life) -> None:
    life.trials = TrialPolicy.PER_CUSTOMER
    order = await add(life, STARTER, startAt=(life.now + timedelta(days=20)).isoformat())
    assert (await life.preview("addPlan", priceId=price(TEAM)))["preview"]["status"] == "ACTIVE"
    await cancel(life, order)
    assert await status_of_next(life, TEAM) == "TRIALING"


async def test_a_trial_that_was_promised_is_kept_when_the_setting_changes(life: Life) -> None:
    order = await add(life, STARTER, startAt=(life.now + timedelta(days=20)).isoformat())
    life.trials = TrialPolicy.NONE
    life.now += timedelta(days=20)
    await tick_all(life)
    assert (await life.row(order["id"]))["status"] == "TRIALING"


class Orders:
    """Random orders, changes, cancellations and resumes of one customer, and the trials that they were granted."""

    def __init__(self, life: Life, chance: Random) -> None:
        self.life, self.chance = life, chance
        # The plan of each subscription that was ordered with a trial and not canceled before it began.
        self.trials: dict[str, str] = {}
        self.granted = 0
        self.ids: list[str] = []

    async def order(self) -> None:
        code = self.chance.choice((STARTER, TEAM, BUSINESS, "storage"))
        start = {"startAt": (self.life.now + timedelta(days=self.chance.randint(1, 30))).isoformat()} if self.chance.random() < 0.3 else {}
        preview = (await self.life.preview("addPlan", priceId=price(code), **start))["preview"]
        payload = await self.life.do("addPlan", priceId=price(code), **start, previewToken=preview["previewToken"], more="subscription { trialEndsAt }")
        subscription = payload["subscription"]
        self.ids.append(subscription["id"])
        assert [preview[name] for name in ("status", "trialEndsAt", "renewsAt")] == [subscription[name] for name in ("status", "trialEndsAt", "renewsAt")]
        if subscription["trialEndsAt"]:
            self.granted += 1
            self.trials[subscription["id"]] = code

    async def change(self, row: Any) -> None:
        code, when = self.chance.choice((STARTER, TEAM, BUSINESS, "storage")), self.chance.choice(("POLICY", "NOW", "PERIOD_END"))
        await self.life.do("changePlan", subscriptionId=row["id"], priceId=price(code), when=when)

    async def cancel(self, row: Any) -> None:
        payload = await self.life.do("cancelSubscription", subscriptionId=row["id"], when=self.chance.choice(("NOW", "PERIOD_END")))
        if row["status"] == "SCHEDULED" and row["started_at"] > self.life.now and not payload["userErrors"]:
            self.trials.pop(row["id"], None)

    async def resume(self, row: Any) -> None:
        await self.life.do(self.chance.choice(("resumeSubscription", "suspendSubscription")), subscriptionId=row["id"])

    async def time(self) -> None:
        self.life.now += timedelta(days=self.chance.choice((0, 1, 13, 14, 31)), hours=1)
        await tick_all(self.life)

    async def step(self) -> None:
        rows = [row for row in await self.life.rows("subscription") if row["status"] != "CANCELED"]
        rows.sort(key=lambda row: self.ids.index(row["id"]))
        action = self.chance.choice((self.order, self.order, self.time, self.change, self.change, self.cancel, self.cancel, self.resume))
        if action in (self.order, self.time):
            await action()  # type: ignore[call-arg]
        elif rows:
            await action(self.chance.choice(rows))  # type: ignore[call-arg]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("policy", TrialPolicy)
async def test_whatever_is_ordered_changed_and_canceled_no_plan_is_tried_twice(life: Life, policy: TrialPolicy, seed: int) -> None:
    life.trials, orders = policy, Orders(life, Random(f"{policy} {seed}"))
    for _ in range(STEPS):
        await orders.step()
        plans_tried = Counter(orders.trials.values())
        assert max(plans_tried.values(), default=0) <= 1
        records = [(row["subscription_id"], row["plan_id"]) for row in await life.rows("taken_plan") if row["has_trial"]]
        assert sorted(records) == sorted((subscription, PLANS[code].id) for subscription, code in orders.trials.items())
        tried = [row for row in await life.rows("subscription_event") if row["kind"] == "TRIAL_STARTED"]
        assert {row["subscription_id"] for row in tried} <= orders.trials.keys()
    assert len(orders.trials) <= {"per_plan": 3, "per_customer": 1, "none": 0}[policy]
    assert (orders.granted > 0) is (policy is not TrialPolicy.NONE)


async def seen(life: Life) -> dict[str, Any]:
    """What a customer is shown of what is to come, by the planner and by the executor alike."""
    text = f"{{ customer {{ {COMING} }} }}"
    document = life.documents.prepare(text)
    operation = document.operation(None)
    assert operation is not None
    context = life.context()
    body = await run_planned(document, operation, GraphQLRequest(text, {}, None, False), context)
    await context.session.close()
    assert body is not None
    planned: dict[str, Any] = json.loads(body)["data"]["customer"]
    assert planned == (await life.ask(text))["customer"]
    return planned


async def test_a_later_start_with_a_trial_shows_the_trials_end_from_the_beginning(life: Life) -> None:
    life.now = at("2028-09-01T08:00")
    order = {"priceId": price(STARTER), "startAt": "2028-09-20T00:00:00Z"}
    preview = (await life.preview("addPlan", **order))["preview"]
    subscription = (await life.do("addPlan", **order))["subscription"]
    assert preview["renewsAt"] == subscription["renewsAt"] == "2028-10-04T00:00:00.000Z"
    assert (preview["effectiveAt"], preview["status"], preview["trialEndsAt"]) == ("2028-09-20T00:00:00.000Z", "SCHEDULED", "2028-10-04T00:00:00.000Z")
    payment = {"date": "2028-10-04", "kind": "RENEWAL", "amount": {"amount": "9.73"}, "source": {"id": subscription["id"]}}
    for now, status in (("2028-09-01T09:00", "SCHEDULED"), ("2028-09-20T00:00", "TRIALING"), ("2028-10-03T23:59", "TRIALING")):
        life.now = at(now)
        await tick_all(life)
        assert await life.rows("invoice") == []
        portal_view = await seen(life)
        assert portal_view["summary"]["nextPayment"] == payment
        node = {"id": subscription["id"], "status": status, "trialEndsAt": "2028-10-04T00:00:00.000Z", "renewsAt": "2028-10-04T00:00:00.000Z"}
        assert portal_view["subscriptions"]["nodes"] == [node]
    life.now = at("2028-10-04T00:00")
    await tick_all(life)
    assert [(row["issued_at"], row["total_minor"]) for row in await life.rows("invoice")] == [(life.now, 973)]


async def test_a_later_start_without_a_trial_shows_its_start(life: Life) -> None:
    subscription = await add(life, "storage", startAt="2027-02-20T00:00:00Z")
    portal_view = await seen(life)
    assert (portal_view["summary"]["nextPayment"]["date"], portal_view["subscriptions"]["nodes"][0]["renewsAt"]) == ("2027-02-20", "2027-02-20T00:00:00.000Z")
    life.now = at("2027-02-20T00:00")
    await tick_all(life)
    assert [row["subscription_id"] for row in await life.rows("invoice")] == [subscription["id"]]


@pytest.mark.parametrize(
    ("zone", "start", "end", "renewal"),
    [
        ("America/New_York", "2027-03-08T17:00", "2027-03-22T16:00", "2027-04-22T16:00"),
        ("America/New_York", "2027-10-30T16:00", "2027-11-13T17:00", "2027-12-13T17:00"),
        ("Europe/Zurich", "2027-03-20T10:15", "2027-04-03T09:15", "2027-05-03T09:15"),
        ("Pacific/Honolulu", "2027-03-08T17:00", "2027-03-22T17:00", "2027-04-22T17:00"),
    ],
)
@pytest.mark.parametrize("is_later", [False, True])
async def test_a_trial_keeps_the_wall_time_over_daylight_saving_and_so_do_its_periods(
    life: Life, zone: str, start: str, end: str, renewal: str, is_later: bool
) -> None:
    await life.admin.execute("update customer set time_zone = $2 where id = $1", life.customer_id, zone)
    life.now = at(start) - timedelta(days=3 * is_later)
    subscription = await add(life, STARTER, **({"startAt": at(start).isoformat()} if is_later else {}))
    row = await life.row(subscription["id"])
    assert (row["trial_ends_at"], row["anchor_at"]) == (at(end), at(end))
    for now in (start, end):
        life.now = at(now)
        await tick_all(life)
    assert (await life.row(subscription["id"]))["period_ends_at"] == at(renewal)


async def test_what_was_ordered_before_the_migration_is_had_and_shown_as_what_comes_after_it(life: Life) -> None:
    """The statements of the migration on rows as the previous version wrote them."""
    subscription = await add(life, STARTER)
    order = await add(life, TEAM, startAt=(life.now + timedelta(days=20)).isoformat())
    canceled = await add(life, BUSINESS, startAt=(life.now + timedelta(days=20)).isoformat())
    await cancel(life, canceled)
    after = await life.rows("taken_plan")
    renews_at = (await life.row(order["id"]))["renews_at"]
    assert {subscription["id"], order["id"]} == {row["subscription_id"] for row in after}
    before = life.admin.transaction()
    await before.start()
    try:
        await life.admin.execute("delete from taken_plan")
        await life.admin.execute("update subscription set renews_at = started_at where id = $1", order["id"])
        await life.admin.execute("set constraints all immediate")
        await life.admin.execute(KNOWN_TRIALS.read_text(encoding="utf-8"))
        assert await life.rows("taken_plan") == after
        assert (await life.row(order["id"]))["renews_at"] == renews_at
    finally:
        await before.rollback()
