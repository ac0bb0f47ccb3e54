"""A credit note on the invoice of installments lowers them with it: whatever comes before or after, they ask for what their invoices ask for."""

from typing import Any

import pytest

from auth.viewer import Viewer
from billing.money.refunds import Report
from billing.states import Actor
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoices.test_dunning import passed
from tests.lifecycle.invoicing.staff import call as call_staff
from tests.lifecycle.invoicing.staff import done, refused, usd
from tests.lifecycle.payments.test_paying import credit, invoice, pay, schedule
from tests.lifecycle.payments.test_refunds import record_refund
from tests.lifecycle.schedules.agreeing import amounts, call, create, day, read_schedule, statuses
from tests.lifecycle.schedules.following import installments_follow, minor


async def note(life: Life, invoice_id: str, amount: str, **more: Any) -> dict[str, Any]:
    return await done(life, "creditInvoice", **({"invoiceId": invoice_id, "amount": usd(amount), "reason": "GOODWILL"} | more))


async def credited(life: Life, *parts: str, amount: str = "60.00", **terms: Any) -> dict[str, Any]:
    """Agree a schedule, and credit a part of the invoice of its first installment."""
    agreed = (await create(life, *(parts or ("100", "100")), **terms)).schedule
    await note(life, agreed["installments"]["nodes"][0]["invoice"]["id"], amount)
    return agreed


def first_of(agreed: dict[str, Any]) -> str:
    identifier: str = agreed["installments"]["nodes"][0]["id"]
    return identifier


async def lows(life: Life) -> list[tuple[int, int, str]]:
    """Amount, remaining amount and status of the installments, by position."""
    return [(row["amount_minor"], row["remaining_minor"], row["status"]) for row in sorted(await life.rows("installment"), key=lambda row: row["position"])]


async def events_of(life: Life) -> set[tuple[str, str]]:
    return {(row["type"], row["object_id"]) for row in await life.rows("event")}


async def test_what_a_credit_note_leaves_of_an_installment_is_asked_for_and_pays_it(life: Life) -> None:
    agreed = await credited(life)
    customer = await installments_follow(life)
    assert minor(customer["summary"]["nextPayment"], "amount") == 4_000
    assert await lows(life) == [(4_000, 4_000, "DUE"), (10_000, 10_000, "DUE")]
    assert amounts(await read_schedule(life, agreed["id"])) == (14_000, 0, 0, 14_000)
    await passed(life, days=1)
    assert (await installments_follow(life))["paymentSchedules"]["nodes"][0]["isOverdue"] is True
    assert (await pay(life, "payInstallment", installmentId=first_of(agreed)))["payment"]["amount"]["amount"] == "40.00"
    assert (await installments_follow(life))["paymentSchedules"]["nodes"][0]["isOverdue"] is False
    await passed(life, days=40)
    await pay(life, "payAllDue", currency="USD")
    assert await lows(life) == [(4_000, 0, "PAID"), (10_000, 0, "PAID")]
    assert (await read_schedule(life, agreed["id"]))["status"] == "FINISHED"
    await installments_follow(life)


async def test_an_installment_of_which_all_is_credited_is_canceled_and_a_paid_part_of_it_stays(life: Life) -> None:
    agreed = await credited(life, "100", "50", first=2, every=1, amount="100.00")
    (_, second) = agreed["installments"]["nodes"]
    assert amounts(await read_schedule(life, agreed["id"])) == (15_000, 0, 10_000, 5_000)
    await pay(life, "payInstallment", installmentId=second["id"], amountMinorUnits="2000")
    await note(life, second["invoice"]["id"], "30.00")
    assert await lows(life) == [(10_000, 0, "CANCELED"), (2_000, 0, "PAID")]
    assert (await read_schedule(life, agreed["id"]))["status"] == "FINISHED"
    await installments_follow(life)


async def test_the_last_installments_of_a_collective_invoice_are_lowered_first(life: Life) -> None:
    agreed = await credited(life, "10", "20", "30", first=1, invoicing="COLLECTIVE", amount="35.00")
    assert await lows(life) == [(1_000, 1_000, "DUE"), (1_500, 1_500, "DUE"), (3_000, 0, "CANCELED")]
    assert amounts(await read_schedule(life, agreed["id"])) == (5_500, 0, 3_000, 2_500)
    await installments_follow(life)


async def test_a_method_is_free_when_credit_notes_and_payments_have_ended_its_automatic_schedule(life: Life) -> None:
    await credited(life, "100", collection="AUTOMATIC", first=1)
    await installments_follow(life)
    await passed(life, days=2)
    (payment,) = await life.rows("payment")
    assert (payment["amount_minor"], (await statuses(life))) == (4_000, (["PAID"], ["PAID"]))
    await installments_follow(life)


async def test_programs_are_told_of_the_lowered_installment_and_its_schedule(life: Life) -> None:
    agreed = await credited(life)
    assert {("installment.updated", first_of(agreed)), ("schedule.updated", agreed["id"])} <= await events_of(life)
    await note(life, agreed["installments"]["nodes"][0]["invoice"]["id"], "15.00")
    await pay(life, "payInstallment", installmentId=first_of(agreed))
    assert ("installment.paid", first_of(agreed)) in await events_of(life)


