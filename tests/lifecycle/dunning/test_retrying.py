"""Charges that staff make now: by the clock's attempt, one at a time, and without effect on the clock's plan when they fail."""

import asyncio
from typing import Any

from jobs.clock import Billing, tick
from payments.processor import ChargeRequest, ChargeResult, ChargeStatus
from payments.sandbox import Sandbox
from tests.lifecycle.conftest import Life
from tests.lifecycle.dunning.items import collection, day
from tests.lifecycle.invoices.test_dunning import days, held, passed, renewed, standing, states, unpaid
from tests.lifecycle.invoicing.staff import call, create, done, refused
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, pay


class Working(Sandbox):
    """A sandbox that takes every card, and holds each charge until it is let go."""

    def __init__(self, status: ChargeStatus = ChargeStatus.SUCCEEDED) -> None:
        super().__init__("secret")
        self.charged: list[str] = []
        self.status = status
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self.charged.append(charge.key)
        await self.let_go.wait()
        return ChargeResult(self.status, processor_reference=f"working_{charge.key}")


async def test_a_declined_retry_leaves_the_clocks_plan_as_it_was(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    before = await collection(life, invoice["id"])
    payload = await call(life, "retryNow", invoiceId=invoice["id"])
    assert [error["code"] for error in payload["userErrors"]] == ["PAYMENT_DECLINED"]
    assert (payload["payment"]["status"], payload["payment"]["declineCode"]) == ("FAILED", "insufficient_funds")
    assert await collection(life, invoice["id"]) == before
    assert [(row["mutation"], row["caller"] is not None) for row in await life.rows("charge", "and mutation is not null and mutation <> 'addPlan'")] == [
        ("retryNow", True)
    ]
    await amounts_agree(life)


async def test_a_retry_that_succeeds_pays_and_lifts_the_hold(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    life.sandbox = Working()
    payload = await done(life, "retryNow", invoiceId=invoice["id"])
    assert (payload["invoice"]["status"], payload["payment"]["status"]) == ("PAID", "SUCCEEDED")
    assert await standing(life, subscription) == ("ACTIVE", [])
    await amounts_agree(life)


async def test_a_retry_is_made_although_a_promise_is_open(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 5))
    life.sandbox = Working()
    assert (await done(life, "retryNow", invoiceId=invoice["id"]))["invoice"]["status"] == "PAID"


async def test_without_a_method_that_can_be_charged_it_is_refused(life: Life) -> None:
    await renewed(life, None)
    (invoice,) = await unpaid(life)
    assert await refused(life, "retryNow", invoiceId=invoice["id"]) == ("PAYMENT_METHOD_REQUIRED", "invoiceId")
    method = (await add(life, "stolen_card"))["paymentMethod"]
    if method is not None:
        await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method["id"])


async def test_a_card_is_not_tried_more_often_than_networks_allow(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    for _ in range(14):
        assert [error["code"] for error in (await call(life, "retryNow", invoiceId=invoice["id"]))["userErrors"]] == ["PAYMENT_DECLINED"]
    assert await refused(life, "retryNow", invoiceId=invoice["id"]) == ("PAYMENT_METHOD_REQUIRED", "invoiceId")


async def test_what_the_clock_does_not_charge_or_is_not_due_is_refused(life: Life) -> None:
    await life.card("visa")
    manual, later = await create(life), await create(life, collection="AUTOMATIC")
    paid, void = await create(life), await create(life)
    await pay(life, "payInvoice", invoiceId=paid)
    await done(life, "voidInvoice", invoiceId=void)
    for identifier, code in {manual: "WRONG_STATE", later: "WRONG_STATE", paid: "ALREADY_PAID", void: "NOT_PAYABLE"}.items():
        assert await refused(life, "retryNow", invoiceId=identifier) == (code, "invoiceId")


async def test_while_a_payment_is_undecided_nothing_is_charged_or_changed(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    life.sandbox = Working(ChargeStatus.PROCESSING)
    await done(life, "retryNow", invoiceId=invoice["id"])
    for mutation, more in {"retryNow": {}, "extendDueDate": {"dueOn": day(life, 9)}, "promiseToPay": {"on": day(life, 9)}}.items():
        assert await refused(life, mutation, invoiceId=invoice["id"], **more) == ("IN_PROGRESS", "invoiceId")
    assert len(life.sandbox.charged) == 1


async def test_staff_the_clock_and_the_customer_at_once_charge_once(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    sandbox = life.sandbox = Working()
    await days(life, 0)
    life.now = (await unpaid(life))[0]["collect_at"]

    async def clock() -> Any:
        return await tick(Billing(life.database, {"sandbox": sandbox}, concurrency=1), life.now)

    for _ in range(3):
        await asyncio.gather(
            clock(),
            call(life, "retryNow", invoiceId=invoice["id"]),
            pay(life, "payInvoice", invoiceId=invoice["id"], paymentMethodId=method),
            call(life, "retryNow", invoiceId=invoice["id"]),
        )
    assert len(sandbox.charged) == 1
    assert await unpaid(life) == []
    await amounts_agree(life)


async def test_the_clock_goes_on_after_a_declined_retry(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    await call(life, "retryNow", invoiceId=invoice["id"])
    assert await states(life) == [("RETRYING", 1)]
    await passed(life, days=1)
    assert await states(life) == [("RETRYING", 2)]
