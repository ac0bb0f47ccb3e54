"""What is owed is one amount: the Summary page, the statement of account, `payAllDue` and the billing clock say the same, a balance below zero included."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from billing.money.refunds import Report
from jobs.clock import Billing, tick
from tests.lifecycle.conftest import Life, new_id, price
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule
from tests.lifecycle.payments.test_refunds import record_refund


async def charged(life: Life, minor: int, currency: str = "USD") -> None:
    """Something is put on account."""
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at) values ($1, $2, $3, $4, 'CHARGE', $5)",
        life.customer_id, new_id("bal"), currency, -minor, life.now,
    )  # fmt: skip


async def clock(life: Life, **later: float) -> None:
    life.now += timedelta(**later)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)


async def renewals(life: Life, *plans: str) -> list[str]:
    """Invoices of subscriptions that the billing clock charges at its next pass, and no other invoice that is unpaid."""
    subscriptions = [await life.subscribe(plan) for plan in plans]
    await clock(life)
    life.now += timedelta(days=31)
    for subscription in subscriptions:
        await life.tick(subscription)
    rows = await life.rows("invoice", "and status = 'OPEN'")
    assert len(rows) == len(plans)
    return [row["id"] for row in rows]


async def balance(life: Life) -> int:
    return sum(entry["amount_minor"] for entry in await life.rows("balance_entry"))


async def charges(life: Life) -> list[int]:
    """The amounts of this hour's payments that succeeded or are in flight."""
    rows = await life.rows("payment", "and status in ('PROCESSING', 'SUCCEEDED')")
    return sorted(row["amount_minor"] for row in rows if row["created_at"] > life.now - timedelta(hours=1))


def code(payload: dict[str, Any]) -> str | None:
    return payload["userErrors"][0]["code"] if payload["userErrors"] else None


async def test_all_that_is_due_is_in_payment_and_not_paid_already(life: Life) -> None:
    await invoice(life, 1_000)
    await schedule(life, 500)
    await charged(life, 250)
    await life.card("slow")
    assert (await pay(life, "payAllDue", currency="USD"))["payment"]["amount"]["amount"] == "17.50"
    before = await life.everything()
    assert code(await pay(life, "payAllDue", currency="USD")) == "IN_PROGRESS"
    assert await life.everything() == before
    assert (await figures_agree(life))["USD"].due == 1_750
    await clock(life, minutes=5)
    assert code(await pay(life, "payAllDue", currency="USD")) == "ALREADY_PAID"
    assert (await figures_agree(life))["USD"].due == 0
    await amounts_agree(life)


async def test_what_is_not_in_payment_is_paid_beside_what_is(life: Life) -> None:
    slow = await life.card("slow", is_default=False)
    flying, waiting = await invoice(life, 1_000), await invoice(life, 300)
    await pay(life, "payInvoice", invoiceId=flying, paymentMethodId=slow)
    assert (await pay(life, "payAllDue", currency="USD"))["payment"]["amount"]["amount"] == "3.00"
    assert [row["status"] for row in await life.rows("invoice", f"and id = '{waiting}'")] == ["PAID"]
    assert code(await pay(life, "payAllDue", currency="USD")) == "IN_PROGRESS"
    assert code(await pay(life, "payAllDue", currency="EUR")) == "ALREADY_PAID"


async def test_an_invoice_of_a_subscription_whose_change_is_being_paid_is_in_payment(life: Life) -> None:
    """Unused time may be taken off it."""
    subscription = await life.subscribe("storage")
    await life.admin.execute("update payment_method set deleted_at = now(), is_default = false where customer_id = $1", life.customer_id)
    await life.advance(subscription, days=31)
    await life.card("slow")
    assert (await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="NOW"))["userErrors"] == []
    (row,) = await life.rows("invoice", "and reason = 'RENEWAL'")
    assert (row["status"], row["remaining_minor"]) == ("OPEN", row["total_minor"])
    assert code(await pay(life, "payInvoice", invoiceId=row["id"])) == "IN_PROGRESS"
    assert code(await pay(life, "payAllDue", currency="USD")) == "IN_PROGRESS"
    assert (await figures_agree(life))["USD"].due == row["total_minor"]


