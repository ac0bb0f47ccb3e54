"""A process is killed at each await in turn. The retry with the same key, or the clock, then has exactly one effect."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from db.pool import Database, Lease
from db.unit_of_work import UnitOfWork
from jobs.clock import Billing, tick
from payments.processor import ChargeRequest, ChargeResult, RefundRequest
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from tests.conftest import SECRET, Portal, token
from tests.depth import in_turns
from tests.lifecycle.books import assert_books, assert_periods_and_captures
from tests.lifecycle.conftest import Life, living, price

EVERYTHING = 200


class Killed(BaseException):
    """The process was killed. It executes nothing more; Postgres rolls back its open transactions."""


class KillPoint:
    """Raises Killed at point number `turn`; each statement and each charge has a point before and after it."""

    def __init__(self, turn: int) -> None:
        self.turn, self.seen = turn, 0
        self.killed = asyncio.Event()
        self.connections: list[KillableLease] = []

    @property
    def is_killed(self) -> bool:
        return self.killed.is_set()

    def point(self) -> None:
        if self.is_killed or self.seen == self.turn:
            self.killed.set()
            raise Killed
        self.seen += 1

    async def check_around(self, call: Coroutine[Any, Any, Any]) -> Any:
        try:
            self.point()
        except Killed:
            call.close()
            raise
        answer = await call
        self.point()
        return answer

    async def run_until_killed(self, act: Awaitable[Any]) -> None:
        """Run until killed, or to the end. A killed task may wait for ever, so it is cancelled after 0.1 s."""
        task, killed = asyncio.ensure_future(act), asyncio.create_task(self.killed.wait())
        await asyncio.wait({task, killed}, return_when=asyncio.FIRST_COMPLETED)
        killed.cancel()
        if self.is_killed:
            await asyncio.wait({task}, timeout=0.1)
            task.cancel()
            await asyncio.wait({task})
            for connection in self.connections:
                await connection.close()
        else:
            await task


class KillableLease:
    """A `Lease` with a point before and after each statement."""

    def __init__(self, lease: Lease, kill_point: KillPoint) -> None:
        self._lease, self._kill_point, self._is_open = lease, kill_point, True
        self.is_reading, self.is_distributed = False, lease.is_distributed
        kill_point.connections.append(self)

    async def execute(self, sql: str) -> Any:
        return await self._kill_point.check_around(self._lease.execute(sql))

    async def fetch(self, sql: str, arguments: Sequence[object], **options: Any) -> Any:
        return await self._kill_point.check_around(self._lease.fetch(sql, arguments, **options))

    def terminate(self) -> None:
        self._lease.terminate()

    async def end(self, *, is_sound: bool) -> int:
        if is_sound and self.is_reading:
            await self.execute("COMMIT")
        self.is_reading = self._is_open = False
        return await self._lease.end(is_sound=is_sound)

    async def close(self) -> None:
        """Close the connection as Postgres does after the client is gone, which may be within a statement."""
        if self._is_open:
            self._is_open = False
            await self._lease.end(is_sound=False)


class KillableSandbox(Sandbox):
    def __init__(self, before: Sandbox, kill_point: KillPoint) -> None:
        super().__init__("secret", before._ledger)
        self._kill_point = kill_point

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        result: ChargeResult = await self._kill_point.check_around(super().charge(charge))
        return result

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        result: ChargeResult = await self._kill_point.check_around(super().refund(refund))
        return result


@contextmanager
def killable(life: Life, kill_point: KillPoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within the context, all work on this customer's database passes the points of `kill_point`. Servers of other tests in threads are not affected."""
    opened, sandbox = UnitOfWork._opened, life.sandbox

    async def open_killable(session: UnitOfWork, database: Database, statements: str, *, is_ahead: bool = False) -> Any:
        if database is not life.database:
            return await opened(session, database, statements, is_ahead=is_ahead)
        kill_point.point()
        killable_lease = KillableLease(await opened(session, database, statements, is_ahead=is_ahead), kill_point)
        kill_point.point()
        return killable_lease

    life.sandbox = KillableSandbox(sandbox, kill_point)
    with monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "_opened", open_killable)
        try:
            yield
        finally:
            life.sandbox = sandbox


