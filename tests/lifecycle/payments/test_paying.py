"""Paying what is owed: once, with credit first, in step with schedules; and what processors tell by themselves."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from auth.throttle import Throttle
from auth.viewer import Viewer
from billing.money.numbers import Numbering
from billing.states import Actor
from jobs.clock import Billing, tick
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges.charging import apply_result
from tests.conftest import STAFF
from tests.lifecycle.conftest import LINE, Life, new_id, price

PAID = "payment { id status declineCode amount { amount } } clientAction { clientSecret }"


async def invoice(life: Life, total: int = 10_000, *, due_in: int = 0, currency: str = "USD", schedule: str | None = None, number: str | None = None) -> str:
    """An invoice with one line, written by SQL."""
    invoice_id = new_id("inv")
    await life.admin.execute(
        """insert into invoice (customer_id, id, number, reason, status, currency, schedule_id, issued_at, due_on, subtotal_minor, total_minor, created_at)
           values ($1, $2, $3, 'MANUAL', 'OPEN', $4, $5, $6, $7, $8, $8, $6)""",
        life.customer_id, invoice_id, f"R-{invoice_id[-6:]}" if number is None else number, currency, schedule, life.now, life.now.date() + timedelta(days=due_in), total,
    )  # fmt: skip
    await life.admin.execute(LINE, life.customer_id, invoice_id)
    return invoice_id


async def schedule(life: Life, *amounts: int, invoicing: str = "NONE", covered_by: list[str | None] | None = None) -> list[str]:
    """The installments of a new schedule, a month apart, the first due today."""
    schedule_id, installments = new_id("sch"), [new_id("ins") for _ in amounts]
    invoices = covered_by or [None] * len(amounts)
    async with life.admin.transaction():
        await life.admin.execute(
            "insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, created_at) values ($1, $2, 'Plan', 'USD', $3, 'ACTIVE', $4, $5)",
            life.customer_id, schedule_id, invoicing, sum(amounts), life.now,
        )  # fmt: skip
        for position, amount in enumerate(amounts):
            await life.admin.execute(
                """insert into installment (customer_id, id, schedule_id, invoice_id, currency, position, name, due_on, amount_minor, status)
                   values ($1, $2, $3, $4, 'USD', $5, $6, $7, $8, 'DUE')""",
                life.customer_id, installments[position], schedule_id, invoices[position], position + 1, f"{position + 1}", life.now.date() + timedelta(days=30 * position), amount,
            )  # fmt: skip
    return installments


async def credit(life: Life, minor: int) -> None:
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at) values ($1, $2, 'USD', $3, 'ADJUSTMENT', $4)",
        life.customer_id, new_id("bal"), minor, life.now,
    )  # fmt: skip


async def pay(life: Life, mutation: str, **arguments: Any) -> dict[str, Any]:
    life.keys += 1
    arguments = {"idempotencyKey": f"pay {life.keys}"} | arguments
    shows = {
        "payInvoice": "invoice { status amountRemaining { amount } }",
        "payInstallment": "installment { status remaining { amount } invoice { status } }",
    }.get(mutation, "")
    text = f"mutation M($i: {mutation[0].upper() + mutation[1:]}Input!) {{ {mutation}(input: $i) {{ {shows} {PAID} replayed userErrors {{ code path }} }} }}"
    return (await life.ask(text, i=arguments))[mutation]


async def amounts_agree(life: Life) -> None:
    """Money in is what was allocated and what is credit; invoices, installments and schedules are the sums of what paid them."""
    succeeded = {row["id"]: row["amount_minor"] for row in await life.rows("payment") if row["status"] in ("SUCCEEDED", "REFUNDED")}
    allocated: dict[str, int] = {}
    for row in await life.rows("payment_allocation"):
        if row["payment_id"] in succeeded:
            allocated[row["payment_id"]] = allocated.get(row["payment_id"], 0) + row["amount_minor"]
    surplus: Counter[str] = Counter()
    for row in await life.rows("balance_entry", "and kind in ('OVERPAYMENT', 'PAYMENT')"):
        surplus[row["payment_id"]] += row["amount_minor"]
    assert {key: allocated.get(key, 0) + surplus[key] for key in succeeded} == succeeded
    refunds = {row["id"]: row for row in await life.rows("refund") if row["status"] == "SUCCEEDED"}
    taken = [row for row in await life.rows("refund_allocation") if row["refund_id"] in refunds]
    for row in await life.rows("payment"):
        assert row["refunded_minor"] == sum(refund["amount_minor"] for refund in refunds.values() if refund["payment_id"] == row["id"])
    for refund in refunds:
        assert sum(row["amount_minor"] for row in taken if row["refund_id"] == refund) == refunds[refund]["amount_minor"]
    entries, notes = await life.rows("balance_entry", "and kind = 'APPLIED_TO_INVOICE'"), await life.rows("credit_note")
    for row in await life.rows("invoice"):
        paid = sum(one["amount_minor"] for one in await life.rows("payment_allocation", f"and invoice_id = '{row['id']}'") if one["payment_id"] in succeeded)
        back = sum(one["amount_minor"] for one in taken if one["invoice_id"] == row["id"])
        noted = [note for note in notes if note["invoice_id"] == row["id"]]
        assert (row["paid_minor"], row["refunded_minor"]) == (paid - back, back)
        assert row["noted_minor"] == sum(note["total_minor"] for note in noted)
        applied = -sum(entry["amount_minor"] for entry in entries if entry["invoice_id"] == row["id"])
        assert row["credited_minor"] == applied + sum(note["released_minor"] + note["refunded_minor"] for note in noted)
    for row in await life.rows("payment_schedule"):
        parts = await life.rows("installment", f"and schedule_id = '{row['id']}'")
        assert (row["paid_minor"], row["refunded_minor"]) == (sum(one["paid_minor"] for one in parts), sum(one["refunded_minor"] for one in parts))


async def test_an_invoice_is_paid_with_credit_first_and_the_rest_by_card(life: Life) -> None:
    owed = await invoice(life)
    await credit(life, 2_500)
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert payload["userErrors"] == []
    assert (payload["payment"]["status"], payload["payment"]["amount"]["amount"]) == ("SUCCEEDED", "75.00")
    assert payload["invoice"] == {"status": "PAID", "amountRemaining": {"amount": "0.00"}}
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 0
    await amounts_agree(life)


async def test_credit_in_another_currency_does_not_pay(life: Life) -> None:
    """The account is read in the customer's own currency together with the invoice, and again where the invoice is in another one."""
    await credit(life, 4_000)
    invoice_id = await invoice(life, currency="EUR")
    assert (await pay(life, "payInvoice", invoiceId=invoice_id))["userErrors"] == []
    assert [(row["currency"], row["amount_minor"]) for row in await life.rows("payment")] == [("EUR", 10_000)]
    assert [row["amount_minor"] for row in await life.rows("balance_entry")] == [4_000]


