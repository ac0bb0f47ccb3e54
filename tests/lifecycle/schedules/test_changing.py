"""`updateInstallments` and `cancelPaymentSchedule`: what is paid stays, and the invoices of the rest are voided, issued anew or credited."""

from typing import Any

import pytest

from billing.money.refunds import Report
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.invoices.test_dunning import passed, renewed, unpaid
from tests.lifecycle.invoicing.staff import done, usd
from tests.lifecycle.payments.test_paying import credit, pay, schedule
from tests.lifecycle.payments.test_refunds import record_refund
from tests.lifecycle.schedules.agreeing import Answer, all_agree, amounts, call, create, day, read_schedule, statuses


async def update(life: Life, schedule: dict[str, Any], **arguments: Any) -> Answer:
    version = (await read_schedule(life, schedule["id"]))["version"]
    return await call(life, "updateInstallments", **({"paymentScheduleId": schedule["id"], "expectedVersion": version} | arguments))


async def cancel(life: Life, schedule: dict[str, Any], **arguments: Any) -> Answer:
    return await call(life, "cancelPaymentSchedule", **({"paymentScheduleId": schedule["id"]} | arguments))


def ids(schedule: dict[str, Any]) -> list[str]:
    return [one["id"] for one in schedule["installments"]["nodes"]]


async def credit_notes(life: Life) -> list[tuple[str, int, int, int]]:
    return [(row["reason"], row["total_minor"], row["released_minor"], row["granted_minor"]) for row in await life.rows("credit_note")]


# Updates.


async def test_installments_are_changed_added_and_removed_in_one_call(life: Life) -> None:
    agreed = (await create(life, "10", "20", "30", first=40)).schedule
    first, second, third = ids(agreed)
    changed = (
        await update(
            life,
            agreed,
            change=[{"installmentId": first, "amount": "15", "dueOn": day(life, 45), "name": "Deposit"}, {"installmentId": third, "amount": "30.00"}],
            add=[{"dueOn": day(life, 200), "amount": "1", "externalId": new_id("x")}],
            remove=[second],
        )
    ).schedule
    assert [(one["name"], one["dueOn"], one["amount"]["minorUnits"]) for one in changed["installments"]["nodes"]] == [
        ("Deposit", day(life, 45), "1500"),
        ("3/3", day(life, 100), "3000"),
        ("4", day(life, 200), "100"),
    ]
    assert amounts(changed) == (4_600, 0, 0, 4_600)
    await all_agree(life)


async def test_an_open_invoice_of_a_changed_installment_is_void_and_it_gets_another(life: Life) -> None:
    agreed = (await create(life, "10", "20", first=10)).schedule
    changed = (await update(life, agreed, change=[{"installmentId": ids(agreed)[0], "amount": "12"}])).schedule
    assert await statuses(life) == (["DUE", "DUE"], ["VOID", "OPEN"])
    assert changed["installments"]["nodes"][0]["invoice"]["total"]["minorUnits"] == "1200"
    later = (await update(life, changed, change=[{"installmentId": ids(agreed)[0], "dueOn": day(life, 39)}])).schedule
    assert later["installments"]["nodes"][0]["invoice"] is None
    assert await statuses(life) == (["DUE", "DUE"], ["VOID", "VOID"])
    await passed(life, days=26)
    assert await statuses(life) == (["DUE", "DUE"], ["VOID", "VOID", "OPEN", "OPEN"])
    await all_agree(life)


async def test_a_credited_installment_is_changed_and_invoiced_anew_over_what_was_left_of_it(life: Life) -> None:
    agreed = (await create(life, "100", "100")).schedule
    first, second = ids(agreed)
    await done(life, "creditInvoice", invoiceId=agreed["installments"]["nodes"][0]["invoice"]["id"], amount=usd("60.00"), reason="GOODWILL")
    changed = (await update(life, agreed, change=[{"installmentId": second, "name": "Second"}, {"installmentId": first, "name": "First"}])).schedule
    assert amounts(changed) == (14_000, 0, 0, 14_000)
    assert (await figures_agree(life))["USD"].due == 4_000
    assert sorted((row["status"], row["total_minor"], row["remaining_minor"]) for row in await life.rows("invoice")) == [
        ("OPEN", 4_000, 4_000),
        ("PAID", 10_000, 0),
    ]
    changed = (await update(life, agreed, remove=[first], add=[{"dueOn": day(life, 0), "amount": "40"}])).schedule
    assert amounts(changed) == (18_000, 0, 4_000, 14_000)
    assert (await statuses(life))[0] == ["CANCELED", "DUE", "DUE"]
    assert (await figures_agree(life))["USD"].due == 4_000
    await all_agree(life)


