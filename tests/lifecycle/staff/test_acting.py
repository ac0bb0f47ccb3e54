"""Staff and programs of the merchant act for customers, by the customers' own mutations."""

from datetime import timedelta
from typing import Any

import pytest

from auth.viewer import Viewer
from billing.states import Actor
from tests.lifecycle.conftest import Life, living, price

WRITE = ("subscriptions:write", "payments:write", "methods:write", "profile:write", "read")
ERP = Viewer(Actor.STAFF, None, WRITE, "erp", subject="erp")
SHOP = Viewer(Actor.STAFF, None, WRITE, "shop", subject="shop")
# The same name from another issuer is another program.
FOREIGN = Viewer(Actor.STAFF, None, WRITE, "erp", issuer="https://login.example.com/", subject="erp")

HISTORY = "query ($id: ID!) { node(id: $id) { ... on Subscription { history(sort: NEWEST) { nodes { kind actor client } } } } }"
OWED = "query ($id: ID!) { customer(id: $id) { invoices(first: 1) { nodes { id } } } }"


async def call(life: Life, mutation: str, selection: str, viewer: Viewer = ERP, **arguments: Any) -> dict[str, Any]:
    replayed = "replayed" if "idempotencyKey" in arguments else ""
    text = (
        f"mutation M($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $input) {{ {selection} {replayed} userErrors {{ code path }} }} }}"
    )
    answer: dict[str, Any] = (await life.ask(text, viewer, input=arguments))[mutation]
    return answer


async def test_staff_subscribe_a_customer_and_act_on_the_subscription(life: Life) -> None:
    await life.card()
    payload = await life.do("addPlan", ERP, priceId=price("business"), customerId=life.customer_id)
    assert payload["userErrors"] == [], payload
    subscription = payload["subscription"]["id"]
    assert (await life.row(subscription))["customer_id"] == life.customer_id
    for mutation, arguments in (
        ("updateQuantity", {"quantity": 3}),
        ("cancelSubscription", {}),
        ("withdrawPendingChange", {}),
        ("suspendSubscription", {}),
        ("resumeSubscription", {}),
        ("changePlan", {"priceId": price("storage")}),
    ):
        payload = await life.do(mutation, ERP, subscriptionId=subscription, **arguments)
        assert payload["userErrors"] == [], (mutation, payload)
        assert payload["subscription"]["id"] == subscription
    history = (await life.ask(HISTORY, ERP, id=subscription))["node"]["history"]["nodes"]
    assert {(event["actor"], event["client"]) for event in history} == {("STAFF", "erp")}
    assert {event["client"] for event in (await life.ask(HISTORY, id=subscription))["node"]["history"]["nodes"]} == {None}
    events = await life.admin.fetch("select actor, client, event from audit_event where customer_id = $1", life.customer_id)
    assert {(event["actor"], event["client"]) for event in events} == {("STAFF", "erp")}
    assert {"addPlan", "changePlan", "withdrawPendingChange"} <= {event["event"] for event in events}


async def test_a_charge_for_staff_is_off_session_and_answers_a_repeated_key(life: Life) -> None:
    await life.card()
    arguments = {"idempotencyKey": "one", "priceId": price("storage"), "customerId": life.customer_id}
    first = await life.do("addPlan", ERP, more="payment { id status }", **arguments)
    again = await life.do("addPlan", ERP, more="payment { id status }", **arguments)
    assert (first["userErrors"], first["replayed"], again["replayed"]) == ([], False, True)
    assert again["payment"] == first["payment"]
    assert first["payment"]["status"] == "SUCCEEDED"
    charge = (await life.rows("charge"))[0]
    assert (charge["caller"], charge["key"]) == ("erp", "one")
    assert '"is_off_session": true' in charge["request"]
    assert await life.rows("idempotency_key") == []
    keys = await life.admin.fetch("select * from client_key where owner_id = $1", life.customer_id)
    assert [(key["caller"], key["key"], key["payment_id"], key["finished_at"] is not None) for key in keys] == [("erp", "one", charge["payment_id"], True)]


async def test_a_key_belongs_to_the_program_or_to_the_customer(life: Life) -> None:
    await life.card()
    arguments = {"idempotencyKey": "shared", "priceId": price("storage")}
    subscriptions = []
    for viewer, more in (
        (None, {}),
        (ERP, {"customerId": life.customer_id}),
        (SHOP, {"customerId": life.customer_id}),
        (FOREIGN, {"customerId": life.customer_id}),
    ):
        payload = await life.do("addPlan", viewer, **arguments, **more)
        assert (payload["userErrors"], payload["replayed"]) == ([], False)
        subscriptions.append(payload["subscription"]["id"])
    assert len(set(subscriptions)) == 4
    conflict = await life.do("addPlan", ERP, **(arguments | {"quantity": 2}), customerId=life.customer_id)
    assert conflict["userErrors"] == [{"code": "IDEMPOTENCY_CONFLICT", "path": ["input", "idempotencyKey"], "message": conflict["userErrors"][0]["message"]}]


