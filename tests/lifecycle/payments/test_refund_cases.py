"""Refunds as they were reported by users: what a change of plan credits afterwards, what becomes of credit, and what portal and statement say is owed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.money.refunds import Report
from pdf.layout import Merchant
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, statement
from tests.lifecycle.conftest import START, Life, new_id
from tests.lifecycle.payments.test_paying import credit, invoice, pay
from tests.lifecycle.payments.test_refunds import amounts, balance, one, record_refund

JUNE = datetime(2027, 6, 1, tzinfo=UTC)
CHANGE = "invoice { total { amount } lines(first: 9) { nodes { description total { amount } } } } payment { amount { amount } }"


async def price_of(life: Life, unit_minor: int) -> str:
    """A plan of its own that costs so much a month."""
    plan, price_id = new_id("plan"), new_id("price")
    await life.admin.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'A plan', 0, $2)", plan, START)
    await life.admin.execute(
        "insert into price (id, plan_id, currency, unit_minor, billing_interval, created_at) values ($1, $2, 'USD', $3, 'MONTH', $4)",
        price_id, plan, unit_minor, START,
    )  # fmt: skip
    return price_id


async def subscribed(life: Life, *, at: datetime = JUNE) -> str:
    """To a plan of 50.00 a month, by a customer in UTC who pays no tax."""
    life.now = at
    await life.admin.execute("update customer set time_zone = 'UTC', tax_rate_ppm = 0 where id = $1", life.customer_id)
    payload = await life.do("addPlan", priceId=await price_of(life, 5_000))
    assert payload["userErrors"] == []
    subscription: str = payload["subscription"]["id"]
    return subscription


async def changed(life: Life, subscription: str) -> dict[str, Any]:
    """At half of the period, to a plan of 80.00 a month."""
    life.now = JUNE + timedelta(days=15)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=await price_of(life, 8_000), when="POLICY", more=CHANGE)
    assert payload["userErrors"] == []
    return payload


async def test_unused_time_is_credited_from_what_was_kept_of_a_payment(life: Life) -> None:
    """Case 08 a."""
    subscription = await subscribed(life)
    await record_refund(life, (await one(life, "payment"))["id"], Report("re_1", 2_500))
    payload = await changed(life, subscription)
    assert sorted(line["total"]["amount"] for line in payload["invoice"]["lines"]["nodes"]) == ["-12.50", "40.00"]
    assert payload["payment"]["amount"]["amount"] == "27.50"


async def test_unused_time_is_credited_in_full_when_nothing_was_given_back(life: Life) -> None:
    payload = await changed(life, await subscribed(life))
    assert sorted(line["total"]["amount"] for line in payload["invoice"]["lines"]["nodes"]) == ["-25.00", "40.00"]


async def test_an_invoice_of_two_payments_that_were_both_given_back_is_refunded_and_a_change_credits_nothing(life: Life) -> None:
    """Case 08 b."""
    subscription = await subscribed(life, at=datetime(2027, 5, 1, tzinfo=UTC))
    life.now = JUNE
    await life.tick(subscription)
    (renewal,) = await life.rows("invoice", "and reason = 'RENEWAL'")
    for _ in range(2):
        assert (await pay(life, "payInvoice", invoiceId=renewal["id"], amountMinorUnits="2500"))["userErrors"] == []
        life.now += timedelta(minutes=1)
    for number, payment in enumerate(await life.rows("payment", "and amount_minor = 2500")):
        await record_refund(life, payment["id"], Report(f"re_{number}", 2_500))
    (renewal,) = await life.rows("invoice", "and reason = 'RENEWAL'")
    assert amounts(renewal) == ("REFUNDED", 0, 5_000, 5_000, 0)
    payload = await changed(life, subscription)
    assert [line["total"]["amount"] for line in payload["invoice"]["lines"]["nodes"]] == ["40.00"]


async def test_a_refund_of_a_change_of_plan_leaves_the_time_that_the_change_took_over(life: Life) -> None:
    """Paid 50.00, and 15.00 for a change to 80.00 a month at half of the period. When the 15.00 is given back, 25.00 of the rest of the period stays paid."""
    subscription = await subscribed(life)
    await changed(life, subscription)
    (payment,) = await life.rows("payment", "and amount_minor = 1500")
    await record_refund(life, payment["id"], Report("re_1", 1_500))
    life.now = JUNE + timedelta(days=20)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=await price_of(life, 30_000), when="NOW", more=CHANGE)
    assert payload["userErrors"] == []
    assert sorted(line["total"]["amount"] for line in payload["invoice"]["lines"]["nodes"]) == ["-16.67", "100.00"]


async def test_a_refund_of_the_cards_part_gives_the_credit_back(life: Life) -> None:
    """Case 09."""
    await credit(life, 2_000)
    subscription = await subscribed(life)
    payment = await one(life, "payment")
    assert payment["amount_minor"] == 3_000
    await record_refund(life, payment["id"], Report("re_1", 3_000))
    assert amounts(await one(life, "invoice")) == ("REFUNDED", 0, 5_000, 3_000, 0)
    assert await balance(life) == 2_000
    assert await owed(life) == {"statement": -2_000, "portal": -2_000}
    payload = await changed(life, subscription)
    assert [line["total"]["amount"] for line in payload["invoice"]["lines"]["nodes"]] == ["40.00"]


async def owed(life: Life) -> dict[str, int]:
    """By the statement's last balance, and by the portal: what is due less the balance."""
    session = life.context().session
    asking = DocumentRequest(session, life.customer_id, Merchant("Merchant", ""))
    entries = await statement(asking, StatementPeriod("USD", date(2026, 1, 1), date(2029, 1, 1)), max_entries=100)
    await session.close()
    remaining = sum(row["remaining_minor"] for row in await life.rows("invoice")) + sum(
        row["remaining_minor"] for row in await life.rows("installment", "and invoice_id is null")
    )
    return {"statement": entries.closing_minor, "portal": remaining - await balance(life)}


@pytest.mark.parametrize(
    ("credited", "payments", "refunds", "expected"),
    [(0, [5_000], [2_500], 0), (0, [2_500, 2_500], [2_500, 2_500], 0), (2_000, [3_000], [3_000], -2_000), (0, [2_000], [2_000], 3_000)],
    ids=["half", "both of two payments", "the card's part beside credit", "a part that was paid"],
)
async def test_portal_and_statement_agree_after_refunds(life: Life, credited: int, payments: list[int], refunds: list[int], expected: int) -> None:
    """Case 10."""
    if credited:
        await credit(life, credited)
    owing = await invoice(life, 5_000)
    for minor in payments:
        assert (await pay(life, "payInvoice", invoiceId=owing, amountMinorUnits=str(minor + credited)))["userErrors"] == []
        life.now += timedelta(minutes=1)
    for number, (payment, minor) in enumerate(zip(await life.rows("payment"), refunds, strict=True)):
        await record_refund(life, payment["id"], Report(f"re_{number}", minor))
    assert await owed(life) == {"statement": expected, "portal": expected}


async def test_a_disputed_payment_is_owed_again_on_portal_and_statement(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life, 5_000))
    await record_refund(life, (await one(life, "payment"))["id"], Report("dp_1", 5_000, "SUCCEEDED", "DISPUTE"))
    assert await owed(life) == {"statement": 5_000, "portal": 5_000}