async def test_what_became_credit_before_a_bank_took_the_payment_back_stays_owed_when_the_rest_is_canceled(life: Life) -> None:
    agreed = (await create(life, "100")).schedule
    await pay(life, "payInstallment", installmentId=ids(agreed)[0])
    await done(life, "creditInvoice", invoiceId=agreed["installments"]["nodes"][0]["invoice"]["id"], amount=usd("30.00"), reason="GOODWILL")
    (payment,) = await life.rows("payment")
    await record_refund(life, payment["id"], Report("dp_1", 10_000, "SUCCEEDED", "RETURNED"))
    canceled = (await cancel(life, (await read_schedule(life, agreed["id"])))).schedule
    assert (canceled["status"], amounts(canceled)) == ("CANCELED", (10_000, 0, 10_000, 0))
    assert sorted(await credit_notes(life)) == [("CORRECTION", 7_000, 7_000, 0), ("GOODWILL", 3_000, 0, 3_000)]
    figures = (await figures_agree(life))["USD"]
    assert (figures.due, figures.balance) == (3_000, 3_000)
    await all_agree(life)


async def test_a_removed_installment_with_an_invoice_stays_as_canceled(life: Life) -> None:
    agreed = (await create(life, "10", "20", first=10)).schedule
    changed = (await update(life, agreed, remove=[ids(agreed)[0]])).schedule
    assert await statuses(life) == (["CANCELED", "DUE"], ["VOID"])
    assert amounts(changed) == (3_000, 0, 1_000, 2_000)
    await all_agree(life)


async def test_a_collective_invoice_is_issued_anew_while_nothing_is_paid(life: Life) -> None:
    agreed = (await create(life, "10", "20", first=10, invoicing="COLLECTIVE")).schedule
    changed = (await update(life, agreed, add=[{"dueOn": day(life, 90), "amount": "5"}], remove=[ids(agreed)[0]])).schedule
    assert await statuses(life) == (["CANCELED", "DUE", "DUE"], ["VOID", "OPEN"])
    covering = {one["invoice"]["id"] for one in changed["installments"]["nodes"] if one["status"] != "CANCELED"}
    assert [row["total_minor"] for row in await life.rows("invoice") if row["id"] in covering] == [2_500]
    await all_agree(life)


async def test_a_collective_invoice_that_is_paid_in_part_is_credited_and_never_raised(life: Life) -> None:
    agreed = (await create(life, "10", "20", "30", first=10, invoicing="COLLECTIVE")).schedule
    first, second, third = ids(agreed)
    assert (await pay(life, "payInstallment", installmentId=first))["userErrors"] == []
    refused = await update(life, agreed, change=[{"installmentId": second, "amount": "21"}])
    assert refused.refusal == ("WRONG_STATE", ["input", "change"])
    lower = (await update(life, agreed, change=[{"installmentId": second, "amount": "15"}], remove=[third])).schedule
    assert await credit_notes(life) == [("CORRECTION", 3_500, 3_500, 0)]
    assert amounts(lower) == (5_500, 1_000, 3_000, 1_500)
    assert await statuses(life) == (["PAID", "DUE", "CANCELED"], ["PARTIALLY_PAID"])
    assert amounts((await update(life, agreed, add=[{"dueOn": day(life, 99), "amount": "7"}])).schedule) == (6_200, 1_000, 3_000, 2_200)
    assert sorted((row["total_minor"], row["remaining_minor"]) for row in await life.rows("invoice")) == [(700, 700), (6_000, 1_500)]
    await all_agree(life)
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"] == []
    assert (await read_schedule(life, agreed["id"]))["status"] == "FINISHED"
    await all_agree(life)


