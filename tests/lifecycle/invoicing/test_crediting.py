"""Credit notes that staff write: what remains is lowered first, and what was paid goes back or becomes credit."""

from typing import Any

import pytest

from auth.viewer import Viewer
from billing.money.refunds import Report
from billing.states import Actor
from payments.processor import ChargeResult, ChargeStatus
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import RefundSandbox, call, clock, create, done, everything, line, preview, refused, usd
from tests.lifecycle.payments.test_paying import amounts_agree, credit, pay, schedule
from tests.lifecycle.payments.test_refunds import amounts, balance, one, record_refund


async def test_a_credit_of_an_open_invoice_lowers_what_remains(life: Life) -> None:
    identifier = await create(life)
    payload = await done(life, "creditInvoice", invoiceId=identifier, amount=usd("30.00"), reason="CORRECTION", memo="Wrong rate")
    assert (payload["invoice"]["amountRemaining"]["amount"], payload["creditNote"]["total"]["amount"]) == ("70.00", "30.00")
    assert amounts(await one(life, "invoice")) == ("OPEN", 0, 3_000, 0, 7_000)
    note = await one(life, "credit_note")
    assert (note["released_minor"], note["granted_minor"], note["refunded_minor"], note["memo"], note["reason"]) == (3_000, 0, 0, "Wrong rate", "CORRECTION")
    assert note["number"].startswith("CN-2027-")
    await amounts_agree(life)


async def test_a_credit_of_everything_that_is_open_settles_the_invoice(life: Life) -> None:
    identifier = await create(life, collection="AUTOMATIC")
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("100.00"), reason="ORDER_CHANGE")
    assert amounts(await one(life, "invoice")) == ("PAID", 0, 10_000, 0, 0)
    assert await refused(life, "creditInvoice", invoiceId=identifier, amount=usd("0.01"), reason="CORRECTION") == ("WRONG_STATE", "invoiceId")


async def test_what_was_paid_becomes_credit_unless_it_is_refunded(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier, amountMinorUnits="6000")
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("70.00"), reason="GOODWILL")
    note = await one(life, "credit_note")
    assert (note["released_minor"], note["granted_minor"], note["refunded_minor"]) == (4_000, 3_000, 0)
    assert (amounts(await one(life, "invoice")), await balance(life)) == (("PAID", 6_000, 4_000, 0, 0), 3_000)
    await amounts_agree(life)


async def test_a_part_goes_back_by_the_processor_as_the_preview_says(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier, amountMinorUnits="6000")
    arguments = {"invoiceId": identifier, "amount": usd("70.00"), "reason": "DUPLICATE", "refund": usd("20.00"), "toBalance": usd("10.00")}
    plan = (await preview(life, "creditInvoice", **arguments))["preview"]
    assert [plan[name]["amount"] for name in ("amountReleased", "amountRefunded", "amountToBalance", "amountRemaining")] == ["40.00", "20.00", "10.00", "0.00"]
    payload = await done(life, "creditInvoice", **arguments, previewToken=plan["previewToken"])
    note, refund = await one(life, "credit_note"), await one(life, "refund")
    assert (note["released_minor"], note["granted_minor"], note["refunded_minor"], note["refund_id"]) == (4_000, 1_000, 2_000, refund["id"])
    assert (refund["status"], refund["amount_minor"], refund["reason"], payload["refund"]["status"]) == ("SUCCEEDED", 2_000, "DUPLICATE", "SUCCEEDED")
    assert payload["creditNote"]["id"] == note["id"]
    assert (amounts(await one(life, "invoice")), await balance(life)) == (("PAID", 4_000, 6_000, 2_000, 0), 1_000)
    assert life.sandbox.calls("refund") == 1
    await amounts_agree(life)


async def test_a_refund_that_the_processor_refuses_leaves_everything_as_it_was(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.FAILED, "re_1", "expired_or_canceled_card"))
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    before = await everything(life)
    (error,) = (await call(life, "creditInvoice", invoiceId=identifier, amount=usd("50.00"), reason="CORRECTION", refund=usd("50.00")))["userErrors"]
    assert error["code"] == "REFUND_DECLINED"
    assert (await one(life, "refund"))["status"] == "FAILED"
    after = await everything(life)
    assert {table: rows for table, rows in after.items() if table not in ("refund", "refund_request")} == {
        table: rows for table, rows in before.items() if table not in ("refund", "refund_request")
    }


