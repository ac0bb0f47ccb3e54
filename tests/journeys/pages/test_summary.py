"""Every figure of the Summary page, counted again from the tables by hand."""

import random
from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

import demo
from billing.money.money import decimal_text
from tests.conftest import NOW, Portal, customer, demo_customer

FIGURES = """{ customer { summary {
  balance { minorUnits currency amount } totalDue { minorUnits currency } totalOverdue { minorUnits currency } processing { minorUnits currency }
  activeSubscriptions activeSchedules lastPayment { id } nextPayment { date kind amount { minorUnits currency } source { id } }
} } }"""


# The states of an installment of which nothing is owed whatever was paid.
CLOSED = ("CANCELED", "REFUNDED")


async def counted(admin: asyncpg.Connection, customer_id: str) -> dict:
    """The figures, from whole tables, in plain Python."""

    async def table(name: str) -> list[asyncpg.Record]:
        return list(await admin.fetch(f"select * from {name} where customer_id = $1", customer_id))

    zone = await admin.fetchval("select time_zone from customer where id = $1", customer_id)
    today = NOW.astimezone(ZoneInfo(zone)).date()
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("balance", "due", "overdue", "processing"), 0))
    for entry in await table("balance_entry"):
        totals[entry["currency"]]["balance"] += entry["amount_minor"]
    installments = await table("installment")
    subscriptions = await table("subscription")
    payments = await table("payment")
    for invoice in await table("invoice"):
        remaining = 0 if invoice["status"] in ("VOID", "REFUNDED") else invoice["total_minor"] - invoice["paid_minor"] - invoice["credited_minor"]
        owe(totals, invoice, remaining, today)
        if invoice["due_on"] >= today:
            late = [item for item in installments if item["invoice_id"] == invoice["id"] and item["status"] not in CLOSED and item["due_on"] < today]
            totals[invoice["currency"]]["overdue"] += min(sum(item["amount_minor"] - item["paid_minor"] for item in late), remaining)
    for item in installments:
        if item["invoice_id"] is None and item["due_on"] <= today:
            owe(totals, item, 0 if item["status"] in CLOSED else item["amount_minor"] - item["paid_minor"], today)
    for payment in payments:
        if payment["status"] in ("PROCESSING", "REQUIRES_ACTION"):
            totals[payment["currency"]]["processing"] += payment["amount_minor"]
    for known in (*await table("invoice"), *payments, *subscriptions, *await table("payment_schedule")):
        totals[known["currency"]]  # zero, where nothing else is
    for total in totals.values():
        total["due"] += max(-total["balance"], 0)
    charging = {item["id"] for item in subscriptions if item["charging_payment_id"]}
    closed = {item["id"] for item in await table("invoice") if item["status"] not in ("OPEN", "PARTIALLY_PAID") or item["subscription_id"] in charging}
    settled = [payment for payment in payments if payment["status"] == "SUCCEEDED"]
    return {
        "totals": {currency: dict(amounts) for currency, amounts in sorted(totals.items())},
        "activeSubscriptions": sum(item["status"] in ("ACTIVE", "TRIALING") for item in subscriptions),
        "activeSchedules": sum(item["status"] == "ACTIVE" for item in await table("payment_schedule")),
        "lastPayment": max(((item["settled_at"], item["id"]) for item in settled), default=(None, None))[1],
        "nextPayment": upcoming(subscriptions, [item for item in installments if item["invoice_id"] not in closed], zone),
    }


def owe(totals: dict, item: asyncpg.Record, remaining: int, today: object) -> None:
    if remaining > 0:
        totals[item["currency"]]["due"] += remaining
        totals[item["currency"]]["overdue"] += remaining if item["due_on"] < today else 0