@dataclass(frozen=True)
class Story:
    """The preparation, the killed action, and what exists exactly once at the end: invoices by reason, events by kind, captures, credit notes by effect."""

    begin: Callable[[Life], Awaitable[str]]
    act: Callable[[Life, str], Awaitable[Any]]
    invoices: dict[str, int]
    events: dict[str, int]
    captures: int
    is_called: bool = True
    coupons: int = 0
    status: str = "ACTIVE"
    notes: dict[str, int] = field(default_factory=dict)
    # Whether the clock runs before the retry, in each case.
    clocks: tuple[bool, ...] = (False, True)


async def clock(life: Life, _: str = "") -> None:
    await tick(Billing(life.database, {"sandbox": life.sandbox}, concurrency=1), life.now)


async def begin_change(life: Life) -> str:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=3)
    return subscription


async def begin_nothing(life: Life) -> str:
    return ""


async def begin_paused(life: Life) -> str:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW")
    await life.advance(subscription, days=40)
    return subscription


async def begin_pause_that_ends(life: Life) -> str:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=(life.now + timedelta(days=40)).isoformat())
    life.now += timedelta(days=41)
    return subscription


async def begin_renewal(life: Life) -> str:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=29)
    return subscription


async def begin_open_renewal(life: Life) -> str:
    """A renewal that was declined at this instant, so nothing of it is used; a card that is charged successfully is the default now."""
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    life.now = (await life.row(subscription))["renews_at"]
    await clock(life)
    await life.admin.execute("update invoice set collect_at = null where customer_id = $1", life.customer_id)
    await life.card()
    return subscription


async def begin_paid_period(life: Life) -> str:
    return await life.subscribe("enterprise-support")


async def begin_downgrade_that_is_due(life: Life) -> str:
    subscription = await life.subscribe("enterprise-support")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("storage"))
    life.now += timedelta(days=29)
    return subscription


async def with_slow_card(life: Life, begin: Callable[[Life], Awaitable[str]]) -> str:
    subscription = await begin(life)
    await life.card("slow")
    return subscription


async def order_by_debit(life: Life, _: str) -> Any:
    return await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one")


async def begin_order_that_is_paid(life: Life) -> str:
    """An order by a debit that has succeeded, of which the clock will be informed."""
    subscription = (await order_by_debit(life, await with_slow_card(life, begin_nothing)))["subscription"]["id"]
    life.now += timedelta(days=5)
    return str(subscription)


async def begin_order_that_failed(life: Life) -> str:
    await life.card("slow_decline")
    subscription = (await order_by_debit(life, ""))["subscription"]["id"]
    life.now += timedelta(days=5)
    return str(subscription)


async def begin_order(life: Life) -> str:
    await life.card("slow")
    return str((await order_by_debit(life, ""))["subscription"]["id"])


async def cancel(life: Life, subscription: str) -> Any:
    return await life.do("cancelSubscription", subscriptionId=subscription, idempotencyKey="the one")


