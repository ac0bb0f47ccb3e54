"""The clock and payment schedules: invoices are issued ahead, automatic installments are charged on their days and retried, and what is shown is what then happens."""

from datetime import timedelta
from typing import Any

import pytest

from billing.money.dunning import RetryPolicy
from billing.money.refunds import Report
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoices.test_dunning import next_payment, passed, set_default, standing
from tests.lifecycle.payments.test_paying import change_method, credit, pay
from tests.lifecycle.payments.test_refunds import record_refund
from tests.lifecycle.schedules.agreeing import all_agree, amounts, call, create, day, read_schedule, statuses, today

SHORT = RetryPolicy((1, 3))


async def states(life: Life) -> list[tuple[str, str, int]]:
    """Status and collection of the invoices, the oldest first."""
    rows = sorted(await life.rows("invoice"), key=lambda row: (row["due_on"], row["sequence"]))
    return [(row["status"], row["collection"], row["retry_count"]) for row in rows]


async def coming(life: Life) -> tuple[str, str, str] | None:
    payment = await next_payment(life)
    return None if payment is None else (payment["kind"], payment["date"], payment["amount"]["amount"])


async def test_an_invoice_is_issued_two_weeks_ahead_at_midnight_where_the_customer_lives(life: Life) -> None:
    await create(life, "10", "20", first=20, every=10)
    life.now = life.now.replace(hour=22, minute=59) + timedelta(days=5)  # 23:59 in Zurich, 15 days ahead
    await passed(life)
    assert await life.rows("invoice") == []
    await passed(life, minutes=1)
    (row,) = await life.rows("invoice")
    assert (str(row["due_on"]), row["issued_at"]) == (day(life, 14), life.now)
    assert (await passed(life, days=9)).invoiced == 0
    assert (await passed(life, days=1)).invoiced == 1
    assert await statuses(life) == (["DUE", "DUE"], ["OPEN", "OPEN"])
    await all_agree(life)


async def test_how_many_days_ahead_is_a_setting(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "invoice_days", 3)
    await create(life, "10", "20", first=3, every=1)
    assert await statuses(life) == (["DUE", "DUE"], ["OPEN"])
    await passed(life, days=1)
    assert await statuses(life) == (["DUE", "DUE"], ["OPEN", "OPEN"])


async def test_automatic_installments_are_charged_on_their_days(life: Life) -> None:
    await create(life, "10", "20", collection="AUTOMATIC", first=1)
    assert await coming(life) == ("INSTALLMENT", day(life, 1), "10.00")
    first, second = day(life, 1), day(life, 31)
    life.now = life.now.replace(hour=7, minute=59) + timedelta(days=1)  # 8:59 in Zurich
    await passed(life)
    assert (await statuses(life))[0] == ["DUE", "DUE"]
    assert await coming(life) == ("INSTALLMENT", first, "10.00")
    await passed(life, minutes=1)
    assert (await statuses(life))[0] == ["PAID", "DUE"]
    assert await coming(life) == ("INSTALLMENT", second, "20.00")
    await passed(life, days=29)
    assert (await statuses(life))[0] == ["PAID", "DUE"]
    await passed(life, days=1)
    assert (await statuses(life))[0] == ["PAID", "PAID"]
    assert await coming(life) is None
    assert (await life.rows("payment_schedule"))[0]["status"] == "FINISHED"
    await all_agree(life)


@pytest.mark.parametrize("invoicing", ["PER_INSTALLMENT", "COLLECTIVE"])
async def test_a_declined_installment_is_retried_like_a_renewal(life: Life, invoicing: str) -> None:
    await life.card("insufficient_funds")
    await create(life, "10", collection="AUTOMATIC", first=1, invoicing=invoicing)
    await passed(life, SHORT, days=1)
    assert await states(life) == [("OPEN", "RETRYING", 1)]
    assert (await statuses(life))[0] == ["FAILED"]
    assert await coming(life) == ("RETRY", day(life, 1), "10.00")
    await passed(life, SHORT, days=1)
    assert await coming(life) == ("RETRY", day(life, 2), "10.00")
    await passed(life, SHORT, days=2)
    assert await states(life) == [("OPEN", "GIVEN_UP", 3)]
    assert len(await life.rows("letter")) == 3
    await set_default(life, await life.card("visa", is_default=False), retryPastDue=True)
    await passed(life, minutes=1)
    assert await statuses(life) == (["PAID"], ["PAID"])
    await all_agree(life)