def upcoming(subscriptions: list[asyncpg.Record], installments: list[asyncpg.Record], zone: str) -> dict | None:
    today = NOW.astimezone(ZoneInfo(zone)).date()
    candidates = []
    for item in subscriptions:
        kind, due = "RENEWAL", item["renews_at"]
        if item["status"] == "PAUSED" and item["resumes_at"]:
            # A resume within the paid period charges nothing.
            is_running = item["period_ends_at"] and item["period_ends_at"] > max(item["resumes_at"], NOW)
            kind, due = ("RENEWAL", item["period_ends_at"]) if is_running else ("RESUME", item["resumes_at"])
        if due and item["renewal_minor"]:
            candidates.append((max(due, NOW).astimezone(ZoneInfo(zone)).date(), kind, item["id"], item["renewal_minor"], item["currency"]))
    for item in installments:
        remaining = 0 if item["status"] in CLOSED else item["amount_minor"] - item["paid_minor"]
        if remaining > 0 and item["due_on"] >= today and item["status"] != "PROCESSING":
            candidates.append((item["due_on"], "INSTALLMENT", item["id"], remaining, item["currency"]))
    order = {"RESUME": 0, "RENEWAL": 1, "INSTALLMENT": 2}
    best = min(candidates, key=lambda item: (item[0], order[item[1]], item[2]), default=None)
    return best and {"date": str(best[0]), "kind": best[1], "amount": {"minorUnits": str(best[3]), "currency": best[4]}, "source": {"id": best[2]}}


def said(summary: dict) -> dict:
    """The answer in the shape of `counted`."""
    totals: dict[str, dict[str, int]] = defaultdict(dict)
    for name, field in (("balance", "balance"), ("due", "totalDue"), ("overdue", "totalOverdue"), ("processing", "processing")):
        assert [item["currency"] for item in summary[field]] == sorted(item["currency"] for item in summary[field])
        for item in summary[field]:
            totals[item["currency"]][name] = int(item["minorUnits"])
    for item in summary["balance"]:
        assert item["amount"] == decimal_text(int(item["minorUnits"]), item["currency"])
    return {
        "totals": dict(sorted(totals.items())),
        "lastPayment": summary["lastPayment"] and summary["lastPayment"]["id"],
        **{name: summary[name] for name in ("activeSubscriptions", "activeSchedules", "nextPayment")},
    }


async def test_every_figure_of_the_named_customers_and_of_two_hundred_others_is_right(portal: Portal, admin: asyncpg.Connection) -> None:
    # Of the demo's other people, some have what `counted` does not know, such as a payment that is tried again.
    generated = [record[0] for record in await admin.fetch("select id from customer where id <> all($1) order by id", [person.id for person in demo.PERSONAS])]
    chosen = {person: demo_customer(f"{person}@example.com").customer_id for person in ("ada", "kenji", "fatima", "greta", "big", "empty")}
    # Kai has an installment that was refunded.
    for customer_id in {*chosen.values(), demo_customer("kai@example.com").customer_id, *random.Random(7).sample(generated, 200)}:
        expected = await counted(admin, customer_id)
        executed = await portal.execute(FIGURES, customer(customer_id))
        planned = await portal.plan(FIGURES, customer(customer_id))
        assert said(executed.data["customer"]["summary"]) == expected, customer_id
        assert planned is not None
        assert planned.data == executed.data


async def test_what_fatima_owes_on_account_is_due(portal: Portal) -> None:
    summary = (await portal.execute(FIGURES, demo_customer("fatima@example.com"))).data["customer"]["summary"]
    amounts = {field: {item["currency"]: int(item["minorUnits"]) for item in summary[field]} for field in ("balance", "totalDue", "totalOverdue")}
    assert amounts["balance"]["KWD"] == -1_250
    assert amounts["totalDue"]["KWD"] - amounts["totalOverdue"]["KWD"] == 1_250


async def test_ada_shows_something_in_every_figure(portal: Portal) -> None:
    summary = (await portal.execute(FIGURES)).data["customer"]["summary"]
    assert all(summary.values())
    for name in ("balance", "totalDue", "totalOverdue", "processing"):
        assert any(int(item["minorUnits"]) for item in summary[name]), name


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Auckland", 12), ("Pacific/Honolulu", -10)])
async def test_overdue_begins_with_the_next_day_where_the_customer_lives(urls, zone: str, hours: int) -> None:
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    today = NOW.astimezone(ZoneInfo(zone)).date()
    for moment, expected in ((NOW, today), (NOW + timedelta(days=1), today + timedelta(days=1))):
        await connection.execute(f"set app.now = '{moment.isoformat()}'")
        assert await connection.fetchval("select today_in($1)", zone) == expected
    await connection.close()
    assert hours
