"""Every cell of the table through the API: allowed and what comes of it, or refused and nothing changed."""

import threading
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from billing.lifecycle.actions import Action
from billing.refusals import ErrorCode
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, new_id, price

MUTATIONS: dict[Action, tuple[str, dict[str, Any]]] = {
    Action.PAUSE: ("pauseSubscription", {}),
    Action.SUSPEND: ("suspendSubscription", {}),
    Action.RESUME: ("resumeSubscription", {}),
    Action.CANCEL: ("cancelSubscription", {"reason": "UNUSED"}),
    Action.CHANGE_PLAN: ("changePlan", {"priceId": price("enterprise-support")}),
    Action.APPLY_COUPON: ("applyCoupon", {"code": "welcome20"}),
}

# How to get into each row of the table, and what each action in it comes to: a status, "STATUS, pending KIND", or the code of a refusal.
CELLS: dict[str, tuple[str, ...]] = {
    "PENDING": ("WRONG_STATE", "WRONG_STATE", "WRONG_STATE", "CANCELED", "WRONG_STATE", "WRONG_STATE"),
    "SCHEDULED": ("WRONG_STATE", "WRONG_STATE", "WRONG_STATE", "CANCELED", "WRONG_STATE", "SCHEDULED"),
    "TRIALING": ("PAUSE_IN_TRIAL", "SUSPENDED", "WRONG_STATE", "TRIALING, pending CANCEL", "TRIALING", "TRIALING"),
    "ACTIVE": ("ACTIVE, pending PAUSE", "SUSPENDED", "WRONG_STATE", "ACTIVE, pending CANCEL", "ACTIVE", "ACTIVE"),
    "ACTIVE, overdue": ("OVERDUE_INVOICE", "SUSPENDED", "WRONG_STATE", "ACTIVE, pending CANCEL", "OVERDUE_INVOICE", "ACTIVE"),
    "pending PAUSE": ("ALREADY_SCHEDULED", "SUSPENDED", "ACTIVE", "ACTIVE, pending CANCEL", "ACTIVE", "ACTIVE, pending PAUSE"),
    "pending CANCEL": ("ALREADY_SCHEDULED", "SUSPENDED, pending CANCEL", "ACTIVE", "ACTIVE, pending CANCEL", "RESUME_FIRST", "RESUME_FIRST"),
    "pending PLAN": ("ACTIVE, pending PAUSE", "SUSPENDED, pending PLAN", "ACTIVE", "ACTIVE, pending CANCEL", "ACTIVE", "ACTIVE, pending PLAN"),
    "PAUSED": ("PAUSED", "SUSPENDED", "ACTIVE", "CANCELED", "RESUME_FIRST", "PAUSED"),
    "SUSPENDED by CUSTOMER": ("RESUME_FIRST", "SUSPENDED", "ACTIVE", "SUSPENDED, pending CANCEL", "RESUME_FIRST", "SUSPENDED"),
    "SUSPENDED": ("NOT_YOURS_TO_RESUME",) * 3 + ("SUSPENDED, pending CANCEL",) + ("NOT_YOURS_TO_RESUME",) * 2,
    "CANCELED": ("CANCELED", "CANCELED", "CANCELED", "CANCELED", "CANCELED", "CANCELED"),
}
SAME_ANSWER = {("PAUSED", Action.PAUSE), ("SUSPENDED by CUSTOMER", Action.SUSPEND), ("CANCELED", Action.CANCEL), ("pending CANCEL", Action.CANCEL)}
REFUSED_AS_CANCELED = {Action.PAUSE, Action.SUSPEND, Action.RESUME, Action.CHANGE_PLAN, Action.APPLY_COUPON}