async def test_what_is_owed_on_account_is_due_and_can_be_paid(life: Life) -> None:
    """By a payment that has no allocation."""
    await charged(life, 1_250)
    figure = (await figures_agree(life))["USD"]
    assert (figure.balance, figure.due, figure.overdue) == (-1_250, 1_250, 0)
    payload = await pay(life, "payAllDue", currency="USD")
    assert (payload["userErrors"], payload["payment"]["amount"]["amount"]) == ([], "12.50")
    (entry,) = await life.rows("balance_entry", "and kind = 'PAYMENT'")
    assert (entry["amount_minor"], entry["payment_id"]) == (1_250, payload["payment"]["id"])
    assert await life.rows("payment_allocation") == []
    assert (await figures_agree(life))["USD"].due == 0
    before = await life.everything()
    assert code(await pay(life, "payAllDue", currency="USD")) == "ALREADY_PAID"
    assert await life.everything() == before
    await amounts_agree(life)


async def test_a_payment_of_documents_and_account_says_what_went_where(life: Life) -> None:
    await charged(life, 200)
    await invoice(life, 1_000)
    (installment,) = await schedule(life, 300)
    payload = await pay(life, "payAllDue", currency="USD")
    text = "query Q($id: ID!) { node(id: $id) { ... on Payment { amount { minorUnits } allocations { amount { minorUnits } } balanceEntries { kind amount { minorUnits } } } } }"
    payment = (await life.ask(text, id=payload["payment"]["id"]))["node"]
    assert payment["amount"] == {"minorUnits": "1500"}
    assert sorted(int(one["amount"]["minorUnits"]) for one in payment["allocations"]) == [300, 1_000]
    assert payment["balanceEntries"] == [{"kind": "PAYMENT", "amount": {"minorUnits": "200"}}]
    assert [row["status"] for row in await life.rows("installment", f"and id = '{installment}'")] == ["PAID"]
    await figures_agree(life)
    await amounts_agree(life)


async def test_a_declined_payment_leaves_what_is_owed_on_account(life: Life) -> None:
    await charged(life, 1_250)
    await life.card("insufficient_funds")
    assert code(await pay(life, "payAllDue", currency="USD")) == "PAYMENT_DECLINED"
    assert (await figures_agree(life))["USD"].due == 1_250
    await life.card()
    assert (await pay(life, "payAllDue", currency="USD"))["payment"]["amount"]["amount"] == "12.50"
    await amounts_agree(life)


async def test_what_was_credited_meanwhile_is_credit_beside_the_money_that_comes(life: Life) -> None:
    """Money that is still to come is no credit: until it has come, nothing else is paid with it."""
    await charged(life, 1_000)
    await life.card("slow")
    await pay(life, "payAllDue", currency="USD")
    await credit(life, 1_200)
    owed = await invoice(life, 5_000)
    await life.card()
    assert (await pay(life, "payInvoice", invoiceId=owed))["payment"]["amount"]["amount"] == "48.00"
    await clock(life, minutes=5)
    assert (await balance(life), (await figures_agree(life))["USD"].credit) == (1_000, 1_000)
    await amounts_agree(life)


async def test_the_next_invoice_that_the_clock_charges_collects_what_is_owed_on_account(life: Life) -> None:
    (renewal,) = await renewals(life, "storage")
    await charged(life, 1_250)
    await clock(life)
    (row,) = await life.rows("invoice", f"and id = '{renewal}'")
    assert await charges(life) == [row["total_minor"] + 1_250]
    assert (row["status"], row["paid_minor"], await balance(life)) == ("PAID", row["total_minor"], 0)
    await figures_agree(life)
    await amounts_agree(life)
    (subscription,) = await life.rows("subscription")
    await life.advance(subscription["id"], days=31)
    await clock(life)
    assert await charges(life) == [row["total_minor"]], "it is collected once"


async def test_a_declined_collection_leaves_the_account_to_the_next_try(life: Life) -> None:
    (renewal,) = await renewals(life, "storage")
    await charged(life, 1_250)
    await life.card("insufficient_funds")
    await clock(life)
    (row,) = await life.rows("invoice", f"and id = '{renewal}'")
    assert (await figures_agree(life))["USD"].due == row["total_minor"] + 1_250
    await life.card()
    await life.admin.execute("update invoice set collect_at = $2 where id = $1", renewal, life.now)
    await clock(life)
    assert await charges(life) == [row["total_minor"] + 1_250]
    assert (await figures_agree(life))["USD"].due == 0
    await amounts_agree(life)


