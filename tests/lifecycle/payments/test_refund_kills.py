"""A report of a refund, and the process that hears it dies at every await: afterwards it has taken effect once, with one credit note."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from billing.money.numbers import Numbering
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller
from payments.processor import RefundReport
from resolvers.changes.writing import system_writer
from resolvers.payments.webhooks import apply_event, store
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.books import assert_numbers
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule
from tests.lifecycle.payments.test_refund_cases import owed
from tests.lifecycle.payments.test_refunds import amounts, balance, one
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, clock, killable

REPORT = RefundReport("re_1", 8_000, "SUCCEEDED", "REQUESTED")


async def begin(life: Life) -> None:
    """An invoice of two installments that credit and a card have paid."""
    both = await invoice(life, 9_000)
    await schedule(life, 4_000, 5_000, invoicing="COLLECTIVE", covered_by=[both] * 2)
    await credit(life, 1_000)
    await pay(life, "payInvoice", invoiceId=both)


async def hear(life: Life, report: RefundReport) -> None:
    """As the webhook does: stored, and acted on."""
    (payment,) = await life.rows("payment")
    life.sandbox.queue_refund_event(payment["processor_reference"], report)
    (*_, delivery) = life.sandbox.deliveries(now=life.now)
    event = life.sandbox.read_event(delivery.headers, delivery.body, now=life.now)
    session = life.context().session.for_caller(Caller(None, Actor.SYSTEM, life.now))
    stored = await store(session, "sandbox", replace(event, id=f"{life.customer_id} {report.reference} {report.status}"))
    if stored is not None:
        await apply_event(session, stored, by=system_writer(life.now, Numbering()))


async def refunded(life: Life) -> None:
    assert amounts(await one(life, "invoice")) == ("REFUNDED", 0, 9_000, 8_000, 0)
    note = await one(life, "credit_note")
    assert (note["refunded_minor"], note["granted_minor"], await balance(life)) == (8_000, 1_000, 1_000)
    assert [row["status"] for row in await life.rows("installment")] == ["REFUNDED"] * 2


async def won(life: Life) -> None:
    assert amounts(await one(life, "invoice")) == ("PAID", 8_000, 1_000, 0, 0)
    assert [row["status"] for row in await life.rows("installment")] == ["PAID"] * 2


DISPUTE = RefundReport("dp_1", 5_000, "SUCCEEDED", "DISPUTE")
Check = Callable[[Life], Awaitable[None]]
STORIES: dict[str, tuple[list[RefundReport], RefundReport, Check]] = {
    "a refund of everything": ([], REPORT, refunded),
    "a dispute that is won": ([DISPUTE], replace(DISPUTE, status="REVERSED"), won),
}


@pytest.mark.parametrize("name", STORIES)
async def test_killed_at_every_await_a_report_of_a_refund_takes_effect_once(
    name: str, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, report, check = STORIES[name]
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            await begin(life)
            for earlier in before:
                await hear(life, earlier)
            with killable(life, kill_point, monkeypatch):
                await kill_point.run_until_killed(hear(life, report))
            await assert_nothing_open(life)
            life.now += timedelta(minutes=1)
            # What was stored is acted on by the clock; what was not is delivered again.
            await clock(life)
            await hear(life, report)
            await check(life)
            await amounts_agree(life)
            assert (await owed(life))["portal"] == (await owed(life))["statement"]
        if not kill_point.is_killed:
            assert turn > 10
            await assert_numbers(owner)
            return
    pytest.fail("it never got through")
