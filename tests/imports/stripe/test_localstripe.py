"""What a server like Stripe made of orders, trials, declined cards, cancellations and refunds is read, and adds up."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.imports.stripe.filled import LocalStripe, filled
from tests.imports.stripe.runs import run
from tests.imports.stripe.server import serving
from tests.payments.sides import localstripe

DECLINED_LATER = "4000000000000341"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("localstripe")
    with localstripe() as address:
        stripe = LocalStripe(address)
        fill(stripe)
        objects = filled(stripe)
    with serving(objects, page=3) as served:
        run(served.address, folder, now=int(time.time()) + 5)
    return folder


def fill(stripe: LocalStripe) -> None:
    """Make customers, one for each story."""
    product = stripe.post("products", name="Team", type="service")["id"]
    month = stripe.post("plans", id="month", product=product, amount=2900, currency="eur", interval="month")["id"]
    year = stripe.post("plans", id="year", product=product, amount=29000, currency="eur", interval="year")["id"]
    stripe.post("plans", id="metered", product=product, amount=10, currency="eur", interval="month", usage_type="metered")
    rate = stripe.post("tax_rates", display_name="VAT", percentage=20, inclusive=False)["id"]
    stripe.post("coupons", id="TEN", percent_off=10, duration="forever")
    for story in ("monthly", "yearly", "taxed", "trial", "declined", "cancels", "canceled", "discounted", "refunded", "lead"):
        customer = stripe.post("customers", name=story, email=f"{story}@example.com", balance=-700 if story == "lead" else 0)["id"]
        if story == "lead":
            continue
        stripe.card(customer, DECLINED_LATER if story == "declined" else "4242424242424242")
        changes: dict[str, Any] = {"taxed": {"default_tax_rates": [rate]}, "trial": {"trial_end": int(time.time()) + 14 * 86_400}}.get(story, {})
        subscription = stripe.post("subscriptions", customer=customer, items=[{"plan": year if story == "yearly" else month}], **changes)["id"]
        if story == "cancels":
            stripe.post(f"subscriptions/{subscription}", cancel_at_period_end=True)
        if story == "canceled":
            stripe.delete(f"subscriptions/{subscription}")
        if story == "refunded":
            charge = next(one for one in stripe.listed("charges") if one["customer"] == customer)
            stripe.post("refunds", charge=charge["id"], amount=900)


def lines(out: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return the lines of a kind by the name of the customer; the last of several."""
    names = {line["externalId"]: line["name"] for line in map(json.loads, (out / "customers.jsonl").read_text().splitlines())}
    results = [json.loads(line) for line in (out / f"{kind}.jsonl").read_text().splitlines()]
    return {names[line["externalId"] if kind == "customers" else line["customer"]]: line for line in results}


def test_subscriptions_are_in_the_state_that_the_server_says(out: Path) -> None:
    subscriptions = lines(out, "subscriptions")
    assert {name: line["status"] for name, line in subscriptions.items() if name != "declined"} == {
        "monthly": "ACTIVE",
        "yearly": "ACTIVE",
        "taxed": "ACTIVE",
        "trial": "TRIALING",
        "cancels": "ACTIVE",
        "canceled": "CANCELED",
        "discounted": "ACTIVE",
        "refunded": "ACTIVE",
    }
    assert subscriptions["cancels"]["pendingChange"] == "CANCEL"
    assert (subscriptions["yearly"]["price"], subscriptions["monthly"]["price"]) == ("year", "month")


def test_an_order_whose_first_charge_was_declined_is_no_subscription(out: Path) -> None:
    skipped = [json.loads(line) for line in (out / "skipped.jsonl").read_text().splitlines()]
    assert [line["reason"] for line in skipped if line["object"] == "subscription"] == ["SUBSCRIPTION_INCOMPLETE"]
    assert {line["id"]: line["reason"] for line in skipped if line["object"] == "price"} == {"metered": "METERED_PRICE"}


def test_what_was_taken_and_returned_adds_up(out: Path) -> None:
    invoices, payments = lines(out, "invoices"), lines(out, "payments")
    assert {invoices[name]["status"] for name in ("monthly", "yearly", "taxed", "refunded")} == {"PAID"}
    assert (invoices["taxed"]["total"], invoices["taxed"]["lines"][0]["tax"], invoices["taxed"]["lines"][0]["taxRate"]) == (3480, 580, "20")
    assert lines(out, "customers")["taxed"]["taxRate"] == "20"
    for name in ("monthly", "yearly", "taxed", "refunded"):
        assert [one["amount"] for one in payments[name]["allocations"]] == [invoices[name]["total"]] == [payments[name]["amount"]]
    assert [one["amount"] for one in payments["refunded"]["refunds"]] == [900]
    assert lines(out, "credits")["lead"]["amount"] == 700
