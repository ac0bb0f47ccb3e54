"""The process that serves staff is killed at every await. The retry with the same key, or the worker and then the retry, has exactly one effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from db.pool import Database
from tests.auditing import violations
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.books import assert_numbers
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoices.test_dunning import held, unpaid
from tests.lifecycle.invoicing.staff import call, clock, create, line, usd
from tests.lifecycle.payments.test_paying import amounts_agree, credit, pay
from tests.lifecycle.payments.test_refunds import amounts, balance
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, killable


@dataclass(frozen=True)
class StaffStory:
    """What exists before, the killed call, and what exists after it once."""

    begin: Callable[[Life], Awaitable[str]]
    act: Callable[[Life, str], Awaitable[Any]]
    check: Callable[[Life], Awaitable[None]]


async def begin_with_credit(life: Life) -> str:
    await credit(life, 2_500)
    return life.customer_id


async def begin_partly_paid(life: Life) -> str:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier, amountMinorUnits="6000")
    return identifier


async def begin_paid(life: Life) -> str:
    await begin_partly_paid(life)
    identifier: str = (await life.rows("payment"))[0]["id"]
    return identifier


async def issued(life: Life) -> None:
    (row,) = await life.rows("invoice")
    assert (row["total_minor"], row["credited_minor"], await balance(life), len(await life.rows("invoice_line"))) == (10_000, 2_500, 0, 1)


async def credited(life: Life) -> None:
    (row,), (note,) = await life.rows("invoice"), await life.rows("credit_note")
    assert amounts(row) == ("PAID", 4_000, 6_000, 2_000, 0)
    assert (note["released_minor"], note["refunded_minor"], note["granted_minor"], await balance(life)) == (4_000, 2_000, 1_000, 1_000)
    assert [refund["amount_minor"] for refund in await life.rows("refund", "and status = 'SUCCEEDED'")] == [2_000]
    assert refunded_at_processor(life) == 2_000


async def released(life: Life) -> None:
    (row,), (note,) = await life.rows("invoice"), await life.rows("credit_note")
    assert (amounts(row), note["released_minor"], note["granted_minor"]) == (("PAID", 6_000, 4_000, 0, 0), 4_000, 1_000)


async def refunded(life: Life) -> None:
    (row,), (note,) = await life.rows("invoice"), await life.rows("credit_note")
    assert (amounts(row), note["refunded_minor"]) == (("PARTIALLY_PAID", 3_000, 3_000, 3_000, 4_000), 3_000)
    assert refunded_at_processor(life) == 3_000


async def recorded(life: Life) -> None:
    (row,) = await life.rows("invoice")
    assert (row["status"], row["paid_minor"], await balance(life), len(await life.rows("payment"))) == ("PAID", 10_000, 1_000, 2)


def refunded_at_processor(life: Life) -> int:
    return sum(
        entry.refunded_minor for (key,) in life.sandbox._ledger._lines.execute("select key from charge") if (entry := life.sandbox._ledger.charge(key=key))
    )


def keyed(mutation: str, **arguments: Any) -> Callable[[Life, str], Awaitable[Any]]:
    """The call with one key. `ID` stands for what was begun."""

    async def act(life: Life, identifier: str) -> Any:
        sent = {name: identifier if value == "ID" else value for name, value in arguments.items()}
        return await call(life, mutation, idempotencyKey=f"the one of {life.customer_id}", **sent)

    return act


async def begin_declined(life: Life) -> str:
    """An automatic invoice whose first try has failed; the card that is charged next is good."""
    await life.card("insufficient_funds")
    identifier = await create(life, collection="AUTOMATIC", dueOn=f"{life.now:%Y-%m-%d}")
    await clock(life)
    await life.card("visa")
    return identifier


async def begin_held(life: Life) -> str:
    await held(life)
    identifier: str = (await unpaid(life))[0]["id"]
    return identifier


async def retried(life: Life) -> None:
    (row,) = await life.rows("invoice")
    assert (row["status"], row["paid_minor"]) == ("PAID", 10_000)
    assert len(await life.rows("payment", "and status = 'SUCCEEDED'")) == 1


async def extended(life: Life) -> None:
    (row,) = await unpaid(life)
    assert (str(row["due_on"]), str(row["issued_due_on"]), row["collection"], row["retry_count"]) == ("2027-04-30", "2027-03-14", "DUE", 0)
    await lifted_once(life)


async def promised(life: Life) -> None:
    (row,) = await unpaid(life)
    assert (str(row["promised_on"]), row["collection"], row["is_hold_paused"]) == ("2027-03-20", "GIVEN_UP", True)
    await lifted_once(life)


async def lifted_once(life: Life) -> None:
    kinds = [row["kind"] for row in await life.rows("subscription_event", "and kind in ('HELD', 'RELEASED')")]
    assert sorted(kinds) == ["HELD", "RELEASED"]


CREDIT = {"invoiceId": "ID", "amount": usd("70.00"), "reason": "CORRECTION"}
STORIES = {
    "createInvoice": StaffStory(begin_with_credit, keyed("createInvoice", customerId="ID", lines=[line()]), issued),
    "creditInvoice with a refund": StaffStory(begin_partly_paid, keyed("creditInvoice", **CREDIT, refund=usd("20.00"), toBalance=usd("10.00")), credited),
    "creditInvoice": StaffStory(begin_partly_paid, keyed("creditInvoice", **CREDIT | {"amount": usd("50.00")}), released),
    "refundPayment": StaffStory(begin_paid, keyed("refundPayment", paymentId="ID", amount=usd("30.00"), reason="REQUESTED"), refunded),
    "retryNow": StaffStory(begin_declined, keyed("retryNow", invoiceId="ID"), retried),
    "extendDueDate": StaffStory(begin_held, keyed("extendDueDate", invoiceId="ID", dueOn="2027-04-30"), extended),
    "promiseToPay": StaffStory(begin_held, keyed("promiseToPay", invoiceId="ID", on="2027-03-20"), promised),
    "recordPayment": StaffStory(begin_partly_paid, keyed("recordPayment", invoiceId="ID", amount=usd("50.00"), kind="BANK_TRANSFER"), recorded),
}
CASES = [(name, is_clock) for is_clock in (False, True) for name in STORIES]


@pytest.mark.parametrize(("name", "clock_runs_first"), CASES, ids=[f"{name}, then {'the worker' if is_clock else 'a retry'}" for name, is_clock in CASES])
async def test_killed_at_every_await_a_call_of_staff_has_one_effect(
    name: str, clock_runs_first: bool, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            story = STORIES[name]
            identifier = await story.begin(life)
            with killable(life, kill_point, monkeypatch):
                await kill_point.run_until_killed(story.act(life, identifier))
            await assert_nothing_open(life)
            if clock_runs_first:
                await clock(life, minutes=20)
            life.now += timedelta(seconds=21)
            first = await story.act(life, identifier)
            assert first["userErrors"] == [], turn
            again = await story.act(life, identifier)
            assert again | {"replayed": None} == first | {"replayed": None}
            assert again["replayed"]
            await clock(life, minutes=20)
            await story.check(life)
            await amounts_agree(life)
            assert await violations(owner, {life.customer_id}) == []
        if not kill_point.is_killed:
            assert turn > 10
            await assert_numbers(owner)
            return
    pytest.fail("it never got through")
