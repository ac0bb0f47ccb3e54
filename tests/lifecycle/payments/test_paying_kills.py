"""Paying, killed at every await: afterwards there is exactly one charge, and the invoice says so."""

from datetime import timedelta

import asyncpg
import pytest

from db.pool import Database
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, clock, killable


@pytest.mark.parametrize("clock_runs_first", [False, True], ids=["then a retry", "then the clock"])
async def test_killed_at_every_await_an_invoice_is_paid_once(
    clock_runs_first: bool, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            owed = await _owing(life)
            with killable(life, kill_point, monkeypatch):
                await kill_point.run_until_killed(pay(life, "payInvoice", invoiceId=owed, idempotencyKey="the one"))
            await assert_nothing_open(life)
            await _revive(life, owed, clock_runs_first)
            await _assert_paid_once(life, turn)
        if not kill_point.is_killed:
            assert turn > 10
            return
    pytest.fail("it never got through")


async def _owing(life: Life) -> str:
    owed = await invoice(life, 9_000)
    await schedule(life, 3_000, 3_000, 3_000, invoicing="COLLECTIVE", covered_by=[owed] * 3)
    await credit(life, 1_000)
    return owed


async def _assert_paid_once(life: Life, turn: int) -> None:
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID"], turn
    assert [row["status"] for row in await life.rows("payment_schedule")] == ["FINISHED"], turn
    assert life.sandbox.calls("capture") == 1, turn
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 0, turn
    await amounts_agree(life)


async def _revive(life: Life, owed: str, clock_runs_first: bool) -> None:
    if clock_runs_first:
        life.now += timedelta(minutes=20)
        await clock(life)
    life.now += timedelta(minutes=1)
    payload = await pay(life, "payInvoice", invoiceId=owed, idempotencyKey="the one")
    assert payload["userErrors"] == []