async def test_credit_alone_pays_without_the_processor(life: Life) -> None:
    owed = await invoice(life, 2_000)
    await credit(life, 2_500)
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert (payload["payment"], payload["invoice"]["status"]) == (None, "PAID")
    assert life.sandbox.calls() == 0
    await amounts_agree(life)


async def test_a_part_is_paid_where_the_merchant_takes_parts(life: Life) -> None:
    owed = await invoice(life)
    payload = await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="4000")
    assert payload["invoice"] == {"status": "PARTIALLY_PAID", "amountRemaining": {"amount": "60.00"}}
    life.takes_parts = False
    assert (await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="1"))["userErrors"][0]["code"] == "PARTIAL_NOT_ALLOWED"
    assert (await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="6001"))["userErrors"][0]["code"] == "AMOUNT_TOO_HIGH"
    assert (await pay(life, "payInvoice", invoiceId=owed))["invoice"]["status"] == "PAID"
    await amounts_agree(life)


@pytest.mark.inconsistent_rows
@pytest.mark.parametrize(("status", "code"), [("VOID", "NOT_PAYABLE"), ("REFUNDED", "NOT_PAYABLE"), ("PROCESSING", "IN_PROGRESS"), ("PAID", "ALREADY_PAID")])
async def test_what_cannot_be_paid_is_refused_without_asking_the_processor(life: Life, status: str, code: str) -> None:
    owed = await invoice(life)
    amounts = {"PAID": "paid_minor = total_minor,", "REFUNDED": "credited_minor = total_minor, refunded_minor = total_minor, noted_minor = total_minor,"}
    await life.admin.execute(f"update invoice set {amounts.get(status, '')} status = $2 where id = $1", owed, status)
    before = await life.everything()
    assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"][0]["code"] == code
    assert await life.everything() == before
    assert life.sandbox.calls() == 0