async def test_a_paid_installment_is_never_changed(life: Life) -> None:
    agreed = (await create(life, "10", "20")).schedule
    first, second = ids(agreed)
    assert (await pay(life, "payInstallment", installmentId=first))["userErrors"] == []
    assert (await pay(life, "payInstallment", installmentId=second, amountMinorUnits="500"))["userErrors"] == []
    before = await life.everything()
    assert (await update(life, agreed, change=[{"installmentId": first, "name": "x"}])).refusal == ("ALREADY_PAID", ["input", "change", "0", "installmentId"])
    assert (await update(life, agreed, remove=[second])).refusal == ("WRONG_STATE", ["input", "remove", "0"])
    assert await life.everything() == before
    await all_agree(life)


@pytest.mark.parametrize("invoicing", ["NONE", "COLLECTIVE", "PER_INSTALLMENT"])
async def test_a_payment_in_flight_blocks_its_installment(life: Life, invoicing: str) -> None:
    agreed = (await create(life, "10", "20", invoicing=invoicing)).schedule
    first, second = ids(agreed)
    await life.card("slow")
    assert (await pay(life, "payInstallment", installmentId=first))["payment"]["status"] == "PROCESSING"
    before = await life.everything()
    assert (await update(life, agreed, change=[{"installmentId": first, "amount": "11"}])).refusal == ("IN_PROGRESS", ["input", "change", "0", "installmentId"])
    assert (await cancel(life, agreed)).refusal == ("IN_PROGRESS", None)
    offered = {one["action"]: one["reason"] for one in (await read_schedule(life, agreed["id"], STAFF))["availableActions"]}
    assert (offered["UPDATE_INSTALLMENTS"], offered["CANCEL"]) == (None, "IN_PROGRESS")
    assert await life.everything() == before
    if invoicing != "COLLECTIVE":
        assert (await update(life, agreed, change=[{"installmentId": second, "amount": "21"}])).schedule["version"]
    await passed(life, minutes=10)
    assert (await statuses(life))[0][0] == "PAID"
    await all_agree(life)


async def test_an_update_needs_the_version_that_was_read(life: Life) -> None:
    agreed = (await create(life, "10")).schedule
    assert (await update(life, agreed, expectedVersion=7, remove=[])).refusal == ("VERSION_CONFLICT", ["input", "expectedVersion"])
    assert (await cancel(life, agreed, expectedVersion=7)).refusal == ("VERSION_CONFLICT", ["input", "expectedVersion"])
    assert (await update(life, agreed, paymentScheduleId=new_id("sch"))).refusal == ("NOT_FOUND", ["input", "paymentScheduleId"])
    assert (await update(life, agreed, paymentScheduleId=life.customer_id)).refusal == ("NOT_FOUND", ["input", "paymentScheduleId"])
    assert (await update(life, agreed, remove=ids((await create(life, "9")).schedule))).refusal == ("NOT_FOUND", ["input", "remove", "0"])
    bad = [{"dueOn": day(life, 3), "amount": "0.001"}]
    assert (await update(life, agreed, add=bad)).refusal == ("INVALID_VALUE", ["input", "add", "0", "amount"])


# Cancellation.


