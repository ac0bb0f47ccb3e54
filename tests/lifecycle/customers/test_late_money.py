"""Money and reports that come for a customer after the erasure, and reports that came before it and are not applied yet."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.money.numbers import Numbering
from billing.states import Actor
from db.builtin.embedded import Urls
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges.charging import apply_result
from tests.lifecycle.conftest import Life
from tests.lifecycle.customers.test_erasing_money import assert_erased, erase
from tests.lifecycle.invoicing.staff import clock, create, done, usd
from tests.lifecycle.payments.test_debits import order, ticked
from tests.lifecycle.payments.test_paying import pay
from tests.waiting import until

LATE = ChargeResult(ChargeStatus.SUCCEEDED, processor_reference="late")


async def declined_and_paid_in_cash(life: Life) -> None:
    """Pay an invoice by a debit that is declined, and then otherwise."""
    identifier = await create(life)
    await life.card("slow_decline")
    await pay(life, "payInvoice", invoiceId=identifier)
    await clock(life, minutes=5)
    await done(life, "recordPayment", invoiceId=identifier, amount=usd("100.00"), kind="CASH")


async def declined_order(life: Life) -> None:
    """Order a plan by a debit that is declined."""
    await order(life, "slow_decline")
    await ticked(life, days=6)


@pytest.mark.parametrize("is_erased", [False, True], ids=["the control", "erased"])
@pytest.mark.parametrize("begin", [declined_and_paid_in_cash, declined_order], ids=lambda begin: str(begin.__name__))
async def test_money_of_a_declined_payment_that_comes_after_all_becomes_credit(life: Life, begin: Callable[[Life], Awaitable[None]], is_erased: bool) -> None:
    await begin(life)
    if is_erased:
        await assert_erased(life)
    (payment,) = await life.rows("payment", "and status = 'FAILED'")
    session = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock")).session
    await apply_result(session, payment["id"], LATE, by=system_writer(life.now, Numbering()))
    (row,) = await life.rows("payment", f"and id = '{payment['id']}'")
    assert row["status"] == "SUCCEEDED"
    assert [one["amount_minor"] for one in await life.rows("balance_entry", "and kind = 'OVERPAYMENT'")] == [payment["amount_minor"]]


async def test_a_letter_that_is_composed_while_its_customer_is_erased_is_deleted_too(life: Life, place: Urls) -> None:
    await declined_and_paid_in_cash(life)
    composing = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    try:
        async with composing.transaction():
            assert await composing.fetch("select from letter_cause where customer_id = $1 for update", life.customer_id)
            await composing.execute(
                "insert into letter (id, customer_id, kind, sealed, written_at, send_at) values ('let_' || $1, $1, 'invoice_issued', '', $2, $2)",
                life.customer_id, life.now,
            )  # fmt: skip
            erasing = asyncio.create_task(assert_erased(life))
            await until(lambda: is_waiting(composing))
    finally:
        await composing.close()
    await erasing
    assert (await life.rows("letter"), await life.rows("letter_cause")) == ([], [])


async def is_waiting(connection: asyncpg.Connection) -> bool:
    """Whether a statement waits for a lock of this connection."""
    waits: int = await connection.fetchval("select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))")
    return waits > 0


async def test_a_stored_event_is_not_lost(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    (payment,) = await life.rows("payment")
    await life.admin.execute(
        "insert into webhook_event (processor, id, kind, payment_id, event, received_at) values ('sandbox', $1, 'REFUND', $2, $3, $4)",
        uuid4().hex,
        payment["id"],
        json.dumps({"result": None, "refunded_minor": 10_000, "refund": None}),
        life.now,
    )
    answer = await erase(life)
    await clock(life, minutes=1)
    assert [error["code"] for error in answer["userErrors"]] == ["MONEY_IN_FLIGHT"] or [row["amount_minor"] for row in await life.rows("refund")] == [10_000]