STORIES = {
    "changePlan": Story(
        begin_change,
        lambda life, subscription: life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"), idempotencyKey="the one"),
        {"FIRST": 1, "PLAN_CHANGE": 1},
        {"CREATED": 1, "ACTIVATED": 1, "PLAN_CHANGED": 1},
        2,
    ),
    "changePlan, and a credit note that grants": Story(
        begin_paid_period,
        lambda life, subscription: life.do("changePlan", subscriptionId=subscription, priceId=price("storage"), when="NOW", idempotencyKey="the one"),
        {"FIRST": 1, "PLAN_CHANGE": 1},
        {"CREATED": 1, "ACTIVATED": 1, "PLAN_CHANGED": 1},
        1,
        notes={"granted_minor": 1},
    ),
    "changePlan, and a credit note that releases": Story(
        begin_open_renewal,
        lambda life, subscription: life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"), idempotencyKey="the one"),
        {"FIRST": 1, "RENEWAL": 1, "PLAN_CHANGE": 1},
        {"CREATED": 1, "ACTIVATED": 1, "RENEWED": 1, "PLAN_CHANGED": 1},
        2,
        notes={"released_minor": 1},
    ),
    "addPlan": Story(
        begin_nothing,
        lambda life, _: life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", idempotencyKey="the one"),
        {"FIRST": 1},
        {"CREATED": 1, "ACTIVATED": 1},
        1,
        coupons=1,
    ),
    "addPlan with a trial": Story(
        begin_nothing,
        lambda life, _: life.do("addPlan", priceId=price("starter"), idempotencyKey="the one"),
        {},
        {"CREATED": 1, "TRIAL_STARTED": 1},
        0,
        status="TRIALING",
    ),
    "resume": Story(
        begin_paused,
        lambda life, subscription: life.do("resumeSubscription", subscriptionId=subscription, idempotencyKey="the one"),
        {"FIRST": 1, "RENEWAL": 1},
        {"CREATED": 1, "ACTIVATED": 1, "PAUSED": 1, "RESUMED": 1},
        2,
    ),
    "renewal": Story(begin_renewal, clock, {"FIRST": 1, "RENEWAL": 1}, {"CREATED": 1, "ACTIVATED": 1, "RENEWED": 1}, 2, is_called=False),
    "renewal at a new price": Story(
        begin_downgrade_that_is_due,
        clock,
        {"FIRST": 1, "RENEWAL": 1},
        {"CREATED": 1, "ACTIVATED": 1, "CHANGE_SCHEDULED": 1, "PLAN_CHANGED": 1, "RENEWED": 1},
        2,
        is_called=False,
    ),
    "end of a pause": Story(
        begin_pause_that_ends, clock, {"FIRST": 1, "RENEWAL": 1}, {"CREATED": 1, "ACTIVATED": 1, "PAUSED": 1, "RESUMED": 1}, 2, is_called=False
    ),
    "addPlan by debit": Story(lambda life: with_slow_card(life, begin_nothing), order_by_debit, {"FIRST": 1}, {"CREATED": 1, "ACTIVATED": 1}, 1, coupons=1),
    "resume by debit": Story(
        lambda life: with_slow_card(life, begin_paused),
        lambda life, subscription: life.do("resumeSubscription", subscriptionId=subscription, idempotencyKey="the one"),
        {"FIRST": 1, "RENEWAL": 1},
        {"CREATED": 1, "ACTIVATED": 1, "PAUSED": 1, "RESUMED": 1},
        2,
        clocks=(True,),
    ),
    "the money of an order": Story(begin_order_that_is_paid, clock, {"FIRST": 1}, {"CREATED": 1, "ACTIVATED": 1}, 1, is_called=False, coupons=1),
    "the failure of an order": Story(begin_order_that_failed, clock, {}, {"CREATED": 1, "CANCELED": 1}, 0, is_called=False, status="CANCELED"),
    "cancel of an order": Story(begin_order, cancel, {}, {"CREATED": 1, "CANCELED": 1}, 1, status="CANCELED", clocks=(False,)),
}


# The clock's next run is the retry.
CASES = [(name, is_clock) for is_clock in (False, True) for name, story in STORIES.items() if is_clock in story.clocks and (is_clock or story.is_called)]


@pytest.mark.parametrize(("name", "clock_runs_first"), CASES, ids=[f"{name}, then {'the clock' if is_clock else 'a retry'}" for name, is_clock in CASES])
async def test_killed_at_every_await_it_has_one_effect(
    name: str, clock_runs_first: bool, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 6):
        async with living(portal, pool, owner) as life:
            kill_point = KillPoint(turn)
            await killed_at(kill_point, life, STORIES[name], clock_runs_first, monkeypatch)
        if not kill_point.is_killed:
            assert turn > 10
            return
    pytest.fail("it never got through")


