"""What payloads bring besides the changed object: the customer with new amounts, and what was paid, moved and deleted."""

from dataclasses import replace
from typing import Any

import pytest

from billing.states import Actor
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.payments.test_paying import credit, invoice, schedule

SUMMARY = "customer { id summary { id totalDue { currency amount } balance { amount } processing { amount } } }"


async def call(life: Life, mutation: str, selection: str, **arguments: Any) -> dict[str, Any]:
    text = f"mutation M($i: {mutation[0].upper() + mutation[1:]}Input!) {{ {mutation}(input: $i) {{ {selection} userErrors {{ code }} }} }}"
    payload: dict[str, Any] = (await life.ask(text, arguments.pop("viewer", None), i=arguments))[mutation]
    return payload


async def due(life: Life) -> list[str]:
    summary = (await life.ask("{ customer { summary { totalDue { amount } } } }"))["customer"]["summary"]
    return [total["amount"] for total in summary["totalDue"]]


async def test_one_answer_brings_the_paid_invoice_and_the_new_summary(life: Life) -> None:
    owed, _ = await invoice(life, 1_000), await invoice(life, 500)
    assert await due(life) == ["15.00"]
    payload = await call(life, "payInvoice", SUMMARY, invoiceId=owed, idempotencyKey="once")
    summary = payload["customer"]["summary"]
    assert (payload["customer"]["id"], summary["id"]) == (life.customer_id, f"sum_{life.customer_id[4:]}")
    assert summary["totalDue"] == [{"currency": "USD", "amount": "5.00"}]
    assert await due(life) == ["5.00"]
    again = await call(life, "payInvoice", f"{SUMMARY} replayed", invoiceId=owed, idempotencyKey="once")
    assert (again["replayed"], again["customer"]) == (True, payload["customer"])


async def test_after_a_refusal_the_customer_is_the_caller(life: Life) -> None:
    await invoice(life, 500)
    payload = await call(life, "payInvoice", SUMMARY, invoiceId=new_id("inv"), idempotencyKey="none")
    assert payload["userErrors"] == [{"code": "NOT_FOUND"}]
    assert payload["customer"]["summary"]["totalDue"] == [{"currency": "USD", "amount": "5.00"}]


@pytest.mark.parametrize("mutation", ["payInvoice", "payInstallment", "payAllDue"])
async def test_a_declined_payment_shows_what_it_was_for(life: Life, mutation: str) -> None:
    await life.card("insufficient_funds")
    covering = await invoice(life, 3_000)
    (installment,) = await schedule(life, 3_000, invoicing="PER_INSTALLMENT", covered_by=[covering])
    unpaid = {"id": covering, "status": "OPEN", "amountRemaining": {"amount": "30.00"}}
    arguments = {"payInvoice": {"invoiceId": covering}, "payInstallment": {"installmentId": installment}, "payAllDue": {"currency": "USD"}}[mutation]
    an_invoice = "id status amountRemaining { amount }"
    selection = {
        "payInvoice": f"invoice {{ {an_invoice} }}",
        "payInstallment": f"installment {{ id status }} invoice {{ {an_invoice} }}",
        "payAllDue": f"installments {{ id status }} invoices {{ {an_invoice} }}",
    }[mutation]
    expected = {
        "payInvoice": {"invoice": unpaid},
        "payInstallment": {"installment": {"id": installment, "status": "FAILED"}, "invoice": unpaid},
        "payAllDue": {"installments": [{"id": installment, "status": "FAILED"}], "invoices": [unpaid]},
    }[mutation]
    for is_replayed in (False, True):
        payload = await call(life, mutation, f"{selection} payment {{ status }} replayed", idempotencyKey="declined", **arguments)
        assert (payload["userErrors"], payload["payment"]["status"]) == ([{"code": "PAYMENT_DECLINED"}], "FAILED")
        assert payload["replayed"] is is_replayed
        assert {name: payload[name] for name in expected} == expected