@pytest.mark.parametrize("how", ["deleted", "expired", "foreign", "none"])
async def test_a_method_that_cannot_be_charged_is_refused(life: Life, how: str) -> None:
    owed = await invoice(life)
    arguments: dict[str, Any] = {"paymentMethodId": new_id("pm") if how == "foreign" else await life.card(is_default=False)}
    if how == "deleted":
        await life.admin.execute("update payment_method set deleted_at = now() where id = $1", arguments["paymentMethodId"])
    if how == "expired":
        await life.admin.execute("update payment_method set expires_on = '2026-12-31' where id = $1", arguments["paymentMethodId"])
    if how == "none":
        arguments = {}
        await life.admin.execute("update payment_method set is_default = false where customer_id = $1", life.customer_id)
    payload = await pay(life, "payInvoice", invoiceId=owed, **arguments)
    assert payload["userErrors"][0]["code"] == ("PAYMENT_METHOD_REQUIRED" if how == "none" else "NOT_FOUND")
    assert life.sandbox.calls() == 0


async def test_two_who_pay_at_once_pay_once(life: Life) -> None:
    owed = await invoice(life)
    payloads = await asyncio.gather(*(pay(life, "payInvoice", invoiceId=owed) for _ in range(8)))
    codes = [payload["userErrors"][0]["code"] if payload["userErrors"] else "PAID" for payload in payloads]
    assert codes.count("PAID") == 1
    assert set(codes) <= {"PAID", "IN_PROGRESS", "ALREADY_PAID"}
    assert life.sandbox.calls() == 1
    await amounts_agree(life)


async def test_a_declined_payment_leaves_the_invoice_as_it_was(life: Life) -> None:
    owed = await invoice(life)
    await life.card("insufficient_funds")
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert (payload["userErrors"][0]["code"], payload["payment"]["declineCode"]) == ("PAYMENT_DECLINED", "insufficient_funds")
    (row,) = await life.rows("invoice")
    assert (row["status"], row["remaining_minor"]) == ("OPEN", 10_000)
    await amounts_agree(life)


@pytest.mark.parametrize("invoicing", ["NONE", "COLLECTIVE", "PER_INSTALLMENT"])
async def test_schedule_and_invoices_stay_in_step(life: Life, invoicing: str) -> None:
    covering = {"NONE": lambda: [None] * 3}
    if invoicing == "COLLECTIVE":
        one = await invoice(life, 9_000)
        covering["COLLECTIVE"] = lambda: [one] * 3
    if invoicing == "PER_INSTALLMENT":
        three = [await invoice(life, 3_000, due_in=30 * step) for step in range(3)]
        covering["PER_INSTALLMENT"] = lambda: list(three)
    installments = await schedule(life, 3_000, 3_000, 3_000, invoicing=invoicing, covered_by=covering[invoicing]())
    payload = await pay(life, "payInstallment", installmentId=installments[1])
    assert payload["userErrors"] == []
    assert payload["installment"]["status"] == "PAID"
    expected = {"NONE": None, "COLLECTIVE": {"status": "PARTIALLY_PAID"}, "PER_INSTALLMENT": {"status": "PAID"}}[invoicing]
    assert payload["installment"]["invoice"] == expected
    await amounts_agree(life)
    if invoicing == "COLLECTIVE":
        assert (await pay(life, "payInvoice", invoiceId=one))["invoice"]["status"] == "PAID"
    else:
        for installment in (installments[0], installments[2]):
            assert (await pay(life, "payInstallment", installmentId=installment))["installment"]["status"] == "PAID"
    (row,) = await life.rows("payment_schedule")
    assert (row["status"], row["remaining_minor"]) == ("FINISHED", 0)
    await amounts_agree(life)


async def test_all_that_is_due_in_a_currency_is_paid_with_one_payment(life: Life) -> None:
    await invoice(life, 1_000)
    await invoice(life, 2_000, due_in=20)
    await invoice(life, 5_000, currency="EUR")
    await schedule(life, 300, 400)
    payload = await pay(life, "payAllDue", currency="USD")
    assert payload["payment"]["amount"]["amount"] == "33.00"
    assert {row["currency"]: row["status"] for row in await life.rows("invoice")} == {"USD": "PAID", "EUR": "OPEN"}
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"][0]["code"] == "ALREADY_PAID"
    assert life.sandbox.calls("capture") == 1
    await amounts_agree(life)