async def into(life: Life, state: str) -> str:
    """A subscription in a row of the table."""
    if state == "PENDING":
        await life.card("slow")
        payload = await life.do("addPlan", priceId=price("storage"))
        return str(payload["subscription"]["id"])
    if state == "SCHEDULED":
        payload = await life.do("addPlan", priceId=price("business"), startAt="2027-03-01T00:00:00Z")
        return str(payload["subscription"]["id"])
    subscription = await life.subscribe("business", is_past_trial=state != "TRIALING")
    life.now += timedelta(days=3)
    if state == "ACTIVE, overdue":
        await life.decline_payments()
        life.now += timedelta(days=20)
    steps: dict[str, tuple[str, dict[str, Any]]] = {
        "pending PAUSE": ("pauseSubscription", {}),
        "pending CANCEL": ("cancelSubscription", {}),
        "pending PLAN": ("changePlan", {"priceId": price("starter"), "when": "PERIOD_END"}),
        "PAUSED": ("pauseSubscription", {"when": "NOW"}),
        "SUSPENDED by CUSTOMER": ("suspendSubscription", {}),
        "CANCELED": ("cancelSubscription", {"when": "NOW"}),
    }
    if state in steps:
        mutation, arguments = steps[state]
        assert (await life.do(mutation, subscriptionId=subscription, **arguments))["userErrors"] == []
    if state == "SUSPENDED":
        await life.do("holdSubscription", STAFF, subscriptionId=subscription, note="A question.")
    return subscription


def outcome(payload: dict[str, Any]) -> str:
    if payload["userErrors"]:
        return str(payload["userErrors"][0]["code"])
    subscription = payload["subscription"]
    return subscription["status"] + (f", pending {subscription['pendingChange']['kind']}" if subscription["pendingChange"] else "")


@pytest.mark.parametrize("action", MUTATIONS)
@pytest.mark.parametrize("state", CELLS)
async def test_each_cell_of_the_table(life: Life, state: str, action: Action) -> None:
    subscription = await into(life, state)
    text = "query Q($id: ID!) { node(id: $id) { ... on Subscription { availableActions { action allowed reason } } } }"
    offered = {item["action"]: item for item in (await life.ask(text, id=subscription))["node"]["availableActions"]}[action]
    before = await life.everything()
    mutation, arguments = MUTATIONS[action]
    payload = await life.do(mutation, subscriptionId=subscription, **arguments)
    assert outcome(payload) == CELLS[state][list(MUTATIONS).index(action)]
    assert offered["allowed"] == (payload["userErrors"] == [])
    assert offered["reason"] == (payload["userErrors"][0]["code"] if payload["userErrors"] else None)
    after = await life.everything()
    if payload["userErrors"]:
        assert after == before
    elif (state, action) in SAME_ANSWER:
        assert after | {"idempotency_key": None} == before | {"idempotency_key": None}
    else:
        assert len(after["subscription_event"]) > len(before["subscription_event"])


@pytest.mark.parametrize(
    ("state", "source"),
    [
        ("PAUSED", "PAUSED"),
        ("SUSPENDED by CUSTOMER", "SUSPENDED"),
        ("pending PAUSE", "PENDING_PAUSE"),
        ("pending CANCEL", "PENDING_CANCEL"),
        ("pending PLAN", "PENDING_PLAN"),
    ],
)
async def test_a_resume_says_what_it_undid_and_charges_nothing_while_the_period_runs(life: Life, state: str, source: str) -> None:
    subscription = await into(life, state)
    before = await life.row(subscription)
    payload = await life.do("resumeSubscription", subscriptionId=subscription, more="resumedFrom invoice { id }")
    assert (payload["resumedFrom"], payload["invoice"]) == (source, None)
    after = await life.row(subscription)
    assert (after["status"], after["period_ends_at"], after["renews_at"]) == ("ACTIVE", before["period_ends_at"], before["period_ends_at"])
    assert after["cancel_reason"] is None
    assert life.sandbox.calls() == 0


@pytest.mark.parametrize("state", ["PAUSED", "SUSPENDED by CUSTOMER"])
async def test_a_resume_after_the_paid_period_begins_a_new_one_and_charges_it(life: Life, state: str) -> None:
    subscription = await into(life, state)
    life.now += timedelta(days=60)
    payload = await life.do("resumeSubscription", subscriptionId=subscription, more="invoice { reason status total { amount } } payment { status }")
    assert payload["invoice"] == {"reason": "RENEWAL", "status": "PAID", "total": {"amount": "107.02"}}
    row = await life.row(subscription)
    assert (row["status"], row["period_starts_at"], row["anchor_at"]) == ("ACTIVE", life.now, life.now)
    assert life.sandbox.calls("capture") == 1