async def test_paying_all_lists_what_it_paid_the_oldest_first(life: Life) -> None:
    """By credit and by the charge. What is owed in another currency is not listed."""
    later, sooner = await invoice(life, 1_000, due_in=9), await invoice(life, 2_000, due_in=2)
    await invoice(life, 700, currency="EUR")
    (alone,) = await schedule(life, 300)
    await credit(life, 2_500)
    payload = await call(life, "payAllDue", "invoices { id status } installments { id status }", currency="USD", idempotencyKey="all")
    assert payload["invoices"][:2] == [{"id": sooner, "status": "PAID"}, {"id": later, "status": "PAID"}]
    assert payload["installments"] == [{"id": alone, "status": "PAID"}]


async def test_credit_alone_lists_what_it_paid(life: Life) -> None:
    owed = await invoice(life, 1_000)
    await credit(life, 2_500)
    payload = await call(life, "payAllDue", f"payment {{ id }} invoices {{ id status }} installments {{ id }} {SUMMARY}", currency="USD", idempotencyKey="all")
    assert (payload["payment"], payload["invoices"], payload["installments"]) == (None, [{"id": owed, "status": "PAID"}], [])
    assert payload["customer"]["summary"]["balance"] == [{"amount": "15.00"}]


async def test_a_refused_call_lists_nothing(life: Life) -> None:
    payload = await call(life, "payAllDue", "payment { id } invoices { id } installments { id }", currency="USD", idempotencyKey="all")
    assert payload == {"payment": None, "invoices": None, "installments": None, "userErrors": [{"code": "ALREADY_PAID"}]}


async def test_deleting_a_method_gives_the_replacement_and_the_subscriptions_that_moved(life: Life) -> None:
    old = await life.card()
    moved = await life.subscribe("business", paymentMethodId=old)
    new = await life.card("mastercard", is_default=False)
    other = await life.subscribe("storage", paymentMethodId=new)
    selection = "deletedPaymentMethodId replacement { id isDefault } subscriptions { id paymentMethod { id } } customer { paymentMethods { nodes { id } } }"
    payload = await call(life, "deletePaymentMethod", selection, paymentMethodId=old, replacementId=new)
    assert payload["userErrors"] == []
    assert payload["deletedPaymentMethodId"] == old
    assert payload["replacement"] == {"id": new, "isDefault": True}
    assert payload["subscriptions"] == [{"id": moved, "paymentMethod": {"id": new}}]
    listed = {node["id"] for node in payload["customer"]["paymentMethods"]["nodes"]}
    assert new in listed
    assert old not in listed
    refused = await call(life, "deletePaymentMethod", selection, paymentMethodId=new)
    assert refused["userErrors"] == [{"code": "METHOD_IN_USE"}]
    assert (refused["deletedPaymentMethodId"], refused["replacement"], refused["subscriptions"]) == (None, None, None)
    assert other not in str(payload)


async def test_staff_get_the_customer_for_whom_they_act(life: Life) -> None:
    owed = await invoice(life, 1_000)
    payload = await call(life, "payInvoice", SUMMARY, viewer=STAFF, invoiceId=owed, idempotencyKey=f"by staff {life.customer_id}")
    assert (payload["userErrors"], payload["customer"]["id"]) == ([], life.customer_id)
    method = await life.card("mastercard", is_default=False)
    chosen = await call(life, "setDefaultPaymentMethod", "paymentMethod { id } customer { id }", viewer=STAFF, paymentMethodId=method)
    assert chosen == {"paymentMethod": {"id": method}, "customer": {"id": life.customer_id}, "userErrors": []}
    refused = await call(life, "setDefaultPaymentMethod", "customer { id }", viewer=STAFF, paymentMethodId=new_id("pm"))
    assert refused == {"customer": None, "userErrors": [{"code": "NOT_FOUND"}]}


@pytest.mark.parametrize(("scopes", "is_reader"), [(("payments:write",), False), (("payments:write", "read"), True)])
async def test_an_app_gets_the_customer_with_the_scope_to_read(life: Life, scopes: tuple[str, ...], is_reader: bool) -> None:
    owed = await invoice(life, 1_000)
    app = replace(life.viewer, kind=Actor.PARTNER, scopes=scopes)
    payload = await call(life, "payInvoice", "invoice { status } customer { id }", viewer=app, invoiceId=owed, idempotencyKey="by an app")
    assert payload == {"invoice": {"status": "PAID"}, "customer": {"id": life.customer_id} if is_reader else None, "userErrors": []}