async def killed_at(kill_point: KillPoint, life: Life, story: Story, clock_runs_first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    coupons = await redemptions(life.admin)
    subscription = await story.begin(life)
    with killable(life, kill_point, monkeypatch):
        await kill_point.run_until_killed(story.act(life, subscription))
    await assert_nothing_open(life)
    await revive(life, story, subscription, clock_runs_first)
    await assert_one_effect(life, story, kill_point.turn)
    assert await redemptions(life.admin) - coupons == story.coupons, kill_point.turn


async def revive(life: Life, story: Story, subscription: str, clock_runs_first: bool) -> None:
    """Run the clock late enough to query charges without a known result, and to take over a call after its lease."""
    if clock_runs_first:
        life.now += timedelta(minutes=20)
        await clock(life)
    life.now += timedelta(seconds=21)
    payload = await story.act(life, subscription)
    if story.is_called:
        assert payload["userErrors"] == []
        again = await story.act(life, subscription)
        await settled(life)
        assert (again["replayed"], again["subscription"]) == (True, payload["subscription"])
    else:
        # What was certainly not charged is charged on another day.
        life.now += timedelta(days=2)
        await clock(life)


async def settled(life: Life) -> None:
    """A debit is decided days later."""
    if [row for row in await life.rows("charge") if row["settled_at"] is None]:
        life.now += timedelta(days=2)
        await clock(life)


async def assert_one_effect(life: Life, story: Story, turn: int) -> None:
    assert Counter(row["reason"] for row in await life.rows("invoice")) == Counter(story.invoices), turn
    assert {row["status"] for row in await life.rows("invoice")} == ({"PAID"} if story.invoices else set()), turn
    notes = await life.rows("credit_note")
    assert Counter(name for row in notes for name in ("released_minor", "granted_minor", "refunded_minor") if row[name]) == Counter(story.notes), turn
    assert Counter(row["kind"] for row in await life.rows("subscription_event")) == Counter(story.events), turn
    assert life.sandbox.calls("capture") == story.captures, turn
    assert [(row["status"], row["charging_payment_id"]) for row in await life.rows("subscription")] == [(story.status, None)], turn
    assert [row for row in await life.rows("charge") if row["settled_at"] is None] == [], turn
    await assert_periods_and_captures(life)


async def redemptions(owner: asyncpg.Connection) -> int:
    counted: int = await owner.fetchval("select redeemed_count from coupon where code = 'WELCOME20'")
    return counted


async def assert_nothing_open(life: Life) -> None:
    """Assert that no connection of a killed process is in a transaction. Postgres may notice the closed connection a moment later."""
    for _ in range(100):
        left_open = await life.admin.fetchval("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'")
        if not left_open:
            break
        await asyncio.sleep(0.05)
    assert left_open == 0


CHANGE = (
    """mutation M($input: ChangePlanInput!) { changePlan(input: $input) { replayed userErrors { code } subscription { plan { code } } payment { status } } }"""
)


async def test_a_server_that_is_killed_while_the_processor_thinks_leaves_a_change_that_can_be_finished(
    life: Life, place: embedded.Urls, root: Path, tmp_path: Path
) -> None:
    life.now = datetime.now(UTC)
    life.sandbox = Sandbox("another secret", Ledger(tmp_path / "sandbox.sqlite3"))
    subscription = await life.subscribe("storage")
    await life.card("hesitates")
    environment = os.environ | {"PORTICO_DATABASE_URL": place.admin, "PORTICO_TOKEN_SECRET": SECRET}
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()[1]
        arguments = {"subscriptionId": subscription, "priceId": price("business"), "idempotencyKey": "the one"}
        headers = {"Authorization": f"Bearer {token(life.viewer)}"}
        async with httpx.AsyncClient(timeout=30) as client:
            calling = asyncio.create_task(client.post(url, json={"query": CHANGE, "variables": {"input": arguments}}, headers=headers))
            async with asyncio.timeout(20):
                while (await life.row(subscription))["charging_payment_id"] is None:  # noqa: ASYNC110  # another process writes it
                    await asyncio.sleep(0.02)
            process.kill()
            await asyncio.wait({calling})
            assert isinstance(calling.exception(), httpx.HTTPError)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    life.now = datetime.now(UTC)
    held = await life.do("changePlan", **arguments)
    assert held["userErrors"][0]["code"] == "IN_PROGRESS"
    life.now += timedelta(seconds=21)
    done = await life.do("changePlan", **arguments)
    assert (done["userErrors"], done["subscription"]["plan"]["code"]) == ([], "business")
    assert Counter(row["reason"] for row in await life.rows("invoice")) == Counter({"FIRST": 1, "PLAN_CHANGE": 1})
    assert life.sandbox.calls("capture") == 2
    await assert_books(life)