async def test_of_two_invoices_that_are_collected_one_collects_the_account(life: Life) -> None:
    await charged(life, 300, "EUR")
    await renewals(life, "storage", "business")
    due = (await figures_agree(life))["USD"].due
    await charged(life, 1_250)
    await life.card("slow")
    await clock(life)
    first, second = await charges(life)
    assert first + second == due + 1_250
    await clock(life, minutes=5)
    figures = await figures_agree(life)
    assert (figures["USD"].due, figures["EUR"].due) == (0, 300)
    await amounts_agree(life)


async def test_a_charge_that_the_customer_waits_for_leaves_the_account_alone(life: Life) -> None:
    """It costs what the preview said."""
    await charged(life, 1_250)
    subscription = await life.subscribe("storage")
    preview = (await life.preview("changePlan", subscriptionId=subscription, priceId=price("business"), when="NOW"))["preview"]
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="NOW", more="payment { amount { amount } }")
    assert payload["payment"]["amount"] == preview["amountDue"]
    assert await balance(life) == -1_250
    await figures_agree(life)


async def test_money_for_an_invoice_that_was_voided_meanwhile_pays_the_account_too(life: Life) -> None:
    owed = await invoice(life, 5_000)
    await charged(life, 1_250)
    await life.card("slow")
    await pay(life, "payAllDue", currency="USD")
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    await clock(life, minutes=5)
    assert await balance(life) == 5_000
    await figures_agree(life)
    await amounts_agree(life)


async def test_of_calls_that_pay_all_at_once_one_pays_what_is_owed_on_account(life: Life) -> None:
    await charged(life, 1_250)
    await invoice(life, 1_000)
    payloads = await asyncio.gather(*(pay(life, "payAllDue", currency="USD") for _ in range(8)))
    codes = [code(payload) for payload in payloads]
    assert codes.count(None) == 1
    assert set(codes) <= {None, "IN_PROGRESS", "ALREADY_PAID"}
    assert (await charges(life), await balance(life)) == ([2_250], 0)
    await amounts_agree(life)


@pytest.mark.parametrize("card", ["visa", "slow", "insufficient_funds"])
async def test_the_clock_and_a_customer_who_pay_at_once_pay_each_thing_once(life: Life, card: str) -> None:
    await renewals(life, "storage")
    await charged(life, 1_250)
    await invoice(life, 300)
    due = (await figures_agree(life))["USD"].due
    await life.card(card)
    await asyncio.gather(clock(life), *(pay(life, "payAllDue", currency="USD") for _ in range(3)))
    is_declined = card == "insufficient_funds"
    assert sum(await charges(life)) == (0 if is_declined else due)
    await figures_agree(life)
    await clock(life, minutes=5)
    assert await balance(life) == (-1_250 if is_declined else 0)
    assert (await figures_agree(life))["USD"].due == (due if is_declined else 0)
    await amounts_agree(life)


async def test_totals_and_statement_know_every_currency_of_the_account(life: Life) -> None:
    await invoice(life, 1_000)
    await pay(life, "payAllDue", currency="USD")
    await charged(life, 300, "KWD")
    figures = await figures_agree(life)
    assert {currency: figure.due for currency, figure in figures.items()} == {"KWD": 300, "USD": 0}


async def test_an_invoice_that_is_not_due_is_overdue_by_no_more_than_remains_of_it(life: Life) -> None:
    """Its installments should have been paid, and a credit took off more of it than they leave."""
    collective = await invoice(life, 3_000, due_in=90)
    await schedule(life, 1_000, 2_000, invoicing="COLLECTIVE", covered_by=[collective] * 2)
    await life.admin.execute("update invoice set credited_minor = 2_600 where id = $1", collective)
    await credit(life, 2_600)
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, invoice_id, created_at) values ($1, $2, 'USD', -2600, 'APPLIED_TO_INVOICE', $3, $4)",
        life.customer_id, new_id("bal"), collective, life.now,
    )  # fmt: skip
    life.now += timedelta(days=2)
    figure = (await figures_agree(life))["USD"]
    assert (figure.due, figure.overdue) == (400, 400)


@pytest.mark.parametrize(("reason", "due"), [("REQUESTED", 0), ("DISPUTE", 1_250), ("RETURNED", 1_250)])
async def test_money_for_the_account_that_went_back_is_owed_again_unless_the_merchant_gave_it_back(life: Life, reason: str, due: int) -> None:
    await charged(life, 1_250)
    payload = await pay(life, "payAllDue", currency="USD")
    await record_refund(life, payload["payment"]["id"], Report("re_1", 1_250, "SUCCEEDED", reason))
    assert (await figures_agree(life))["USD"].due == due
    await amounts_agree(life)


