"""An account with one customer for each thing that Stripe has and the reader must tell apart, named after it. It is read at READ_AT."""

from typing import Any

from tests.imports.stripe.objects import (
    Thing,
    at,
    card,
    charge,
    coupon,
    credit_note,
    customer,
    discount,
    invoice,
    invoice_item,
    invoice_payment,
    item,
    phase,
    price,
    product,
    refund,
    schedule,
    sepa,
    subscription,
    tax,
    tax_rate,
)

READ_AT = at("2026-11-30T09:00")
RUNNING = {"start": "2026-11-15T10:10", "end": "2026-12-15T10:10"}
ANCHOR = at("2025-01-15T10:10")
TEAM = price("team", "team", 2900)
TEAM_YEAR = price("year", "team", 29_000, recurring={"interval": "year"})
BUSINESS = price(
    "business",
    "team",
    9900,
    currency_options={"usd": {"unit_amount": 9900, "tax_behavior": "exclusive"}, "eur": {"unit_amount": 9200, "tax_behavior": "inclusive"}},
)
METERED = price("metered", "usage", 10, recurring={"usage_type": "metered", "meter": "mtr_1"})
LEAP = price("quarter", "team", 7500, recurring={"interval_count": 3})
VAT = tax_rate("VAT", 19.0)

PRICES = [
    TEAM,
    TEAM_YEAR,
    BUSINESS,
    LEAP,
    METERED,
    price("week", "team", 900, recurring={"interval": "week"}),
    price("once", "setup", 5000, type="one_time") | {"recurring": None},
    price("tiers", "usage", None, billing_scheme="tiered", tiers_mode="graduated"),
    price("packs", "team", 100, transform_quantity={"divide_by": 10, "round": "up"}),
    price("fraction", "team", None, unit_amount_decimal="0.5"),
    price("old", "team", 1900, active=False),
    price("yen", "team", 1200, currency="jpy"),
    price("decade", "team", 99_000, recurring={"interval": "month", "interval_count": 120}),
]
COUPONS = [
    coupon("Spring", created=at("2024-03-01"), percent_off=25.0, duration="repeating", duration_in_months=6),
    coupon("SPRING", percent_off=10.0),
    coupon("ONCE10", amount_off=1000, currency="usd", duration="once"),
    coupon("TEAMONLY", percent_off=12.5, applies_to={"products": ["prod_team"]}),
    coupon("GONE", percent_off=50.0, valid=False, redeem_by=at("2025-06-01"), max_redemptions=5),
]


def sub(name: str, of_price: Thing = TEAM, *, quantity: int = 1, period: dict[str, str] = RUNNING, **changes: Any) -> Thing:
    return subscription(
        name,
        name,
        [item(name, of_price, quantity=quantity, **period)],
        **({"billing_cycle_anchor": ANCHOR, "start_date": changes.get("billing_cycle_anchor", ANCHOR)} | changes),
    )


