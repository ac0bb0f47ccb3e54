"""Payment schedules, killed at every await: afterwards everything is written once, invoiced once and charged once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from billing.money.dunning import RetryPolicy
from db.pool import Database
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoices.test_dunning import passed
from tests.lifecycle.payments.test_paying import amounts_agree, pay
from tests.lifecycle.schedules.agreeing import call, create, day, statuses
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, killable

ONE = RetryPolicy((1,))


@dataclass(frozen=True)
class Story:
    """What is there before, what is done by who dies and by who comes after, and in the end: the statuses of installments and invoices, and how many charges succeeded."""

    begin: Callable[[Life], Awaitable[dict[str, Any]]]
    act: Callable[[Life, dict[str, Any]], Awaitable[Any]]
    statuses: tuple[list[str], list[str]]
    captures: int = 0
    notes: int = 0


async def nothing(life: Life) -> dict[str, Any]:
    return {}


async def to_be_invoiced(life: Life) -> dict[str, Any]:
    schedule = (await create(life, "10", "20", first=20, every=2)).schedule
    life.now += timedelta(days=8)
    return schedule


async def to_be_charged(life: Life) -> dict[str, Any]:
    schedule = (await create(life, "10", "20", first=1, collection="AUTOMATIC")).schedule
    life.now += timedelta(days=1)
    return schedule


async def to_be_charged_in_parts(life: Life) -> dict[str, Any]:
    schedule = (await create(life, "10", "20", first=1, collection="AUTOMATIC", invoicing="COLLECTIVE")).schedule
    life.now += timedelta(days=1)
    return schedule


async def late(life: Life) -> dict[str, Any]:
    """The invoice is to be issued and charged in one pass."""
    schedule = (await create(life, "10", first=30, collection="AUTOMATIC")).schedule
    life.now += timedelta(days=31)
    return schedule


async def before_the_last_try(life: Life) -> dict[str, Any]:
    await life.card("insufficient_funds")
    schedule = (await create(life, "10", collection="AUTOMATIC")).schedule
    await passed(life, ONE)
    life.now += timedelta(days=1)
    return schedule


async def paid_in_part(life: Life) -> dict[str, Any]:
    schedule = (await create(life, "10", "20", "30", every=5, invoicing="COLLECTIVE")).schedule
    assert (await pay(life, "payInstallment", installmentId=schedule["installments"]["nodes"][0]["id"]))["userErrors"] == []
    return schedule


async def clock(life: Life, _: dict[str, Any]) -> None:
    await passed(life, ONE)


async def agree(life: Life, _: dict[str, Any]) -> None:
    days = ["2027-02-05", "2027-02-06"]
    installments = [{"dueOn": due_on, "amount": "10"} for due_on in days]
    assert (await create(life, idempotencyKey=f"{life.customer_id} once", installments=installments)).schedule


async def change(life: Life, schedule: dict[str, Any]) -> None:
    _, second, third = (one["id"] for one in schedule["installments"]["nodes"])
    arguments = {"paymentScheduleId": schedule["id"], "expectedVersion": 2, "idempotencyKey": f"{life.customer_id} change"}
    added = [{"dueOn": "2027-03-09", "amount": "5"}]
    assert (await call(life, "updateInstallments", **arguments, change=[{"installmentId": second, "amount": "15"}], remove=[third], add=added)).schedule


async def cancel(life: Life, schedule: dict[str, Any]) -> None:
    assert (await call(life, "cancelPaymentSchedule", paymentScheduleId=schedule["id"], idempotencyKey=f"{life.customer_id} cancel")).schedule


async def pay_ahead(life: Life, schedule: dict[str, Any]) -> None:
    last = schedule["installments"]["nodes"][-1]["id"]
    assert (await pay(life, "payInstallment", installmentId=last, idempotencyKey="ahead"))["userErrors"] == []


STORIES = {
    "invoices ahead": Story(to_be_invoiced, clock, (["DUE", "DUE"], ["OPEN", "OPEN"])),
    "an automatic charge": Story(to_be_charged, clock, (["PAID", "DUE"], ["PAID"]), captures=1),
    "an automatic charge of a part": Story(to_be_charged_in_parts, clock, (["PAID", "DUE"], ["PARTIALLY_PAID"]), captures=1),
    "an invoice and its charge": Story(late, clock, (["PAID"], ["PAID"]), captures=1),
    "the last try": Story(before_the_last_try, clock, (["FAILED"], ["OPEN"])),
    "an agreement": Story(nothing, agree, (["DUE", "DUE"], ["OPEN", "OPEN"])),
    "a change": Story(paid_in_part, change, (["PAID", "DUE", "CANCELED", "DUE"], ["PARTIALLY_PAID", "OPEN"]), captures=1, notes=1),
    "a cancellation": Story(paid_in_part, cancel, (["PAID", "CANCELED", "CANCELED"], ["PAID"]), captures=1, notes=1),
    "a payment ahead": Story(to_be_invoiced, pay_ahead, (["DUE", "PAID"], ["OPEN", "PAID"]), captures=1),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_killed_at_every_await_it_has_one_effect(
    story: Story, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 8):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            schedule = await story.begin(life)
            with killable(life, kill_point, monkeypatch):
                await kill_point.run_until_killed(story.act(life, schedule))
            await assert_nothing_open(life)
            await revive(life, story, schedule)
            await assert_one_effect(life, story, turn)
        if not kill_point.is_killed:
            assert turn > 5
            return
    pytest.fail("it never got through")


async def revive(life: Life, story: Story, schedule: dict[str, Any]) -> None:
    """The clock asks about charges nobody saw the outcome of; what surely was not charged is charged again within the hour."""
    if story.act in (agree, change, cancel):
        await story.act(life, schedule)
        return
    for minutes in (20, 61):
        life.now += timedelta(minutes=minutes)
        await passed(life, ONE)
    await story.act(life, schedule)


async def assert_one_effect(life: Life, story: Story, turn: int) -> None:
    installments, invoices = await statuses(life)
    assert (installments, sorted(invoices)) == (story.statuses[0], sorted(story.statuses[1])), (turn, day(life, 0))
    assert len(await life.rows("payment_schedule")) == 1, turn
    assert len(await life.rows("credit_note")) == story.notes, turn
    assert life.sandbox.calls("capture") == story.captures, turn
    assert [row for row in await life.rows("charge") if row["settled_at"] is None] == [], turn
    await amounts_agree(life)
    await assert_books(life)