async def test_a_payment_that_needs_the_customer_is_confirmed_and_then_counts(life: Life) -> None:
    owed = await invoice(life)
    await life.card("requires_action")
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert payload["payment"]["status"] == "REQUIRES_ACTION"
    assert payload["clientAction"]["clientSecret"]
    assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"][0]["code"] == "IN_PROGRESS"
    text = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } userErrors { code } } }"
    confirmed = await life.ask(text, i={"paymentId": payload["payment"]["id"]})
    assert confirmed["confirmPayment"] == {"payment": {"status": "SUCCEEDED"}, "userErrors": []}
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID"]
    await amounts_agree(life)


async def test_a_plan_change_that_needs_the_customer_takes_effect_when_it_is_confirmed(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("requires_action")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), more="payment { id status }")
    assert (payload["subscription"], payload["payment"]["status"]) == (None, "REQUIRES_ACTION")
    text = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } } }"
    await life.ask(text, i={"paymentId": payload["payment"]["id"]})
    assert (await life.row(subscription))["price_id"] == price("business")


async def test_a_customer_who_never_confirms_is_not_waited_for_longer_than_an_hour(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("requires_action")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    life.now += timedelta(minutes=61)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    row = await life.row(subscription)
    assert (row["price_id"], row["charging_payment_id"]) == (price("storage"), None)


async def test_money_that_comes_when_nothing_is_owed_any_more_is_the_customers_credit(life: Life) -> None:
    owed = await invoice(life)
    await life.card("slow")
    assert (await pay(life, "payInvoice", invoiceId=owed))["payment"]["status"] == "PROCESSING"
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    life.now += timedelta(minutes=5)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert [row["status"] for row in await life.rows("payment")] == ["SUCCEEDED"]
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 10_000
    await amounts_agree(life)


async def apply_concurrently(life: Life, result: ChargeResult) -> None:
    """A webhook, the clock and a retry may all come with the same news at once."""
    (payment,) = await life.rows("payment")
    session = life.context(Viewer(Actor.SYSTEM, life.customer_id, (), "clock")).session
    applications = [apply_result(session.for_caller(session.caller), payment["id"], result, by=system_writer(life.now, Numbering())) for _ in range(6)]
    assert await asyncio.gather(*applications) == [{"payment": payment["id"]}] * 6


@pytest.mark.parametrize("was_declined", [False, True])
async def test_money_that_several_tell_of_at_once_is_credited_once(life: Life, was_declined: bool) -> None:
    owed = await invoice(life)
    await life.card("slow_decline" if was_declined else "slow")
    await pay(life, "payInvoice", invoiceId=owed)
    if was_declined:
        life.now += timedelta(minutes=5)
        await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
        assert [row["status"] for row in await life.rows("payment")] == ["FAILED"]
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    await apply_concurrently(life, ChargeResult(ChargeStatus.SUCCEEDED, processor_reference="late"))
    assert [entry["amount_minor"] for entry in await life.rows("balance_entry")] == [10_000]
    assert [row["status"] for row in await life.rows("payment")] == ["SUCCEEDED"]
    await amounts_agree(life)


async def test_a_payment_that_fails_when_nothing_is_owed_any_more_credits_nothing(life: Life) -> None:
    owed = await invoice(life)
    await life.card("slow_decline")
    await pay(life, "payInvoice", invoiceId=owed)
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    life.now += timedelta(minutes=5)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert [row["status"] for row in await life.rows("payment")] == ["FAILED"]
    assert await life.rows("balance_entry") == []
    await amounts_agree(life)


async def test_the_same_credit_is_not_used_by_two_payments_that_wait(life: Life) -> None:
    await credit(life, 4_000)
    await life.card("slow")
    first, second = await invoice(life), await invoice(life)
    one = await pay(life, "payInvoice", invoiceId=first)
    other = await pay(life, "payInvoice", invoiceId=second)
    assert (one["payment"]["amount"]["amount"], other["payment"]["amount"]["amount"]) == ("60.00", "100.00")
    life.now += timedelta(minutes=5)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 0
    await amounts_agree(life)


async def add(life: Life, card: str = "visa", **arguments: Any) -> dict[str, Any]:
    start = "mutation M($i: StartAddPaymentMethodInput!) { startAddPaymentMethod(input: $i) { setup { reference action { clientSecret } } } }"
    reference = (await life.ask(start, i={}))["startAddPaymentMethod"]["setup"]["reference"]
    text = """mutation M($i: CompleteAddPaymentMethodInput!) { completeAddPaymentMethod(input: $i) { paymentMethod { id brand last4 isDefault } userErrors { code } } }"""
    return (await life.ask(text, i={"reference": f"{reference}.{card}"} | arguments))["completeAddPaymentMethod"]


async def change_method(life: Life, mutation: str, shows: str, **arguments: Any) -> dict[str, Any]:
    text = f"mutation M($i: {mutation[0].upper() + mutation[1:]}Input!) {{ {mutation}(input: $i) {{ {shows} userErrors {{ code }} }} }}"
    return (await life.ask(text, i=arguments))[mutation]


async def test_the_same_card_added_twice_is_one_method_and_a_deleted_one_comes_back(life: Life) -> None:
    first = await add(life, "mastercard")
    assert first["userErrors"] == []
    again = await add(life, "mastercard")
    assert again["paymentMethod"]["id"] == first["paymentMethod"]["id"]
    deleted = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=first["paymentMethod"]["id"])
    assert deleted["deletedPaymentMethodId"] == first["paymentMethod"]["id"]
    assert (await add(life, "mastercard"))["paymentMethod"]["id"] == first["paymentMethod"]["id"]
    assert (await add(life, "nonsense"))["userErrors"][0]["code"] == "SETUP_UNFINISHED"


