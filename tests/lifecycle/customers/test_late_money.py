"""Money and reports that come for a customer after the erasure, and reports that came before it and are not applied yet."""

import json
from uuid import uuid4

from auth.viewer import Viewer
from billing.money.numbers import Numbering
from billing.states import Actor
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges.charging import apply_result
from tests.lifecycle.conftest import Life
from tests.lifecycle.customers.test_erasing_money import assert_erased, erase
from tests.lifecycle.invoicing.staff import clock, create, done, usd
from tests.lifecycle.payments.test_debits import order, ticked
from tests.lifecycle.payments.test_paying import pay

LATE = ChargeResult(ChargeStatus.SUCCEEDED, processor_reference="late")


async def late(life: Life) -> None:
    (payment,) = await life.rows("payment", "and status = 'FAILED'")
    session = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock")).session
    await apply_result(session, payment["id"], LATE, by=system_writer(life.now, Numbering()))
    (row,) = await life.rows("payment", f"and id = '{payment['id']}'")
    assert row["status"] == "SUCCEEDED"
    assert [one["amount_minor"] for one in await life.rows("balance_entry", "and kind = 'OVERPAYMENT'")] == [payment["amount_minor"]]


async def test_late_money_of_an_invoice(life: Life) -> None:
    identifier = await create(life)
    await life.card("slow_decline")
    await pay(life, "payInvoice", invoiceId=identifier)
    await clock(life, minutes=5)
    await done(life, "recordPayment", invoiceId=identifier, amount=usd("100.00"), kind="CASH")
    await assert_erased(life)
    await late(life)


async def test_late_money_of_an_invoice_without_erasure_is_the_control(life: Life) -> None:
    identifier = await create(life)
    await life.card("slow_decline")
    await pay(life, "payInvoice", invoiceId=identifier)
    await clock(life, minutes=5)
    await done(life, "recordPayment", invoiceId=identifier, amount=usd("100.00"), kind="CASH")
    await late(life)


async def test_late_money_of_an_order(life: Life) -> None:
    await order(life, "slow_decline")
    await ticked(life, days=6)
    await assert_erased(life)
    await late(life)


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
