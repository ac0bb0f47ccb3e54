"""Metrics are what the rows of each month say, also later: compared with figures that Python computes while the months pass."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from auth.viewer import Viewer
from billing.periods import add_months
from billing.refusals import BadUserInput
from billing.states import Actor
from resolvers.reads.reports import months_between
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, new_id
from tests.lifecycle.invoices.test_dunning import passed
from tests.lifecycle.invoicing.staff import call, create, done, line
from tests.lifecycle.payments.test_paying import pay
from tests.lifecycle.schedules.agreeing import create as agree

QUERY = """query M($from: Date!, $to: Date!, $currency: CurrencyCode) { metrics(from: $from, to: $to, currency: $currency) { month currency churn activeSubscriptions
    mrr { minorUnits } collected { minorUnits } refunded { minorUnits } openAmount { minorUnits } } }"""


async def metrics(life: Life, first: date, last: date, viewer: Viewer = STAFF, **more: Any) -> list[dict[str, Any]]:
    rows = (await life.ask(QUERY, viewer, **{"from": first.isoformat(), "to": last.isoformat()} | more))["metrics"]
    return [{name: int(value["minorUnits"]) if isinstance(value, dict) else value for name, value in row.items()} for row in rows]


# No other test and no demo customer has this currency, so that figures over all customers are those of this test.
CURRENCY = "NOK"
# Prices in a length of months that is a fraction: minor units, interval, its number, and how many of them are in a year.
PRICES = [("MONTH", 1, 9_900, 12), ("YEAR", 1, 100_000, 1), ("MONTH", 3, 25_000, 4), ("WEEK", 2, 4_900, Fraction(36_525, 1_400))]


@dataclass
class Figures:
    """What Python reads of the rows at the end of a month, and who was active then."""

    month: date
    active: frozenset[str]
    values: dict[str, Any]


async def test_metrics_of_past_months_are_what_the_rows_were_then(life: Life) -> None:
    random = Random(20)
    await life.card("visa")
    prices = await priced(life)
    await passed(life, days=1)
    for identifier in prices:
        assert (await life.do("addPlan", priceId=identifier))["userErrors"] == []
    past: list[Figures] = []
    start = life.now.date().replace(day=1)
    for number in range(3):
        for _ in range(4):
            await passed(life, days=random.choice((0, 2, 5)) if life.now.day < 24 else 0, minutes=7)
            await something(life, prices, random)
        if number == 0:  # one that is active when the next month begins, whatever became of the others
            await life.card("visa")
            first = (await life.do("addPlan", priceId=prices[0]))["subscription"]["id"]
        if number == 1:
            await life.do("cancelSubscription", when="NOW", subscriptionId=first)
            (payment, *_) = await life.rows("payment", f"and currency = '{CURRENCY}' and status = 'SUCCEEDED' and refunded_minor = 0")
            await done(life, "refundPayment", paymentId=payment["id"], amount=nok("5.00"), reason="GOODWILL")
            await done(life, "createInvoice", customerId=life.customer_id, lines=[line(unitAmount=nok("70.00"))])
        if number == 2:
            await money_for_more_than_invoices(life)
        month = life.now.date().replace(day=1)
        life.now = at_start(add_months(month, 1)) - timedelta(microseconds=1)
        await passed(life)
        past.append(await figures(life, month, past[-1].active if past else frozenset()))
        assert await metrics(life, start, month, currency=CURRENCY) == [one.values for one in past]
        life.now += timedelta(microseconds=1)
    assert past[0].values["churn"] is None
    assert past[1].values["churn"] > "0.0000"
    assert all(any(one.values[name] for one in past) for name in ("mrr", "activeSubscriptions", "collected", "refunded", "openAmount"))


async def money_for_more_than_invoices(life: Life) -> None:
    """Record a payment for an installment without an invoice, all invoices that are open, and the balance."""
    (installment,) = (await agree(life, "30.00", currency=CURRENCY, invoicing="NONE")).installments
    await done(life, "recordPayment", installmentId=installment["id"], amount=nok("30.00"), kind="CASH")
    await done(life, "createInvoice", customerId=life.customer_id, lines=[line(unitAmount=nok("40.00"))])
    await done(life, "recordPayment", customerId=life.customer_id, amount=nok("9000.00"), kind="BANK_TRANSFER")


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": CURRENCY}


async def priced(life: Life) -> list[str]:
    """Bill the customer in the currency of this test, and add prices in it. Return their ids."""
    await life.admin.execute("update customer set currency = $2 where id = $1", life.customer_id, CURRENCY)
    identifiers = [new_id("price") for _ in PRICES]
    plan = (await life.admin.fetchrow("select id from plan where code = 'storage'"))["id"]
    for identifier, (interval, count, minor, _) in zip(identifiers, PRICES, strict=True):
        await life.admin.execute(
            "insert into price (id, plan_id, currency, unit_minor, billing_interval, interval_count, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
            *(identifier, plan, CURRENCY, minor, interval, count, life.now),
        )
    return identifiers


async def something(life: Life, prices: list[str], random: Random) -> None:
    """Do one thing at random, of a customer or of staff. It may be refused."""
    running = [row["id"] for row in await life.rows("subscription", f"and currency = '{CURRENCY}' and status <> 'CANCELED'")]
    unpaid = [row["id"] for row in await life.rows("invoice", f"and currency = '{CURRENCY}' and remaining_minor > 0")]
    payments = [row["id"] for row in await life.rows("payment", f"and currency = '{CURRENCY}' and status = 'SUCCEEDED'")]
    chosen = {"subscriptionId": random.choice(running)} if running else {}
    match random.randrange(3, 12) if len(running) > 5 else random.randrange(12):
        case 0 | 1 | 2:
            await life.do("addPlan", priceId=random.choice(prices), quantity=random.randrange(1, 4))
        case 3 if running:
            await life.do("pauseSubscription", when=random.choice(("NOW", "PERIOD_END")), **chosen)
        case 4 if running:
            await life.do("suspendSubscription", **chosen)
        case 5 | 6 if running:
            await life.do("resumeSubscription", **chosen)
        case 7 if running:
            await life.do("cancelSubscription", when=random.choice(("NOW", "PERIOD_END")), **chosen)
        case 8 if running:
            await life.do("changePlan", priceId=random.choice(prices), when="NOW", **chosen)
        case 9:
            await call(life, "createInvoice", customerId=life.customer_id, lines=[line(unitAmount=nok("120.00"))])
        case 10 if unpaid:
            invoice = random.choice(unpaid)
            if random.random() < 0.5:
                await pay(life, "payInvoice", invoiceId=invoice)
            else:
                await call(life, "creditInvoice", invoiceId=invoice, amount=nok("7.00"), reason="CORRECTION")
        case _ if payments:
            await call(life, "refundPayment", paymentId=random.choice(payments), amount=nok("5.00"), reason="GOODWILL")


async def figures(life: Life, month: date, active_before: frozenset[str]) -> Figures:
    """Compute the figures of the month that ends now from the rows of today."""
    begins_at, ends_at = at_start(month), at_start(add_months(month, 1))
    of_currency = f"and currency = '{CURRENCY}'"
    subscriptions = await life.rows("subscription", of_currency)
    prices = {row["id"]: row for row in await life.admin.fetch("select * from price where currency = $1", CURRENCY)}
    per_year = {(interval, count): Fraction(number) for interval, count, _, number in PRICES}
    active = [row for row in subscriptions if row["status"] == "ACTIVE"]
    yearly = sum(
        row["quantity"] * one["unit_minor"] * per_year[one["billing_interval"], one["interval_count"]] for row in active for one in [prices[row["price_id"]]]
    )
    ended = {row["id"] for row in subscriptions if row["status"] == "CANCELED" and begins_at <= row["canceled_at"] < ends_at}
    settled = [row for row in await life.rows("payment", of_currency) if row["settled_at"] and begins_at <= row["settled_at"] < ends_at]
    back = [row for row in await life.rows("refund", of_currency) if row["status"] == "SUCCEEDED" and begins_at <= row["settled_at"] < ends_at]
    values = {
        "month": month.isoformat(),
        "currency": CURRENCY,
        "mrr": int(Fraction(yearly, 12) + Fraction(1, 2)),
        "churn": f"{len(ended & active_before) / len(active_before):.4f}" if active_before else None,
        "activeSubscriptions": len(active),
        "collected": sum(row["amount_minor"] for row in settled),
        "refunded": sum(row["amount_minor"] for row in back),
        "openAmount": sum(row["remaining_minor"] for row in await life.rows("invoice", of_currency)),
    }
    return Figures(month, frozenset(row["id"] for row in active), values)


def at_start(month: date) -> datetime:
    return datetime(month.year, month.month, month.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "argument"),
    [("2027-02-01", "2027-01-31", "to"), ("2027-01-01", "2027-02-01", "to"), ("2025-01-31", "2027-01-01", "from"), ("1900-01-01", "1902-01-01", "from")],
)
def test_months_out_of_order_not_begun_or_too_many_are_refused(first: str, last: str, argument: str) -> None:
    with pytest.raises(BadUserInput) as refusal:
        months_between(date.fromisoformat(first), date.fromisoformat(last), date(2027, 1, 31))
    assert refusal.value.extensions["argumentPath"] == [argument]


def test_two_years_are_the_most() -> None:
    assert months_between(date(2025, 2, 28), date(2027, 1, 1), date(2027, 1, 31)) == [add_months(date(2025, 2, 1), number) for number in range(24)]


async def test_who_may_not_read_customers_may_not_read_metrics(life: Life) -> None:
    for viewer in (life.viewer, Viewer(Actor.STAFF, None, ("invoices:write", "read", "customers:search"), "tests")):
        with pytest.raises(AssertionError, match=r"customers:read|STAFF tokens"):
            await metrics(life, date(2027, 1, 1), date(2027, 1, 1), viewer)
    await create(life)
    reader = Viewer(Actor.STAFF, None, ("customers:read",), "tests")
    assert {row["currency"] for row in await metrics(life, date(2027, 1, 1), date(2027, 1, 1), reader)} >= {"USD"}
