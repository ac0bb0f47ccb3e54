"""What a change of plan comes to, to the second and to the last minor unit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.lifecycle.conftest import Life, price

HALF = timedelta(days=14)  # of a February


async def february(life: Life, code: str = "storage", **arguments: Any) -> str:
    """A period of exactly 28 days, in a country without tax and summer time."""
    await life.admin.execute("update customer set time_zone = 'UTC', tax_rate_ppm = 0 where id = $1", life.customer_id)
    life.now = datetime(2027, 2, 1, tzinfo=UTC)
    return await life.subscribe(code, **arguments)


async def last_invoice(life: Life) -> dict[str, Any]:
    return dict(max(await life.rows("invoice"), key=lambda row: row["number"]))


async def lines(life: Life, invoice: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (row["description"], row["total_minor"])
        for row in sorted(await life.rows("invoice_line", f"and invoice_id = '{invoice['id']}'"), key=lambda row: row["position"])
    ]


async def test_an_upgrade_credits_the_unused_half_and_charges_the_other_half_at_the_new_price(life: Life) -> None:
    subscription = await february(life, quantity=2)
    life.now += HALF
    payload = await life.do(
        "changePlan",
        subscriptionId=subscription,
        priceId=price("enterprise-support"),
        quantity=1,
        more="invoice { total { amount } } payment { amount { amount } }",
    )
    assert payload["userErrors"] == []
    invoice = await last_invoice(life)
    assert await lines(life, invoice) == [("Unused time on Storage add-on × 2", -500), ("Remaining time on Enterprise support", 24_950)]
    assert payload["payment"] == {"amount": {"amount": "244.50"}}
    row = await life.row(subscription)
    assert (row["period_ends_at"], row["renewal_minor"]) == (datetime(2027, 3, 1, tzinfo=UTC), 49_900)


async def test_a_second_change_credits_what_the_first_one_charged(life: Life) -> None:
    subscription = await february(life)
    life.now += HALF
    await life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"))
    life.now += timedelta(days=7)
    await life.do("changePlan", subscriptionId=subscription, priceId=price("storage"), when="NOW")
    invoice = await last_invoice(life)
    assert await lines(life, invoice) == [("Unused time on Enterprise support", -125), ("Remaining time on Storage add-on", 125)]
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 24_950 // 2 - 125


async def test_a_downgrade_waits_for_the_end_of_the_period_and_charges_nothing_now(life: Life) -> None:
    subscription = await february(life, "enterprise-support")
    life.now += HALF
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("storage"), more="invoice { id }")
    assert payload["invoice"] is None
    assert payload["subscription"]["pendingChange"] == {"kind": "PLAN", "effectiveAt": "2027-03-01T00:00:00.000Z"}
    assert payload["subscription"]["renewalAmount"] == {"amount": "5.00"}


async def test_as_much_as_before_counts_as_an_upgrade(life: Life) -> None:
    subscription = await february(life, quantity=2)
    payload = await life.do("updateQuantity", subscriptionId=subscription, quantity=2)
    assert payload["userErrors"][0]["code"] == "NO_CHANGE"
    more = await life.do("updateQuantity", subscriptionId=subscription, quantity=3)
    assert (more["subscription"]["quantity"], more["subscription"]["pendingChange"]) == (3, None)
    less = await life.do("updateQuantity", subscriptionId=subscription, quantity=1)
    assert less["subscription"]["pendingChange"]["kind"] == "PLAN"


async def test_another_interval_is_billed_now_and_moves_the_anchor(life: Life) -> None:
    subscription = await february(life)
    life.now += HALF
    await life.do("changePlan", subscriptionId=subscription, priceId=price("storage", "YEAR"))
    invoice = await last_invoice(life)
    assert await lines(life, invoice) == [("Unused time on Storage add-on", -250), ("Remaining time on Storage add-on", 5_000)]
    row = await life.row(subscription)
    assert (row["anchor_at"], row["period_ends_at"]) == (life.now, datetime(2028, 2, 15, tzinfo=UTC))


async def test_what_was_not_paid_yet_is_taken_off_its_invoice_and_becomes_no_credit(life: Life) -> None:
    subscription = await february(life)
    await life.decline_payments()
    await life.admin.execute("update invoice set due_on = due_on + 14 where customer_id = $1", life.customer_id)
    life.now += timedelta(days=7)
    await life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"))
    first = min(await life.rows("invoice"), key=lambda row: row["number"])
    assert (first["credited_minor"], first["remaining_minor"], first["status"]) == (375, 125, "OPEN")
    assert await lines(life, await last_invoice(life)) == [("Remaining time on Enterprise support", 37_425)]
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 0


async def test_more_unused_time_than_the_new_plan_costs_becomes_credit_and_pays_the_next_invoice_first(life: Life) -> None:
    subscription = await february(life, "enterprise-support")
    life.now += HALF
    payload = await life.do(
        "changePlan", subscriptionId=subscription, priceId=price("storage"), when="NOW", more="invoice { total { amount } status } payment { id }"
    )
    assert (payload["invoice"], payload["payment"]) == ({"total": {"amount": "0.00"}, "status": "PAID"}, None)
    assert [entry["amount_minor"] for entry in await life.rows("balance_entry")] == [24_950 - 250]
    await life.advance(subscription, days=14)
    invoice = await last_invoice(life)
    assert (invoice["total_minor"], invoice["credited_minor"], invoice["status"]) == (500, 500, "PAID")


async def test_a_declined_change_changes_nothing(life: Life) -> None:
    subscription = await february(life)
    await life.card("insufficient_funds")
    before = dict(await life.row(subscription))
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"))
    assert payload["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    after = dict(await life.row(subscription))
    assert {key: value for key, value in after.items() if key != "version"} == {key: value for key, value in before.items() if key != "version"}
    assert len(await life.rows("invoice")) == 1


async def test_a_processor_that_is_away_changes_nothing_and_the_same_call_may_be_sent_again(life: Life) -> None:
    subscription = await february(life)
    await life.card("unavailable")
    arguments = {"subscriptionId": subscription, "priceId": price("business"), "idempotencyKey": "again"}
    assert (await life.do("changePlan", **arguments))["userErrors"][0]["code"] == "PAYMENT_UNAVAILABLE"
    await life.card("visa")
    payload = await life.do("changePlan", **arguments)
    assert (payload["userErrors"], payload["subscription"]["plan"]["code"]) == ([], "business")


async def test_during_a_trial_the_plan_changes_at_once_and_the_trials_end_is_kept(life: Life) -> None:
    subscription = await life.subscribe("starter", is_past_trial=False)
    before = await life.row(subscription)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), more="invoice { id }")
    assert (payload["subscription"]["status"], payload["subscription"]["plan"]["code"], payload["invoice"]) == ("TRIALING", "business", None)
    assert (await life.row(subscription))["trial_ends_at"] == before["trial_ends_at"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"priceId": price("solo-2019")}, "PLAN_UNAVAILABLE"),
        ({"priceId": price("business", currency="EUR")}, "CURRENCY_MISMATCH"),
        ({"priceId": "price_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND"),
        ({"priceId": price("storage")}, "NO_CHANGE"),
        ({"priceId": price("storage"), "quantity": 0}, "INVALID_VALUE"),
        ({"priceId": price("storage"), "quantity": 10_001}, "INVALID_VALUE"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_and_leaves_nothing_behind(life: Life, arguments: dict[str, Any], code: str) -> None:
    subscription = await february(life)
    before = await life.everything()
    assert (await life.do("changePlan", subscriptionId=subscription, **arguments))["userErrors"][0]["code"] == code
    assert await life.everything() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"priceId": price("solo-2019")}, "PLAN_UNAVAILABLE"),
        ({"priceId": price("storage", currency="EUR")}, "CURRENCY_MISMATCH"),
        ({"priceId": price("storage"), "quantity": 10_001}, "INVALID_VALUE"),
        ({"priceId": price("storage"), "startAt": "2027-01-31T10:15:00Z"}, "INVALID_VALUE"),
        ({"priceId": price("storage"), "startAt": "2028-06-01T00:00:00Z"}, "INVALID_VALUE"),
        ({"priceId": price("storage"), "couponCode": "NOSUCH"}, "COUPON_INVALID"),
        ({"priceId": price("storage"), "paymentMethodId": "pm_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_and_leaves_nothing_behind(life: Life, arguments: dict[str, Any], code: str) -> None:
    before = await life.everything()
    assert (await life.do("addPlan", **arguments))["userErrors"][0]["code"] == code
    assert await life.everything() == before


async def test_without_a_method_nothing_is_added(life: Life) -> None:
    await life.admin.execute("update payment_method set is_default = false, deleted_at = $2 where customer_id = $1", life.customer_id, life.now)
    assert (await life.do("addPlan", priceId=price("storage")))["userErrors"][0]["code"] == "PAYMENT_METHOD_REQUIRED"


async def test_a_declined_order_adds_nothing_and_gives_the_coupon_back(life: Life) -> None:
    await life.card("insufficient_funds")
    before = await life.admin.fetchval("select redeemed_count from coupon where code = 'FOUNDERS'")
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="founders", more="payment { status }")
    assert (payload["userErrors"][0]["code"], payload["payment"]["status"]) == ("PAYMENT_DECLINED", "FAILED")
    assert await life.rows("subscription") == await life.rows("invoice") == await life.rows("coupon_redemption") == []
    assert await life.admin.fetchval("select redeemed_count from coupon where code = 'FOUNDERS'") == before


async def test_a_trial_is_for_who_has_never_had_the_plan(life: Life) -> None:
    first = await life.subscribe("starter", is_past_trial=False)
    await life.do("cancelSubscription", subscriptionId=first, when="NOW")
    payload = await life.do("addPlan", priceId=price("starter"))
    assert payload["subscription"]["status"] == "ACTIVE"


TOTALS = "{ customer { summary { balance { amount currency } totalDue { amount currency } totalOverdue { amount currency } processing { amount currency } } } }"


async def test_totals_list_the_currency_of_an_account_whose_invoices_are_all_paid(life: Life) -> None:
    assert (await life.ask(TOTALS))["customer"]["summary"] == {"balance": [], "totalDue": [], "totalOverdue": [], "processing": []}
    for _ in range(2):
        await life.subscribe("storage")
    zero = [{"amount": "0.00", "currency": "USD"}]
    assert (await life.ask(TOTALS))["customer"]["summary"] == {"balance": zero, "totalDue": zero, "totalOverdue": zero, "processing": zero}


ENDS, ELSEWHERE = "PERIOD_ENDS_NOW", "CREDIT_EXCEEDS_LINE"


@pytest.mark.parametrize(
    ("before", "after", "when", "warnings"),
    [
        # A change under the default policy that ends a paid year at once; what is left of the year is more than the month costs.
        (("enterprise-support", "YEAR"), ("enterprise-support", "MONTH"), "POLICY", [ENDS, ELSEWHERE]),
        (("storage", "YEAR"), ("storage", "MONTH"), "NOW", [ENDS, ELSEWHERE]),
        (("storage", "YEAR"), ("enterprise-support", "MONTH"), "POLICY", [ENDS]),
        (("storage", "MONTH"), ("storage", "YEAR"), "POLICY", [ENDS]),
        (("storage", "YEAR"), ("storage", "MONTH"), "PERIOD_END", []),
        # A downgrade at once: the line says no more than the new price of the rest.
        (("enterprise-support", "MONTH"), ("storage", "MONTH"), "NOW", [ELSEWHERE]),
        (("enterprise-support", "MONTH"), ("storage", "MONTH"), "POLICY", []),
        (("storage", "MONTH"), ("enterprise-support", "MONTH"), "POLICY", []),
    ],
)
async def test_a_preview_warns_of_a_period_that_ends_and_of_credit_that_no_line_shows(
    life: Life, before: tuple[str, str], after: tuple[str, str], when: str, warnings: list[str]
) -> None:
    subscription = await february(life, before[0], interval=before[1])
    life.now += HALF
    preview = (await life.preview("changePlan", subscriptionId=subscription, priceId=price(*after), when=when))["preview"]
    assert preview["warnings"] == warnings
    old = await life.row(subscription)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price(*after), when=when, previewToken=preview["previewToken"])
    assert payload["userErrors"] == []
    row = await life.row(subscription)
    assert (ENDS in warnings) is (row["period_starts_at"] == life.now != old["period_starts_at"])
    credit = sum(entry["amount_minor"] for entry in await life.rows("balance_entry"))
    assert (ELSEWHERE in warnings) is (credit > 0)
    assert preview["creditGranted"]["amount"] == f"{credit / 100:.2f}"


async def test_a_preview_warns_that_unused_time_is_taken_off_an_open_invoice_and_stands_on_no_line(life: Life) -> None:
    subscription = await february(life)
    await life.card("insufficient_funds")
    await life.advance(subscription, days=28)
    await life.card()
    life.now += timedelta(days=10)
    preview = (await life.preview("changePlan", subscriptionId=subscription, priceId=price("enterprise-support")))["preview"]
    assert preview["warnings"] == [ELSEWHERE]
    assert [line["description"] for line in preview["lines"]] == ["Remaining time on Enterprise support"]


@pytest.mark.inconsistent_rows
async def test_a_preview_of_a_change_within_a_trial_or_of_a_free_period_warns_of_nothing(life: Life) -> None:
    subscription = await life.subscribe("business", "YEAR", is_past_trial=False)
    assert (await life.preview("changePlan", subscriptionId=subscription, priceId=price("business")))["preview"]["warnings"] == []
    free = await life.subscribe("storage")
    await life.admin.execute(
        "update invoice_line set unit_minor = 0, subtotal_minor = 0, tax_minor = 0, total_minor = 0 where customer_id = $1", life.customer_id
    )
    assert (await life.preview("changePlan", subscriptionId=free, priceId=price("storage", "YEAR")))["preview"]["warnings"] == []