@pytest.mark.parametrize(
    ("invoicing", "installments", "invoices"),
    [
        ("NONE", ["PAID", "CANCELED", "CANCELED", "CANCELED"], []),
        ("COLLECTIVE", ["PAID", "CANCELED", "CANCELED", "CANCELED"], ["PAID"]),
        ("PER_INSTALLMENT", ["PAID", "CANCELED", "CANCELED", "CANCELED"], ["PAID", "PAID", "VOID"]),
    ],
)
async def test_what_is_paid_stays_and_the_rest_is_canceled(life: Life, invoicing: str, installments: list[str], invoices: list[str]) -> None:
    """The first is paid, the second in part, the third is invoiced and the last is not, where each has its invoice."""
    agreed = (await create(life, "10", "20", "30", "40", every=7, invoicing=invoicing)).schedule
    first, second, *_ = ids(agreed)
    assert (await pay(life, "payInstallment", installmentId=first))["userErrors"] == []
    assert (await pay(life, "payInstallment", installmentId=second, amountMinorUnits="500"))["userErrors"] == []
    canceled = (await cancel(life, agreed)).schedule
    assert await statuses(life) == (installments, invoices)
    assert (canceled["status"], amounts(canceled)) == ("CANCELED", (10_000, 1_500, 8_500, 0))
    notes = {"NONE": [], "COLLECTIVE": [("CORRECTION", 8_500, 8_500, 0)], "PER_INSTALLMENT": [("CORRECTION", 1_500, 1_500, 0)]}
    assert await credit_notes(life) == notes[invoicing]
    summary = await life.ask("{ customer { summary { totalDue { minorUnits } nextPayment { kind } } } }")
    assert summary["customer"]["summary"] == {"totalDue": [{"minorUnits": "0"}], "nextPayment": None}
    await all_agree(life)


@pytest.mark.parametrize("invoicing", ["COLLECTIVE", "PER_INSTALLMENT"])
async def test_nothing_is_paid_and_the_invoices_are_void(life: Life, invoicing: str) -> None:
    agreed = (await create(life, "10", "20", invoicing=invoicing, collection="AUTOMATIC", first=3)).schedule
    assert (await cancel(life, agreed)).schedule["status"] == "CANCELED"
    assert set((await statuses(life))[1]) == {"VOID"}
    await passed(life, days=40)
    assert await life.rows("charge") == []
    await all_agree(life)


async def test_credit_that_paid_a_part_stays(life: Life) -> None:
    await credit(life, 1_200)
    agreed = (await create(life, "10", "20", every=3)).schedule
    canceled = (await cancel(life, agreed)).schedule
    assert amounts(canceled) == (3_000, 1_200, 1_800, 0)
    assert await statuses(life) == (["PAID", "CANCELED"], ["PAID", "PAID"])
    await all_agree(life)


async def test_what_has_ended_is_refused_as_it_is_offered(life: Life) -> None:
    agreed = (await create(life, "10")).schedule
    assert (await pay(life, "payInstallment", installmentId=ids(agreed)[0]))["userErrors"] == []
    other = (await create(life, "10", first=50)).schedule
    assert (await cancel(life, other)).schedule["status"] == "CANCELED"
    for ended, code in ((agreed, "ALREADY_PAID"), (other, "WRONG_STATE")):
        assert (await cancel(life, ended)).refusal == (code, None)
        assert (await update(life, ended, add=[{"dueOn": day(life, 3), "amount": "1"}])).refusal == (code, None)
        offered = {one["action"]: one["reason"] for one in (await read_schedule(life, ended["id"], STAFF))["availableActions"]}
        assert (offered["UPDATE_INSTALLMENTS"], offered["CANCEL"]) == (code, code)


async def test_an_invoice_that_a_subscription_has_too_is_not_touched(life: Life) -> None:
    await renewed(life)
    (owed,) = await unpaid(life)
    await schedule(life, owed["total_minor"], invoicing="COLLECTIVE", covered_by=[owed["id"]])
    (agreed,) = await life.rows("payment_schedule")
    assert (await cancel(life, agreed)).schedule["status"] == "CANCELED"
    assert [(row["id"], row["status"], row["remaining_minor"]) for row in await unpaid(life)] == [(owed["id"], "OPEN", owed["total_minor"])]


async def test_a_late_success_of_a_declined_payment_becomes_credit_after_the_cancellation(life: Life) -> None:
    agreed = (await create(life, "10", "20", every=5)).schedule
    await life.card("insufficient_funds")
    assert (await pay(life, "payInstallment", installmentId=ids(agreed)[0]))["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    canceled = (await cancel(life, agreed)).schedule
    assert amounts(canceled) == (3_000, 0, 3_000, 0)
    assert await statuses(life) == (["CANCELED", "CANCELED"], ["VOID", "VOID"])
    await all_agree(life)
