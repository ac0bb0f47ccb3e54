"""A bank takes back what was paid of a schedule that is canceled: what was paid is owed again, and what was canceled is not."""

from typing import Any

import pytest

from billing.money.refunds import Report
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import done, usd
from tests.lifecycle.mixed.agreement import all_agrees
from tests.lifecycle.payments.test_paying import pay
from tests.lifecycle.payments.test_refunds import record_refund
from tests.lifecycle.schedules.agreeing import amounts, call, create, read_schedule
from tests.lifecycle.schedules.following import installments_follow

INVOICINGS = ["NONE", "COLLECTIVE", "PER_INSTALLMENT"]
BY_THE_BANK = ["RETURNED", "DISPUTE"]


async def canceled_after(life: Life, *parts: int, invoicing: str) -> dict[str, Any]:
    """Agree on 100.00 and 50.00, pay these parts of the first installment, and cancel the schedule."""
    agreed = (await create(life, "100", "50", every=3, invoicing=invoicing)).schedule
    for minor in parts:
        paid = await pay(life, "payInstallment", installmentId=agreed["installments"]["nodes"][0]["id"], amountMinorUnits=str(minor))
        assert paid["userErrors"] == []
    return (await call(life, "cancelPaymentSchedule", paymentScheduleId=agreed["id"])).schedule


async def taken_back(life: Life, reason: str, *, status: str = "SUCCEEDED", place: int = 0) -> None:
    payment = (await life.rows("payment"))[place]
    await record_refund(life, payment["id"], Report(f"dp_{place}", payment["amount_minor"], status, reason))


async def firsts(life: Life) -> tuple[int, int, int, str]:
    """Amount, paid and remaining amount and status of the first installment."""
    row = min(await life.rows("installment"), key=lambda row: row["position"])
    return row["amount_minor"], row["paid_minor"], row["remaining_minor"], row["status"]


async def offered(life: Life, schedule_id: str) -> dict[str, str | None]:
    """Why staff may not change or cancel a schedule."""
    actions = (await read_schedule(life, schedule_id, STAFF))["availableActions"]
    return {one["action"]: one["reason"] for one in actions if one["action"] != "UPLOAD_ATTACHMENTS"}


async def due(life: Life) -> list[int]:
    summary = (await life.ask("{ customer { summary { totalDue { minorUnits } } } }"))["customer"]["summary"]
    return [int(one["minorUnits"]) for one in summary["totalDue"]]


async def agrees(life: Life) -> None:
    await installments_follow(life)
    await all_agrees(life, with_figures=True)


