"""Each thing of an account is in the folder as Portico has it, or in `skipped.jsonl` with its reason."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from imports.formats.kinds import BY_NAME
from imports.stripe.mapping.notes import Paid, notes_of
from imports.stripe.mapping.reasons import Skipped, SkipReason
from resolvers.catalog.catalog_file import read_catalog
from tests.imports.stripe.account import COUPONS, PRICES, RUNNING, account, sub
from tests.imports.stripe.objects import at, coupon, customer, discount, invoice, invoice_item, item, price, refund, tax
from tests.imports.stripe.runs import run
from tests.imports.stripe.server import serving

NONE: list[dict[str, Any]] = []
Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stripe")
    with serving(account()) as stripe:
        run(stripe.address, folder)
    return folder


def rows(out: Path, kind: str) -> Rows:
    lines = [json.loads(line) for line in (out / f"{kind}.jsonl").read_text().splitlines()]
    by_id = {line["externalId"]: line for line in lines}
    assert len(by_id) == len(lines)
    return by_id


def skips(out: Path) -> dict[tuple[str, str], str]:
    lines = [json.loads(line) for line in (out / "skipped.jsonl").read_text().splitlines()]
    assert all(set(line) == {"outcome", "object", "id", "reason", "detail"} and line["reason"] in list(SkipReason) for line in lines)
    return {(line["outcome"], line["id"]): line["reason"] for line in lines}


def mapped(
    tmp_path: Path, subscription: dict[str, Any], *, of: dict[str, Any] | None = None, coupons: list[dict[str, Any]] = COUPONS
) -> tuple[Rows, dict[tuple[str, str], str]]:
    """Return the lines of an account with one subscription, and what was skipped."""
    objects = dict.fromkeys(account(), NONE) | {"products": account()["products"], "prices": PRICES, "coupons": coupons}
    objects |= {"customers": [of or customer(subscription["customer"].removeprefix("cus_"))], "subscriptions": [subscription]}
    with serving(objects) as stripe:
        run(stripe.address, tmp_path)
    return rows(tmp_path, "subscriptions"), skips(tmp_path)


def test_every_object_is_a_line_or_has_a_reason(out: Path) -> None:
    things = {
        one["id"] for name in ("customers", "payment_methods", "subscriptions", "subscription_schedules", "invoices", "charges") for one in account()[name]
    }
    taken = {name for kind in ("customers", "payment_methods", "subscriptions", "invoices", "payments") for name in rows(out, kind)}
    skipped = {name for (outcome, name) in skips(out) if outcome == "SKIPPED"}
    of_skipped = {"sub_noemail"}
    assert taken | skipped | of_skipped >= things
    assert not taken & skipped


def test_lines_have_only_fields_of_the_format_and_those_that_are_needed(out: Path) -> None:
    for kind in ("customers", "payment_methods", "subscriptions", "invoices", "payments", "credits"):
        names = {field.name for field in BY_NAME[kind].fields}
        needed = {field.name for field in BY_NAME[kind].fields if field.is_required}
        for line in rows(out, kind).values():
            assert needed <= set(line) <= names, line


def test_the_catalog_is_one_that_apply_reads(out: Path) -> None:
    catalog = read_catalog((out / "catalog.yaml").read_text()).wanted.catalog
    assert {code for _, code in catalog} == {
        "prod_team", "price_team", "price_year", "price_quarter", "price_week", "price_old", "price_yen", "price_business", "price_business-eur",
        "SPRING", "ONCE10", "TEAMONLY", "GONE", "DELETED",
    }  # fmt: skip


def test_what_has_no_counterpart_is_skipped_with_its_reason(out: Path) -> None:
    reasons = skips(out)
    expected = {
        "price_metered": "METERED_PRICE", "price_once": "ONE_TIME_PRICE", "price_tiers": "TIERED_PRICE", "price_packs": "QUANTITY_TRANSFORMED",
        "price_fraction": "FRACTION_OF_MINOR_UNIT", "price_decade": "INVALID_ITEM", "prod_empty": "PRODUCT_WITHOUT_PRICES", "SPRING": "COUPON_CODE_TAKEN",
        "cus_noemail": "CUSTOMER_WITHOUT_EMAIL", "pm_ideal": "METHOD_OF_OTHER_KIND", "card_source": "METHOD_IS_A_SOURCE", "sub_elsewhere": "CUSTOMER_NOT_READ",
        "sub_incomplete": "SUBSCRIPTION_INCOMPLETE", "sub_metered": "PRICE_NOT_TAKEN", "sub_twoitems": "SEVERAL_ITEMS", "sub_twocoupons": "SEVERAL_DISCOUNTS",
        "sub_cancelslater": "SCHEDULE_NOT_REPRESENTABLE", "sub_far": "SCHEDULE_NOT_REPRESENTABLE", "in_draft": "DRAFT_INVOICE", "in_negative": "NEGATIVE_INVOICE",
        "ch_declined": "PAYMENT_FAILED", "ch_alone": "PAYMENT_WITHOUT_INVOICE", "cn_void": "CREDIT_NOTE_VOID", "cn_outside": "CREDIT_NOTE_PAID_OUT_ELSEWHERE",
    }  # fmt: skip
    assert {name: reasons.get(("SKIPPED", name)) for name in expected} == expected
    adapted = {"cus_automatic": "AUTOMATIC_TAX", "sub_many": "INVOICES_ARE_SENT", "TEAMONLY": "COUPON_FOR_PRODUCTS", "in_odd": "AMOUNTS_DO_NOT_ADD_UP"}
    assert {name: reasons.get(("ADAPTED", name)) for name in adapted} == adapted


STATES = {
    "sub_plain": {"status": "ACTIVE", "paymentMethod": "pm_plain", "metadata": {"seat": "7"}, "quantity": 1, "price": "price_team", "timeZone": "UTC"},
    "sub_many": {"status": "ACTIVE", "quantity": 12},
    "sub_month31": {"anchorAt": "2025-01-31T10:10:00Z", "periodStartsAt": "2026-10-31T10:10:00Z", "periodEndsAt": "2026-11-30T10:10:00Z"},
    "sub_euro": {"price": "price_business-eur"},
    "sub_trial": {"status": "TRIALING", "trialEndsAt": "2026-12-04T10:10:00Z", "periodEndsAt": "2026-12-04T10:10:00Z"},
    "sub_pastdue": {"status": "ACTIVE"},
    "sub_unpaid": {"status": "SUSPENDED", "holds": ["DUNNING"]},
    "sub_uncollected": {"status": "SUSPENDED", "holds": ["MERCHANT"]},
    "sub_paused": {"status": "PAUSED", "resumesAt": "2027-01-10T00:00:00Z"},
    "sub_ending": {"status": "ACTIVE", "pendingChange": "CANCEL"},
    "sub_cancels": {"status": "ACTIVE", "pendingChange": "CANCEL"},
    "sub_canceled": {"status": "CANCELED", "canceledAt": "2026-11-20T00:00:00Z", "cancelReason": "UNUSED", "cancelComment": "Bye"},
    "sub_later": {"status": "ACTIVE", "pendingChange": "PLAN", "pendingPrice": "price_business", "pendingQuantity": 3},
    "sub_deleted": {"coupon": {"code": "DELETED", "redeemedAt": "2026-01-31T00:00:00Z"}},
    "sub_sched_begins": {"status": "SCHEDULED", "startedAt": "2027-01-01T00:00:00Z", "quantity": 2, "customer": "cus_scheduled"},
}


@pytest.mark.parametrize("name", STATES)
def test_a_subscription_keeps_its_state(name: str, out: Path) -> None:
    line = rows(out, "subscriptions")[name]
    assert {key: line.get(key) for key in STATES[name]} == STATES[name]


@pytest.mark.parametrize(
    ("end", "of_price", "left"),
    [
        ("2027-03-01", "price_team", 3),
        ("2026-12-15T10:10", "price_team", None),
        ("2026-12-15T10:11", "price_team", 1),
        ("2027-03-01", "price_quarter", 1),
        ("2030-01-01", "price_year", 4),
    ],
)
def test_a_coupon_has_effect_on_the_periods_that_begin_before_its_end(end: str, of_price: str, left: int | None, tmp_path: Path) -> None:
    spring = discount("Spring", "one", "sub_one", end=at(end))
    lines, _ = mapped(tmp_path, sub("one", next(one for one in PRICES if one["id"] == of_price), discounts=[spring]), coupons=COUPONS[:1])
    assert lines["sub_one"].get("coupon", {}).get("periodsLeft") == left


def test_a_coupon_of_the_customer_and_one_of_the_item_have_effect_too(tmp_path: Path) -> None:
    of_customer, _ = mapped(tmp_path / "a", sub("one"), of=customer("one", discount=discount("TEAMONLY", "one", None)))
    of_item = sub("one") | {"items": {"object": "list", "data": [item("one", PRICES[0], discounts=[discount("ONCE10", "one", "sub_one")], **RUNNING)]}}
    lines, _ = mapped(tmp_path / "b", of_item)
    assert of_customer["sub_one"]["coupon"]["code"] == "TEAMONLY"
    assert lines["sub_one"]["coupon"] == {"code": "ONCE10", "redeemedAt": "2026-01-31T00:00:00Z", "periodsLeft": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": 10_001}, "QUANTITY_OUT_OF_RANGE"),
        ({"quantity": 0}, "QUANTITY_OUT_OF_RANGE"),
        ({"of_price": price("unlisted", "team", 5)}, "PRICE_NOT_TAKEN"),
        ({"currency": "gbp"}, "PRICE_NOT_TAKEN"),
        ({"discounts": [discount("EUROS", "one", "sub_one")]}, "OTHER_CURRENCY"),
        ({"discounts": [discount("NOWHERE", "one", "sub_one")]}, "COUPON_NOT_READ"),
    ],
)
def test_a_subscription_whose_next_invoice_would_differ_is_skipped(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    lines, reasons = mapped(tmp_path, sub("one", **changes), coupons=[*COUPONS, coupon("EUROS", amount_off=500, currency="eur")])
    assert lines == {}
    assert reasons["SKIPPED", "sub_one"] == reason


def test_customers_have_their_taxes_languages_and_default_methods(out: Path) -> None:
    customers, methods = rows(out, "customers"), rows(out, "payment_methods")
    assert customers["cus_taxed"]["taxRate"] == "19"
    assert customers["cus_taxed"]["taxName"] == "VAT"
    assert customers["cus_plain"]["taxIds"] == ["DE123456789"]
    assert {key: customers["cus_euro"][key] for key in ("currency", "taxExemption", "companyName", "locale")} == {
        "currency": "EUR",
        "taxExemption": "REVERSE_CHARGE",
        "companyName": "Euro GmbH",
        "locale": "de-DE",
    }
    assert customers["cus_lead"]["billingAddress"] == {"line1": "1 Main St", "city": "Boston", "region": "MA", "postalCode": "02101", "country": "US"}
    plain = {
        "kind": "CARD",
        "brand": "visa",
        "last4": "4242",
        "expiresOn": "2029-08-31",
        "isDefault": True,
        "processor": "stripe",
        "processorCustomer": "cus_plain",
    }
    assert {key: methods["pm_plain"].get(key) for key in plain} == plain
    assert (methods["pm_wallet"]["kind"], methods["pm_sepa"]["kind"], methods["pm_sepa"]["last4"]) == ("CARD", "SEPA_DEBIT", "3000")


def test_invoices_add_up_and_keep_number_lines_and_what_is_open(out: Path) -> None:
    invoices = rows(out, "invoices")
    for line in invoices.values():
        if lines := line.get("lines"):
            assert sum(one["subtotal"] - one.get("discount", 0) + one.get("tax", 0) for one in lines) == line["total"]
    taxed, within = invoices["in_taxed"]["lines"][0], invoices["in_within"]["lines"][0]
    assert (taxed["subtotal"], taxed["discount"], taxed["tax"], taxed["taxRate"], invoices["in_taxed"]["total"]) == (2900, 725, 413, "19", 2588)
    assert (within["subtotal"], within["tax"], invoices["in_within"]["total"]) == (10_000, 1900, 11_900)
    paid = {
        "reason": "RENEWAL",
        "subscription": "sub_plain",
        "periodStartsAt": "2026-10-15T10:10:00Z",
        "periodEndsAt": "2026-11-15T10:10:00Z",
        "number": "PAID-0001",
    }
    assert {key: invoices["in_paid"].get(key) for key in paid} == paid
    assert {name: invoices[f"in_{name}"]["status"] for name in ("paid", "back", "some", "part", "lost", "void")} == {
        "paid": "PAID",
        "back": "REFUNDED",
        "some": "PAID",
        "part": "OPEN",
        "lost": "OPEN",
        "void": "VOID",
    }
    assert (invoices["in_part"]["total"], invoices["in_part"]["paidElsewhere"], invoices["in_part"]["dueOn"]) == (9000, 500, "2026-12-10")
    assert invoices["in_lost"]["writtenOffAt"] == "2026-08-01T00:00:00Z"
    assert (invoices["in_retried"]["collection"], invoices["in_retried"]["collectAt"]) == ("AUTOMATIC", "2026-12-02T00:00:00Z")
    assert "lines" not in invoices["in_odd"]
    assert invoices["in_odd"]["total"] == 150


def test_payments_refunds_and_credits_add_up(out: Path) -> None:
    payments, credits, invoices = rows(out, "payments"), rows(out, "credits"), rows(out, "invoices")
    for payment in payments.values():
        over = credits.get(f"{payment['externalId']}-over", {"amount": 0})["amount"]
        assert sum(one["amount"] for one in payment["allocations"]) + over == payment["amount"]
        assert all(sum(one["amount"] for one in refund["allocations"]) == refund["amount"] for refund in payment.get("refunds", []))
    assert [refund["externalId"] for refund in payments["ch_some"]["refunds"]] == ["re_some"]
    assert payments["ch_back"]["refunds"][0]["reason"] == "DUPLICATE"
    assert payments["ch_paid"]["paymentMethod"] == "pm_plain"
    assert sum(line["amount"] for line in credits.values() if line["customer"] == "cus_history") == 1500
    note = invoices["in_noted"]["creditNotes"][0]
    assert (note["granted"], credits["cn_noted"]["creditNote"], credits["cn_noted"]["amount"]) == (600, note["number"], 600)
    assert [(note["number"], note["refund"], note["refunded"]) for note in invoices["in_some"]["creditNotes"]] == [("SOME-0001-CN-01", "re_some", 1000)]


def test_a_refund_without_a_credit_note_has_one_named_after_it(out: Path) -> None:
    (note,) = rows(out, "invoices")["in_back"]["creditNotes"]
    assert (note["number"], note["refund"], note["refunded"], note["reason"]) == ("BACK-0001-re_back", "re_back", 5000, "REFUND")
    assert skips(out)["ADAPTED", "re_back"] == "REFUND_WITHOUT_CREDIT_NOTE"


def test_the_tax_of_such_notes_adds_up_to_the_tax_of_the_invoice() -> None:
    one = invoice("x", "c", [invoice_item("Net", 100, taxes=[tax(19, "txr_VAT")], start="2026-01-01", end="2026-02-01")], on="2026-01-01")
    refunds = [(refund(str(number), "x", amount, on="2026-02-01"), amount) for number, amount in enumerate((30, 30, 30, 29))]
    notes = notes_of(one, [], Paid({"in_x": 119}, {"in_x": refunds}), Skipped(StringIO()))
    assert [note["refunded"] for note in notes] == [30, 30, 30, 29]
    assert (sum(note["lines"][0].get("tax", 0) for note in notes), sum(note["lines"][0]["subtotal"] for note in notes)) == (19, 100)
