"""Refunds that staff begin: in parts, at most what is left, once under a key, and nothing changed where the processor refuses."""

from typing import Any

import pytest

from billing.money.refunds import Report
from payments.processor import ChargeResult, ChargeStatus
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import RefundSandbox, call, clock, create, done, everything, preview, refused, usd
from tests.lifecycle.payments.test_paying import amounts_agree, invoice, pay
from tests.lifecycle.payments.test_refunds import amounts, balance, one, record_refund


async def paid(life: Life, amount: str = "100.00") -> str:
    """Pay an invoice by card and return the payment."""
    await pay(life, "payInvoice", invoiceId=await create(life, amount))
    identifier: str = (await one(life, "payment"))["id"]
    return identifier


async def test_a_payment_is_refunded_in_parts_up_to_what_is_left(life: Life) -> None:
    payment = await paid(life)
    payload = await done(life, "refundPayment", paymentId=payment, amount=usd("30.00"), reason="GOODWILL")
    assert (payload["payment"]["refunded"]["amount"], payload["payment"]["refundable"]["amount"]) == ("30.00", "70.00")
    assert await refused(life, "refundPayment", paymentId=payment, amount=usd("70.01"), reason="GOODWILL") == ("AMOUNT_TOO_HIGH", "amount")
    await done(life, "refundPayment", paymentId=payment, reason="REQUESTED", comment="Asked by phone")
    assert amounts(await one(life, "invoice")) == ("REFUNDED", 0, 10_000, 10_000, 0)
    assert sorted(row["amount_minor"] for row in await life.rows("refund", "and status = 'SUCCEEDED'")) == [3_000, 7_000]
    assert sorted(row["refunded_minor"] for row in await life.rows("credit_note")) == [3_000, 7_000]
    assert await refused(life, "refundPayment", paymentId=payment, reason="REQUESTED") == ("NOT_REFUNDABLE", "paymentId")
    assert life.sandbox.calls("refund") == 2
    await amounts_agree(life)


async def test_the_event_of_our_own_refund_changes_nothing(life: Life) -> None:
    payment = await paid(life)
    await done(life, "refundPayment", paymentId=payment, amount=usd("30.00"), reason="REQUESTED")
    before, refund = await everything(life), await one(life, "refund")
    await record_refund(life, payment, Report(refund["reference"], 3_000, key=refund["id"]))
    assert await everything(life) == before


async def test_a_refund_in_the_dashboard_of_the_same_amount_is_another_one(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.PROCESSING, None))
    payment = await paid(life)
    await done(life, "refundPayment", paymentId=payment, amount=usd("30.00"), reason="REQUESTED")
    ours = (await one(life, "refund"))["id"]
    await record_refund(life, payment, Report("re_dashboard", 3_000))
    await record_refund(life, payment, Report("re_ours", 3_000, key=ours))
    rows = {row["reference"]: (row["id"] == ours, row["status"]) for row in await life.rows("refund")}
    assert rows == {"re_dashboard": (False, "SUCCEEDED"), "re_ours": (True, "SUCCEEDED")}
    await amounts_agree(life)


async def test_the_preview_says_what_a_refund_takes_from(life: Life) -> None:
    payment = await paid(life)
    plan = (await preview(life, "refundPayment", paymentId=payment, amount=usd("30.00"), reason="REQUESTED"))["preview"]
    (row,) = await life.rows("invoice")
    assert plan["parts"] == [{"amount": {"amount": "30.00"}, "invoice": {"id": row["id"]}, "installment": None}]
    assert await life.rows("refund") == []
    await done(life, "refundPayment", paymentId=payment, amount=usd("30.00"), reason="REQUESTED", previewToken=plan["previewToken"])
    # With another key it would be a second refund, which nobody has seen a preview of.
    again = {"paymentId": payment, "amount": usd("30.00"), "reason": "REQUESTED", "previewToken": plan["previewToken"]}
    assert await refused(life, "refundPayment", **again) == ("PREVIEW_EXPIRED", "previewToken")