async def test_the_scope_of_credit_notes_is_enough(life: Life) -> None:
    """That it changes what is agreed in no other way is in test_guards.py."""
    agreed = (await create(life, "100")).schedule
    clerk = Viewer(Actor.STAFF, None, ("invoices:write",), "erp")
    noted = await call_staff(
        life, "creditInvoice", clerk, invoiceId=agreed["installments"]["nodes"][0]["invoice"]["id"], amount=usd("60.00"), reason="GOODWILL"
    )
    assert noted["userErrors"] == []
    assert await lows(life) == [(4_000, 4_000, "DUE")]
    await installments_follow(life)


async def test_what_an_invoice_has_beside_its_installments_is_credited_first(life: Life) -> None:
    """An invoice of 100 with an installment of 70: the item without an installment takes the first 30."""
    invoice_id = await invoice(life)
    await schedule(life, 7_000, invoicing="COLLECTIVE", covered_by=[invoice_id])
    await note(life, invoice_id, "20.00")
    assert await lows(life) == [(7_000, 7_000, "DUE")]
    await note(life, invoice_id, "20.00")
    assert await lows(life) == [(6_000, 6_000, "DUE")]
    await installments_follow(life)


# What comes after the credit note.


@pytest.mark.parametrize("reason", ["RETURNED", "DISPUTE"])
async def test_a_returned_payment_of_the_rest_is_owed_again_and_no_more(life: Life, reason: str) -> None:
    agreed = await credited(life)
    await pay(life, "payInstallment", installmentId=first_of(agreed))
    (payment,) = await life.rows("payment")
    await record_refund(life, payment["id"], Report("dp_1", 4_000, "SUCCEEDED", reason))
    assert (await lows(life))[0][:2] == (4_000, 4_000)
    await installments_follow(life)
    await note(life, agreed["installments"]["nodes"][0]["invoice"]["id"], "10.00")
    assert (await lows(life))[0][:2] == (3_000, 3_000)
    await record_refund(life, payment["id"], Report("dp_1", 4_000, "REVERSED", reason))
    assert (await lows(life))[0] == (3_000, 0, "PAID")
    await installments_follow(life)


async def test_a_refund_of_the_rest_is_not_owed_again(life: Life) -> None:
    agreed = await credited(life)
    await pay(life, "payInstallment", installmentId=first_of(agreed))
    (payment,) = await life.rows("payment")
    await done(life, "refundPayment", paymentId=payment["id"], amount=usd("40.00"), reason="REQUESTED")
    assert (await lows(life))[0] == (4_000, 0, "REFUNDED")
    await installments_follow(life)


async def test_a_credit_note_that_pays_back_and_releases_lowers_by_what_it_releases(life: Life) -> None:
    agreed = (await create(life, "100")).schedule
    await pay(life, "payInstallment", installmentId=first_of(agreed), amountMinorUnits="3000")
    await note(life, agreed["installments"]["nodes"][0]["invoice"]["id"], "90.00", refund=usd("20.00"))
    assert [(row["released_minor"], row["refunded_minor"]) for row in await life.rows("credit_note")] == [(7_000, 2_000)]
    assert await lows(life) == [(3_000, 0, "PAID")]
    await installments_follow(life)


@pytest.mark.parametrize("mutation", ["writeOffInvoice", "voidInvoice"])
async def test_its_invoice_is_withdrawn_with_the_schedule_only(life: Life, mutation: str) -> None:
    agreed = await credited(life)
    assert await refused(life, mutation, invoiceId=agreed["installments"]["nodes"][0]["invoice"]["id"]) == ("WRONG_STATE", "invoiceId")
    await call(life, "cancelPaymentSchedule", paymentScheduleId=agreed["id"])
    assert await lows(life) == [(4_000, 0, "CANCELED"), (10_000, 0, "CANCELED")]
    await installments_follow(life)


@pytest.mark.parametrize("invoicing", ["PER_INSTALLMENT", "COLLECTIVE"])
async def test_it_is_changed_extended_and_canceled(life: Life, invoicing: str) -> None:
    agreed = await credited(life, "100", "50", invoicing=invoicing, first=3)
    later = (
        await call(
            life, "updateInstallments", paymentScheduleId=agreed["id"], expectedVersion=2, change=[{"installmentId": first_of(agreed), "dueOn": day(life, 5)}]
        )
    ).schedule
    await installments_follow(life)
    assert amounts(later)[3] == 9_000
    await done(life, "extendDueDate", installmentId=first_of(agreed), dueOn=day(life, 9))
    await installments_follow(life)
    canceled = (await call(life, "cancelPaymentSchedule", paymentScheduleId=agreed["id"])).schedule
    assert (canceled["status"], amounts(canceled)[3]) == ("CANCELED", 0)
    assert sum(row["remaining_minor"] for row in await life.rows("invoice")) == 0
    await installments_follow(life)


async def test_credit_that_paid_a_part_is_no_part_of_what_is_lowered(life: Life) -> None:
    await credit(life, 3_000)
    await credited(life, "100")
    assert await lows(life) == [(4_000, 1_000, "PARTIALLY_PAID")]
    await installments_follow(life)