async def test_the_subscription_of_a_schedule_is_held_by_its_unpaid_installment_and_released_by_the_cancellation(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.admin.execute("update subscription set renews_at = 'infinity' where id = $1", subscription)
    await life.card("insufficient_funds")
    agreed = (await create(life, "10", collection="AUTOMATIC", subscriptionId=subscription)).schedule
    await life.card("insufficient_funds")
    for _ in range(5):
        await passed(life, SHORT, days=1)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert (await call(life, "cancelPaymentSchedule", paymentScheduleId=agreed["id"])).schedule["status"] == "CANCELED"
    assert (await standing(life, subscription))[1] == []


async def test_without_a_method_it_waits_for_one(life: Life) -> None:
    await life.admin.execute("update payment_method set is_default = false where customer_id = $1", life.customer_id)
    await create(life, "10", collection="AUTOMATIC")
    await passed(life, SHORT)
    assert await states(life) == [("OPEN", "WAITING_FOR_METHOD", 1)]
    method = await life.card("visa", is_default=False)
    await set_default(life, method)
    await passed(life, SHORT, minutes=1)
    assert await statuses(life) == (["PAID"], ["PAID"])


async def test_a_manual_schedule_is_never_charged(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await create(life, "10", "20", every=5, subscriptionId=subscription)
    before = len(await life.rows("charge"))
    await passed(life, days=12)
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=await life.card(is_default=False), retryPastDue=False)
    await passed(life, minutes=1)
    assert len(await life.rows("charge")) == before
    assert await statuses(life) == (["DUE", "DUE"], ["PAID", "OPEN", "OPEN"])


async def test_what_is_planned_is_not_charged_before_its_day_by_a_new_method_or_a_release(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await create(life, "10", collection="AUTOMATIC", first=12, subscriptionId=subscription)
    before = await states(life)
    await set_default(life, await life.card("mastercard", is_default=False), retryPastDue=True)
    await call_hold(life, "holdSubscription", subscription)
    await call_hold(life, "releaseSubscription", subscription)
    await passed(life, minutes=1)
    assert await states(life) == before
    await passed(life, days=12)
    assert "PAID" in (await statuses(life))[0]


async def call_hold(life: Life, mutation: str, subscription: str) -> None:
    assert (await life.do(mutation, STAFF, subscriptionId=subscription, idempotencyKey=f"{life.customer_id} {mutation}"))["userErrors"] == []


async def test_the_method_of_an_automatic_schedule_is_in_use(life: Life) -> None:
    await create(life, "10", collection="AUTOMATIC", first=5)
    (method,) = await life.rows("payment_method")
    payload = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=method["id"])
    assert payload["userErrors"][0]["code"] == "METHOD_IN_USE"
    await passed(life, days=5)
    payload = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=method["id"])
    assert payload["userErrors"] == []


# One invoice for all.


async def test_installments_of_one_invoice_are_charged_each_on_its_day(life: Life) -> None:
    await create(life, "10", "20", "30", collection="AUTOMATIC", invoicing="COLLECTIVE", first=1)
    days = [day(life, 1), day(life, 31), day(life, 61)]
    for number, amount in enumerate(("10.00", "20.00", "30.00")):
        assert await coming(life) == ("INSTALLMENT", days[number], amount)
        await passed(life, days=30 if number else 1)
        assert (await statuses(life))[0].count("PAID") == number + 1
    assert await states(life) == [("PAID", "NONE", 0)]
    assert sorted(row["amount_minor"] for row in await life.rows("payment")) == [1_000, 2_000, 3_000]
    await all_agree(life)


async def test_tries_for_one_part_end_and_the_next_part_begins_anew_with_what_is_late(life: Life) -> None:
    await life.card("insufficient_funds")
    await create(life, "10", "20", collection="AUTOMATIC", invoicing="COLLECTIVE", every=10)
    for _ in range(5):
        await passed(life, SHORT, days=1)
    assert await states(life) == [("OPEN", "DUE", 0)]
    assert await coming(life) == ("INSTALLMENT", str(today(life) + timedelta(days=5)), "30.00")
    await life.card("visa")
    await passed(life, SHORT, days=5)
    assert await statuses(life) == (["PAID", "PAID"], ["PAID"])
    assert [row["amount_minor"] for row in await life.rows("payment", "and status = 'SUCCEEDED'")] == [3_000]
    await all_agree(life)


async def test_a_part_that_the_customer_paid_is_not_charged_again(life: Life) -> None:
    agreed = (await create(life, "10", "20", collection="AUTOMATIC", invoicing="COLLECTIVE", first=3)).schedule
    assert (await pay(life, "payInstallment", installmentId=agreed["installments"]["nodes"][0]["id"]))["userErrors"] == []
    assert await coming(life) == ("INSTALLMENT", day(life, 33), "20.00")
    await passed(life, days=3)
    assert len(await life.rows("payment")) == 1
    assert await coming(life) == ("INSTALLMENT", day(life, 30), "20.00")
    await passed(life, days=30)
    assert await statuses(life) == (["PAID", "PAID"], ["PAID"])
    await all_agree(life)


