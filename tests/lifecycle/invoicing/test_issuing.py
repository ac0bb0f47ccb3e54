"""Invoices that staff write: issued at once, collected by the clock or not, withdrawn and written off."""

from typing import Any

import pytest

from auth.viewer import Viewer
from billing.states import Actor
from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.invoicing.staff import call, clock, create, done, line, preview, refused
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, credit, invoice, pay, schedule
from tests.lifecycle.payments.test_refunds import balance, one


async def test_an_invoice_is_issued_at_once_with_a_number_lines_and_taxes(life: Life) -> None:
    lines = [line("12.50", quantity=3, description="Consulting", taxRate="8.1"), line("10.00", taxRate=None), line("5.00", taxRate="0")]
    payload = await done(life, "createInvoice", customerId=life.customer_id, lines=lines, memo="Thank you.\nSee you.", dueOn="2027-02-20", externalId="erp-1")
    assert (payload["invoice"]["status"], payload["invoice"]["total"]["amount"], payload["invoice"]["memo"]) == ("OPEN", "56.35", "Thank you.\nSee you.")
    row = await one(life, "invoice")
    assert row["number"].startswith("INV-2027-")
    assert row["number"] == payload["invoice"]["number"]
    assert (row["subtotal_minor"], row["tax_minor"], row["reason"], row["external_id"], row["is_automatic"]) == (5_250, 385, "MANUAL", "erp-1", False)
    rows = sorted(await life.rows("invoice_line"), key=lambda row: row["position"])
    assert [(row["description"], row["quantity"], row["tax_rate_ppm"], row["tax_minor"]) for row in rows] == [
        ("Consulting", 3, 81_000, 304),
        ("Work", 1, 81_000, 81),
        ("Work", 1, 0, 0),
    ]
    assert len(await life.rows("document_snapshot")) == 1
    assert [(row["event"], row["actor"], row["detail"]) for row in await life.rows("audit_event", "and event = 'createInvoice'")] == [
        ("createInvoice", "STAFF", payload["invoice"]["id"])
    ]


async def test_credit_pays_a_new_invoice_first_as_the_preview_says(life: Life) -> None:
    await credit(life, 3_000)
    arguments = {"customerId": life.customer_id, "lines": [line("100.00")]}
    payload = await preview(life, "createInvoice", **arguments)
    assert (payload["preview"]["creditUsed"]["amount"], payload["preview"]["amountRemaining"]["amount"]) == ("30.00", "70.00")
    assert await life.rows("invoice") == []
    await done(life, "createInvoice", **arguments, previewToken=payload["preview"]["previewToken"])
    row = await one(life, "invoice")
    assert (row["credited_minor"], row["remaining_minor"], await balance(life)) == (3_000, 7_000, 0)
    assert await refused(life, "createInvoice", **arguments, previewToken=payload["preview"]["previewToken"]) == ("PREVIEW_EXPIRED", "previewToken")
    await amounts_agree(life)


async def test_an_automatic_invoice_is_charged_on_its_due_day(life: Life) -> None:
    await create(life, collection="AUTOMATIC", dueOn="2027-02-05")
    await clock(life, days=4)
    assert (await one(life, "invoice"))["status"] == "OPEN"
    await clock(life, days=1)
    assert (await one(life, "invoice"))["status"] == "PAID"
    assert len(await life.rows("payment")) == 1
    await amounts_agree(life)


METHODS = "{ customer { paymentMethods(first: 5) { nodes { id isDefault isInUse availableActions { action reason } } } defaultPaymentMethod { isInUse } } }"


async def uses(life: Life) -> dict[str, tuple[bool, str | None]]:
    """Return of each method whether it is in use, and why it cannot be deleted, also by the query for one of them."""
    customer = (await life.ask(METHODS))["customer"]
    nodes = customer["paymentMethods"]["nodes"]
    (default,) = [node for node in nodes if node["isDefault"]]
    one_by_id = await life.ask("query Q($id: ID!) { node(id: $id) { ... on PaymentMethod { isInUse } } }", id=default["id"])
    assert default["isInUse"] is customer["defaultPaymentMethod"]["isInUse"] is one_by_id["node"]["isInUse"]
    return {node["id"]: (node["isInUse"], {state["action"]: state["reason"] for state in node["availableActions"]}["DELETE"]) for node in nodes}


