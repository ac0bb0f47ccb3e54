"""Objects that localstripe made, with what the API of today has and localstripe leaves out or has in another place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.imports.stripe import objects as shapes

Thing = dict[str, Any]
SECRET_KEY = "sk_test_portico"


@dataclass
class LocalStripe:
    """A client of localstripe. `unlisted` are the objects that its lists do not have."""

    address: str
    unlisted: dict[str, list[Thing]] = field(default_factory=lambda: {"payment_methods": []})

    def post(self, path: str, **data: Any) -> Thing:
        answer = httpx.post(f"{self.address}/v1/{path}", json=data, auth=(SECRET_KEY, ""), timeout=20)
        assert answer.is_success, answer.text
        made: Thing = answer.json()
        return made

    def delete(self, path: str) -> None:
        assert httpx.delete(f"{self.address}/v1/{path}", auth=(SECRET_KEY, ""), timeout=20).is_success

    def listed(self, path: str) -> list[Thing]:
        answer = httpx.get(
            f"{self.address}/v1/{path}", params={"limit": 1000} | ({"status": "all"} if path == "subscriptions" else {}), auth=(SECRET_KEY, ""), timeout=20
        )
        assert answer.is_success, answer.text
        data: list[Thing] = answer.json()["data"]
        return data

    def card(self, customer: str, number: str = "4242424242424242") -> str:
        """Attach a card and make it the customer's default. Returns its id."""
        method = self.post("payment_methods", type="card", card={"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"})
        self.unlisted["payment_methods"].append(self.post(f"payment_methods/{method['id']}/attach", customer=customer))
        self.post(f"customers/{customer}", invoice_settings={"default_payment_method": method["id"]})
        return str(method["id"])


def filled(stripe: LocalStripe) -> dict[str, list[Thing]]:
    """Return all objects by list, in the shapes of today."""
    plans = {plan["id"]: _price(plan) for plan in stripe.listed("plans")}
    charges = stripe.listed("charges")
    invoices = [_invoice(one) for one in stripe.listed("invoices")]
    return {
        "products": [shapes.product("x") | _some(one, "id", "name", "active", "created") for one in stripe.listed("products")],
        "prices": list(plans.values()),
        "coupons": [shapes.coupon("x") | {key: value for key, value in one.items() if key != "object"} for one in stripe.listed("coupons")],
        "tax_rates": [shapes.tax_rate("x", 0) | _some(one, "id", "display_name", "percentage", "inclusive", "created") for one in stripe.listed("tax_rates")],
        "customers": [_customer(one) for one in stripe.listed("customers")],
        "payment_methods": [shapes.card("x", "x") | {"created": shapes.at("2026-01-01")} | one for one in stripe.unlisted["payment_methods"]],
        "subscriptions": [_subscription(one, plans) for one in stripe.listed("subscriptions")],
        "subscription_schedules": [],
        "invoices": invoices,
        "invoice_payments": list(_payments(invoices, charges)),
        "charges": [_charge(one) for one in charges],
        "refunds": [shapes.refund("x", "x", 1, on="2026-01-01") | one for one in stripe.listed("refunds")],
        "credit_notes": [],
    }


def _some(one: Thing, *names: str) -> Thing:
    return {name: one[name] for name in names if name in one}


def _price(plan: Thing) -> Thing:
    recurring = {"interval": plan["interval"], "interval_count": plan["interval_count"], "usage_type": plan["usage_type"]}
    tiered = {"billing_scheme": plan["billing_scheme"], "tiers_mode": plan["tiers_mode"]}
    return shapes.price("x", "x", plan["amount"], recurring=recurring) | _some(plan, "id", "product", "currency", "active", "created") | tiered


def _customer(one: Thing) -> Thing:
    names = ("id", "email", "name", "created", "metadata", "invoice_settings", "tax_ids", "preferred_locales")
    return (
        shapes.customer("x", address=one.get("address"))
        | _some(one, *names)
        | {"currency": "eur", "balance": -one["account_balance"], "invoice_credit_balance": {}}
    )


