"""A customer is not erased while something is owed or runs, and afterwards nothing is written for them any more."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from payments.sandbox import Sandbox
from tests.auditing import violations
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import RefundSandbox, call, clock, create, done, usd
from tests.lifecycle.payments.test_paying import credit, pay
from tests.lifecycle.schedules import agreeing as schedules

ERASE = "mutation ($i: EraseCustomerInput!) { eraseCustomer(input: $i) { replayed customer { id erasedAt } userErrors { code message path } } }"


async def erase(life: Life, key: str = "erase") -> dict[str, Any]:
    """Call the mutation as staff and return its payload."""
    answer = await life.ask(ERASE, STAFF, i={"customerId": life.customer_id, "idempotencyKey": f"{key} {life.customer_id}"})
    payload: dict[str, Any] = answer["eraseCustomer"]
    return payload


async def refused_code(life: Life) -> str:
    """Return the code of the refusal, after nothing was erased."""
    life.keys += 1
    (error,) = (await erase(life, f"refused {life.keys}"))["userErrors"]
    row = await life.admin.fetchrow("select erased_at, closed_at, name from customer where id = $1", life.customer_id)
    assert tuple(row) == (None, None, "Test")
    return str(error["code"])


async def assert_erased(life: Life) -> None:
    assert (await erase(life))["userErrors"] == []
    assert await violations(life.admin, {life.customer_id}) == []


async def pay_open_invoice(life: Life) -> None:
    identifier = await create(life)
    assert await refused_code(life) == "AMOUNT_OWED"
    await pay(life, "payInvoice", invoiceId=identifier)


async def write_off_open_invoice(life: Life) -> None:
    identifier = await create(life)
    assert await refused_code(life) == "AMOUNT_OWED"
    await done(life, "writeOffInvoice", invoiceId=identifier)


async def pay_what_a_credit_note_left_of_an_installment(life: Life) -> None:
    (installment,) = (await schedules.create(life, "100.00")).installments
    await done(life, "creditInvoice", invoiceId=installment["invoice"]["id"], amount=usd("60.00"), reason="GOODWILL")
    assert await refused_code(life) == "AMOUNT_OWED"
    await pay(life, "payInstallment", installmentId=installment["id"])
    assert [(row["remaining_minor"], row["paid_minor"]) for row in await life.rows("invoice")] == [(0, 4_000)]


async def cancel_subscription(life: Life) -> None:
    subscription = await life.subscribe("team")
    await clock(life, minutes=5)
    assert await refused_code(life) == "SUBSCRIPTION_RUNNING"
    assert (await life.do("cancelSubscription", subscriptionId=subscription, when="NOW", reason="OTHER", comment="Call me at home"))["userErrors"] == []


async def use_up_credit(life: Life) -> None:
    await credit(life, 1_000)
    assert await refused_code(life) == "BALANCE_NOT_ZERO"
    await done(life, "adjustBalance", customerId=life.customer_id, amount=usd("-10.00"), reason="Paid out")


async def settle_debt(life: Life) -> None:
    await credit(life, -1_000)
    assert await refused_code(life) == "AMOUNT_OWED"
    await credit(life, 1_000)


async def decide_refund(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    payment = (await life.rows("payment"))[0]["id"]
    life.sandbox = RefundSandbox(None)
    await call(life, "refundPayment", paymentId=payment, amount=usd("20.00"), reason="REQUESTED", comment="Angry on the phone")
    assert await refused_code(life) == "MONEY_IN_FLIGHT"
    await clock(life, hours=1)


STORIES: dict[str, Callable[[Life], Awaitable[None]]] = {
    "an open invoice": pay_open_invoice,
    "an invoice that is written off": write_off_open_invoice,
    "an installment of which a part was credited": pay_what_a_credit_note_left_of_an_installment,
    "a running subscription": cancel_subscription,
    "credit": use_up_credit,
    "a debt": settle_debt,
    "a refund under way": decide_refund,
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
async def test_a_customer_is_erased_once_nothing_is_owed_or_runs(story: Callable[[Life], Awaitable[None]], life: Life) -> None:
    await story(life)
    await assert_erased(life)


async def test_a_charge_without_a_result_stands_against_erasing(life: Life) -> None:
    identifier = await create(life)
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=identifier)
    assert (await life.rows("payment"))[0]["status"] == "PROCESSING"
    assert await refused_code(life) == "MONEY_IN_FLIGHT"


async def test_nothing_is_written_for_an_erased_customer(life: Life) -> None:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    payment = (await life.rows("payment"))[0]["id"]
    await assert_erased(life)
    before = await life.everything()
    for mutation, arguments in (
        ("createInvoice", {"customerId": life.customer_id, "lines": [{"description": "Work", "quantity": 1, "unitAmount": usd("1.00")}]}),
        ("creditInvoice", {"invoiceId": identifier, "amount": usd("1.00"), "reason": "GOODWILL"}),
        ("refundPayment", {"paymentId": payment, "amount": usd("1.00"), "reason": "REQUESTED"}),
        ("recordPayment", {"customerId": life.customer_id, "amount": usd("1.00"), "kind": "CASH"}),
        ("voidInvoice", {"invoiceId": identifier}),
    ):
        assert [error["code"] for error in (await call(life, mutation, **arguments))["userErrors"]] == ["CUSTOMER_ERASED"], mutation
    for mutation in ("closeCustomer", "reopenCustomer"):
        text = f"mutation ($i: CloseCustomerInput!) {{ {mutation}(input: $i) {{ userErrors {{ code }} }} }}"
        assert (await life.ask(text, STAFF, i={"customerId": life.customer_id}))[mutation]["userErrors"] == [{"code": "CUSTOMER_ERASED"}]
    assert await life.everything() == before


async def test_the_processor_forgets_the_methods(life: Life) -> None:
    detached: list[str] = []

    class Forgetting(Sandbox):
        async def detach(self, method_reference: str) -> None:
            detached.append(method_reference)

    (method,) = await life.rows("payment_method")
    life.sandbox = Forgetting("secret")
    await assert_erased(life)
    assert detached == [method["processor_reference"]]
    (left,) = await life.rows("payment_method")
    assert (left["brand"], left["last4"], left["processor_reference"], left["fingerprint"]) == (None, None, method["id"], method["id"])
    assert left["deleted_at"] is not None