async def test_the_default_that_something_is_billed_to_needs_a_replacement(life: Life) -> None:
    subscription = await life.subscribe("storage")
    (default,) = [row["id"] for row in await life.rows("payment_method", "and is_default")]
    other = (await add(life, "amex"))["paymentMethod"]["id"]
    refused = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=default)
    assert refused["userErrors"][0]["code"] == "METHOD_IN_USE"
    await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=default, replacementId=other)
    assert [row["id"] for row in await life.rows("payment_method", "and is_default")] == [other]
    await life.advance(subscription, days=31)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert {row["payment_method_id"] for row in await life.rows("payment")} == {default, other}


async def test_a_new_default_retries_what_is_past_due_if_asked(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await life.advance(subscription, days=31)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    other = (await add(life, "amex"))["paymentMethod"]["id"]
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=other, retryPastDue=True)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID", "PAID"]


async def test_a_method_with_a_payment_in_flight_is_not_deleted(life: Life) -> None:
    owed = await invoice(life)
    slow = await life.card("slow", is_default=False)
    await pay(life, "payInvoice", invoiceId=owed, paymentMethodId=slow)
    refused = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=slow)
    assert refused["userErrors"][0]["code"] == "IN_PROGRESS"


async def test_payments_are_tried_only_so_often(life: Life) -> None:
    owed = await invoice(life)
    await life.card("insufficient_funds")
    life.identity.throttle = Throttle()
    for _ in range(30):
        assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    with pytest.raises(AssertionError, match="too many attempts"):
        await pay(life, "payInvoice", invoiceId=owed)
    assert life.sandbox.calls() == 30


async def test_what_a_bank_does_not_want_told_is_told_to_staff_only(life: Life) -> None:
    owed = await invoice(life)
    await life.card("stolen_card")
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert payload["payment"]["declineCode"] == "generic_decline"
    text = "query Q($id: ID!) { node(id: $id) { ... on Payment { declineCode } } }"
    assert (await life.ask(text, STAFF, id=payload["payment"]["id"]))["node"] == {"declineCode": "stolen_card"}


async def test_a_method_of_a_processor_that_is_gone_is_charged_by_nobody(life: Life) -> None:
    owed = await invoice(life)
    subscription = await life.subscribe("storage")
    await life.admin.execute("update payment_method set processor = 'gone' where customer_id = $1", life.customer_id)
    before = await life.everything()
    assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"][0]["code"] == "PAYMENT_METHOD_REQUIRED"
    assert await life.everything() == before
    await life.advance(subscription, days=31)
    done = await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert done.failures == 0
    assert [row["status"] for row in await life.rows("invoice", "and reason = 'RENEWAL'")] == ["OPEN"]
