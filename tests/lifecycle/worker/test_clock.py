"""The billing clock: renewals, pending changes, ends of trials and pauses, collections and what follows when they fail."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest

from billing.money.dunning import Ending, RetryPolicy
from billing.states import SuspendedBy
from db.pool import Database
from db.pool import Pool as DatabasePool
from db.unit_of_work import DatabaseUnavailable
from jobs.clock import Billing, ClockPassResult, tick
from tests.conftest import STAFF, Portal
from tests.failing_rows import failing_writes, revoked
from tests.lifecycle.conftest import Life, living, price
from tests.lifecycle.payments.test_paying import amounts_agree, invoice, pay


async def passed(life: Life, *, policy: RetryPolicy | None = None, **length: float) -> ClockPassResult:
    """Time goes by, and the clock makes one pass."""
    life.now += timedelta(**length)
    return await tick(Billing(life.database, {"sandbox": life.sandbox}, policy or RetryPolicy()), life.now)


async def invoices(life: Life) -> list[tuple[str, str]]:
    return [(row["reason"], row["status"]) for row in sorted(await life.rows("invoice"), key=lambda row: row["number"])]


async def test_a_period_is_renewed_invoiced_and_charged(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await passed(life, days=29)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
    row = await life.row(subscription)
    assert row["period_starts_at"] == datetime(2027, 2, 28, 10, 15, tzinfo=UTC)
    assert row["period_ends_at"] == datetime(2027, 3, 31, 9, 15, tzinfo=UTC)  # 11:15 in Zurich, where summer time has begun
    assert life.sandbox.calls("capture") == 2


async def test_a_second_pass_at_the_same_instant_does_nothing(life: Life) -> None:
    await life.subscribe("storage")
    await passed(life, days=29)
    before = await life.everything()
    assert await passed(life) == ClockPassResult()
    assert await life.everything() == before


async def test_two_passes_at_once_renew_once(life: Life) -> None:
    await life.subscribe("storage")
    life.now += timedelta(days=29)
    await asyncio.gather(passed(life), passed(life), passed(life))
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
    assert life.sandbox.calls("capture") == 2


async def test_a_clock_that_was_late_invoices_every_period_it_missed(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await passed(life, days=100)
    rows = [row for row in await life.rows("invoice") if row["subscription_id"] == subscription]
    periods = sorted((row["period_starts_at"], row["period_ends_at"]) for row in rows)
    assert len(periods) == 4
    assert all(one[1] == other[0] for one, other in pairwise(periods))
    assert [start.astimezone().day for start, _ in periods] == [31, 28, 31, 30]


async def test_a_customer_who_cannot_be_billed_keeps_no_other_and_is_named_in_the_log(
    life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with living(portal, pool, owner) as other:
        subscription, _ = await life.subscribe("storage"), await other.subscribe("storage")
        other.now += timedelta(days=29)
        async with failing_writes(life.admin, "subscription", f"old.customer_id = '{life.customer_id}'"):
            done = await passed(life, days=29)
        assert await invoices(life) == [("FIRST", "PAID")]
        assert await invoices(other) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
        assert (done.failures, done.blocked) == (1, 0)
        assert f"clock.due_subscriptions of {subscription} failed and will be tried again" in caplog.text
        assert "poisoned" in caplog.text
        await passed(life)
        assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]


async def test_customers_who_cannot_be_billed_keep_no_other_though_they_fill_a_whole_batch(
    life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.clock.BATCH", 1)
    async with living(portal, pool, owner) as other:
        await life.subscribe("storage")
        other.now += timedelta(minutes=1)
        await other.subscribe("storage")
        async with failing_writes(life.admin, "subscription", f"old.customer_id = '{life.customer_id}'"):
            done = await passed(life, days=29)
        assert (await invoices(life), done.failures) == ([("FIRST", "PAID")], 1)
        assert await invoices(other) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]


async def test_what_cannot_be_looked_for_keeps_nothing_else_from_being_done(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    await life.subscribe("storage")
    async with revoked(life.admin, "select", "webhook_event"):
        done = await passed(life, days=29)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
    assert (done.steps, done.failures) == (1, 1)
    assert "webhooks.open failed and will be tried again by the next pass: InsufficientPrivilegeError 42501" in caplog.text


async def test_a_pass_that_reaches_no_database_breaks_off(life: Life) -> None:
    done = ClockPassResult()
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", DatabasePool(1), server_settings={}) as away:
        with pytest.raises(DatabaseUnavailable):
            await tick(Billing(away, {}), life.now, done)
    assert (done.failures, done.blocked) == (8, 8)


async def test_a_trial_ends_in_a_first_invoice(life: Life) -> None:
    subscription = await life.subscribe("starter", is_past_trial=False)
    assert (await life.row(subscription))["status"] == "TRIALING"
    assert await invoices(life) == []
    await passed(life, days=14)
    assert (await life.row(subscription))["status"] == "ACTIVE"
    assert await invoices(life) == [("FIRST", "PAID")]


async def test_a_trial_that_was_canceled_ends_without_an_invoice(life: Life) -> None:
    subscription = await life.subscribe("starter", is_past_trial=False)
    payload = await life.do("cancelSubscription", subscriptionId=subscription)
    assert payload["subscription"]["pendingChange"]["kind"] == "CANCEL"
    await passed(life, days=14)
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert await invoices(life) == []


async def test_a_pending_pause_begins_and_ends_by_itself_and_the_next_period_is_charged_first(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, resumesAt="2027-03-10T00:00:00Z")
    await passed(life, days=29)
    assert (await life.row(subscription))["status"] == "PAUSED"
    assert await invoices(life) == [("FIRST", "PAID")]
    await passed(life, days=15)
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"]) == ("ACTIVE", life.now)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]


async def test_a_pause_whose_next_period_is_declined_stays_a_pause_and_is_not_tried_again(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("pauseSubscription", subscriptionId=subscription, resumesAt="2027-03-10T00:00:00Z")
    await life.card("insufficient_funds")
    await passed(life, days=60)
    row = await life.row(subscription)
    assert (row["status"], row["resumes_at"], row["charging_payment_id"]) == ("PAUSED", None, None)
    assert [event["kind"] for event in await life.rows("subscription_event", "and kind = 'RESUME_FAILED'")] == ["RESUME_FAILED"]
    assert await invoices(life) == [("FIRST", "PAID")]
    tries = await life.rows("payment")
    await passed(life, days=60)
    assert await life.row(subscription) == row
    assert await life.rows("payment") == tries


async def test_a_pending_plan_is_what_the_next_period_costs(life: Life) -> None:
    subscription = await life.subscribe("business")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("starter"), when="PERIOD_END")
    await passed(life, days=31)
    row = await life.row(subscription)
    assert (row["price_id"], row["pending_kind"]) == (price("starter"), None)
    last = max(await life.rows("invoice"), key=lambda row: row["number"])
    assert (last["subtotal_minor"], last["tax_minor"], last["reason"]) == (900, 73, "RENEWAL")


async def test_what_is_suspended_is_not_renewed_and_a_pending_cancellation_still_ends_it(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("cancelSubscription", subscriptionId=subscription)
    await life.do("suspendSubscription", subscriptionId=subscription)
    await passed(life, days=40)
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert await invoices(life) == [("FIRST", "PAID")]


async def test_a_declined_renewal_is_tried_on_the_days_of_the_policy_and_then_held_until_it_is_paid(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await passed(life, days=29)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "OPEN")]
    tried = [life.sandbox.calls()]
    for _ in range(16):
        await passed(life, days=1)
        tried.append(life.sandbox.calls())
    assert tried == [2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6]
    row = await life.row(subscription)
    assert (row["status"], row["suspended_by"]) == ("SUSPENDED", "DUNNING")
    payload = await life.do("resumeSubscription", subscriptionId=subscription)
    assert payload["userErrors"][0]["code"] == "NOT_YOURS_TO_RESUME"


async def test_a_declined_renewal_that_is_paid_at_a_later_try_holds_nothing(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await passed(life, days=29)
    await life.card("visa")
    await passed(life, days=1)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
    assert (await life.row(subscription))["status"] == "ACTIVE"


async def test_a_card_that_is_declined_for_good_is_not_tried_again(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("stolen_card")
    for _ in range(20):
        await passed(life, days=3)
    assert life.sandbox.calls() == 2
    assert (await life.row(subscription))["suspended_by"] == "DUNNING"


@pytest.mark.parametrize(("ending", "status"), [(Ending.CANCEL, "CANCELED"), (Ending.NOTHING, "ACTIVE")])
async def test_what_happens_at_the_end_of_patience_is_the_merchants_choice(life: Life, ending: Ending, status: str) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    for days in (29, 1, 1):
        await passed(life, days=days, policy=RetryPolicy((1,), ending))
    assert (await life.row(subscription))["status"] == status


@pytest.mark.parametrize("is_slow", [False, True], ids=["at once", "by a bank that takes its time"])
async def test_dunnings_hold_ends_when_the_last_thing_that_is_past_due_is_paid(life: Life, is_slow: bool) -> None:
    subscription = await life.subscribe("storage")
    other = await invoice(life, 700)
    await life.admin.execute("update invoice set subscription_id = $2 where id = $1", other, subscription)
    await life.card("insufficient_funds")
    for days in (29, 1, 1):
        await passed(life, days=days, policy=RetryPolicy((1,)))
    assert (await life.row(subscription))["suspended_by"] == "DUNNING"
    (renewal,) = [row["id"] for row in await life.rows("invoice", "and reason = 'RENEWAL'")]
    await life.card("slow" if is_slow else "visa")
    for owed, status in ((other, "SUSPENDED"), (renewal, "ACTIVE")):
        assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"] == []
        await passed(life, minutes=5)
        assert (await life.row(subscription))["status"] == status
    assert (await life.row(subscription))["holds"] == []
    assert [row["kind"] for row in await life.rows("subscription_event", "and kind in ('HELD', 'RELEASED')")] == ["HELD", "RELEASED"]
    assert len(await life.rows("invoice")) == 3, "the period that was paid for goes on, and no other begins"
    await amounts_agree(life)


async def test_dunning_never_takes_the_merchants_hold_away(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    for days in (29, 1, 1):
        await passed(life, days=days, policy=RetryPolicy((1,)))
    held = await life.do("holdSubscription", STAFF, subscriptionId=subscription)
    assert held["subscription"]["suspendedBy"] == "MERCHANT"
    await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    row = await life.row(subscription)
    assert (row["status"], row["suspended_by"], row["holds"]) == ("SUSPENDED", SuspendedBy.DUNNING, ["DUNNING"])


async def test_a_charge_that_nobody_saw_the_outcome_of_is_asked_about_and_settled(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("timeout_after_capture")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), more="payment { status }")
    assert payload["payment"]["status"] == "PROCESSING"
    assert payload["subscription"] is None
    again = await life.do("pauseSubscription", subscriptionId=subscription)
    assert again["userErrors"][0]["code"] == "IN_PROGRESS"
    done = await passed(life, minutes=2)
    assert done.reconciled == 1
    row = await life.row(subscription)
    assert (row["price_id"], row["charging_payment_id"]) == (price("business"), None)
    assert life.sandbox.calls("capture") == 2


async def test_a_charge_that_never_arrived_is_given_up_and_nothing_was_changed(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("timeout_before_capture")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    await passed(life, minutes=2)
    assert (await life.row(subscription))["charging_payment_id"] is not None
    await passed(life, minutes=20)
    row = await life.row(subscription)
    assert (row["price_id"], row["charging_payment_id"], row["status"]) == (price("storage"), None, "ACTIVE")
    assert life.sandbox.calls("capture") == 1


async def test_a_processor_that_is_away_is_no_decline_and_is_asked_again_within_the_hour(life: Life) -> None:
    await life.subscribe("storage")
    life.sandbox.is_away = True
    await passed(life, days=29)
    assert [(row["status"], row["failed_attempts"]) for row in await life.rows("invoice", "and reason = 'RENEWAL'")] == [("OPEN", 0)]
    life.sandbox.is_away = False
    await passed(life, minutes=61)
    assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]


async def test_an_invoice_is_not_paid_while_a_charge_decides_what_is_left_of_it(life: Life) -> None:
    subscription = await life.subscribe("starter")
    await life.card("slow")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    (first, *_) = await life.rows("invoice")
    text = "mutation M($i: PayInvoiceInput!) { payInvoice(input: $i) { userErrors { code } } }"
    refused = await life.ask(text, i={"invoiceId": first["id"], "idempotencyKey": "pay"})
    assert refused["payInvoice"]["userErrors"] == [{"code": "IN_PROGRESS"}]
