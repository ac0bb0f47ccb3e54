"""Money that came without a processor, and corrections of the balance."""

from typing import Any

import pytest

from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.invoicing.staff import clock, create, done, preview, refused, usd
from tests.lifecycle.payments.test_paying import amounts_agree, invoice, pay, schedule
from tests.lifecycle.payments.test_refunds import amounts, balance, one


async def test_a_transfer_pays_its_invoice_first_then_the_oldest_then_becomes_credit(life: Life) -> None:
    old, named = await invoice(life, 3_000, due_in=-5), await invoice(life, 5_000)
    arguments = {"invoiceId": named, "amount": usd("90.00"), "kind": "BANK_TRANSFER", "receivedOn": "2027-01-29", "reference": "RF18 5390"}
    plan = (await preview(life, "recordPayment", **arguments))["preview"]
    assert [(part["invoice"]["id"], part["amount"]["amount"]) for part in plan["parts"]] == [(named, "50.00"), (old, "30.00")]
    assert (plan["toAccount"]["amount"], plan["toBalance"]["amount"]) == ("0.00", "10.00")
    payload = await done(life, "recordPayment", **arguments, previewToken=plan["previewToken"])
    assert payload["payment"] | {"id": ""} == {
        "id": "",
        "status": "SUCCEEDED",
        "receivedOn": "2027-01-29",
        "reference": "RF18 5390",
        "methodSnapshot": {"kind": "BANK_TRANSFER"},
    }
    assert {row["status"] for row in await life.rows("invoice")} == {"PAID"}
    assert await balance(life) == 1_000
    assert len(await life.rows("document_snapshot", f"and document_id = '{payload['payment']['id']}'")) == 1
    assert (await figures_agree(life))["USD"].due == 0
    await amounts_agree(life)


async def test_money_of_a_customer_pays_the_oldest_debts_and_the_account(life: Life) -> None:
    old, new = await invoice(life, 3_000, due_in=-5), await invoice(life, 5_000)
    await done(life, "adjustBalance", customerId=life.customer_id, amount=usd("-2.00"), reason="A fee")
    await done(life, "recordPayment", customerId=life.customer_id, amount=usd("50.00"), kind="CHECK")
    rows = {row["id"]: row["remaining_minor"] for row in await life.rows("invoice")}
    assert rows == {old: 0, new: 3_000}
    await done(life, "recordPayment", customerId=life.customer_id, amount=usd("33.00"), kind="CASH")
    assert (await balance(life), (await figures_agree(life))["USD"].due) == (100, 0)
    assert sorted(row["kind"] for row in await life.rows("balance_entry")) == ["ADJUSTMENT", "OVERPAYMENT", "PAYMENT"]
    await amounts_agree(life)


async def test_an_installment_is_paid_with_its_invoice_and_before_its_day(life: Life) -> None:
    covered = await invoice(life, 9_000)
    first, second = await schedule(life, 4_000, 5_000, invoicing="COLLECTIVE", covered_by=[covered] * 2)
    payload = await done(life, "recordPayment", installmentId=second, amount=usd("50.00"), kind="BANK_TRANSFER")
    assert (payload["installment"]["status"], (await one(life, "invoice"))["remaining_minor"]) == ("PAID", 4_000)
    (_, later) = await schedule(life, 1_000, 2_000)
    await done(life, "recordPayment", installmentId=later, amount=usd("20.00"), kind="BANK_TRANSFER")
    rows = {row["id"]: row["status"] for row in await life.rows("installment")}
    assert (rows[later], rows[first]) == ("PAID", "DUE")
    await amounts_agree(life)


