"""An account with many ordinary customers, as of now: what a day of going live is rehearsed with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.imports.stripe import objects as shapes

Thing = dict[str, Any]
TEAM = shapes.price("team", "team", 2900)
TEAM_YEAR = shapes.price("year", "team", 29_000, recurring={"interval": "year"})
STARTER = shapes.price("starter", "team", 900)
METERED = shapes.price("metered", "team", 10, recurring={"usage_type": "metered", "meter": "mtr_1"})


def crowd(count: int, *, now: datetime) -> dict[str, list[Thing]]:
    """Return an account. Of a hundred customers one has no e-mail address, one a metered price, one nothing to pay with, three owe their last invoice, and four have credit."""
    account: dict[str, list[Thing]] = {
        "products": [shapes.product("team")],
        "prices": [TEAM, TEAM_YEAR, STARTER, METERED],
        "coupons": [shapes.coupon("TEN", percent_off=10.0)],
        "tax_rates": [],
        "subscription_schedules": [],
        "refunds": [],
        "credit_notes": [],
    }
    account |= {name: [] for name in ("customers", "payment_methods", "subscriptions", "invoices", "invoice_payments", "charges")}
    for number in range(count):
        _add(account, number, now=now)
    return account


def _add(account: dict[str, list[Thing]], number: int, *, now: datetime) -> None:
    name, kind = f"c{number:04}", number % 100
    price = TEAM_YEAR if kind % 10 == 3 else STARTER if kind % 3 == 1 else TEAM
    days = 365 if price is TEAM_YEAR else 30
    # The periods end on 25 different days, none of them within the next two.
    ends = now.replace(microsecond=0) + timedelta(days=3 + number % 25)
    period = {"start": _text(ends - timedelta(days=days)), "end": _text(ends)}
    balance = {"balance": -1000, "invoice_credit_balance": {"usd": -1000}} if 20 <= kind < 24 else {}
    created = {"created": shapes.at(_text(ends - timedelta(days=days * 2)))}
    settings = {"invoice_settings": {"default_payment_method": f"pm_{name}"}} if kind != 2 else {}
    account["customers"].append(shapes.customer(name, **created, **balance, **settings) | ({"email": None} if kind == 0 else {}))
    if kind != 2:
        account["payment_methods"].append(shapes.card(name, name, **created))
    item = shapes.item(name, METERED if kind == 1 else price, quantity=1 + number % 3, **period)
    anchor = shapes.at(_text(ends))
    started = {"start_date": shapes.at(period["start"]), "billing_cycle_anchor": anchor, "created": shapes.at(period["start"])}
    status = {"status": "past_due"} if 30 <= kind < 33 else {}
    discounts = {"discounts": [shapes.discount("TEN", name, f"sub_{name}")]} if kind == 40 else {}
    account["subscriptions"].append(shapes.subscription(name, name, [item], **started, **status, **discounts))
    _add_invoice(account, name, price["unit_amount"] * (1 + number % 3), period=period, is_paid=not status)


def _add_invoice(account: dict[str, list[Thing]], name: str, amount: int, *, period: dict[str, str], is_paid: bool) -> None:
    line = shapes.invoice_item("Team", amount, subscription=f"sub_{name}", **period)
    made = shapes.invoice(name, name, [line], on=period["start"], subscription=f"sub_{name}", billing_reason="subscription_create")
    if is_paid:
        account["invoice_payments"].append(shapes.invoice_payment(made))
        account["charges"].append(shapes.charge(name, name, amount, on=period["start"], method=f"pm_{name}"))
    else:
        made |= {"status": "open", "amount_paid": 0, "amount_remaining": amount}
        made["status_transitions"] = made["status_transitions"] | {"paid_at": None}
    account["invoices"].append(made)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()
