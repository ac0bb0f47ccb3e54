"""What mutations, the clock and processors cause: the events of each step, all of them, with who caused them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.money.numbers import Numbering
from db.pool import Database
from jobs.clock import Billing, tick
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges.charging import apply_result
from tests.auditing import violations
from tests.conftest import STAFF, Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoicing.staff import create
from tests.lifecycle.payments.test_paying import invoice, pay
from tests.lifecycle.staff.test_effects_of_kills import sent
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, killable

Act = Callable[[], Awaitable[Any]]


async def caused(life: Life, act: Act, actor: str) -> list[str]:
    """Run one step and return the topics that it caused, in alphabetical order. All have the actor, and none is doubled for one object."""
    before = len(await life.rows("event"))
    await act()
    events = (await life.rows("event"))[before:]
    assert {event["actor"] for event in events} <= {actor}, [dict(event) for event in events]
    assert len({(event["type"], event["object_id"], event["object_version"]) for event in events}) == len(events)
    return sorted(event["type"] for event in events)


PROFILE = "mutation M($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code } customer { name version } } }"
ADDRESS = {"line1": "Seestrasse 1", "city": "Zürich", "postalCode": "8001", "country": "CH"}


async def test_a_profile_that_is_stored_already_is_no_event(life: Life) -> None:
    async def save(**arguments: Any) -> None:
        (answer,) = (await life.ask(PROFILE, input=arguments)).values()
        assert answer["userErrors"] == []

    for arguments in ({"name": "Grace Hopper"}, {"billingAddress": ADDRESS, "taxIds": ["CHE-116.281.710"]}, {"companyName": "Example", "locale": "de-CH"}):
        assert await caused(life, lambda sent=arguments: save(**sent), "CUSTOMER") == ["customer.updated"]
        version = await life.admin.fetchval("select version from customer where id = $1", life.customer_id)
        assert await caused(life, lambda sent=arguments: save(**sent), "CUSTOMER") == []
        assert await life.admin.fetchval("select version from customer where id = $1", life.customer_id) == version
    assert await caused(life, lambda: save(billingAddress={**ADDRESS, "line2": "c/o Example"}), "CUSTOMER") == ["customer.updated"]


async def test_actions_of_a_customer(life: Life) -> None:
    subscription = await life.subscribe("storage")

    def does(mutation: str, **arguments: Any) -> Act:
        return lambda: life.do(mutation, subscriptionId=subscription, **arguments)

    steps: list[tuple[Act, list[str]]] = [
        (does("pauseSubscription"), ["subscription.change_scheduled"]),
        (does("withdrawPendingChange"), ["subscription.change_withdrawn"]),
        (does("cancelSubscription", reason="OTHER"), ["subscription.cancellation_scheduled"]),
        (does("withdrawPendingChange"), ["subscription.change_withdrawn"]),
        (does("applyCoupon", code="WELCOME20"), ["coupon.redeemed", "subscription.updated"]),
        (does("removeCoupon"), ["coupon.removed", "subscription.updated"]),
        (does("suspendSubscription"), ["subscription.suspended"]),
        (does("resumeSubscription"), ["subscription.resumed"]),
        (does("withdrawPendingChange"), []),
    ]
    assert [await caused(life, act, "CUSTOMER") for act, _ in steps] == [expected for _, expected in steps]


async def test_paying_declined_and_by_a_debit_that_the_processor_reports_later(life: Life, pool: Database) -> None:
    owed = await invoice(life)
    paid = await caused(life, lambda: pay(life, "payInvoice", invoiceId=owed), "CUSTOMER")
    assert [topic for topic in paid if topic != "invoice.updated"] == ["invoice.paid", "payment.created", "payment.succeeded"]
    await life.card("declined")
    other = await invoice(life)
    declined = await caused(life, lambda: pay(life, "payInvoice", invoiceId=other), "CUSTOMER")
    assert {"payment.created", "payment.failed"} <= set(declined)
    assert "invoice.paid" not in declined
    await life.card("slow")
    waiting = (await pay(life, "payInvoice", invoiceId=other))["payment"]["id"]

    async def report() -> None:
        context = life.context(Viewer(life.viewer.kind.__class__.SYSTEM, life.customer_id, (), "processor"))
        await apply_result(context.session, waiting, ChargeResult(ChargeStatus.SUCCEEDED, "reported"), by=system_writer(life.now, Numbering()))

    assert await caused(life, report, "SYSTEM") == ["invoice.paid", "payment.succeeded"]
    assert await caused(life, report, "SYSTEM") == [], "the second report of one result"


async def test_the_clock_renews(life: Life) -> None:
    subscription = await life.subscribe("storage")
    life.now += timedelta(days=31)
    topics = await caused(life, lambda: tick(Billing(life.database, {"sandbox": life.sandbox}), life.now), "SYSTEM")
    assert {"subscription.renewed", "invoice.issued", "invoice.paid", "payment.created", "payment.succeeded"} <= set(topics)
    assert (await life.row(subscription))["status"] == "ACTIVE"


async def test_actions_of_staff(life: Life) -> None:
    subscription = await life.subscribe("storage")
    key = {"idempotencyKey": f"events {life.customer_id}"}

    def does(mutation: str, **arguments: Any) -> Act:
        return lambda: sent(life, mutation, key | arguments)

    assert await caused(life, does("holdSubscription", subscriptionId=subscription), "STAFF") == ["subscription.suspended"]
    assert await caused(life, does("holdSubscription", subscriptionId=subscription), "STAFF") == [], "the same key"
    assert await caused(life, does("releaseSubscription", subscriptionId=subscription), "STAFF") == ["subscription.resumed"]
    made: list[str] = []

    async def make() -> None:
        made.append(await create(life))

    topics = await caused(life, make, "STAFF")
    assert "invoice.issued" in topics
    assert await caused(life, does("voidInvoice", invoiceId=made[0]), "STAFF") == ["invoice.voided"]
    await life.do("cancelSubscription", STAFF, subscriptionId=subscription, reason="OTHER")


async def test_what_is_created(life: Life) -> None:
    """The types of BY_MUTATIONS in test_by_sql.py."""
    subscription = await life.subscribe("storage")
    assert [row["object_id"] for row in await life.rows("event", "and type = 'customer.created'")] == [life.customer_id]
    assert [row["object_id"] for row in await life.rows("event", "and type = 'subscription.created'")] == [subscription]
    owed = await create(life)
    assert owed in [row["object_id"] for row in await life.rows("event", "and type = 'invoice.issued'")]
    arguments = {"idempotencyKey": f"credit {life.customer_id}", "invoiceId": owed, "reason": "GOODWILL", "amount": {"amount": "1.00", "currency": "USD"}}
    topics = await caused(life, lambda: sent(life, "creditInvoice", arguments), "STAFF")
    assert {"credit_note.issued", "invoice.credited"} <= set(topics)


async def test_an_upsert_that_changes_nothing_has_no_event(life: Life) -> None:
    def save(**arguments: Any) -> Act:
        return lambda: sent(life, "saveCustomer", {"id": life.customer_id, **arguments}, "outcome")

    assert await caused(life, save(email=f"{life.customer_id}@new.example.com"), "STAFF") == ["customer.email_changed"]
    assert await caused(life, save(email=f"{life.customer_id}@new.example.com"), "STAFF") == []
    assert await caused(life, save(taxRate="7.7"), "STAFF") == ["customer.updated"]
    assert await caused(life, save(taxRate="7.7"), "STAFF") == []


async def test_killed_at_every_await_state_and_events_agree(portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The retry with the same key, and the clock, end with the events of one call; numbers have no gap, and each object's newest event has its version."""

    async def events_of(kill_point: KillPoint | None) -> list[str]:
        async with living(portal, pool, owner) as life:
            owed = await invoice(life)
            before = len(await life.rows("event"))

            async def call() -> None:
                life.keys = 10
                await pay(life, "payInvoice", invoiceId=owed)

            if kill_point:
                with killable(life, kill_point, monkeypatch):
                    await kill_point.run_until_killed(call())
                assert await violations(owner, {life.customer_id}) == []
                await assert_nothing_open(life)
                life.now += timedelta(hours=2)
                await tick(Billing(pool, {"sandbox": life.sandbox}), life.now)
            await call()
            assert await violations(owner, {life.customer_id}) == []
            return sorted(event["type"] for event in (await life.rows("event"))[before:])

    once = await events_of(None)
    assert "invoice.paid" in once
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        topics = await events_of(kill_point)
        assert topics.count("invoice.paid") == 1, (turn, topics)
        assert topics.count("payment.succeeded") == 1, (turn, topics)
        if not kill_point.is_killed:
            assert topics == once
            assert turn > 3
            return
    pytest.fail("it never got through")