def subscriptions() -> list[Thing]:
    """Return a subscription for each state; its name is that of its customer."""
    trial = {"start": "2026-11-20T10:10", "end": "2026-12-04T10:10"}
    spring = discount("Spring", "coupon", "sub_coupon", end=at("2027-03-01"))
    deleted = discount("DELETED", "deleted", "sub_deleted", source={"coupon": coupon("DELETED", percent_off=5.0), "type": "coupon"})
    later = schedule(
        "later",
        "later",
        [phase("price_team", start="2025-01-15", end=RUNNING["end"]), phase("price_business", start=RUNNING["end"], end="2027-01-15", quantity=3)],
    )
    ending = schedule("ending", "ending", [phase("price_team", start="2025-01-15", end=RUNNING["end"])], end_behavior="cancel")
    far = schedule(
        "far", "far", [phase("price_team", start="2025-01-15", end="2027-01-15T10:10"), phase("price_year", start="2027-01-15T10:10", end="2028-01-15")]
    )
    return [
        sub("plain", default_payment_method="pm_plain", metadata={"seat": "7", "empty": ""}),
        sub("many", quantity=12, collection_method="send_invoice", days_until_due=30),
        sub("month31", period={"start": "2026-10-31T10:10", "end": "2026-11-30T10:10"}, billing_cycle_anchor=at("2025-01-31T10:10")),
        sub("yearly", TEAM_YEAR, period={"start": "2026-02-28T10:10", "end": "2027-02-28T10:10"}, billing_cycle_anchor=at("2025-02-28T10:10")),
        sub("quarterly", LEAP, period={"start": "2026-10-31T10:10", "end": "2027-01-31T10:10"}, billing_cycle_anchor=at("2026-01-31T10:10")),
        sub("euro", BUSINESS, currency="eur"),
        sub(
            "trial",
            status="trialing",
            trial_start=at(trial["start"]),
            trial_end=at(trial["end"]),
            period=trial,
            billing_cycle_anchor=at(trial["end"]),
            start_date=at(trial["start"]),
        ),
        sub("pastdue", status="past_due"),
        sub("unpaid", status="unpaid"),
        sub("uncollected", status="unpaid"),
        sub("incomplete", status="incomplete"),
        sub("paused", pause_collection={"behavior": "void", "resumes_at": at("2027-01-10")}),
        sub("ending", schedule=ending),
        sub("cancels", cancel_at_period_end=True, cancel_at=at(RUNNING["end"]), canceled_at=at("2026-11-20")),
        sub("cancelslater", cancel_at=at("2027-06-01")),
        sub(
            "canceled",
            status="canceled",
            ended_at=at("2026-11-20"),
            cancellation_details={"comment": "Bye", "feedback": "unused", "reason": "cancellation_requested"},
        ),
        sub("later", schedule=later),
        sub("far", schedule=far),
        sub("coupon", discounts=[spring]),
        sub("deleted", discounts=[deleted]),
        sub("twocoupons", discounts=[spring, discount("ONCE10", "twocoupons", "sub_twocoupons")]),
        sub("ofcustomer"),
        sub("metered", METERED),
        subscription("twoitems", "twoitems", [item("twoitems", TEAM, **RUNNING), item("b", BUSINESS, **RUNNING)]),
        sub("taxed", default_tax_rates=[VAT]),
        sub("automatic", automatic_tax={"disabled_reason": None, "enabled": True, "liability": None}),
        sub("noemail"),
        sub("elsewhere") | {"customer": "cus_notlisted"},
    ]


def customers() -> list[Thing]:
    names = [one["id"].removeprefix("sub_") for one in subscriptions() if one["customer"] != "cus_notlisted"]
    changes: dict[str, Thing] = {
        "plain": {
            "invoice_settings": {"default_payment_method": "pm_plain"},
            "tax_ids": {"object": "list", "data": [{"value": "DE123456789"}], "has_more": False},
        },
        "euro": {"currency": "eur", "tax_exempt": "reverse", "business_name": "Euro GmbH", "preferred_locales": ["de-DE"]},
        "noemail": {"email": None},
        "ofcustomer": {"discount": discount("Spring", "ofcustomer", None, end=at("2027-01-01"))},
        "history": {"balance": -1500, "invoice_credit_balance": {"usd": -1500}, "currency": "usd"},
    }
    others = [customer(name, **changes.get(name, {})) for name in ("history", "lead", "scheduled", "old")]
    return [*(customer(name, **changes.get(name, {})) for name in names), *others]