async def test_a_dispute_ends_the_collection_of_an_invoice_in_parts(life: Life) -> None:
    await create(life, "10", "20", collection="AUTOMATIC", invoicing="COLLECTIVE", every=10)
    await passed(life, SHORT)
    (payment,) = await life.rows("payment")
    await record_refund(life, payment["id"], Report("dispute", 1_000, "SUCCEEDED", "DISPUTE"))
    await passed(life, SHORT, days=30)
    assert len(await life.rows("payment")) == 1
    assert await states(life) == [("OPEN", "GIVEN_UP", 0)]
    await all_agree(life)


# Paying before the clock.


async def test_the_version_that_the_customer_read_is_the_one_before_the_invoice_of_the_installment(life: Life) -> None:
    await create(life, "10", "20", first=40)
    _, second = await life.rows("installment")
    refused = await pay(life, "payInstallment", installmentId=second["id"], expectedVersion=second["version"] + 1)
    assert [error["code"] for error in refused["userErrors"]] == ["VERSION_CONFLICT"]
    assert await life.rows("invoice") == []
    paid = await pay(life, "payInstallment", installmentId=second["id"], expectedVersion=second["version"])
    assert (paid["userErrors"], len(await life.rows("invoice"))) == ([], 1)
    await all_agree(life)


@pytest.mark.parametrize("has_credit", [False, True])
async def test_an_installment_that_is_paid_ahead_gets_its_invoice_with_the_payment(life: Life, has_credit: bool) -> None:
    agreed = (await create(life, "10", "20", first=40)).schedule
    if has_credit:
        await credit(life, 5_000)
    payload = await pay(life, "payInstallment", installmentId=agreed["installments"]["nodes"][1]["id"])
    assert payload["userErrors"] == []
    assert payload["installment"]["invoice"] == {"status": "PAID"}
    assert await statuses(life) == (["DUE", "PAID"], ["PAID"])
    await all_agree(life)
    await passed(life, days=100)
    assert len(await life.rows("invoice")) == 2
    await all_agree(life)


async def test_a_declined_payment_ahead_leaves_an_open_invoice_and_nothing_twice(life: Life) -> None:
    agreed = (await create(life, "10", first=40)).schedule
    await life.card("insufficient_funds")
    for _ in range(2):
        assert (await pay(life, "payInstallment", installmentId=agreed["installments"]["nodes"][0]["id"]))["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    await passed(life, days=60)
    assert await statuses(life) == (["FAILED"], ["OPEN"])


async def test_all_that_is_due_is_invoiced_before_it_is_paid_when_the_clock_is_late(life: Life) -> None:
    agreed = (await create(life, "10", "20", first=40)).schedule
    life.now += timedelta(days=75)
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"] == []
    assert await statuses(life) == (["PAID", "PAID"], ["PAID", "PAID"])
    assert amounts(await read_schedule(life, agreed["id"])) == (3_000, 3_000, 0, 0)
    await all_agree(life)


async def test_invoices_of_all_that_is_due_are_numbered_by_due_day_in_whatever_order_the_rows_are(life: Life) -> None:
    """Here the ids and the places of the rows are in the opposite order."""
    await create(life, "10", "20", "30", first=40)
    await life.admin.execute(
        "update installment p set due_on = o.due_on, invoice_at = o.invoice_at from installment o "
        "where p.customer_id = $1 and o.customer_id = p.customer_id and o.schedule_id = p.schedule_id and o.position = 4 - p.position",
        life.customer_id,
    )
    life.now += timedelta(days=135)
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"] == []
    invoices = sorted(await life.rows("invoice"), key=lambda row: row["sequence"])
    assert [row["total_minor"] for row in invoices] == [3_000, 2_000, 1_000]
    await all_agree(life)


async def test_an_installment_that_was_paid_without_an_invoice_gets_none(life: Life) -> None:
    """As by a program of the version before, which does not know that an invoice is to come."""
    agreed = (await create(life, "10", first=40)).schedule
    installment: Any = agreed["installments"]["nodes"][0]["id"]
    invoice_at = (await life.rows("installment"))[0]["invoice_at"]
    await life.admin.execute("update installment set invoice_at = null where id = $1", installment)
    assert (await pay(life, "payInstallment", installmentId=installment, amountMinorUnits="400"))["userErrors"] == []
    await life.admin.execute("update installment set invoice_at = $2 where id = $1", installment, invoice_at)
    await passed(life, days=60)
    assert await statuses(life) == (["PARTIALLY_PAID"], [])
    await all_agree(life)