def _subscription(one: Thing, prices: dict[str, Thing]) -> Thing:
    item = one["items"]["data"][0]
    if one["trial_end"] and one["status"] == "incomplete":
        # localstripe has no trials: the first period is the trial, for which nothing is charged.
        one |= {"status": "trialing", "current_period_end": one["trial_end"], "billing_cycle_anchor": one["trial_end"], "trial_start": one["start_date"]}
    period = {"current_period_start": one["current_period_start"], "current_period_end": one["current_period_end"]}
    new = shapes.item("x", prices[item["plan"]["id"]], start="2026-01-01", end="2026-02-01") | _some(item, "id", "quantity") | period
    names = (
        "id",
        "customer",
        "status",
        "created",
        "start_date",
        "cancel_at_period_end",
        "cancel_at",
        "canceled_at",
        "ended_at",
        "trial_end",
        "trial_start",
        "metadata",
    )
    coupon = (one.get("discount") or {}).get("coupon")
    discounts = [shapes.discount(coupon["id"], "x", one["id"], start=one["created"], source={"coupon": coupon, "type": "coupon"})] if coupon else []
    anchor = one.get("billing_cycle_anchor") or one["start_date"]
    rates = {
        "default_tax_rates": one.get("default_tax_rates") or [],
        "currency": item["plan"]["currency"],
        "billing_cycle_anchor": anchor,
        "discounts": discounts,
    }
    return shapes.subscription("x", "x", []) | _some(one, *names) | rates | {"items": shapes.listed([new], "/v1/subscription_items")}


def _invoice(one: Thing) -> Thing:
    lines = [
        shapes.invoice_item(line["id"], line["amount"], start="2026-01-01", end="2026-02-01", subscription=line.get("subscription"))
        | {"id": line["id"], "period": line["period"], "description": line["description"], "quantity": line["quantity"], "taxes": _taxes(one, line)}
        for line in one["lines"]["data"]
    ]
    made = shapes.invoice(one["id"], "x", lines, on="2026-01-01", subscription=one.get("subscription"))
    names = ("id", "customer", "created", "status", "total", "amount_due", "amount_paid", "collection_method", "next_payment_attempt", "currency", "metadata")
    taken = _some(one, *names) | {"created": one.get("created") or one["date"], "payment_intent": one.get("payment_intent")}
    number = {"number": f"LOCAL-{one['id'][3:]}", "amount_remaining": one["amount_due"] - one["amount_paid"]}
    return made | taken | number | {"status_transitions": made["status_transitions"] | one["status_transitions"]}


def _taxes(invoice: Thing, line: Thing) -> list[Thing]:
    """Return the taxes of a line. localstripe has those of the invoice's rates at the invoice, which then has one line."""
    of_invoice = invoice["total_tax_amounts"] if len(invoice["lines"]["data"]) == 1 else []
    taxes = line["tax_amounts"] or of_invoice
    return [shapes.tax(one["amount"], one["tax_rate"], behavior="inclusive" if one["inclusive"] else "exclusive") for one in taxes]


def _payments(invoices: Iterable[Thing], charges: list[Thing]) -> Iterable[Thing]:
    paid = {charge["payment_intent"] for charge in charges if charge["paid"] and charge["status"] == "succeeded"}
    for one in invoices:
        if one["payment_intent"] in paid:
            yield shapes.invoice_payment(one, one["amount_paid"], payment={"type": "payment_intent", "payment_intent": one["payment_intent"]})


def _charge(one: Thing) -> Thing:
    names = ("id", "amount", "customer", "created", "currency", "paid", "status", "captured", "payment_intent", "payment_method", "failure_code")
    return shapes.charge("x", "x", one["amount"], on="2026-01-01") | _some(one, *names) | {"amount_captured": one["amount"] if one["captured"] else 0}