def money() -> dict[str, list[Thing]]:
    """Return the invoices of the customer `history`, with what was paid and taken back of them."""
    line, period = invoice_item, {"start": "2026-10-15T10:10", "end": "2026-11-15T10:10"}
    paid = invoice("paid", "plain", [line("Team", 2900, subscription="sub_plain", **period)], on="2026-10-15T10:10", subscription="sub_plain")
    taxed = invoice(
        "taxed",
        "history",
        [line("Team", 2900, discount_amounts=[{"amount": 725, "discount": "di_Spring"}], taxes=[tax(413, "txr_VAT")], **period)],
        on="2026-09-01",
    )
    within = invoice("within", "history", [line("Net", 11_900, taxes=[tax(1900, "txr_VAT", behavior="inclusive")], **period)], on="2026-09-02")
    long = invoice("long", "history", [line(f"Line {number}", 100 + number, **period) for number in range(25)], on="2026-09-03")
    back = invoice("back", "history", [line("Setup", 5000, **period)], on="2026-09-04")
    some = invoice("some", "history", [line("Hours", 8000, **period)], on="2026-09-05")
    noted = invoice("noted", "history", [line("Hours", 4000, **period)], on="2026-09-06")
    opened = {"status": "open", "collection_method": "send_invoice", "due_date": at("2026-12-10")}
    transitions = {"finalized_at": at("2026-11-10"), "marked_uncollectible_at": None, "paid_at": None, "voided_at": None}
    part = invoice(
        "part", "history", [line("Hours", 9000, **period)], on="2026-11-10", amount_paid=2000, amount_remaining=6500, amount_due=8500, starting_balance=-500
    )
    part |= opened | {"status_transitions": transitions}
    retried = invoice("retried", "pastdue", [line("Team", 2900, subscription="sub_pastdue", **RUNNING)], on="2026-11-15T10:10", subscription="sub_pastdue")
    retried |= {"status": "open", "amount_paid": 0, "amount_remaining": 2900, "next_payment_attempt": at("2026-12-02"), "status_transitions": transitions}
    owed = invoice("owed", "unpaid", [line("Team", 2900, subscription="sub_unpaid", **RUNNING)], on="2026-11-15T10:10", subscription="sub_unpaid")
    owed |= {"status": "open", "amount_paid": 0, "amount_remaining": 2900, "status_transitions": transitions}
    lost = invoice("lost", "history", [line("Hours", 700, **period)], on="2026-05-01", status="uncollectible", amount_paid=0, amount_remaining=700)
    lost |= {"status_transitions": transitions | {"finalized_at": at("2026-05-01"), "marked_uncollectible_at": at("2026-08-01")}}
    void = invoice("void", "history", [line("Mistake", 100, **period)], on="2026-05-02", status="void", amount_paid=0)
    draft = invoice("draft", "history", [line("Coming", 100, **period)], on="2026-11-29", status="draft", number=None)
    negative = invoice("negative", "history", [line("Refunded", -300, **period)], on="2026-05-03")
    odd = invoice("odd", "history", [line("Shipping is missing", 100, **period)], on="2026-05-04", total=150, amount_paid=150, amount_due=150)
    over = invoice("over", "history", [line("Hours", 1000, **period)], on="2026-05-05", amount_overpaid=200, amount_paid=1000)
    of_charges = [
        (paid, 2900),
        (taxed, 2588),
        (within, 11_900),
        (long, 2800),
        (back, 5000),
        (some, 8000),
        (noted, 4000),
        (part, 2000),
        (odd, 150),
        (over, 1200),
    ]
    names = [(one["id"].removeprefix("in_"), one["customer"].removeprefix("cus_"), amount) for one, amount in of_charges]
    return {
        "invoices": [owed, paid, taxed, within, long, back, some, noted, part, retried, lost, void, draft, negative, odd, over],
        "invoice_payments": [invoice_payment(one, amount) for one, amount in of_charges],
        "charges": [
            *(charge(name, of, amount, on="2026-09-10", method="pm_plain" if of == "plain" else None) for name, of, amount in names),
            charge("declined", "history", 900, on="2026-09-11", paid=False, status="failed", failure_code="card_declined"),
            charge("alone", "history", 900, on="2026-09-12"),
        ],
        "refunds": [
            refund("back", "back", 5000, on="2026-10-01", reason="duplicate"),
            refund("some", "some", 1000, on="2026-10-02"),
            refund("failed", "some", 500, on="2026-10-03", status="failed"),
        ],
        "credit_notes": [
            credit_note(
                "some",
                some,
                1000,
                on="2026-10-02",
                pre_payment_amount=0,
                post_payment_amount=1000,
                refunds=[{"amount_refunded": 1000, "refund": "re_some", "type": "refund"}],
            ),
            credit_note("noted", noted, 600, on="2026-10-04", pre_payment_amount=0, post_payment_amount=600, customer_balance_transaction="cbtxn_1"),
            credit_note("void", noted, 100, on="2026-10-05", status="void") | {"number": "NOTED-CN-02"},
            credit_note("outside", noted, 100, on="2026-10-06", out_of_band_amount=100, pre_payment_amount=0) | {"number": "NOTED-CN-03"},
        ],
    }


def account() -> dict[str, list[Thing]]:
    """Return all objects by list."""
    begins = schedule("begins", "scheduled", [phase("price_team", start="2027-01-01", end="2027-02-01", quantity=2)], status="not_started")
    return {
        "products": [product("team"), product("usage"), product("setup"), product("empty", active=False)],
        "prices": PRICES,
        "coupons": COUPONS,
        "tax_rates": [VAT],
        "customers": customers(),
        "payment_methods": [
            card("plain", "plain"),
            card("wallet", "plain", card={"wallet": {"type": "apple_pay"}}),
            sepa("sepa", "euro"),
            card("ideal", "euro", type="ideal", ideal={"bank": "ing"}),
            card("source", "plain") | {"id": "card_source"},
        ],
        "subscriptions": subscriptions(),
        "subscription_schedules": [begins],
        **money(),
    }