async def test_an_unreachable_processor_frees_the_key(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    arguments = {"invoiceId": identifier, "amount": usd("50.00"), "reason": "CORRECTION", "refund": usd("50.00"), "idempotencyKey": f"again {life.customer_id}"}
    life.sandbox.is_away = True
    (error,) = (await call(life, "creditInvoice", **arguments))["userErrors"]
    assert (error["code"], await life.rows("credit_note")) == ("PAYMENT_UNAVAILABLE", [])
    life.sandbox.is_away = False
    await done(life, "creditInvoice", **arguments)
    assert (await one(life, "credit_note"))["refunded_minor"] == 5_000
    await amounts_agree(life)


async def test_a_pending_refund_issues_the_note_when_it_succeeds(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.PROCESSING, "re_1"))
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    payload = await done(life, "creditInvoice", invoiceId=identifier, amount=usd("50.00"), reason="CORRECTION", refund=usd("20.00"), toBalance=usd("30.00"))
    assert (payload["creditNote"], payload["refund"]["status"]) == (None, "PENDING")
    assert await refused(life, "creditInvoice", invoiceId=identifier, amount=usd("1.00"), reason="CORRECTION") == ("IN_PROGRESS", "invoiceId")
    await record_refund(life, (await one(life, "payment"))["id"], Report("re_1", 2_000))
    note = await one(life, "credit_note")
    assert (note["total_minor"], note["refunded_minor"], note["granted_minor"], await balance(life)) == (5_000, 2_000, 3_000, 3_000)
    assert (await one(life, "refund_request"))["settled_at"] is not None
    await amounts_agree(life)


async def test_what_is_paid_while_a_refund_is_pending_becomes_credit(life: Life) -> None:
    life.sandbox = RefundSandbox(ChargeResult(ChargeStatus.PROCESSING, "re_1"))
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier, amountMinorUnits="6000")
    payment = (await one(life, "payment"))["id"]
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("100.00"), reason="CORRECTION", refund=usd("60.00"))
    await pay(life, "payInvoice", invoiceId=identifier)
    await record_refund(life, payment, Report("re_1", 6_000))
    note = await one(life, "credit_note")
    assert (note["released_minor"], note["granted_minor"], note["refunded_minor"], await balance(life)) == (0, 4_000, 6_000, 4_000)
    await amounts_agree(life)


async def test_a_refund_that_fails_after_its_success_becomes_credit(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("50.00"), reason="CORRECTION", refund=usd("50.00"))
    refund = await one(life, "refund")
    await record_refund(life, refund["payment_id"], Report(refund["reference"], 5_000, "FAILED"))
    assert (await balance(life), (await one(life, "credit_note"))["granted_minor"]) == (5_000, 5_000)
    await amounts_agree(life)


async def test_lines_are_credited_with_their_own_tax_each_up_to_what_was_billed(life: Life) -> None:
    lines = [line("100.00", description="Taxed", taxRate="20"), line("50.00", description="Free", taxRate="0")]
    await done(life, "createInvoice", customerId=life.customer_id, lines=lines)
    (row,) = await life.rows("invoice")
    taxed, free = (await life.rows("invoice_line", "and tax_minor > 0"))[0]["id"], (await life.rows("invoice_line", "and tax_minor = 0"))[0]["id"]
    arguments = {"invoiceId": row["id"], "reason": "CORRECTION"}
    await done(life, "creditInvoice", **arguments, lines=[{"lineId": taxed, "amount": usd("60.00")}, {"lineId": free, "amount": usd("10.00")}])
    notes = sorted(await life.rows("credit_note_line"), key=lambda row: row["position"])
    assert [(one["description"], one["subtotal_minor"], one["tax_minor"], one["tax_rate_ppm"]) for one in notes] == [
        ("Taxed", 5_000, 1_000, 200_000),
        ("Free", 1_000, 0, 0),
    ]
    assert await refused(life, "creditInvoice", **arguments, lines=[{"lineId": taxed, "amount": usd("60.01")}]) == ("AMOUNT_TOO_HIGH", "lines.0.amount")
    await done(life, "creditInvoice", **arguments, lines=[{"lineId": taxed}, {"lineId": free}])
    assert (await one(life, "invoice"))["noted_minor"] == 17_000
    await amounts_agree(life)