@pytest.mark.parametrize("state", ["PAUSED", "SUSPENDED by CUSTOMER"])
async def test_a_resume_whose_charge_is_declined_leaves_it_as_it_was(life: Life, state: str) -> None:
    subscription = await into(life, state)
    await life.card("insufficient_funds")
    life.now += timedelta(days=60)
    before = await life.everything()
    payload = await life.do("resumeSubscription", subscriptionId=subscription, more="payment { status declineCode }")
    assert payload["userErrors"][0]["code"] == "PAYMENT_DECLINED"
    assert payload["payment"] == {"status": "FAILED", "declineCode": "insufficient_funds"}
    after = await life.everything()
    unversioned = [[{key: value for key, value in row.items() if key != "version"} for row in rows["subscription"]] for rows in (before, after)]
    assert unversioned[0] == unversioned[1]
    for table in ("subscription_event", "invoice", "invoice_line", "balance_entry", "payment_allocation"):
        assert after[table] == before[table]


@pytest.mark.parametrize("state", ["ACTIVE", "TRIALING"])
async def test_withdrawing_takes_back_what_is_to_come_and_renews_as_before(life: Life, state: str) -> None:
    subscription = await into(life, state)
    before = await life.row(subscription)
    await life.do("cancelSubscription", subscriptionId=subscription)
    payload = await life.do("withdrawPendingChange", subscriptionId=subscription)
    assert outcome(payload) == state
    assert (await life.row(subscription))["renews_at"] == before["renews_at"]
    assert outcome(await life.do("withdrawPendingChange", subscriptionId=subscription)) == "WRONG_STATE"


async def test_staff_hold_and_release_and_the_history_says_who(life: Life) -> None:
    subscription = await into(life, "SUSPENDED by CUSTOMER")
    held = await life.do("holdSubscription", STAFF, subscriptionId=subscription, note="A chargeback.")
    assert held["subscription"]["suspendedBy"] == "MERCHANT"
    assert outcome(await life.do("resumeSubscription", subscriptionId=subscription)) == "NOT_YOURS_TO_RESUME"
    released = await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
    assert released["subscription"]["suspendedBy"] == "CUSTOMER"
    assert outcome(await life.do("resumeSubscription", subscriptionId=subscription)) == "ACTIVE"
    text = "query Q($id: ID!) { node(id: $id) { ... on Subscription { history(first: 4) { nodes { kind actor note } } } } }"
    nodes = (await life.ask(text, id=subscription))["node"]["history"]["nodes"]
    assert {(node["kind"], node["actor"], node["note"]) for node in nodes} >= {("HELD", "STAFF", "A chargeback."), ("RELEASED", "STAFF", "")}


async def test_customers_cannot_hold_or_release_and_staff_pause_in_their_name(life: Life) -> None:
    subscription = await life.subscribe("storage")
    before = await life.row(subscription)
    for mutation in ("holdSubscription", "releaseSubscription"):
        with pytest.raises(AssertionError, match="This field is for"):
            await life.do(mutation, subscriptionId=subscription)
    assert await life.row(subscription) == before
    paused = await life.do("pauseSubscription", STAFF, subscriptionId=subscription, more="subscription { pendingChange { kind } }")
    assert (paused["userErrors"], paused["subscription"]["pendingChange"]["kind"]) == ([], "PAUSE")
    events = {(row["kind"], row["actor"]) for row in await life.rows("subscription_event")}
    assert events == {("CREATED", "CUSTOMER"), ("ACTIVATED", "CUSTOMER"), ("CHANGE_SCHEDULED", "STAFF")}


async def test_the_options_of_who_wants_to_cancel_are_ranked_and_only_what_fits(life: Life) -> None:
    subscription = await life.subscribe("business")
    text = """query Q($id: ID!) { node(id: $id) { ... on Subscription { cancellationOptions { kind headline couponCode price { unitAmount { amount } plan { code } } } } } }"""
    options = (await life.ask(text, id=subscription))["node"]["cancellationOptions"]
    assert [option["kind"] for option in options] == ["COUPON", "PAUSE", "DOWNGRADE"]
    assert options[0]["couponCode"] == "STAY25"
    assert options[2]["price"] == {"unitAmount": {"amount": "9.00"}, "plan": {"code": "starter"}}
    await life.do("applyCoupon", subscriptionId=subscription, code=options[0]["couponCode"])
    await life.do("pauseSubscription", subscriptionId=subscription)
    assert [option["kind"] for option in (await life.ask(text, id=subscription))["node"]["cancellationOptions"]] == ["DOWNGRADE"]


