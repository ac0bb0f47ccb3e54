"""Invoices that stay unpaid: what the clock tries and when, what customers and staff can do, and that a hold ends with its cause."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from auth.seal import Seal
from billing.money.dunning import Ending, RetryPolicy
from jobs.clock import Billing, ClockPassResult, tick
from resolvers.context import Letterhead
from tests.conftest import STAFF
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.invoices.test_owed import charged as owed_on_account
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, credit, invoice, pay

SHORT = RetryPolicy((1, 3))
SEAL = Seal("the tests' secret")
COLLECTION = "collection { state failedAttempts nextAttemptAt message }"


async def passed(life: Life, policy: RetryPolicy = SHORT, **length: float) -> ClockPassResult:
    """Time goes by, and the clock makes one pass, which writes letters."""
    life.now += timedelta(**length)
    letterhead = Letterhead("The Portal", "https://portal.example", SEAL)
    done = await tick(Billing(life.database, {"sandbox": life.sandbox}, policy, letterhead=letterhead), life.now)
    assert done.failures == 0
    return done


async def days(life: Life, count: int, policy: RetryPolicy = SHORT) -> None:
    for _ in range(count):
        await passed(life, policy, days=1)


async def renewed(life: Life, card: str | None = "insufficient_funds") -> str:
    """A subscription on the day of its first renewal, which cannot be collected."""
    subscription = await life.subscribe("storage")
    await life.admin.execute("update payment_method set is_default = false where customer_id = $1", life.customer_id)
    if card is not None:
        await life.card(card)
    await passed(life, days=28)
    return subscription


async def held(life: Life, card: str | None = "insufficient_funds") -> str:
    subscription = await renewed(life, card)
    await days(life, 4)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert await states(life) == [("GIVEN_UP", 3)]
    return subscription


async def standing(life: Life, subscription: str) -> tuple[str, list[str]]:
    row = await life.row(subscription)
    return row["status"], row["holds"]


async def unpaid(life: Life) -> list[asyncpg.Record]:
    return sorted(await life.rows("invoice", "and remaining_minor > 0"), key=lambda row: (row["due_on"], row["id"]))


async def states(life: Life) -> list[tuple[str, int]]:
    return [(row["collection"], row["retry_count"]) for row in await unpaid(life)]


async def charged(life: Life) -> int:
    """How many charges the clock has made."""
    return len(await life.rows("charge", "and mutation is null"))


async def letters(life: Life) -> list[str]:
    """What the letters about failed payments say, the oldest first."""
    rows = sorted(await life.rows("letter", "and kind = 'payment_failed'"), key=lambda row: (row["written_at"], row["id"]))
    return [json.loads(SEAL.open(bytes(row["sealed"]), row["id"]))["text"] for row in rows]


async def collection_of(life: Life, invoice_id: str, viewer: Any = None) -> dict[str, Any]:
    data = await life.ask(f"query Q($id: ID!) {{ node(id: $id) {{ ... on Invoice {{ {COLLECTION} }} }} }}", viewer, id=invoice_id)
    collection: dict[str, Any] = data["node"]["collection"]
    return collection


async def next_payment(life: Life) -> dict[str, Any] | None:
    data = await life.ask("{ customer { summary { nextPayment { date kind amount { amount } source { __typename id } } } } }")
    payment: dict[str, Any] | None = data["customer"]["summary"]["nextPayment"]
    return payment


async def set_default(life: Life, method: str, **arguments: Any) -> None:
    payload = await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method, **arguments)
    assert payload == {"paymentMethod": {"isDefault": True}, "userErrors": []}


# Case 1: a new method after the hold.


async def test_a_new_default_with_retry_past_due_is_charged_within_a_minute_after_dunning_has_held_the_subscription(life: Life) -> None:
    visa = (await life.rows("payment_method"))[0]["id"]
    subscription = await held(life)
    await set_default(life, visa, retryPastDue=True)
    (owed,) = await unpaid(life)
    assert (await collection_of(life, owed["id"]))["state"] == "DUE"
    assert (await next_payment(life))["source"] == {"__typename": "Invoice", "id": owed["id"]}
    await passed(life, minutes=1)
    assert await unpaid(life) == []
    assert await standing(life, subscription) == ("ACTIVE", [])
    await assert_books(life)


WAYS = ("added as default", "chosen as default", "replacement", "chosen with retryPastDue")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("card", ["insufficient_funds", "stolen_card", None], ids=["declined", "declined for good", "no method"])
async def test_whatever_way_another_method_comes_it_is_charged_for_all_that_is_open_the_oldest_first(life: Life, way: str, card: str | None) -> None:
    subscription = await renewed(life, card)
    await days(life, 31, RetryPolicy((1, 40), Ending.NOTHING))
    assert len(await unpaid(life)) == 2
    before = await charged(life)
    await come(life, way)
    assert await states(life) == [("DUE", 0), ("DUE", 0)]
    oldest, other = [row["id"] for row in await unpaid(life)]
    await passed(life, minutes=1)
    assert await unpaid(life) == []
    charges = await life.admin.fetch(
        "select invoice_id from charge where customer_id = $1 and mutation is null order by cast(cast(xmin as text) as bigint)", life.customer_id
    )
    assert [row["invoice_id"] for row in charges][before:] == [oldest, other]
    assert await standing(life, subscription) == ("ACTIVE", [])


async def test_a_late_clock_charges_the_periods_that_it_missed_the_oldest_first(life: Life) -> None:
    await life.subscribe("storage")
    await passed(life, days=190)
    rows = await life.admin.fetch(
        "select i.period_starts_at from charge c join invoice i on i.customer_id = c.customer_id and i.id = c.invoice_id"
        " where c.customer_id = $1 and c.mutation is null order by cast(cast(c.xmin as text) as bigint)",
        life.customer_id,
    )
    periods = [row["period_starts_at"] for row in rows]
    assert len(periods) == 6
    assert periods == sorted(periods)


async def test_the_oldest_invoice_is_charged_first_and_with_it_the_account_though_the_time_of_a_newer_one_came_before(life: Life) -> None:
    await renewed(life)
    await days(life, 31, RetryPolicy((1, 40), Ending.NOTHING))
    oldest, other = await unpaid(life)
    await come(life, "added as default")
    # As where the processor was away when the newer one was renewed, and the customer gave another method before the clock came again.
    await life.admin.execute("update invoice set collect_at = $2 where id = $1", other["id"], life.now - timedelta(minutes=10))
    await owed_on_account(life, 50)
    await passed(life, minutes=1)
    assert await unpaid(life) == []
    payments = await life.rows("payment", "and status = 'SUCCEEDED'")
    amounts = {
        row["invoice_id"]: payment["amount_minor"]
        for row in await life.rows("payment_allocation")
        for payment in payments
        if payment["id"] == row["payment_id"]
    }
    assert (amounts[oldest["id"]], amounts[other["id"]]) == (oldest["remaining_minor"] + 50, other["remaining_minor"])


async def come(life: Life, way: str) -> None:
    """A card that pays comes in one of the ways in which customers add or choose one."""
    if way == "added as default":
        assert (await add(life, "amex", makeDefault=True))["userErrors"] == []
        return
    method = (await add(life, "amex"))["paymentMethod"]
    if way == "chosen as default" and not method["isDefault"]:
        await set_default(life, method["id"])
    elif way == "chosen with retryPastDue":
        await set_default(life, method["id"], retryPastDue=True)
    elif not method["isDefault"]:
        (default,) = [row["id"] for row in await life.rows("payment_method", "and is_default")]
        payload = await change_method(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=default, replacementId=method["id"])
        assert payload["userErrors"] == []


async def test_the_first_method_that_is_added_is_charged_for_what_waits(life: Life) -> None:
    await renewed(life, None)
    await life.admin.execute("update payment_method set deleted_at = now() where customer_id = $1", life.customer_id)
    assert (await add(life, "amex"))["paymentMethod"]["isDefault"]
    await passed(life, minutes=1)
    assert await unpaid(life) == []


async def test_a_method_that_is_not_to_be_charged_changes_nothing(life: Life) -> None:
    await renewed(life)
    before = await unpaid(life)
    assert not (await add(life, "amex"))["paymentMethod"]["isDefault"]
    assert await unpaid(life) == before


async def test_another_method_that_is_declined_too_has_all_days_of_the_policy_again(life: Life) -> None:
    subscription = await held(life)
    tried = await charged(life)
    await add(life, "generic_decline", makeDefault=True)
    await passed(life, minutes=1)
    assert (await states(life), await charged(life)) == ([("RETRYING", 1)], tried + 1)
    await days(life, 4)
    assert (await states(life), await charged(life)) == ([("GIVEN_UP", 3)], tried + 3)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])


async def test_two_methods_in_turn_are_each_charged_no_more_often_than_card_networks_allow(life: Life) -> None:
    await renewed(life)
    first = next(row["id"] for row in await life.rows("payment_method", "and is_default"))
    second = (await add(life, "generic_decline"))["paymentMethod"]["id"]
    for _ in range(20):
        await set_default(life, second)
        await passed(life, minutes=1)
        await set_default(life, first)
        await passed(life, minutes=1)
    tries = [row["payment_method_id"] for row in await life.rows("payment", "and status = 'FAILED'")]
    assert {method: tries.count(method) for method in tries} == {first: 15, second: 15}
    assert (await states(life))[0][0] == "WAITING_FOR_METHOD"


@pytest.mark.parametrize("is_requested", [False, True], ids=["its own has expired", "on request"])
async def test_a_subscription_that_names_a_method_is_charged_to_the_default_that_its_customer_chooses(life: Life, is_requested: bool) -> None:
    subscription = await life.subscribe("storage")
    own = await life.card("insufficient_funds", is_default=False)
    await life.admin.execute("update subscription set payment_method_id = $2 where id = $1", subscription, own)
    if not is_requested:
        await life.admin.execute("update payment_method set expires_on = $2 where id = $1", own, date(2027, 2, 1))
    await passed(life, days=28)
    assert await states(life) == [("RETRYING" if is_requested else "WAITING_FOR_METHOD", 1)]
    other = (await add(life, "amex"))["paymentMethod"]["id"]
    await set_default(life, other, retryPastDue=is_requested)
    await passed(life, minutes=1)
    assert await unpaid(life) == []
    assert (await life.row(subscription))["payment_method_id"] is None


async def test_a_method_that_comes_while_a_slow_debit_fails_is_charged_next(life: Life) -> None:
    await renewed(life, "sepa_returned")
    assert [row["status"] for row in await unpaid(life)] == ["PROCESSING"]
    await add(life, "amex", makeDefault=True)
    await passed(life, minutes=5)
    assert await unpaid(life) == []
    assert sorted(row["status"] for row in await life.rows("payment")) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]


# Case 2: no method.


async def test_a_renewal_without_a_method_is_a_failed_try_with_its_letter_and_held_after_the_days_of_the_policy(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.admin.execute("update payment_method set expires_on = $2 where customer_id = $1", life.customer_id, date(2027, 2, 15))
    await passed(life, RetryPolicy(), days=28)
    expected = [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5]
    counts = []
    for _ in expected:
        counts += [count for _, count in await states(life)]
        await passed(life, RetryPolicy(), days=1)
    assert counts == expected
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert await charged(life) == 0
    texts = await letters(life)
    assert ["Add a payment method." in text for text in texts] == [True, True, True, True, False]
    assert "no longer charged" in texts[-1]
    assert len(await life.rows("invoice")) == 2, "what is held does not renew"


async def no_method(life: Life, kind: str) -> None:
    expired, deleted = "expires_on = '2027-02-01'", "deleted_at = now(), is_default = false"
    change = {"expired": expired, "deleted": deleted, "not the default": "is_default = false", "of a processor that is gone": "processor = 'gone'"}[kind]
    await life.admin.execute(f"update payment_method set {change} where customer_id = $1", life.customer_id)


@pytest.mark.parametrize("kind", ["expired", "deleted", "not the default", "of a processor that is gone"])
@pytest.mark.parametrize("what", ["a renewal", "a trial's end", "a later start"])
async def test_whatever_is_due_and_whyever_no_method_can_be_charged_patience_runs_out(life: Life, kind: str, what: str) -> None:
    if what == "a renewal":
        subscription, wait = await life.subscribe("storage"), 28
    elif what == "a trial's end":
        subscription, wait = await life.subscribe("starter", is_past_trial=False), 14
    else:
        payload = await life.do("addPlan", priceId=price("storage"), startAt=(life.now + timedelta(days=20)).isoformat())
        subscription, wait = payload["subscription"]["id"], 20
    await no_method(life, kind)
    await passed(life, days=wait)
    assert await states(life) == [("WAITING_FOR_METHOD", 1)]
    await days(life, 3)
    assert await states(life) == [("GIVEN_UP", 3)]
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert len(await letters(life)) == 3


@pytest.mark.parametrize("ending", list(Ending))
async def test_without_a_method_what_happens_at_the_end_is_the_merchants_choice_too(life: Life, ending: Ending) -> None:
    subscription = await renewed(life, None)
    await days(life, 4, RetryPolicy((1, 3), ending))
    status = {Ending.HOLD: "SUSPENDED", Ending.CANCEL: "CANCELED", Ending.NOTHING: "ACTIVE"}[ending]
    assert (await life.row(subscription))["status"] == status
    assert await states(life) == [("GIVEN_UP", 3)]


async def test_the_letter_about_a_declined_renewal_says_the_amount_and_the_day_of_the_next_try(life: Life) -> None:
    await renewed(life)
    (text,) = await letters(life)
    (owed,) = await unpaid(life)
    assert f"Invoice: {owed['number']}" in text
    assert "We will try again on March 1." in text
    assert f"${owed['remaining_minor'] / 100:.2f}" in text


# Case 3: what lifts the hold.


async def by_credit(life: Life, owed: str) -> None:
    await credit(life, 100_000)
    payload = await pay(life, "payInvoice", invoiceId=owed)
    assert (payload["payment"], payload["userErrors"]) == (None, [])


async def by_card(life: Life, owed: str) -> None:
    visa = await life.card("visa", is_default=False)
    assert (await pay(life, "payInvoice", invoiceId=owed, paymentMethodId=visa))["userErrors"] == []


async def by_pay_all_due(life: Life, _: str) -> None:
    await credit(life, 100_000)
    assert (await pay(life, "payAllDue", currency="USD"))["userErrors"] == []


@pytest.mark.parametrize("pays", [by_credit, by_card, by_pay_all_due])
async def test_what_pays_the_last_overdue_invoice_lifts_the_hold_in_the_same_call(life: Life, pays: Any) -> None:
    subscription = await held(life)
    (owed,) = await unpaid(life)
    await pays(life, owed["id"])
    assert await unpaid(life) == []
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert [row["kind"] for row in await life.rows("subscription_event", "and kind in ('HELD', 'RELEASED')")] == ["HELD", "RELEASED"]


SQL = {
    "void": "update invoice set status = 'VOID' where id = $1",
    "a credit": "update invoice set credited_minor = credited_minor + remaining_minor, status = 'PAID', paid_at = now() where id = $1",
    "a payment": "update invoice set paid_minor = paid_minor + remaining_minor, status = 'PAID', paid_at = now() where id = $1",
}


@pytest.mark.inconsistent_rows
@pytest.mark.parametrize("sql", SQL.values(), ids=SQL)
async def test_what_sql_makes_of_the_last_overdue_invoice_lifts_the_hold_with_the_next_pass(life: Life, sql: str) -> None:
    subscription = await held(life)
    (owed,) = await unpaid(life)
    await life.admin.execute(sql, owed["id"])
    await passed(life, minutes=1)
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert (await collection_of(life, owed["id"])) == {"state": "NONE", "failedAttempts": 0, "nextAttemptAt": None, "message": None}


async def test_a_hold_stays_while_anything_that_dunning_was_about_is_unpaid(life: Life) -> None:
    subscription = await held(life)
    other = await invoice(life, 500, due_in=-1)
    await life.admin.execute("update invoice set subscription_id = $2 where id = $1", other, subscription)
    (owed,) = [row["id"] for row in await unpaid(life) if row["id"] != other]
    await life.admin.execute(SQL["void"], owed)
    await passed(life, minutes=1)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    await life.admin.execute(SQL["void"], other)
    await passed(life, minutes=1)
    assert await standing(life, subscription) == ("ACTIVE", [])


async def test_a_hold_whose_cause_goes_after_the_period_has_ended_begins_a_new_period(life: Life) -> None:
    subscription = await held(life)
    await life.card("visa")
    (owed,) = await unpaid(life)
    life.now += timedelta(days=60)
    await life.admin.execute(SQL["void"], owed["id"])
    await passed(life, minutes=1)
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert [row["period_starts_at"] for row in await life.rows("invoice", "and status = 'PAID'")][-1] == life.now


async def test_staff_lift_dunnings_hold_as_a_last_resort_and_the_open_invoice_is_charged_only_with_another_method(life: Life) -> None:
    subscription = await held(life)
    (owed,) = await unpaid(life)
    released = await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    assert (released["userErrors"], released["subscription"]["status"]) == ([], "ACTIVE")
    await days(life, 20)
    assert [(row["id"], row["collection"], row["collect_at"]) for row in await unpaid(life)] == [(owed["id"], "GIVEN_UP", None)]
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert (await life.do("releaseSubscription", STAFF, subscriptionId=subscription))["userErrors"][0]["code"] == "WRONG_STATE"
    await add(life, "amex", makeDefault=True)
    await passed(life, minutes=1)
    assert await unpaid(life) == []


async def test_staff_who_release_what_both_hold_lift_the_merchants_hold_first(life: Life) -> None:
    subscription = await held(life)
    await life.do("holdSubscription", STAFF, subscriptionId=subscription)
    await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    assert await standing(life, subscription) == ("ACTIVE", [])


# Case 4: the customer's own tries.


async def test_a_customers_own_declined_tries_count_for_nothing_and_swallow_no_try_of_the_clock(life: Life) -> None:
    subscription = await renewed(life)
    (owed,) = await unpaid(life)
    tried = [await charged(life)]
    for _ in range(15):
        for _ in range(2):
            if (await life.row(subscription))["status"] == "ACTIVE":
                assert (await pay(life, "payInvoice", invoiceId=owed["id"]))["userErrors"][0]["code"] == "PAYMENT_DECLINED"
        await passed(life, RetryPolicy(), days=1)
        tried.append(await charged(life))
    assert tried == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5]
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])


async def test_a_retry_that_the_customer_requests_with_the_same_card_is_made_and_counts_for_nothing(life: Life) -> None:
    await renewed(life)
    (card,) = [row["id"] for row in await life.rows("payment_method", "and is_default")]
    planned = (await unpaid(life))[0]["collect_at"]
    await set_default(life, card, retryPastDue=True)
    assert await states(life) == [("DUE", 1)]
    await passed(life, minutes=1)
    assert await charged(life) == 2
    assert (await states(life), (await unpaid(life))[0]["collect_at"]) == ([("RETRYING", 1)], planned)


async def test_a_part_that_the_customer_pays_leaves_the_days_of_the_rest_as_they_were(life: Life) -> None:
    await renewed(life)
    (owed,) = await unpaid(life)
    visa = await life.card("visa", is_default=False)
    assert (await pay(life, "payInvoice", invoiceId=owed["id"], amountMinorUnits="100", paymentMethodId=visa))["userErrors"] == []
    assert [(row["status"], row["collection"], row["collect_at"]) for row in await unpaid(life)] == [("PARTIALLY_PAID", "RETRYING", owed["collect_at"])]
    await days(life, 1)
    assert await states(life) == [("RETRYING", 2)]
    await amounts_agree(life)


# What is shown.


async def test_the_collection_is_shown_to_staff_and_in_words_to_the_customer(life: Life) -> None:
    await life.admin.execute("update customer set locale = 'de-CH' where id = $1", life.customer_id)
    await renewed(life)
    (owed,) = await unpaid(life)
    expected = {"state": "RETRYING", "failedAttempts": 1, "nextAttemptAt": "2027-03-01T08:00:00.000Z"}
    seen = await collection_of(life, owed["id"])
    assert datetime.fromisoformat(seen["nextAttemptAt"]) == datetime.fromisoformat(expected["nextAttemptAt"])
    assert (seen["state"], seen["failedAttempts"], seen["message"]) == ("RETRYING", 1, "Wir versuchen es am 1. März erneut.")
    assert await collection_of(life, owed["id"], STAFF) == seen | {"message": "We will try again on March 1."}


async def test_the_next_payment_is_a_planned_retry_when_that_is_the_earliest(life: Life) -> None:
    await renewed(life)
    (owed,) = await unpaid(life)
    retry = {"date": "2027-03-01", "kind": "RETRY", "amount": {"amount": f"{owed['remaining_minor'] / 100:.2f}"}}
    assert await next_payment(life) == retry | {"source": {"__typename": "Invoice", "id": owed["id"]}}
    tried = await charged(life)
    life.now = owed["collect_at"]
    await passed(life)
    assert await charged(life) == tried + 1
    await days(life, 3)
    assert await next_payment(life) is None, "what is given up is no payment to come"


async def test_what_waits_for_a_method_is_no_payment_to_come(life: Life) -> None:
    await renewed(life, None)
    assert (await next_payment(life))["kind"] == "RENEWAL"