@pytest.mark.parametrize("invoicing", INVOICINGS)
@pytest.mark.parametrize("reason", BY_THE_BANK)
async def test_the_paid_part_of_a_canceled_installment_is_owed_again_and_no_more(life: Life, reason: str, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    assert amounts(canceled) == (15_000, 3_000, 12_000, 0)
    await taken_back(life, reason)
    assert await firsts(life) == (3_000, 0, 3_000, "FAILED" if reason == "RETURNED" else "DUE")
    after = await read_schedule(life, canceled["id"])
    assert (after["status"], amounts(after)) == ("CANCELED", (8_000, 0, 5_000, 3_000))
    assert await due(life) == [3_000]
    await agrees(life)
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"] == []
    assert await firsts(life) == (3_000, 3_000, 0, "PAID")
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
async def test_a_dispute_that_is_won_later_pays_again(life: Life, invoicing: str) -> None:
    await canceled_after(life, 3_000, invoicing=invoicing)
    await taken_back(life, "DISPUTE")
    await taken_back(life, "DISPUTE", status="REVERSED")
    assert (await firsts(life), await due(life), await life.rows("balance_entry")) == ((3_000, 3_000, 0, "PAID"), [0], [])
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
@pytest.mark.parametrize("reason", BY_THE_BANK)
async def test_of_two_payments_each_is_owed_again_when_it_is_taken_back(life: Life, reason: str, invoicing: str) -> None:
    await canceled_after(life, 3_000, 2_500, invoicing=invoicing)
    await taken_back(life, reason, place=1)
    second = (await life.rows("payment"))[1]["amount_minor"]
    assert await firsts(life) == (5_500, 5_500 - second, second, "PARTIALLY_PAID")
    await agrees(life)
    await taken_back(life, reason)
    assert (await firsts(life))[:3] == (5_500, 0, 5_500)
    await agrees(life)


@pytest.mark.parametrize("invoicing", ["COLLECTIVE", "PER_INSTALLMENT"])
@pytest.mark.parametrize("reason", BY_THE_BANK)
async def test_what_staff_had_credited_of_it_stays_credit(life: Life, reason: str, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    invoice_id = canceled["installments"]["nodes"][0]["invoice"]["id"]
    await done(life, "creditInvoice", invoiceId=invoice_id, amount=usd("30.00"), reason="DUPLICATE")
    await taken_back(life, reason)
    assert ((await firsts(life))[:3], await due(life)) == ((3_000, 0, 3_000), [3_000])
    assert sum(row["amount_minor"] for row in await life.rows("balance_entry")) == 3_000
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
async def test_what_the_merchant_gives_back_of_it_is_not_owed_again(life: Life, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    (payment,) = await life.rows("payment")
    await done(life, "refundPayment", paymentId=payment["id"], amount=usd("30.00"), reason="REQUESTED")
    after = await read_schedule(life, canceled["id"])
    assert ((await firsts(life))[0], after["status"], amounts(after)) == (10_000, "CANCELED", (15_000, 0, 12_000, 0))
    assert await due(life) == [0]
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
@pytest.mark.parametrize("reason", BY_THE_BANK)
async def test_what_is_owed_again_can_be_canceled_again(life: Life, reason: str, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    assert (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).refusal == ("WRONG_STATE", None)
    await taken_back(life, reason)
    assert await offered(life, canceled["id"]) == {"UPDATE_INSTALLMENTS": "WRONG_STATE", "CANCEL": None}
    again = (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).schedule
    assert (again["status"], amounts(again)) == ("CANCELED", (8_000, 0, 8_000, 0))
    assert (await firsts(life), await due(life)) == ((3_000, 0, 0, "CANCELED"), [0])
    assert await offered(life, canceled["id"]) == {"UPDATE_INSTALLMENTS": "WRONG_STATE", "CANCEL": "WRONG_STATE"}
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
async def test_what_is_owed_again_is_not_canceled_while_a_payment_of_it_is_in_flight(life: Life, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    await taken_back(life, "RETURNED")
    await life.card("slow")
    assert (await pay(life, "payInstallment", installmentId=canceled["installments"]["nodes"][0]["id"]))["userErrors"] == []
    assert (await offered(life, canceled["id"]))["CANCEL"] == "IN_PROGRESS"
    assert (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).refusal == ("IN_PROGRESS", None)


@pytest.mark.parametrize("invoicing", INVOICINGS)
@pytest.mark.parametrize("reason", BY_THE_BANK)
async def test_of_two_payments_what_is_taken_back_can_be_canceled_each_time(life: Life, reason: str, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, 2_500, invoicing=invoicing)
    parts = [row["amount_minor"] for row in await life.rows("payment")]
    await taken_back(life, reason)
    again = (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).schedule
    assert amounts(again) == (10_500, parts[1], 10_500 - parts[1], 0)
    await agrees(life)
    await taken_back(life, reason, place=1)
    assert amounts(await read_schedule(life, canceled["id"])) == (5_000 + parts[1], 0, 5_000, parts[1])
    await agrees(life)
    again = (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).schedule
    assert amounts(again) == (5_000 + parts[1], 0, 5_000 + parts[1], 0)
    await agrees(life)


@pytest.mark.parametrize("invoicing", INVOICINGS)
async def test_a_dispute_that_is_won_after_the_debt_was_canceled_is_credit(life: Life, invoicing: str) -> None:
    canceled = await canceled_after(life, 3_000, invoicing=invoicing)
    await taken_back(life, "DISPUTE")
    assert (await call(life, "cancelPaymentSchedule", paymentScheduleId=canceled["id"])).schedule
    await taken_back(life, "DISPUTE", status="REVERSED")
    assert [row["amount_minor"] for row in await life.rows("balance_entry")] == [3_000]
    await agrees(life)