async def test_a_refused_refund_changes_nothing_but_its_own_row(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.FAILED, "re_1", "charge_for_pending_refund_disputed"))
    payment = await paid(life)
    before = await everything(life)
    payload = await call(life, "refundPayment", paymentId=payment, reason="REQUESTED", idempotencyKey=f"one {life.customer_id}")
    assert [error["code"] for error in payload["userErrors"]] == ["REFUND_DECLINED"]
    after = await everything(life)
    assert {table: rows for table, rows in after.items() if not table.startswith("refund")} == {
        table: rows for table, rows in before.items() if not table.startswith("refund")
    }
    again = await call(life, "refundPayment", paymentId=payment, reason="REQUESTED", idempotencyKey=f"one {life.customer_id}")
    assert ([error["code"] for error in again["userErrors"]], again["replayed"], life.sandbox.calls("refund")) == (["REFUND_DECLINED"], True, 1)


async def test_while_a_refund_is_pending_its_amount_is_not_refunded_again(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.PROCESSING, "re_1"))
    payment = await paid(life)
    payload = await done(life, "refundPayment", paymentId=payment, amount=usd("60.00"), reason="REQUESTED")
    assert (payload["refund"]["status"], payload["payment"]["refundable"]["amount"]) == ("PENDING", "40.00")
    assert await refused(life, "refundPayment", paymentId=payment, amount=usd("40.01"), reason="REQUESTED") == ("AMOUNT_TOO_HIGH", "amount")
    await record_refund(life, payment, Report("re_1", 6_000, "FAILED"))
    assert amounts(await one(life, "invoice"))[0] == "PAID"
    await done(life, "refundPayment", paymentId=payment, reason="REQUESTED")
    await amounts_agree(life)


async def test_a_lost_answer_is_looked_up_once(life: Life) -> None:
    life.sandbox = RefundSandbox(None)
    payment = await paid(life)
    payload = await done(life, "refundPayment", paymentId=payment, reason="REQUESTED")
    assert payload["refund"]["status"] == "PENDING"
    await clock(life, minutes=5)
    await clock(life, minutes=5)
    assert ((await one(life, "payment"))["status"], len(await life.rows("credit_note"))) == ("REFUNDED", 1)
    await amounts_agree(life)


async def test_a_request_that_never_arrived_fails(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.PROCESSING))
    payment = await paid(life)
    await done(life, "refundPayment", paymentId=payment, reason="REQUESTED")
    await clock(life, minutes=5)
    assert (await one(life, "refund"))["status"] == "PENDING", "it may still arrive"
    await clock(life, minutes=30)
    assert ((await one(life, "refund"))["status"], amounts(await one(life, "invoice"))[0]) == ("FAILED", "PAID")


async def test_money_that_staff_recorded_is_given_back_without_a_processor(life: Life) -> None:
    identifier = await create(life)
    payment = (await done(life, "recordPayment", invoiceId=identifier, amount=usd("120.00"), kind="CASH"))["payment"]["id"]
    await done(life, "refundPayment", paymentId=payment, amount=usd("50.00"), reason="REQUESTED")
    assert (amounts(await one(life, "invoice")), await balance(life)) == (("PAID", 7_000, 3_000, 3_000, 0), 0)
    assert life.sandbox.calls("refund") == 0
    await amounts_agree(life)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": usd("0")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("-1")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("1.001")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("100.01")}, ("AMOUNT_TOO_HIGH", "amount")),
        ({"amount": {"amount": "1", "currency": "EUR"}}, ("CURRENCY_MISMATCH", "amount")),
        ({"reason": "DISPUTE"}, ("INVALID_VALUE", "reason")),
        ({"comment": "x" * 501}, ("INVALID_VALUE", "comment")),
        ({"paymentId": "pay_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "paymentId")),
        ({"paymentId": "inv_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "paymentId")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_refund_is_refused_with_code_and_path(life: Life, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    payment = await paid(life)
    assert await refused(life, "refundPayment", **({"paymentId": payment, "reason": "REQUESTED"} | changes)) == expected


async def test_a_payment_that_did_not_settle_is_not_refunded(life: Life) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    assert await refused(life, "refundPayment", paymentId=(await one(life, "payment"))["id"], reason="REQUESTED") == ("NOT_REFUNDABLE", "paymentId")