async def test_of_a_payment_for_documents_and_account_nothing_that_the_merchant_gives_back_is_owed_again(life: Life) -> None:
    await charged(life, 1_250)
    await invoice(life, 5_000)
    payload = await pay(life, "payAllDue", currency="USD")
    for number, minor in enumerate([1_000, 1_000, 4_250]):
        await record_refund(life, payload["payment"]["id"], Report(f"re_{number}", minor))
        figure = (await figures_agree(life))["USD"]
        assert (figure.due, figure.balance) == (0, 0)
        await amounts_agree(life)
    assert [row["status"] for row in await life.rows("payment")] == ["REFUNDED"]


async def test_what_could_not_be_paid_back_of_the_account_is_the_customers_credit(life: Life) -> None:
    """As of an invoice; and given back again it is credit no more."""
    await charged(life, 1_250)
    payload = await pay(life, "payAllDue", currency="USD")
    for number, status, expected in ((1, "SUCCEEDED", 0), (1, "FAILED", 1_250), (2, "SUCCEEDED", 0)):
        await record_refund(life, payload["payment"]["id"], Report(f"re_{number}", 1_250, status))
        assert (await figures_agree(life))["USD"].balance == expected
    await amounts_agree(life)


async def test_the_clock_never_charges_what_is_in_dispute(life: Life) -> None:
    """The customer can pay it."""
    (renewal,) = await renewals(life, "storage")
    await charged(life, 1_250)
    payload = await pay(life, "payAllDue", currency="USD")
    total = await life.admin.fetchval("select total_minor from invoice where id = $1", renewal)
    await record_refund(life, payload["payment"]["id"], Report("dp_1", 1_250, "SUCCEEDED", "DISPUTE"))
    assert (await figures_agree(life))["USD"].due == 1_250
    await charged(life, 300)
    (subscription,) = await life.rows("subscription")
    await life.advance(subscription["id"], days=31)
    await clock(life)
    assert await charges(life) == [total + 300]
    assert (await figures_agree(life))["USD"].due == 1_250
    assert (await pay(life, "payAllDue", currency="USD"))["payment"]["amount"]["amount"] == "12.50"
    assert (await figures_agree(life))["USD"].due == 0
    await amounts_agree(life)


@pytest.mark.parametrize(
    ("credited", "payments", "balance_after", "due"),
    [(0, [5_000], 0, 0), (0, [2_500, 2_500], 0, 0), (2_000, [3_000], 2_000, 0), (0, [2_000], 0, 3_000)],
    ids=["half of it", "both of two payments", "the card's part beside credit", "a part that was paid"],
)
async def test_after_refunds_the_portal_and_the_statement_agree(life: Life, credited: int, payments: list[int], balance_after: int, due: int) -> None:
    """Case 10."""
    if credited:
        await credit(life, credited)
    owed = await invoice(life, 5_000)
    for minor in payments:
        await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits=str(minor + credited))
        life.now += timedelta(minutes=1)
    for payment in await life.rows("payment"):
        await record_refund(life, payment["id"], Report(f"re {payment['id']}", 2_500 if payments == [5_000] else payment["amount_minor"]))
    figure = (await figures_agree(life))["USD"]
    assert (figure.due, figure.balance) == (due, balance_after)
    assert code(await pay(life, "payAllDue", currency="USD")) == (None if due else "ALREADY_PAID")


async def test_the_clock_collects_what_came_onto_the_account_after_a_disputed_part_was_paid_again(life: Life) -> None:
    """What is in dispute itself is left to the customer."""
    await charged(life, 1_000)
    await pay(life, "payAllDue", currency="USD")
    (payment,) = await life.rows("payment")
    await record_refund(life, payment["id"], Report("dp_1", 1_000, "SUCCEEDED", "DISPUTE"))
    (renewal,) = await renewals(life, "storage")
    await clock(life)
    (row,) = await life.rows("invoice", f"and id = '{renewal}'")
    assert (row["status"], await balance(life)) == ("PAID", -1_000)
    life.now += timedelta(days=1)
    assert (await pay(life, "payAllDue", currency="USD"))["payment"]["amount"]["amount"] == "10.00"
    life.now += timedelta(days=1)
    await charged(life, 500)
    life.now += timedelta(days=29)
    await life.tick(row["subscription_id"])
    await clock(life)
    assert await charges(life) == [row["total_minor"] + 500]
    assert (await figures_agree(life))["USD"].due == 0
