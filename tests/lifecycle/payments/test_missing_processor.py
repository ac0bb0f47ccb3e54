"""A processor that is not configured any more while charges and refunds of it are open: calls are refused, the clock says it once, and nothing is lost."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from jobs.clock import Billing, ClockPassResult, tick
from payments.processor import ChargeRequest, ChargeResult, RefundRequest
from payments.sandbox import Sandbox
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import call, create, done
from tests.lifecycle.payments.test_paying import amounts_agree, invoice, pay

CONFIRM = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } userErrors { code } } }"


class DeadlySandbox(Sandbox):
    """A sandbox whose next call ends the process before the request is sent."""

    is_deadly = False

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self._kill()
        return await super().charge(charge)

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        self._kill()
        return await super().refund(refund)

    def _kill(self) -> None:
        if self.is_deadly:
            self.is_deadly = False
            raise RuntimeError("the process ends")


async def move(life: Life, processor: str, where: str = "true") -> None:
    """Change the processor of the customer's payments: only `sandbox` is configured."""
    await life.admin.execute(f"update payment set processor = $2 where customer_id = $1 and {where}", life.customer_id, processor)
    await life.admin.execute("update refund_request set processor = $2 where customer_id = $1", life.customer_id, processor)


async def passed(life: Life, **length: float) -> ClockPassResult:
    life.now += timedelta(**length)
    return await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)


async def confirm(life: Life, payment: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await life.ask(CONFIRM, i={"paymentId": payment}))["confirmPayment"]
    return payload


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_a_payment_of_a_missing_processor_is_not_confirmed_and_stays_as_it_is(life: Life) -> None:
    await life.card("requires_action")
    payment = (await pay(life, "payInvoice", invoiceId=await invoice(life)))["payment"]["id"]
    await move(life, "former")
    before = await life.everything()
    assert codes(await confirm(life, payment)) == ["PAYMENT_UNAVAILABLE"]
    assert await life.everything() == before
    await move(life, "sandbox")
    assert await confirm(life, payment) == {"payment": {"status": "SUCCEEDED"}, "userErrors": []}
    await amounts_agree(life)


async def test_a_call_whose_charge_was_begun_at_a_missing_processor_goes_on_when_it_is_back(life: Life) -> None:
    life.sandbox = deadly = DeadlySandbox("secret")
    deadly.is_deadly = True
    arguments = {"invoiceId": await invoice(life), "idempotencyKey": "once"}
    with pytest.raises(AssertionError, match="the process ends"):
        await pay(life, "payInvoice", **arguments)
    await move(life, "former")
    life.now += timedelta(minutes=5)
    before = await life.everything()
    assert codes(await pay(life, "payInvoice", **arguments)) == ["IN_PROGRESS"]
    assert await life.everything() == before
    await move(life, "sandbox")
    assert (await pay(life, "payInvoice", **arguments))["payment"]["status"] == "SUCCEEDED"
    assert life.sandbox.calls("capture") == 1
    await amounts_agree(life)


async def test_a_call_whose_refund_was_begun_at_a_missing_processor_goes_on_when_it_is_back(life: Life) -> None:
    life.sandbox = deadly = DeadlySandbox("secret")
    await pay(life, "payInvoice", invoiceId=await create(life, "100.00"))
    (payment,) = await life.rows("payment")
    deadly.is_deadly = True
    arguments = {"paymentId": payment["id"], "reason": "REQUESTED", "idempotencyKey": f"once {life.customer_id}"}
    with pytest.raises(AssertionError, match="the process ends"):
        await call(life, "refundPayment", **arguments)
    await move(life, "former")
    life.now += timedelta(minutes=5)
    before = await life.everything()
    assert codes(await call(life, "refundPayment", **arguments)) == ["IN_PROGRESS"]
    assert await life.everything() == before
    await move(life, "sandbox")
    assert (await done(life, "refundPayment", **arguments))["refund"]["status"] == "SUCCEEDED"
    await amounts_agree(life)


async def test_the_clock_names_a_missing_processor_once_and_settles_the_charges_of_others(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    await life.card("slow")
    for _ in range(3):
        await pay(life, "payInvoice", invoiceId=await invoice(life))
    settled, *left = [row["id"] for row in await life.rows("payment")]
    await move(life, "former", f"id <> '{settled}'")
    with caplog.at_level(logging.WARNING):
        result = await passed(life, minutes=20)
    assert (result.reconciled, result.failures) == (1, 2)
    lines = [record for record in caplog.records if record.name == "portico.clock"]
    assert [record.getMessage() for record in lines] == ["the processor former is not configured: 2 of its open charges and refunds cannot be settled"]
    assert [record.exc_info for record in lines] == [None]
    statuses = {row["id"]: row["status"] for row in await life.rows("payment")}
    assert statuses == {settled: "SUCCEEDED"} | dict.fromkeys(left, "PROCESSING")
    await move(life, "sandbox")
    assert (await passed(life, minutes=1)).reconciled == 2
    assert {row["status"] for row in await life.rows("payment")} == {"SUCCEEDED"}
    await amounts_agree(life)


async def test_the_clock_names_the_missing_processor_of_a_refund(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    life.sandbox = deadly = DeadlySandbox("secret")
    await pay(life, "payInvoice", invoiceId=await create(life, "100.00"))
    (payment,) = await life.rows("payment")
    deadly.is_deadly = True
    with pytest.raises(AssertionError, match="the process ends"):
        await call(life, "refundPayment", paymentId=payment["id"], reason="REQUESTED")
    await move(life, "former")
    assert (await passed(life, minutes=20)).failures == 1
    assert [record.getMessage() for record in caplog.records if record.name == "portico.clock"] == [
        "the processor former is not configured: 1 of its open charges and refunds cannot be settled"
    ]
    await move(life, "sandbox")
    assert (await passed(life, minutes=1)).reconciled == 1
    await amounts_agree(life)