async def test_a_lifecycle_mutation_takes_eight_statements_at_most_in_one_transaction(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _counting(monkeypatch)
    subscription = await life.subscribe("storage")
    for mutation, arguments in [
        ("pauseSubscription", {}),
        ("resumeSubscription", {}),
        ("changePlan", {"priceId": price("starter"), "when": "PERIOD_END"}),
        ("withdrawPendingChange", {}),
        ("applyCoupon", {"code": "STAY25"}),
        ("removeCoupon", {}),
        ("suspendSubscription", {}),
        ("resumeSubscription", {}),
        ("cancelSubscription", {"when": "NOW"}),
    ]:
        counted.clear()
        assert (await life.do(mutation, subscriptionId=subscription, **arguments))["userErrors"] == [], mutation
        written = counted[: counted.index("COMMIT") + 1]
        assert 5 <= len(written) <= 8, (mutation, written)


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is sent to Postgres from here on by this thread; other tests' servers have theirs."""
    counted: list[str] = []
    thread = threading.get_ident()
    for name in ("fetch", "execute"):
        whole = getattr(asyncpg.Connection, name)

        async def noted(self: Any, query: str, *args: Any, whole: Any = whole, **kwargs: Any) -> Any:
            if threading.get_ident() == thread:
                counted.append(query)
            return await whole(self, query, *args, **kwargs)

        monkeypatch.setattr(asyncpg.Connection, name, noted)
    return counted


async def with_coupon(life: Life, coupon: str, state: str) -> str:
    """A subscription in a row of the table, with a coupon that counts for the next invoice too (lasting), or only for the running period (ending)."""
    subscription = await into(life, state)
    if coupon != "none":
        await life.admin.execute(
            """with taken as (update coupon set redeemed_count = redeemed_count + 1 where code = 'SPRING15' returning id)
               insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at, periods_left, used_until)
               select customer_id, $2, taken.id, subscription.id, started_at, $3, period_ends_at from subscription, taken where subscription.id = $1""",
            subscription, new_id("red"), 0 if coupon == "ending" else 2,
        )  # fmt: skip
    return subscription


@pytest.mark.parametrize("coupon", ["none", "lasting", "ending"])
@pytest.mark.parametrize("state", CELLS)
async def test_a_coupon_is_applied_or_removed_where_the_actions_say_so(life: Life, state: str, coupon: str) -> None:
    subscription = await with_coupon(life, coupon, state)
    reason = CELLS[state][-1] if CELLS[state][-1] in ErrorCode.__members__ and state in ("PENDING", "pending CANCEL", "SUSPENDED", "CANCELED") else None
    expected = {
        "APPLY_COUPON": reason or ("COUPON_ALREADY_APPLIED" if coupon == "lasting" else None),
        "REMOVE_COUPON": reason or ("WRONG_STATE" if coupon == "none" else None),
    }
    assert {name: state for name, state in (await reasons(life, subscription)).items() if name in expected} == expected
    arguments = {"applyCoupon": {"code": "welcome20"}, "removeCoupon": {}}
    for mutation, reason in zip(arguments, expected.values(), strict=True):
        answer = await life.preview(mutation, subscriptionId=subscription, **arguments[mutation])
        assert [error["code"] for error in answer["userErrors"]] == ([reason] if reason else [])
    for mutation, reason in reversed(list(zip(arguments, expected.values(), strict=True))):
        before = await life.everything()
        payload = await life.do(mutation, subscriptionId=subscription, **arguments[mutation])
        if mutation == "removeCoupon" or coupon != "lasting":
            assert [error["code"] for error in payload["userErrors"]] == ([reason] if reason else [])
        if payload["userErrors"]:
            assert await life.everything() == before


async def reasons(life: Life, subscription: str) -> dict[str, str | None]:
    text = "query Q($id: ID!) { node(id: $id) { ... on Subscription { availableActions { action allowed reason message } } } }"
    states = (await life.ask(text, id=subscription))["node"]["availableActions"]
    assert all(state["allowed"] is (state["reason"] is None) is (state["message"] is None) for state in states)
    return {state["action"]: state["reason"] for state in states}
