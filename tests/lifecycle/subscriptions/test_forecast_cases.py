"""Named cases of what is shown and what then happens: pauses under a hold, payments to come, previews without a method, actions while something is paid."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.lifecycle.actions import Action
from tests.conftest import STAFF
from tests.lifecycle.conftest import START, Life, new_id, price
from tests.lifecycle.payments.test_paying import PAID, invoice, pay, schedule
from tests.lifecycle.subscriptions.test_actions import reasons
from tests.lifecycle.subscriptions.test_free import without_method

NEXT = "{ customer { summary { nextPayment { date kind amount { amount } source { id } } } } }"
PAY = "query N($ids: [ID!]!) { nodes(ids: $ids) { ... on Invoice { availableActions { action reason } } ... on Installment { availableActions { action reason } } } }"
OPTIONS = "query O($id: ID!) { node(id: $id) { ... on Subscription { cancellationOptions { kind couponCode price { id } } } } }"
STATUS = "query S($id: ID!) { node(id: $id) { ... on Subscription { status suspendedBy resumesAt } } }"


async def status_of(life: Life, subscription: str) -> tuple[str, str | None]:
    node = (await life.ask(STATUS, id=subscription))["node"]
    return node["status"], node["resumesAt"]


async def next_payment(life: Life) -> Any:
    return (await life.ask(NEXT))["customer"]["summary"]["nextPayment"]


async def reasons_to_pay(life: Life, *identifiers: str) -> list[str | None]:
    nodes = (await life.ask(PAY, ids=list(identifiers)))["nodes"]
    return [next(state["reason"] for state in node["availableActions"] if state["action"] == Action.PAY) for node in nodes]


async def paused(life: Life, *, days: int) -> str:
    subscription = await life.subscribe("storage")
    payload = await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=(life.now + timedelta(days=days)).isoformat())
    assert payload["userErrors"] == []
    return subscription


@pytest.mark.parametrize("is_late", [False, True], ids=["before the day", "after the day"])
@pytest.mark.parametrize("days", [20, 60], ids=["within the paid period", "after it"])
async def test_a_pause_under_a_hold_ends_on_its_day_or_at_once_when_the_hold_is_lifted_later(life: Life, days: int, is_late: bool) -> None:
    subscription = await paused(life, days=days)
    resumes_at = life.now + timedelta(days=days)
    before = await status_of(life, subscription)
    assert (await life.do("holdSubscription", STAFF, subscriptionId=subscription, note="A question."))["userErrors"] == []
    assert await status_of(life, subscription) == ("SUSPENDED", None)
    assert await next_payment(life) is None
    life.now = resumes_at + timedelta(days=3) if is_late else resumes_at - timedelta(days=3)
    assert await life.tick(subscription) == 0
    assert (await life.do("releaseSubscription", STAFF, subscriptionId=subscription))["userErrors"] == []
    assert await status_of(life, subscription) == before
    if not is_late:
        life.now = resumes_at - timedelta(microseconds=1)
        assert await life.tick(subscription) == 0
        life.now = resumes_at
    assert await life.tick(subscription) == 1
    row = await life.row(subscription)
    assert (row["status"], row["resumes_at"], row["paused_at"]) == ("ACTIVE", None, None)
    assert len(await life.rows("invoice")) == (1 if days == 20 else 2)


@pytest.mark.parametrize("holds", [("CUSTOMER", "MERCHANT"), ("MERCHANT",), ("CUSTOMER",)], ids=" and ".join)
async def test_a_suspended_pause_keeps_its_day_whoever_suspended_it(life: Life, holds: tuple[str, ...]) -> None:
    subscription = await paused(life, days=60)
    resumes_at = life.now + timedelta(days=60)
    for by in holds:
        if by == "CUSTOMER":
            answer = await life.preview("suspendSubscription", subscriptionId=subscription)
            assert "RESUMES_AFTER_SUSPENSION" in answer["preview"]["warnings"]
            assert (await life.do("suspendSubscription", subscriptionId=subscription))["userErrors"] == []
        else:
            assert (await life.do("holdSubscription", STAFF, subscriptionId=subscription))["userErrors"] == []
    assert (await life.row(subscription))["resumes_at"] == resumes_at
    life.now = resumes_at + timedelta(days=1)
    assert await life.tick(subscription) == 0
    if "MERCHANT" in holds:
        await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    if "CUSTOMER" in holds:
        # The customer's own word ends the pause, too.
        assert (await status_of(life, subscription))[0] == "SUSPENDED"
        await life.do("resumeSubscription", subscriptionId=subscription)
    await life.tick(subscription)
    assert await status_of(life, subscription) == ("ACTIVE", None)


async def test_a_cancellation_of_a_pause_under_a_hold_is_carried_out_when_it_is_shown(life: Life) -> None:
    """The period that was paid is used until then: a pause would have nothing to wait for."""
    subscription = await paused(life, days=20)
    await life.do("holdSubscription", STAFF, subscriptionId=subscription)
    payload = await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END")
    change = payload["subscription"]["pendingChange"]
    assert change["kind"] == "CANCEL"
    released = await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    assert released["subscription"]["pendingChange"] == change
    assert await status_of(life, subscription) == ("ACTIVE", None)
    life.now = datetime.fromisoformat(change["effectiveAt"])
    assert await life.tick(subscription) == 1
    assert (await life.row(subscription))["status"] == "CANCELED"


async def test_a_canceled_or_resumed_pause_forgets_its_day(life: Life) -> None:
    for mutation in ("cancelSubscription", "resumeSubscription"):
        subscription = await paused(life, days=60)
        await life.do("suspendSubscription", subscriptionId=subscription)
        assert (await life.do(mutation, subscriptionId=subscription, **({"when": "NOW"} if mutation == "cancelSubscription" else {})))["userErrors"] == []
        assert (await life.row(subscription))["resumes_at"] is None


async def test_a_resume_within_the_paid_period_is_no_payment_and_the_renewal_at_its_end_is_the_next(life: Life) -> None:
    subscription = await paused(life, days=10)
    assert await next_payment(life) == {"date": "2027-02-28", "kind": "RENEWAL", "amount": {"amount": "5.41"}, "source": {"id": subscription}}
    await life.advance(subscription, days=10)
    assert len(await life.rows("invoice")) == 1
    assert await next_payment(life) == {"date": "2027-02-28", "kind": "RENEWAL", "amount": {"amount": "5.41"}, "source": {"id": subscription}}


async def test_a_resume_after_the_paid_period_is_the_next_payment_also_when_the_clock_is_late(life: Life) -> None:
    subscription = await paused(life, days=60)
    assert await next_payment(life) == {"date": "2027-04-01", "kind": "RESUME", "amount": {"amount": "5.41"}, "source": {"id": subscription}}
    life.now += timedelta(days=70)
    assert await next_payment(life) == {"date": "2027-04-11", "kind": "RESUME", "amount": {"amount": "5.41"}, "source": {"id": subscription}}
    await life.tick(subscription)
    assert [row["total_minor"] for row in await life.rows("invoice")] == [541, 541]


async def test_an_installment_whose_invoice_is_void_is_no_payment_to_come_and_cannot_be_paid(life: Life) -> None:
    owed = await invoice(life, 900)
    (installment,) = await schedule(life, 900, invoicing="PER_INSTALLMENT", covered_by=[owed])
    assert (await next_payment(life))["source"] == {"id": installment}
    assert await reasons_to_pay(life, installment) == [None]
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    assert await next_payment(life) is None
    assert await reasons_to_pay(life, installment) == ["NOT_PAYABLE"]
    assert (await pay(life, "payInstallment", installmentId=installment))["userErrors"][0]["code"] == "NOT_PAYABLE"


async def test_a_cancellation_that_replaces_a_change_of_plan_shows_the_price_that_stays(life: Life) -> None:
    subscription = await life.subscribe("business")
    before = (await life.row(subscription))["renewal_minor"]
    await life.do("changePlan", subscriptionId=subscription, priceId=price("starter"), when="PERIOD_END")
    assert (await life.row(subscription))["renewal_minor"] != before
    answer = await life.preview("cancelSubscription", subscriptionId=subscription)
    await life.do("cancelSubscription", subscriptionId=subscription)
    assert (await life.row(subscription))["renewal_minor"] == before
    assert int(answer["preview"]["renewalAmount"]["amount"].replace(".", "")) == before


@pytest.mark.parametrize("how", ["none", "expired", "of a processor that is gone"])
async def test_a_preview_tells_that_a_payment_method_is_needed_as_the_mutation_does(life: Life, how: str) -> None:
    subscription = await life.subscribe("storage")
    arguments = {"subscriptionId": subscription, "priceId": price("business"), "when": "NOW"}
    if how == "none":
        await without_method(life)
    elif how == "expired":
        await life.admin.execute("update payment_method set expires_on = $2 where customer_id = $1", life.customer_id, START.date() - timedelta(days=1))
    else:
        await life.admin.execute("update payment_method set processor = 'gone' where customer_id = $1", life.customer_id)
    before = await life.everything()
    answer = await life.preview("changePlan", **arguments)
    assert ([error["code"] for error in answer["userErrors"]], answer["preview"]) == (["PAYMENT_METHOD_REQUIRED"], None)
    assert [error["code"] for error in (await life.do("changePlan", **arguments))["userErrors"]] == ["PAYMENT_METHOD_REQUIRED"]
    assert await life.everything() == before
    # What charges nothing needs none, and credit that pays for everything is enough.
    assert (await life.preview("changePlan", **arguments | {"when": "PERIOD_END"}))["userErrors"] == []
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at) values ($1, $2, 'USD', 50000, 'ADJUSTMENT', $3)",
        life.customer_id, new_id("bal"), life.now,
    )  # fmt: skip
    assert (await life.preview("changePlan", **arguments))["userErrors"] == []
    assert (await life.do("changePlan", **arguments))["userErrors"] == []


@pytest.mark.parametrize("state", ["ACTIVE", "a coupon that ends", "a coupon for ever", "a change to come", "a price with tax", "quantity"])
async def test_the_renewal_is_shown_at_the_tax_rate_of_today(life: Life, state: str) -> None:
    plan, with_tax = new_id("plan"), new_id("price")
    await life.admin.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'A plan', 0, $2)", plan, START)
    await life.admin.execute(
        """insert into price (id, plan_id, currency, unit_minor, billing_interval, tax_behavior, created_at) values ($1, $2, 'USD', 1999, 'MONTH', 'INCLUSIVE', $3)""",
        with_tax, plan, START,
    )  # fmt: skip
    subscription = await life.subscribe("business")
    if state.startswith("a coupon"):
        code = new_id("cpn").upper()
        await life.admin.execute(
            "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ($1, $2, 'A coupon', 333333, $3, $4)",
            code.lower(), code, "ONCE" if "ends" in state else "FOREVER", START,
        )  # fmt: skip
        await life.do("applyCoupon", subscriptionId=subscription, code=code)
        await life.advance(subscription, days=31)
    if state in ("a change to come", "a price with tax"):
        target = with_tax if state == "a price with tax" else price("starter")
        await life.do("changePlan", subscriptionId=subscription, priceId=target, when="PERIOD_END")
    if state == "quantity":
        await life.do("updateQuantity", subscriptionId=subscription, quantity=7)
    before = (await life.row(subscription))["renewal_minor"]
    await life.admin.execute("update customer set tax_rate_ppm = 77777 where id = $1", life.customer_id)
    row = await life.row(subscription)
    assert (row["renewal_minor"] == before) is (state == "a price with tax")
    amount = (await life.ask("query R($id: ID!) { node(id: $id) { ... on Subscription { renewalAmount { minorUnits } } } }", id=subscription))["node"][
        "renewalAmount"
    ]
    assert int(amount["minorUnits"]) == row["renewal_minor"]
    life.now = row["renews_at"]
    await life.tick(subscription)
    assert max(await life.rows("invoice"), key=lambda one: one["issued_at"])["total_minor"] == row["renewal_minor"]


async def test_a_tax_rate_that_changes_while_a_charge_decides_is_that_of_the_next_renewal(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("requires_action")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="NOW", more="payment { id status }")
    assert payload["payment"]["status"] == "REQUIRES_ACTION"
    await life.admin.execute("update customer set tax_rate_ppm = 0 where id = $1", life.customer_id)
    await life.ask("mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } } }", i={"paymentId": payload["payment"]["id"]})
    row = await life.row(subscription)
    assert (row["charging_payment_id"], row["renewal_minor"]) == (None, 9_900)


async def test_an_invoice_cannot_be_paid_while_a_charge_decides_over_its_subscription(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.card("insufficient_funds")
    await life.advance(subscription, days=31)
    owed = (await life.rows("invoice", "and status = 'OPEN'"))[0]["id"]
    assert await reasons_to_pay(life, owed) == [None]
    await life.card("slow")
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=price("business"), when="NOW", more="payment { id status }")
    assert payload["payment"]["status"] == "PROCESSING"
    assert await reasons_to_pay(life, owed) == ["IN_PROGRESS"]
    assert (await pay(life, "payInvoice", invoiceId=owed))["userErrors"][0]["code"] == "IN_PROGRESS"
    assert {reason for action, reason in (await reasons(life, subscription)).items() if action != Action.CANCEL} == {"IN_PROGRESS"}


async def test_the_installments_of_an_invoice_that_is_being_paid_wait_with_it(life: Life) -> None:
    owed = await invoice(life, 3_000)
    installments = await schedule(life, 1_000, 1_000, 1_000, invoicing="COLLECTIVE", covered_by=[owed] * 3)
    assert await reasons_to_pay(life, *installments) == [None] * 3
    await life.card("slow")
    payload = await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="1000")
    assert payload["payment"]["status"] == "PROCESSING", PAID
    assert [row["status"] for row in await life.rows("installment", "and status = 'DUE'")] == ["DUE"] * 2
    assert await reasons_to_pay(life, owed, *installments) == ["IN_PROGRESS"] * 4
    for installment in installments:
        assert (await pay(life, "payInstallment", installmentId=installment))["userErrors"][0]["code"] == "IN_PROGRESS"


async def test_the_default_method_is_chosen_once_more_only_to_charge_what_is_past_due(life: Life) -> None:
    method = await life.card()
    text = "mutation M($i: SetDefaultPaymentMethodInput!) { setDefaultPaymentMethod(input: $i) { paymentMethod { id isDefault version } userErrors { code } } }"
    refused = (await life.ask(text, i={"paymentMethodId": method}))["setDefaultPaymentMethod"]
    assert ([error["code"] for error in refused["userErrors"]], refused["paymentMethod"]) == (["ALREADY_DEFAULT"], None)
    done = (await life.ask(text, i={"paymentMethodId": method, "retryPastDue": True}))["setDefaultPaymentMethod"]
    assert (done["userErrors"], done["paymentMethod"]["isDefault"]) == ([], True)


async def offered(life: Life, subscription: str) -> list[str]:
    return [option["kind"] for option in (await life.ask(OPTIONS, id=subscription))["node"]["cancellationOptions"]]


async def test_nothing_is_offered_that_would_be_refused(life: Life) -> None:
    subscription = await life.subscribe("business")
    assert await offered(life, subscription) == ["COUPON", "PAUSE", "DOWNGRADE"]
    await life.do("cancelSubscription", subscriptionId=subscription)
    assert await offered(life, subscription) == []
    await life.do("resumeSubscription", subscriptionId=subscription)
    owed = await invoice(life, 500, due_in=-1)
    await life.admin.execute("update invoice set subscription_id = $2 where id = $1", owed, subscription)
    assert await offered(life, subscription) == ["COUPON"]
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    await life.card("slow")
    await life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"), when="NOW")
    assert await offered(life, subscription) == []


@pytest.mark.parametrize("what", ["the coupon's last day", "the plan"])
async def test_what_can_no_longer_be_had_is_not_offered(life: Life, what: str) -> None:
    subscription = await life.subscribe("business")
    changed = life.admin.transaction()
    await changed.start()
    try:
        await life.admin.execute(f"set local app.now = '{life.now.isoformat()}'")
        kinds = "select array_agg(kind order by rank) from portal_cancellation_option where subscription_id = $1"
        assert await life.admin.fetchval(kinds, subscription) == ["COUPON", "PAUSE", "DOWNGRADE"]
        if what == "the plan":
            await life.admin.execute("update plan set is_archived = true where code = 'starter'")
        else:
            await life.admin.execute("update coupon set redeem_until_on = $1 where code = 'STAY25'", life.now.date() - timedelta(days=1))
        assert await life.admin.fetchval(kinds, subscription) == (["COUPON", "PAUSE"] if what == "the plan" else ["PAUSE", "DOWNGRADE"])
    finally:
        await changed.rollback()