async def delete_method(life: Life, method: str, **arguments: Any) -> list[str]:
    payload = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=method, **arguments)
    return [error["code"] for error in payload["userErrors"]]


async def test_the_default_is_in_use_while_an_automatic_invoice_is_planned_for_it(life: Life) -> None:
    other = (await one(life, "payment_method"))["id"]
    default = await life.card("mastercard")
    await create(life, dueOn="2027-02-05")
    assert await uses(life) == {default: (False, None), other: (False, None)}, "nothing charges an invoice that is sent"
    await create(life, collection="AUTOMATIC", dueOn="2027-02-05")
    assert await uses(life) == {default: (True, "METHOD_IN_USE"), other: (False, None)}
    assert await delete_method(life, default) == ["METHOD_IN_USE"]
    assert await delete_method(life, default, replacementId=other) == []
    assert await uses(life) == {other: (True, "METHOD_IN_USE")}
    await clock(life, days=5)
    assert sorted(row["status"] for row in await life.rows("invoice")) == ["OPEN", "PAID"]
    assert await uses(life) == {other: (False, None)}
    assert await delete_method(life, other) == []


async def test_a_declined_automatic_invoice_is_retried_and_charged_to_another_card(life: Life) -> None:
    await life.card("insufficient_funds")
    await create(life, collection="AUTOMATIC", dueOn=f"{life.now:%Y-%m-%d}")
    await clock(life)
    row = await one(life, "invoice")
    assert (row["status"], row["collection"], row["retry_count"]) == ("OPEN", "RETRYING", 1)
    await clock(life, days=1)
    assert (await one(life, "invoice"))["retry_count"] == 2
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method)
    await clock(life, minutes=2)
    assert (await one(life, "invoice"))["status"] == "PAID"


