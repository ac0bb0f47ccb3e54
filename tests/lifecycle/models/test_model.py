"""Random actions and random clocks over simulated years, against the reference model: the same states, the same refusals, the same money."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from billing.money.dunning import Ending, RetryPolicy
from db.builtin import embedded
from db.pool import Database, Pool
from jobs.clock import Billing, tick
from payments.sandbox import Sandbox
from resolvers.subscriptions.advance import MAX_STEPS
from tests.auditing import violations
from tests.conftest import STAFF, Portal
from tests.depth import in_turns
from tests.lifecycle.books import assert_periods_and_captures
from tests.lifecycle.conftest import START, Life, end_life, new_id, new_life
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.models.histories import IS_LONG
from tests.lifecycle.models.reference import Bill, Coupon, Price, Refusal, Sub, World

EXAMPLES = 10 if IS_LONG else 5
STEPS = 60 if IS_LONG else 40
# Each with a seed of its own, so that processes of tests share them; other seeds on another day.
PARTS = range(30) if IS_LONG else in_turns(20, 10)
# How many periods may pass at once. A subscription of days has hundreds where others have one, and they take most of the time.
MOST_PERIODS = 1_000 if IS_LONG else 30
DAYS_OF = {"DAY": 1, "WEEK": 7, "MONTH": 28, "YEAR": 365}
# Long histories are to take about 18 months.
DAYS = [1, 28, 31, 200, 400, 400, 400, 700, 700, 700] if IS_LONG else [0, 1, 3, 10, 28, 31, 60, 200, 400]

PLAIN, TRIAL, OTHER_TRIAL = new_id("plan"), new_id("plan"), new_id("plan")
PRICES = {
    "day": Price(new_id("price"), PLAIN, 101, "DAY"),
    "week": Price(new_id("price"), PLAIN, 999, "WEEK"),
    "month": Price(new_id("price"), PLAIN, 1_000, "MONTH"),
    "month, with tax": Price(new_id("price"), PLAIN, 1_190, "MONTH", is_inclusive=True),
    "month, free": Price(new_id("price"), PLAIN, 0, "MONTH"),
    "quarter": Price(new_id("price"), PLAIN, 2_999, "MONTH", 3),
    "year": Price(new_id("price"), PLAIN, 9_999, "YEAR"),
    "month after a trial": Price(new_id("price"), TRIAL, 777, "MONTH", trial_days=10),
    "week after a trial": Price(new_id("price"), OTHER_TRIAL, 333, "WEEK", trial_days=30),
}
COUPONS = {
    coupon.code: coupon
    for coupon in (
        Coupon("M ONCE", percent=Fraction(333_333, 1_000_000), periods=1),
        Coupon("M ONCE FIXED", minor=333, periods=1),
        Coupon("M THREE", percent=Fraction(15, 100), periods=3),
        Coupon("M FOREVER", minor=250),
        Coupon("M FREE", percent=Fraction(1), periods=2),
        Coupon("M FREE FOREVER", percent=Fraction(1)),
    )
}

WHICH = st.integers(0, 2)
QUANTITY = st.integers(1, 3)
PRICE = st.sampled_from(sorted(PRICES))
SELDOM = st.sampled_from([False, False, False, True])
CODE = st.sampled_from(sorted(COUPONS))
WHEN = st.sampled_from(["PERIOD_END", "NOW"])
CHANGE_WHEN = st.sampled_from(["POLICY", "NOW", "PERIOD_END"])
PREVIEWED = ("pauseSubscription", "resumeSubscription", "cancelSubscription", "changePlan", "applyCoupon")
ACTIONS = "query A($ids: [ID!]!) { nodes(ids: $ids) { ... on Subscription { id status version availableActions { action allowed reason } } } }"


class Lives(RuleBasedStateMachine):
    """Class attributes are set by the test; a state machine is made without arguments."""

    runner: asyncio.Runner
    portal: Portal
    place: embedded.Urls
    pool: Any
    owner: asyncpg.Connection

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.get_loop().run_until_complete(work)

    @initialize(price=PRICE, code=st.none() | CODE)
    def a_customer(self, price: str, code: str | None) -> None:
        self.life: Life = self.run(new_life(self.portal, self.pool, self.owner))
        self.life.sandbox = Sandbox("secret")
        self.world = World(START)
        self.versions: dict[str, int] = {}
        self.numbered = self.compared = 0
        self.add_plan(price=price, quantity=1, code=code, starts_in=None)

    # What the customer, the merchant and time do.

    @precondition(lambda self: len(self.alive()) < 3)
    @rule(price=PRICE, quantity=QUANTITY, code=st.none() | CODE, starts_in=st.none() | st.integers(1, 100))
    def add_plan(self, price: str, quantity: int, code: str | None, starts_in: int | None) -> None:
        starts = timedelta(days=starts_in) if starts_in else None
        arguments = {
            "priceId": PRICES[price].id,
            "quantity": quantity,
            "couponCode": code,
            "startAt": (self.world.now + starts).isoformat() if starts else None,
        }
        refusal = self.predicted(lambda: self.world.add("new", PRICES[price], quantity, COUPONS[code] if code else None, starts))
        payload = self.done("addPlan", refusal, arguments)
        if not refusal:
            sub = self.world.subs.pop("new")
            sub.id = payload["subscription"]["id"]
            self.world.subs[sub.id] = sub
            for bill in self.world.bills:
                bill.subscription = bill.subscription.replace("new", sub.id)
        self.compare()

    @rule(which=WHICH, when=WHEN, days=st.none() | st.integers(1, 400))
    def pause(self, which: int, when: str, days: int | None) -> None:
        resumes_at = self.world.now + timedelta(days=days) if days else None
        arguments = {"when": when, "resumesAt": resumes_at and resumes_at.isoformat()}
        self.act("pauseSubscription", which, arguments, "PAUSE", lambda sub: self.world.pause(sub, when, resumes_at))

    @rule(which=WHICH)
    def suspend(self, which: int) -> None:
        self.act("suspendSubscription", which, {}, "SUSPEND", lambda sub: None if sub.status == "SUSPENDED" else self.world.hold(sub, "CUSTOMER"))

    @rule(which=WHICH)
    def resume(self, which: int) -> None:
        self.act("resumeSubscription", which, {}, "RESUME", self.world.resume)

    @rule(which=WHICH, when=WHEN, is_sure=SELDOM)
    def cancel(self, which: int, when: str, is_sure: bool) -> None:
        if is_sure:
            self.act("cancelSubscription", which, {"when": when}, "CANCEL", lambda sub: self.world.cancel(sub, when))

    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        self.act("withdrawPendingChange", which, {}, "WITHDRAW_PENDING_CHANGE", lambda sub: sub.clear())

    @rule(which=WHICH, price=PRICE, quantity=st.none() | QUANTITY, when=CHANGE_WHEN)
    def change_plan(self, which: int, price: str, quantity: int | None, when: str) -> None:
        arguments = {"priceId": PRICES[price].id, "quantity": quantity, "when": when}
        self.act("changePlan", which, arguments, "CHANGE_PLAN", lambda sub: self.world.change(sub, PRICES[price], quantity or sub.quantity, when))

    @rule(which=WHICH, quantity=QUANTITY, when=CHANGE_WHEN)
    def update_quantity(self, which: int, quantity: int, when: str) -> None:
        arguments = {"quantity": quantity, "when": when}
        self.act("updateQuantity", which, arguments, "UPDATE_QUANTITY", lambda sub: self.world.change(sub, sub.price, quantity, when))

    @rule(which=WHICH, code=CODE)
    def apply_coupon(self, which: int, code: str) -> None:
        self.act("applyCoupon", which, {"code": code}, "APPLY_COUPON", lambda sub: self.world.apply_coupon(sub, COUPONS[code]))

    @rule(which=WHICH)
    def remove_coupon(self, which: int) -> None:
        self.act("removeCoupon", which, {}, "REMOVE_COUPON", self.world.remove_coupon)

    @rule(which=WHICH, is_sure=SELDOM)
    def hold(self, which: int, is_sure: bool) -> None:
        if is_sure:
            self.act("holdSubscription", which, {}, None, lambda sub: self.world.hold(sub, "MERCHANT"), viewer=STAFF)

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        self.act("releaseSubscription", which, {}, None, self.world.release, viewer=STAFF)

    @rule(card=st.sampled_from(["visa", "visa", "insufficient_funds", "unavailable", "none"]))
    def another_card(self, card: str) -> None:
        self.world.card = card
        self.run(self.life.admin.execute("update payment_method set is_default = false where customer_id = $1", self.life.customer_id))
        if card != "none":
            self.run(self.life.card(card))

    @rule(seconds=st.integers(1, 100_000), days=st.sampled_from(DAYS), is_clock_late=st.booleans())
    def time_passes(self, seconds: int, days: int, is_clock_late: bool) -> None:
        shortest = min((DAYS_OF[sub.price.interval] * sub.price.count for sub in self.alive()), default=DAYS_OF["YEAR"])
        self.life.now = self.world.now = self.world.now + timedelta(days=min(days, shortest * MOST_PERIODS), seconds=seconds)
        if not is_clock_late:
            self.clock_ticks()

    @rule(is_early=st.booleans())
    def the_next_thing_is_due(self, is_early: bool) -> None:
        """Exactly when something happens, or a moment before."""
        instants = [sub.due_at for sub in self.world.subs.values() if sub.due_at and sub.due_at > self.world.now]
        if instants:
            self.life.now = self.world.now = max(min(instants) - timedelta(microseconds=is_early), self.world.now)
            if not is_early:
                self.clock_ticks()

    @rule()
    def clock_ticks(self) -> None:
        for sub in sorted((sub for sub in self.world.subs.values() if sub.due_at), key=lambda sub: (sub.due_at, sub.id)):
            self.world.catch_up(sub)
        billing = Billing(self.life.database, {"sandbox": self.life.sandbox}, RetryPolicy(ending=Ending.NOTHING), concurrency=1)
        # A subscription that missed very many periods goes on at the next pass.
        steps = MAX_STEPS
        while steps >= MAX_STEPS:
            done = self.run(tick(billing, self.life.now))
            steps = done.steps
            assert done.failures == 0
        self.compare()

    # How both are asked, and compared.

    def act(self, mutation: str, which: int, arguments: dict[str, Any], action: str | None, decide: Any, *, viewer: Any = None) -> None:
        if not self.world.subs:
            return
        subs = self.alive() or list(self.world.subs.values())
        sub = subs[which % len(subs)]
        is_behind = sub.due_at is not None and sub.due_at <= self.world.now
        self.world.catch_up(sub)
        overdue = self.overdue(sub)

        def judge() -> None:
            if action and (reason := self.world.reasons(sub, is_overdue=overdue)[action]):
                raise Refusal(reason)
            decide(sub)

        billed = len(self.world.bills)
        refusal = self.predicted(judge)
        arguments = {"subscriptionId": sub.id} | arguments
        if mutation in PREVIEWED and not is_behind:
            arguments["previewToken"] = self.previewed(mutation, arguments, refusal, self.world.bills[billed:])
        payload = self.done(mutation, refusal, arguments, viewer)
        if not refusal:
            assert payload["subscription"]["status"] == sub.status
        self.compare()

    def previewed(self, mutation: str, arguments: dict[str, Any], refusal: str | None, bills: list[Bill]) -> str | None:
        """What is shown before is what is done then. Only the processor's word cannot be foreseen."""
        answer = self.run(self.life.preview(mutation, **arguments))
        is_foreseen = refusal not in ("PAYMENT_DECLINED", "PAYMENT_UNAVAILABLE")
        assert [error["code"] for error in answer["userErrors"]] == ([refusal] if refusal and is_foreseen else [])
        if refusal:
            return None
        preview = answer["preview"]
        amounts = [sum(getattr(bill, name) for bill in bills) for name in ("total", "credited")]
        assert [preview[name]["amount"] for name in ("invoiceTotal", "creditUsed")] == [f"{minor // 100}.{minor % 100:02}" for minor in amounts]
        assert sum(int(line["total"]["minorUnits"]) for line in preview["lines"]) == amounts[0]
        about_credit = {"PERIOD_ENDS_NOW", "CREDIT_EXCEEDS_LINE"} & set(preview["warnings"])
        assert about_credit == (self.world.warnings if mutation == "changePlan" else set())
        token: str = preview["previewToken"]
        return token

    def alive(self) -> list[Sub]:
        return [sub for sub in self.world.subs.values() if sub.status != "CANCELED"]

    def predicted(self, decide: Any) -> str | None:
        try:
            decide()
        except Refusal as no:
            return str(no)
        return None

    def done(self, mutation: str, refusal: str | None, arguments: dict[str, Any], viewer: Any = None) -> dict[str, Any]:
        payload: dict[str, Any] = self.run(self.life.do(mutation, viewer, **arguments))
        assert [error["code"] for error in payload["userErrors"]] == ([refusal] if refusal else [])
        return payload

    def overdue(self, sub: Sub) -> bool:
        """Of what was issued already. What catching up issues now is due in two weeks."""
        today = self.world.now.astimezone(ZoneInfo("Europe/Zurich")).date()
        rows = self.run(self.life.rows("invoice", f"and subscription_id = '{sub.id}' and remaining_minor > 0"))
        return any(row["due_on"] < today for row in rows)

    def compare(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        await assert_periods_and_captures(self.life)
        rows = {row["id"]: row for row in await self.life.rows("subscription")}
        assert rows.keys() == self.world.subs.keys()
        for sub in self.world.subs.values():
            expected = self.world.seen(sub)
            row = dict(rows[sub.id]) | {"holds": sorted(rows[sub.id]["holds"])}
            assert {name: row[name] for name in expected} == expected
            assert row["version"] >= self.versions.get(sub.id, 0)
            self.versions[sub.id] = row["version"]
        await self._compare_money()
        await self._compare_coupons()
        await self._compare_trials()
        await self._compare_actions()
        self.compared += 1
        if self.compared % 8 == 0:
            await figures_agree(self.life)

    async def _compare_money(self) -> None:
        invoices = sorted(await self.life.rows("invoice"), key=lambda row: (row["issued_at"], row["sequence"]))
        names = ("subscription_id", "reason", "period_starts_at", "period_ends_at", "total_minor", "tax_minor")
        issued = [tuple(row[name] for name in names) for row in invoices[self.numbered :]]
        assert Counter(issued) == Counter((bill.subscription, bill.reason, bill.starts_at, bill.ends_at, bill.total, bill.tax) for bill in self.world.bills)
        self.numbered, self.world.bills = len(invoices), []
        assert sum(row["amount_minor"] for row in await self.life.rows("balance_entry")) == self.world.balance
        notes = await self.life.rows("credit_note")
        assert (sum(note["subtotal_minor"] for note in notes), sum(note["tax_minor"] for note in notes)) == self.world.noted
        for row in invoices:
            if cover := self.world.subs[row["subscription_id"]].cover:
                cover.remaining = row["remaining_minor"]

    async def _compare_coupons(self) -> None:
        rows = {row["subscription_id"]: row for row in await self.life.rows("coupon_redemption", "and ended_at is null")}
        for sub in self.world.subs.values():
            row = rows.get(sub.id)
            assert (row and (row["periods_left"], row["used_until"])) == (sub.use and (sub.use.left, sub.use.until))
        counts = await self.life.admin.fetch(
            "select c.code, c.redeemed_count, count(r.id) as redemptions from coupon c left join coupon_redemption r on r.coupon_id = c.id where c.code like 'M %' group by c.id"
        )
        assert all(row["redeemed_count"] == row["redemptions"] for row in counts)

    async def _compare_trials(self) -> None:
        """The same trials, and no plan's twice."""
        rows = [row for row in await self.life.rows("taken_plan") if row["has_trial"]]
        assert sorted(row["plan_id"] for row in rows) == sorted(self.world.trials)
        assert len(set(self.world.trials)) == len(self.world.trials)
        has_trial = {row["subscription_id"] for row in rows}
        began = [row["subscription_id"] for row in await self.life.rows("subscription_event") if row["kind"] == "TRIAL_STARTED"]
        assert len(set(began)) == len(began)
        assert set(began) <= has_trial

    async def _compare_actions(self) -> None:
        subs = [sub for sub in self.world.subs.values() if not sub.due_at or sub.due_at > self.world.now]
        for node in (await self.life.ask(ACTIONS, ids=[sub.id for sub in subs]))["nodes"] if subs else ():
            sub = self.world.subs[node["id"]]
            today = self.world.now.astimezone(ZoneInfo("Europe/Zurich")).date()
            invoices = await self.life.rows("invoice", f"and subscription_id = '{sub.id}' and remaining_minor > 0")
            reasons = self.world.reasons(sub, is_overdue=any(row["due_on"] < today for row in invoices))
            assert {state["action"]: state["reason"] for state in node["availableActions"]} == reasons
            assert all(state["allowed"] is (state["reason"] is None) for state in node["availableActions"])

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.run(figures_agree(self.life))
            assert self.run(violations(self.owner, {self.life.customer_id})) == []
            self.run(end_life(self.owner, self.life.customer_id))


@pytest.fixture
def machine(portal: Portal, place: embedded.Urls) -> Iterator[type[Lives]]:
    """A loop and a pool of its own: hypothesis is synchronous."""
    with asyncio.Runner() as runner:
        pool = Database(place.app, Pool(max_size=4), server_settings={})
        owner = runner.run(asyncpg.connect(place.admin, server_settings={"search_path": "portico"}))
        runner.run(pool.connect())
        runner.run(for_sale(owner))
        machine = type("Lives", (Lives,), {"runner": runner, "portal": portal, "place": place, "pool": pool, "owner": owner})
        yield machine
        runner.run(pool.disconnect())
        runner.run(owner.close())


async def for_sale(owner: asyncpg.Connection) -> None:
    """Once for a process of tests."""
    if await owner.fetchval("select true from plan where id = $1", PLAIN):
        return
    for plan, days in ((PLAIN, 0), (TRIAL, 10), (OTHER_TRIAL, 30)):
        await owner.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'A plan', $2, $3)", plan, days, START)
    for price in PRICES.values():
        await owner.execute(
            """insert into price (id, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, created_at)
               values ($1, $2, 'USD', $3, $4, $5, $6, $7)""",
            price.id, price.plan, price.minor, price.interval, price.count, "INCLUSIVE" if price.is_inclusive else "EXCLUSIVE", START,
        )  # fmt: skip
    for coupon in COUPONS.values():
        await owner.execute(
            """insert into coupon (id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods, created_at)
               values ($1, $2, $2, $3, $4, $5, $6, $7, $8)""",
            new_id("cpn"), coupon.code, int(coupon.percent * 1_000_000) or None, coupon.minor or None, "USD" if coupon.minor else None,
            "FOREVER" if coupon.periods is None else "ONCE" if coupon.periods == 1 else "REPEATING", coupon.periods if coupon.periods and coupon.periods > 1 else None, START,
        )  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_whatever_happens_states_periods_and_money_are_those_of_the_model(part: int, machine: type[Lives]) -> None:
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(part)(machine), settings=profile)
