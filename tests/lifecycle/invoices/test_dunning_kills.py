"""Dunning, killed at every await: afterwards each try has failed once, the subscription is held or released once, and money is taken once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from billing.money.dunning import RetryPolicy
from db.pool import Database
from tests.conftest import STAFF, Portal
from tests.depth import in_turns
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoices.test_dunning import letters, passed, renewed, standing, states, unpaid
from tests.lifecycle.invoicing.staff import done
from tests.lifecycle.payments.test_paying import add, change_method, credit, pay
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, killable

ONE = RetryPolicy((1,))


@dataclass(frozen=True)
class Story:
    """What is there before, what is done by who dies and by who comes after, and in the end: status, holds, what is unpaid, and how many letters were written."""

    begin: Callable[[Life], Awaitable[str]]
    act: Callable[[Life, str], Awaitable[Any]]
    status: str
    holds: list[str]
    unpaid: list[tuple[str, int]]
    letters: int
    captures: int
    events: tuple[str, ...]


async def before_the_last_try(life: Life) -> str:
    subscription = await renewed(life)
    life.now += timedelta(days=1)
    return subscription


async def before_the_last_try_without_a_method(life: Life) -> str:
    subscription = await renewed(life, None)
    life.now += timedelta(days=1)
    return subscription


async def held(life: Life) -> str:
    subscription = await before_the_last_try(life)
    await passed(life, ONE)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    return subscription


async def held_and_credited(life: Life) -> str:
    subscription = await held(life)
    await credit(life, 100_000)
    return subscription


async def held_with_a_card_beside(life: Life) -> str:
    subscription = await held(life)
    await add(life, "amex")
    return subscription


async def held_and_promised(life: Life) -> str:
    """A subscription that dunning held until the customer promised to pay, on the day after the promise."""
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=(life.now.date() + timedelta(days=2)).isoformat())
    assert await standing(life, subscription) == ("ACTIVE", [])
    life.now += timedelta(days=3)
    return subscription


async def clock(life: Life, _: str) -> None:
    await passed(life, ONE)


async def pay_with_credit(life: Life, _: str) -> None:
    owed = max(await life.rows("invoice"), key=lambda row: row["issued_at"])["id"]
    assert (await pay(life, "payInvoice", invoiceId=owed, idempotencyKey="the one"))["userErrors"] == []


async def choose_the_other_card(life: Life, _: str) -> None:
    (other,) = [row["id"] for row in await life.rows("payment_method", "and brand = 'amex'")]
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=other, retryPastDue=True)
    await passed(life, ONE)


async def release(life: Life, subscription: str) -> None:
    # Keys of staff are those of their client, not of a customer: each history needs its own.
    assert (await life.do("releaseSubscription", STAFF, subscriptionId=subscription, idempotencyKey=f"the one of {life.customer_id}"))["userErrors"] == []


HELD, LIFTED = ("HELD",), ("HELD", "RELEASED")
GIVING_UP = [("GIVEN_UP", 2)]
STORIES = {
    "the last try": Story(before_the_last_try, clock, "SUSPENDED", ["DUNNING"], GIVING_UP, 2, 1, HELD),
    "the last try without a method": Story(before_the_last_try_without_a_method, clock, "SUSPENDED", ["DUNNING"], GIVING_UP, 2, 1, HELD),
    "a broken promise": Story(held_and_promised, clock, "SUSPENDED", ["DUNNING"], GIVING_UP, 2, 1, ("HELD", "HELD", "RELEASED")),
    "a payment by credit": Story(held_and_credited, pay_with_credit, "ACTIVE", [], [], 2, 1, LIFTED),
    "another card": Story(held_with_a_card_beside, choose_the_other_card, "ACTIVE", [], [], 2, 2, LIFTED),
    "a release by staff": Story(held, release, "ACTIVE", [], GIVING_UP, 2, 1, LIFTED),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_killed_at_every_await_it_has_one_effect(
    story: Story, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            subscription = await story.begin(life)
            with killable(life, kill_point, monkeypatch):
                await kill_point.run_until_killed(story.act(life, subscription))
            await assert_nothing_open(life)
            await revive(life, story, subscription)
            await assert_one_effect(life, story, subscription, turn)
        if not kill_point.is_killed:
            assert turn > 5
            return
    pytest.fail("it never got through")


async def revive(life: Life, story: Story, subscription: str) -> None:
    """The clock asks about charges nobody saw the outcome of; what surely was not charged is charged again within the hour."""
    for minutes in (20, 61):
        life.now += timedelta(minutes=minutes)
        await passed(life, ONE)
    await story.act(life, subscription)


async def assert_one_effect(life: Life, story: Story, subscription: str, turn: int) -> None:
    assert await standing(life, subscription) == (story.status, story.holds), turn
    assert await states(life) == story.unpaid, turn
    assert len(await letters(life)) == story.letters, turn
    kinds = [row["kind"] for row in await life.rows("subscription_event", "and kind in ('HELD', 'RELEASED')")]
    assert sorted(kinds) == sorted(story.events), turn
    assert life.sandbox.calls("capture") == story.captures, turn
    assert [row for row in await life.rows("charge") if row["settled_at"] is None] == [], turn
    if not await unpaid(life):
        assert [row for row in await life.rows("invoice", "and collect_at is not null and remaining_minor > 0")] == [], turn
    if story.begin is not held_and_credited:
        await assert_books(life)