async def test_lines_whose_tax_was_credited_by_an_amount_are_refused(life: Life) -> None:
    await done(life, "createInvoice", customerId=life.customer_id, lines=[line("100.00", taxRate="20"), line("100.00", taxRate="0")])
    (row,) = await life.rows("invoice")
    await done(life, "creditInvoice", invoiceId=row["id"], reason="CORRECTION", amount=usd("110.00"))
    taxed = (await life.rows("invoice_line", "and tax_minor > 0"))[0]["id"]
    credited = {"invoiceId": row["id"], "reason": "CORRECTION", "lines": [{"lineId": taxed, "amount": usd("100.00")}]}
    assert await refused(life, "creditInvoice", **credited) == ("AMOUNT_TOO_HIGH", "lines")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": usd("100.01")}, ("AMOUNT_TOO_HIGH", "amount")),
        ({"amount": usd("0")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("-5")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("1.001")}, ("INVALID_VALUE", "amount")),
        ({"amount": {"amount": "5", "currency": "EUR"}}, ("CURRENCY_MISMATCH", "amount")),
        ({"amount": None}, ("INVALID_VALUE", "amount")),
        ({"lines": []}, ("INVALID_VALUE", "amount")),
        ({"amount": None, "lines": []}, ("INVALID_VALUE", "lines")),
        ({"amount": None, "lines": [{"lineId": "line_01hfnzpt50e13r5x0bpw14ak9w"}]}, ("NOT_FOUND", "lines.0.lineId")),
        ({"reason": "REFUND"}, ("INVALID_VALUE", "reason")),
        ({"refund": usd("50.01"), "toBalance": usd("0")}, ("INVALID_VALUE", "refund")),
        ({"refund": usd("-1"), "toBalance": usd("51")}, ("INVALID_VALUE", "refund")),
        ({"toBalance": usd("49")}, ("INVALID_VALUE", "toBalance")),
        ({"refund": {"amount": "50", "currency": "EUR"}}, ("CURRENCY_MISMATCH", "refund")),
        ({"refund": usd("50"), "paymentId": "pay_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "paymentId")),
        ({"invoiceId": "inv_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "invoiceId")),
        ({"expectedVersion": 99}, ("VERSION_CONFLICT", "expectedVersion")),
        ({"memo": "x" * 1_001}, ("INVALID_VALUE", "memo")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_credit_is_refused_with_code_and_path(life: Life, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    arguments = {"invoiceId": identifier, "amount": usd("50.00"), "reason": "CORRECTION"} | changes
    assert await refused(life, "creditInvoice", **arguments) == expected


async def test_a_line_is_credited_once_on_a_note(life: Life) -> None:
    identifier = await create(life)
    (row,) = await life.rows("invoice_line")
    lines = [{"lineId": row["id"], "amount": usd("1")}] * 2
    assert await refused(life, "creditInvoice", invoiceId=identifier, reason="CORRECTION", lines=lines) == ("INVALID_VALUE", "lines.1.lineId")


async def test_one_payment_gives_back_at_most_what_it_paid_of_the_invoice(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier, amountMinorUnits="6000")
    await pay(life, "payInvoice", invoiceId=identifier)
    arguments = {"invoiceId": identifier, "amount": usd("100.00"), "reason": "CORRECTION"}
    assert await refused(life, "creditInvoice", **arguments, refund=usd("100.00")) == ("AMOUNT_TOO_HIGH", "refund")
    await done(life, "creditInvoice", **arguments, refund=usd("60.00"), toBalance=usd("40.00"))
    assert (await one(life, "refund"))["amount_minor"] == 6_000
    await amounts_agree(life)


async def test_a_credit_of_an_invoice_with_installments_gives_back_what_they_paid(life: Life) -> None:
    identifier = await create(life)
    await schedule(life, 4_000, 6_000, invoicing="COLLECTIVE", covered_by=[identifier] * 2)
    await pay(life, "payInvoice", invoiceId=identifier)
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("60.00"), reason="CORRECTION", refund=usd("60.00"))
    assert sum(row["refunded_minor"] for row in await life.rows("installment")) == 6_000
    await amounts_agree(life)


async def test_credit_that_paid_the_invoice_can_become_credit_again(life: Life) -> None:
    await credit(life, 4_000)
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    await done(life, "creditInvoice", invoiceId=identifier, amount=usd("100.00"), reason="CORRECTION", refund=usd("60.00"), toBalance=usd("40.00"))
    assert (await balance(life), (await one(life, "invoice"))["noted_minor"]) == (4_000, 10_000)
    await amounts_agree(life)


async def test_a_refund_needs_the_scope_of_refunds(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    scoped = Viewer(Actor.STAFF, None, ("invoices:write",), "tests")
    arguments: dict[str, Any] = {"invoiceId": identifier, "amount": usd("10.00"), "reason": "CORRECTION"}
    with pytest.raises(AssertionError, match="payments:refund"):
        await call(life, "creditInvoice", scoped, **arguments, refund=usd("10.00"))
    assert (await call(life, "creditInvoice", scoped, **arguments))["userErrors"] == []


async def test_a_lost_answer_is_looked_up_by_the_worker(life: Life) -> None:
    life.sandbox = RefundSandbox(None)
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    payload = await done(life, "creditInvoice", invoiceId=identifier, amount=usd("50.00"), reason="CORRECTION", refund=usd("50.00"))
    assert payload["refund"]["status"] == "PENDING"
    await clock(life, minutes=5)
    assert ((await one(life, "refund"))["status"], (await one(life, "credit_note"))["refunded_minor"]) == ("SUCCEEDED", 5_000)
    await amounts_agree(life)
