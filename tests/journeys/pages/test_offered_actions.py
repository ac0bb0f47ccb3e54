"""What the actions of a subscription say is what the mutations would do, for every kind of subscription in the demo."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

import demo
from gateway.http.graphql.execution import run
from gateway.http.requests import GraphQLRequest
from resolvers.context import Context
from tests.conftest import NOW, Portal, customer

CODE = "FOR EVERY SUBSCRIPTION"
ACTIONS = "query A($id: ID!) { node(id: $id) { ... on Subscription { quantity price { id } availableActions { action allowed reason } } } }"
PREVIEWS = {
    "PAUSE": "PauseSubscription",
    "SUSPEND": "SuspendSubscription",
    "RESUME": "ResumeSubscription",
    "CANCEL": "CancelSubscription",
    "CHANGE_PLAN": "ChangePlan",
    "APPLY_COUPON": "ApplyCoupon",
    "REMOVE_COUPON": "RemoveCoupon",
    "UPDATE_QUANTITY": "UpdateQuantity",
    "WITHDRAW_PENDING_CHANGE": "WithdrawPendingChange",
}
# One of each kind, of all the others.
SAMPLE = """
select distinct on (status, suspended_by, pending_kind, has_overdue, is_charging, running_coupon) id, customer_id from portal_subscription where customer_id <> all($1)
union
select id, customer_id from portal_subscription where customer_id = any($1)"""


class NoThrottle:
    async def hit(self, *_: object) -> None: ...


@pytest.fixture
async def code(admin: asyncpg.Connection) -> AsyncIterator[str]:
    """A coupon that any subscription may have."""
    await admin.execute(
        "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ('cpn_every', $1, 'Every', 10000, 'ONCE', $2)", CODE, NOW
    )
    yield CODE
    await admin.execute("delete from coupon where id = 'cpn_every'")


async def ask(portal: Portal, customer_id: str, text: str, **variables: Any) -> dict[str, Any]:
    viewer = customer(customer_id)
    session = portal.session(viewer)
    identity: Any = type("Identity", (), {"throttle": NoThrottle()})()
    document = portal.documents.prepare(text)
    result = await run(
        portal.schema, document, GraphQLRequest(text, variables, None, False), Context(viewer, session, identity=identity, payments=portal.payments)
    )
    await session.close()
    assert not result.errors
    return result.data or {}


async def test_an_action_of_a_demo_subscription_is_allowed_exactly_where_it_would_not_be_refused(portal: Portal, admin: asyncpg.Connection, code: str) -> None:
    await admin.execute(f"set app.now = '{NOW.isoformat()}'")
    named = [person.id for person in demo.PERSONAS if person.email != "big@example.com"]
    subscriptions = await admin.fetch(SAMPLE, named)
    reasons_of_coupons = set()
    for identifier, owner in subscriptions:
        node = (await ask(portal, owner, ACTIONS, id=identifier))["node"]
        arguments = {
            "CHANGE_PLAN": {"priceId": node["price"]["id"], "quantity": node["quantity"] + 1, "when": "PERIOD_END"},
            "UPDATE_QUANTITY": {"quantity": node["quantity"] + 1, "when": "PERIOD_END"},
            "APPLY_COUPON": {"code": code.lower()},
        }
        assert {state["action"] for state in node["availableActions"]} == PREVIEWS.keys()
        for state in node["availableActions"]:
            name = PREVIEWS[state["action"]]
            text = f"query P($input: {name}Input!) {{ preview{name}(input: $input) {{ userErrors {{ code }} }} }}"
            (answer,) = (
                await ask(portal, owner, text, input={"subscriptionId": identifier, "idempotencyKey": "-"} | arguments.get(state["action"], {}))
            ).values()
            assert [error["code"] for error in answer["userErrors"]] == ([] if state["allowed"] else [state["reason"]]), (identifier, state)
            reasons_of_coupons |= {(state["action"], state["reason"])} if "COUPON" in state["action"] else set()
    assert reasons_of_coupons >= {("APPLY_COUPON", None), ("APPLY_COUPON", "COUPON_ALREADY_APPLIED"), ("REMOVE_COUPON", None), ("REMOVE_COUPON", "WRONG_STATE")}