async def test_after_the_last_try_an_automatic_invoice_is_given_up_and_no_subscription_is_held(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    identifier = await create(life, collection="AUTOMATIC", dueOn=f"{life.now:%Y-%m-%d}")
    for days in (0, 1, 2, 4, 7):
        await clock(life, days=days, minutes=1)
    (row,) = await life.rows("invoice", f"and id = '{identifier}'")
    assert row["collection"] == "GIVEN_UP"
    assert (await life.row(subscription))["status"] == "ACTIVE"


async def test_a_manual_invoice_waits_for_a_payment_of_the_customer(life: Life) -> None:
    identifier = await create(life, dueOn=f"{life.now:%Y-%m-%d}")
    await clock(life, days=30)
    assert await life.rows("payment") == []
    assert (await pay(life, "payInvoice", invoiceId=identifier))["invoice"]["status"] == "PAID"
    assert (await figures_agree(life))["USD"].due == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lines": []}, ("INVALID_VALUE", "lines")),
        ({"lines": [line()] * 201}, ("INVALID_VALUE", "lines")),
        ({"lines": [line("0")]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"lines": [line("-1")]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"lines": [line(), line("1.005")]}, ("INVALID_VALUE", "lines.1.unitAmount")),
        ({"lines": [line("90071992547409.92")]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"lines": [line("90071992547409.91", quantity=2)]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"lines": [line("90071992547409.91", taxRate="1")]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"lines": [line("60000000000000"), line("60000000000000")]}, ("INVALID_VALUE", "lines")),
        ({"lines": [line(quantity=0)]}, ("INVALID_VALUE", "lines.0.quantity")),
        ({"lines": [line(quantity=1_000_001)]}, ("INVALID_VALUE", "lines.0.quantity")),
        ({"lines": [line(description=" ")]}, ("INVALID_VALUE", "lines.0.description")),
        ({"lines": [line(description="x" * 501)]}, ("INVALID_VALUE", "lines.0.description")),
        ({"lines": [line(description="a\nb")]}, ("INVALID_VALUE", "lines.0.description")),
        ({"lines": [line(taxRate="100.0001")]}, ("INVALID_VALUE", "lines.0.taxRate")),
        ({"lines": [line(taxRate="-1")]}, ("INVALID_VALUE", "lines.0.taxRate")),
        ({"lines": [line(taxRate="8.12345")]}, ("INVALID_VALUE", "lines.0.taxRate")),
        ({"lines": [line(unitAmount={"amount": "1", "currency": "EUR"})]}, ("CURRENCY_MISMATCH", "lines.0.unitAmount")),
        ({"lines": [line(), line(unitAmount={"amount": "1", "currency": "EUR"})]}, ("CURRENCY_MISMATCH", "lines.1.unitAmount")),
        ({"lines": [line(unitAmount={"amount": "1", "currency": "XQQ"})]}, ("INVALID_VALUE", "lines.0.unitAmount")),
        ({"dueOn": "2027-01-30"}, ("INVALID_VALUE", "dueOn")),
        ({"memo": "x" * 1_001}, ("INVALID_VALUE", "memo")),
        ({"externalId": ""}, ("INVALID_VALUE", "externalId")),
        ({"metadata": {"k" * 41: "v"}}, ("INVALID_VALUE", "metadata")),
        ({"customerId": "cus_01hfnzpt50e13r5x0bpw14ak9w"}, ("NOT_FOUND", "customerId")),
        ({"customerId": "nobody"}, ("NOT_FOUND", "customerId")),
        ({"idempotencyKey": ""}, ("INVALID_VALUE", "idempotencyKey")),
        ({"previewToken": "abc"}, ("PREVIEW_EXPIRED", "previewToken")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_invoice_is_refused_with_code_and_path(life: Life, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert await refused(life, "createInvoice", **({"customerId": life.customer_id, "lines": [line()]} | changes)) == expected


async def test_a_preview_is_refused_as_the_mutation_is(life: Life) -> None:
    (error,) = (await preview(life, "createInvoice", customerId=life.customer_id, lines=[line("1.005")]))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_VALUE", ["input", "lines", "0", "unitAmount"])


async def test_a_tax_rate_is_refused_for_an_exempt_customer(life: Life) -> None:
    await life.admin.execute("update customer set tax_rate_ppm = 0, tax_exemption = 'REVERSE_CHARGE' where id = $1", life.customer_id)
    assert await refused(life, "createInvoice", customerId=life.customer_id, lines=[line(taxRate="19")]) == ("INVALID_VALUE", "lines.0.taxRate")
    await done(life, "createInvoice", customerId=life.customer_id, lines=[line(taxRate=None)])


async def test_an_external_id_names_one_invoice(life: Life) -> None:
    name = f"erp {new_id('inv')}"
    await create(life, externalId=name)
    assert await refused(life, "createInvoice", customerId=life.customer_id, lines=[line()], externalId=name) == ("EXTERNAL_ID_TAKEN", "externalId")


async def test_a_backdated_invoice_is_overdue_at_once(life: Life) -> None:
    payload = await done(life, "createInvoice", customerId=life.customer_id, lines=[line()], dueOn="2026-12-01", backdated=True)
    assert payload["invoice"]["isOverdue"] is True


async def test_the_same_key_issues_one_invoice(life: Life) -> None:
    arguments = {"customerId": life.customer_id, "lines": [line()], "idempotencyKey": f"once {life.customer_id}"}
    first, second = await done(life, "createInvoice", **arguments), await done(life, "createInvoice", **arguments)
    assert (first["invoice"]["id"], first["replayed"], second["replayed"]) == (second["invoice"]["id"], False, True)
    assert len(await life.rows("invoice")) == 1
    assert await refused(life, "createInvoice", **arguments | {"lines": [line("1.00")]}) == ("IDEMPOTENCY_CONFLICT", "idempotencyKey")


async def test_a_void_invoice_is_not_owed(life: Life) -> None:
    identifier = await create(life)
    payload = await done(life, "voidInvoice", invoiceId=identifier)
    assert (payload["invoice"]["status"], payload["invoice"]["amountRemaining"]["amount"]) == ("VOID", "0.00")
    assert await refused(life, "voidInvoice", invoiceId=identifier) == ("WRONG_STATE", "invoiceId")
    assert (await figures_agree(life))["USD"].due == 0


async def test_what_was_paid_or_credited_is_not_voided(life: Life) -> None:
    paid = await create(life)
    await pay(life, "payInvoice", invoiceId=paid, amountMinorUnits="1")
    assert await refused(life, "voidInvoice", invoiceId=paid) == ("WRONG_STATE", "invoiceId")
    await credit(life, 1)
    assert await refused(life, "voidInvoice", invoiceId=await create(life)) == ("WRONG_STATE", "invoiceId")
    covered = await invoice(life)
    await schedule(life, 10_000, invoicing="PER_INSTALLMENT", covered_by=[covered])
    assert await refused(life, "voidInvoice", invoiceId=covered) == ("WRONG_STATE", "invoiceId")
    assert await refused(life, "voidInvoice", invoiceId=new_id("inv")) == ("NOT_FOUND", "invoiceId")


async def test_an_invoice_in_payment_is_neither_voided_nor_written_off(life: Life) -> None:
    await life.card("slow")
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    for mutation in ("voidInvoice", "writeOffInvoice"):
        assert await refused(life, mutation, invoiceId=identifier) == ("IN_PROGRESS", "invoiceId")


async def test_a_version_that_was_not_seen_is_refused(life: Life) -> None:
    identifier = await create(life)
    assert await refused(life, "voidInvoice", invoiceId=identifier, expectedVersion=99) == ("VERSION_CONFLICT", "expectedVersion")


async def test_what_is_written_off_is_payable_but_neither_overdue_nor_collected(life: Life) -> None:
    await life.card("insufficient_funds")
    identifier = await create(life, collection="AUTOMATIC", dueOn="2026-12-01", backdated=True)
    await clock(life)
    payload = await done(life, "writeOffInvoice", invoiceId=identifier)
    assert (payload["invoice"]["status"], payload["invoice"]["isOverdue"]) == ("OPEN", False)
    await clock(life, days=40)
    assert len(await life.rows("payment")) == 1, "the try before"
    assert (await figures_agree(life))["USD"].overdue == 0
    assert await refused(life, "writeOffInvoice", invoiceId=identifier) == ("WRONG_STATE", "invoiceId")
    await life.card()
    assert (await pay(life, "payInvoice", invoiceId=identifier))["invoice"]["status"] == "PAID"


@pytest.mark.parametrize("mutation", ["voidInvoice", "writeOffInvoice"])
async def test_dunning_lets_go_of_a_subscription_whose_invoice_is_withdrawn(life: Life, mutation: str) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await clock(life, days=29)
    for days in (0, 1, 2, 4, 7, 7):
        await clock(life, days=days, minutes=1)
    held = await life.row(subscription)
    assert held["holds"] == ["DUNNING"]
    (unpaid,) = await life.rows("invoice", "and remaining_minor > 0")
    await done(life, mutation, invoiceId=unpaid["id"])
    assert (await life.row(subscription))["holds"] == []


async def test_only_staff_with_the_scope_may_do_it(life: Life) -> None:
    for viewer in (life.viewer, Viewer(Actor.STAFF, None, ("payments:record",), "tests")):
        with pytest.raises(AssertionError, match="This field"):
            await call(life, "createInvoice", viewer, customerId=life.customer_id, lines=[line()])
    scoped = Viewer(Actor.STAFF, None, ("invoices:write",), "tests")
    assert (await call(life, "createInvoice", scoped, customerId=life.customer_id, lines=[line()]))["userErrors"] == []