async def test_recorded_money_lifts_the_hold_of_dunning(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await clock(life, days=29)
    for days in (0, 1, 2, 4, 7, 7):
        await clock(life, days=days, minutes=1)
    assert (await life.row(subscription))["holds"] == ["DUNNING"]
    (unpaid,) = await life.rows("invoice", "and remaining_minor > 0")
    amount = f"{unpaid['remaining_minor'] / 100:.2f}"
    await done(life, "recordPayment", invoiceId=unpaid["id"], amount=usd(amount), kind="BANK_TRANSFER")
    assert (await life.row(subscription))["holds"] == []


async def test_what_is_in_payment_is_not_paid_twice(life: Life) -> None:
    await life.card("slow")
    busy, other = await invoice(life, 4_000, due_in=-1), await invoice(life, 1_000)
    await pay(life, "payInvoice", invoiceId=busy)
    assert await refused(life, "recordPayment", invoiceId=busy, amount=usd("40.00"), kind="CASH") == ("IN_PROGRESS", "invoiceId")
    await done(life, "recordPayment", customerId=life.customer_id, amount=usd("40.00"), kind="CASH")
    rows = {row["id"]: row["status"] for row in await life.rows("invoice")}
    assert (rows, await balance(life)) == ({busy: "PROCESSING", other: "PAID"}, 3_000)
    await amounts_agree(life)


async def test_an_external_id_names_one_payment(life: Life) -> None:
    name = f"bank {new_id('pay')}"
    arguments = {"customerId": life.customer_id, "amount": usd("1.00"), "kind": "CASH", "externalId": name}
    await done(life, "recordPayment", **arguments)
    assert await refused(life, "recordPayment", **arguments) == ("EXTERNAL_ID_TAKEN", "externalId")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": usd("0")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("-1")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("1.001")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("90071992547409.92")}, ("INVALID_VALUE", "amount")),
        ({"amount": {"amount": "1", "currency": "EUR"}}, ("CURRENCY_MISMATCH", "amount")),
        ({"receivedOn": "2027-02-01"}, ("INVALID_VALUE", "receivedOn")),
        ({"reference": "x" * 201}, ("INVALID_VALUE", "reference")),
        ({"invoiceId": None}, ("INVALID_VALUE", "customerId")),
        ({"customerId": "cus_01hfnzpt50e13r5x0bpw14ak9w"}, ("INVALID_VALUE", "customerId")),
        ({"invoiceId": None, "customerId": "cus_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "customerId")),
        ({"invoiceId": "inv_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "invoiceId")),
        ({"invoiceId": None, "installmentId": "ins_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "installmentId")),
        ({"externalId": "x" * 201}, ("INVALID_VALUE", "externalId")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_payment_is_refused_with_code_and_path(life: Life, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    arguments = {"invoiceId": await create(life), "amount": usd("1.00"), "kind": "CASH"} | changes
    assert await refused(life, "recordPayment", **arguments) == expected


async def test_what_is_paid_or_void_takes_no_payment(life: Life) -> None:
    paid, void = await create(life), await create(life)
    await pay(life, "payInvoice", invoiceId=paid)
    await done(life, "voidInvoice", invoiceId=void)
    for invoice_id, code in ((paid, "ALREADY_PAID"), (void, "NOT_PAYABLE")):
        assert await refused(life, "recordPayment", invoiceId=invoice_id, amount=usd("1.00"), kind="CASH") == (code, "invoiceId")


async def test_the_balance_is_adjusted_both_ways(life: Life) -> None:
    await done(life, "adjustBalance", customerId=life.customer_id, amount=usd("12.00"), reason="Compensation")
    await done(life, "adjustBalance", customerId=life.customer_id, amount=usd("-20.00"), reason="A fee")
    rows = sorted(await life.rows("balance_entry"), key=lambda row: row["amount_minor"])
    assert [(row["amount_minor"], row["kind"], row["description"]) for row in rows] == [(-2_000, "ADJUSTMENT", "A fee"), (1_200, "ADJUSTMENT", "Compensation")]
    assert (await figures_agree(life))["USD"].due == 800


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": usd("0.00")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("0.001")}, ("INVALID_VALUE", "amount")),
        ({"amount": usd("-90071992547409.92")}, ("INVALID_VALUE", "amount")),
        ({"amount": {"amount": "1", "currency": "EUR"}}, ("CURRENCY_MISMATCH", "amount")),
        ({"reason": " "}, ("INVALID_VALUE", "reason")),
        ({"customerId": "cus_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "customerId")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_adjustment_is_refused_with_code_and_path(life: Life, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    arguments = {"customerId": life.customer_id, "amount": usd("1.00"), "reason": "A reason"} | changes
    assert await refused(life, "adjustBalance", **arguments) == expected


async def test_a_payment_takes_the_same_amounts_off_as_any(life: Life) -> None:
    identifier = await create(life)
    await done(life, "recordPayment", invoiceId=identifier, amount=usd("40.00"), kind="OTHER")
    assert amounts(await one(life, "invoice")) == ("PARTIALLY_PAID", 4_000, 0, 0, 6_000)
