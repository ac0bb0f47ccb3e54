"""Money that goes back: by the merchant, by a bank, in parts, in any order with settlement, and what follows for everything that it had paid."""

from datetime import timedelta
from typing import Any

import pytest

from billing.numbers import Numbering
from billing.refunds import Report
from billing.states import Actor
from db.session import Caller
from resolvers.lifecycle import refunding
from resolvers.lifecycle.writing import system_writer
from tests.lifecycle.conftest import Life
from tests.lifecycle.test_paying import credit, invoice, pay, schedule


async def told(life: Life, payment_id: str, report: Report) -> None:
    session = life.context().session.of(Caller(life.customer_id, Actor.SYSTEM, life.now))
    async with session.write() as transaction:
        await refunding.record(transaction, payment_id, report, by=system_writer(life.now, Numbering()))
    await session.close()


async def one(life: Life, table: str) -> dict[str, Any]:
    (row,) = await life.rows(table)
    return dict(row)


def amounts(row: Any) -> tuple[str, int, int, int, int]:
    return row["status"], row["paid_minor"], row["credited_minor"], row["refunded_minor"], row["remaining_minor"]


async def balance(life: Life) -> int:
    return sum(row["amount_minor"] for row in await life.rows("balance_entry"))


async def test_a_part_that_the_merchant_gives_back_is_credited_by_a_note_and_not_asked_for_again(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await told(life, payment["id"], Report("re_1", 2_500))
    assert amounts(await one(life, "invoice")) == ("PAID", 7_500, 2_500, 2_500, 0)
    note = await one(life, "credit_note")
    assert (note["refunded_minor"], note["total_minor"], note["tax_minor"]) == (2_500, 2_500, 0)
    assert (await one(life, "payment"))["refunded_minor"] == 2_500


async def test_credit_that_paid_a_part_becomes_credit_again_when_all_that_was_charged_is_given_back(life: Life) -> None:
    await credit(life, 2_000)
    await pay(life, "payInvoice", invoiceId=await invoice(life, 5_000))
    payment = await one(life, "payment")
    await told(life, payment["id"], Report("re_1", 3_000))
    assert amounts(await one(life, "invoice")) == ("REFUNDED", 0, 5_000, 3_000, 0)
    assert await balance(life) == 2_000
    assert (await one(life, "payment"))["status"] == "REFUNDED"


async def test_what_a_bank_takes_back_is_owed_again_and_paid_when_the_dispute_is_won(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await told(life, payment["id"], Report("dp_1", 10_000, "SUCCEEDED", "DISPUTE"))
    assert amounts(await one(life, "invoice")) == ("OPEN", 0, 0, 10_000, 10_000)
    await told(life, payment["id"], Report("dp_1", 10_000, "REVERSED", "DISPUTE"))
    assert amounts(await one(life, "invoice")) == ("PAID", 10_000, 0, 0, 0)
    assert await life.rows("credit_note") == []


async def test_a_refund_that_fails_after_it_was_applied_leaves_the_money_as_credit(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await told(life, payment["id"], Report("re_1", 10_000))
    assert amounts(await one(life, "invoice"))[0] == "REFUNDED"
    await told(life, payment["id"], Report("re_1", 10_000, "FAILED"))
    assert amounts(await one(life, "invoice")) == ("PAID", 10_000, 0, 0, 0)
    assert await balance(life) == 10_000
    assert (await one(life, "payment"))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("invoicing", ["NONE", "COLLECTIVE"])
async def test_installments_and_schedules_follow(life: Life, invoicing: str) -> None:
    owed = await invoice(life, 6_000) if invoicing == "COLLECTIVE" else None
    installments = await schedule(life, 3_000, 3_000, invoicing=invoicing, covered_by=[owed, owed])
    for installment in installments:
        await pay(life, "payInstallment", installmentId=installment)
        life.now += timedelta(minutes=1)
    first, second = await life.rows("payment")
    await told(life, second["id"], Report("re_2", 3_000))
    await told(life, first["id"], Report("re_1", 1_000))
    rows = await life.rows("installment")
    assert [(row["status"], row["paid_minor"], row["refunded_minor"], row["remaining_minor"]) for row in rows] == [
        ("PAID", 2_000, 1_000, 0),
        ("REFUNDED", 0, 3_000, 0),
    ]
    assert (await one(life, "payment_schedule"))["status"] == "FINISHED"