async def test_a_key_of_a_program_is_one_for_all_customers(life: Life, portal: Any, pool: Any, owner: Any) -> None:
    async with living(portal, pool, owner) as other:
        await life.card()
        await other.card()
        first = await life.do("addPlan", ERP, idempotencyKey="once", priceId=price("storage"), customerId=life.customer_id)
        second = await life.do("addPlan", ERP, idempotencyKey="once", priceId=price("storage"), customerId=other.customer_id)
        assert first["userErrors"] == []
        assert [error["code"] for error in second["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
        assert await other.rows("subscription") == []


async def test_a_program_asks_for_the_answer_of_its_own_keys_only(life: Life) -> None:
    await life.card()
    payload = await life.do("addPlan", ERP, idempotencyKey="lost", priceId=price("storage"), customerId=life.customer_id)
    lost = 'query { operation(idempotencyKey: "lost") { mutation state subscription { id } } }'
    assert (await life.ask(lost, ERP))["operation"] == {"mutation": "addPlan", "state": "DONE", "subscription": {"id": payload["subscription"]["id"]}}
    assert (await life.ask(lost, SHOP))["operation"] is None
    assert (await life.ask(lost))["operation"] is None


@pytest.mark.inconsistent_rows
async def test_staff_pay_what_a_customer_owes(life: Life) -> None:
    await life.card()
    await life.subscribe("storage")
    await life.decline_payments()
    (invoice,) = (await life.ask(OWED, ERP, id=life.customer_id))["customer"]["invoices"]["nodes"]
    payload = await call(life, "payInvoice", "invoice { id status } payment { status }", invoiceId=invoice["id"], idempotencyKey="pay")
    assert (payload["userErrors"], payload["invoice"], payload["payment"]) == ([], {"id": invoice["id"], "status": "PAID"}, {"status": "SUCCEEDED"})
    nothing = await call(life, "payAllDue", "payment { id }", currency="USD", idempotencyKey="all", customerId=life.customer_id)
    assert nothing["userErrors"] == [{"code": "ALREADY_PAID", "path": ["input", "currency"]}]


async def test_staff_keep_the_payment_methods_of_a_customer(life: Life) -> None:
    first, second = await life.card(), await life.card(is_default=False)
    chosen = await call(life, "setDefaultPaymentMethod", "paymentMethod { id isDefault }", paymentMethodId=second)
    assert (chosen["userErrors"], chosen["paymentMethod"]) == ([], {"id": second, "isDefault": True})
    deleted = await call(life, "deletePaymentMethod", "deletedPaymentMethodId", paymentMethodId=first)
    assert (deleted["userErrors"], deleted["deletedPaymentMethodId"]) == ([], first)
    setup = await call(life, "startAddPaymentMethod", "setup { reference }", customerId=life.customer_id)
    assert setup["userErrors"] == []
    assert setup["setup"]["reference"]
    assert {event["client"] for event in await life.rows("audit_event")} == {"erp"}


async def test_staff_change_a_profile(life: Life) -> None:
    payload = await call(life, "updateProfile", "customer { name version }", customerId=life.customer_id, name="Grace")
    assert (payload["userErrors"], payload["customer"]) == ([], {"name": "Grace", "version": 2})


NAMELESS = {
    "addPlan": {"priceId": price("storage"), "idempotencyKey": "-"},
    "payAllDue": {"currency": "USD", "idempotencyKey": "-"},
    "startAddPaymentMethod": {},
    "updateProfile": {},
    "revokeCalendarLink": {},
}


@pytest.mark.parametrize("mutation", NAMELESS)
async def test_staff_name_the_customer_and_customers_do_not(life: Life, mutation: str) -> None:
    before = await life.everything()
    refused = [("INVALID_VALUE", ERP, {}), ("NOT_FOUND", ERP, {"customerId": "cus_01m829w97ne1msh76cygrhecz9"}), ("NOT_FOUND", ERP, {"customerId": "sub_1"})]
    for code, viewer, more in [*refused, ("INVALID_VALUE", life.viewer, {"customerId": life.customer_id})]:
        payload = await call(life, mutation, "__typename", viewer, **NAMELESS[mutation], **more)
        assert payload["userErrors"] == [{"code": code, "path": ["input", "customerId"]}], (mutation, more)
    assert await life.everything() == before


async def test_what_does_not_exist_is_not_found_for_staff(life: Life) -> None:
    unknown = "01m829w97ne1msh76cygrhecz9"
    for mutation, arguments in (
        ("pauseSubscription", {"subscriptionId": f"sub_{unknown}", "idempotencyKey": "-"}),
        ("payInvoice", {"invoiceId": f"inv_{unknown}", "idempotencyKey": "-"}),
        ("payInstallment", {"installmentId": f"ins_{unknown}", "idempotencyKey": "-"}),
        ("confirmPayment", {"paymentId": f"pay_{unknown}"}),
        ("deletePaymentMethod", {"paymentMethodId": f"pm_{unknown}"}),
    ):
        field = next(name for name in arguments if name != "idempotencyKey")
        payload = await call(life, mutation, "__typename", **arguments)
        assert payload["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", field]}], mutation


async def test_available_actions_of_staff_include_those_of_the_merchant(life: Life) -> None:
    await life.card()
    subscription = await life.subscribe("storage")
    text = "query ($id: ID!) { node(id: $id) { ... on Subscription { availableActions { action allowed } } } }"

    async def actions(viewer: Viewer | None = None) -> dict[str, bool]:
        states = (await life.ask(text, viewer, id=subscription))["node"]["availableActions"]
        return {state["action"]: state["allowed"] for state in states}

    own = await actions()
    assert {"HOLD", "RELEASE"}.isdisjoint(own)
    assert await actions(ERP) == own | {"HOLD": True, "RELEASE": False}
    keeper = Viewer(Actor.STAFF, None, ("subscriptions:hold",), "desk")
    assert (await life.do("holdSubscription", keeper, subscriptionId=subscription))["userErrors"] == []
    assert (await actions(ERP))["RELEASE"] is True
    life.now += timedelta(minutes=1)
    assert (await life.do("releaseSubscription", keeper, subscriptionId=subscription))["userErrors"] == []
