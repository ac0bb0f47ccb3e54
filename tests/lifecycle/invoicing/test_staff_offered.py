"""What `availableActions` says to staff is what the mutations do, for invoices, installments and payments in the states that random histories of money reach."""

import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from db.pool import Database
from gateway.http.graphql.execution import run_planned
from gateway.http.requests import GraphQLRequest
from payments.sandbox import Sandbox
from tests.conftest import STAFF, Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoicing.staff import call, usd
from tests.lifecycle.models.copies import copies_of
from tests.lifecycle.models.histories import IS_LONG
from tests.lifecycle.models.reference import Price
from tests.lifecycle.models.test_money_model import History
from tests.lifecycle.models.test_money_model import price as price

HISTORIES = 60 if IS_LONG else 6
STEPS = 40 if IS_LONG else 24
STRIDE = 6
ALIKE = 20 if IS_LONG else 3
TABLES = {"Invoice": "invoice", "Installment": "installment", "Payment": "payment"}
# The mutation of an action, and what it needs beside the object.
ACTIONS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("Invoice", "VOID"): ("voidInvoice", {}),
    ("Invoice", "WRITE_OFF"): ("writeOffInvoice", {}),
    ("Invoice", "CREDIT"): ("creditInvoice", {"amount": usd("0.01"), "reason": "CORRECTION"}),
    ("Invoice", "RECORD_PAYMENT"): ("recordPayment", {"amount": usd("0.01"), "kind": "CASH"}),
    ("Installment", "RECORD_PAYMENT"): ("recordPayment", {"amount": usd("0.01"), "kind": "CASH"}),
    # Later than every due day of a history, and within ten years.
    ("Invoice", "EXTEND_DUE_DATE"): ("extendDueDate", {"dueOn": "2036-01-31"}),
    ("Installment", "EXTEND_DUE_DATE"): ("extendDueDate", {"dueOn": "2036-01-31"}),
    ("Invoice", "PROMISE"): ("promiseToPay", {}),
    ("Invoice", "RETRY"): ("retryNow", {}),
    ("Payment", "REFUND"): ("refundPayment", {"amount": usd("0.01"), "reason": "REQUESTED"}),
}
# What the histories of a run must meet, or they prove nothing.
REACH = {
    ("Invoice", "VOID", "None"),
    ("Invoice", "VOID", "WRONG_STATE"),
    ("Invoice", "VOID", "IN_PROGRESS"),
    ("Invoice", "WRITE_OFF", "None"),
    ("Invoice", "CREDIT", "None"),
    ("Invoice", "CREDIT", "WRONG_STATE"),
    ("Invoice", "RECORD_PAYMENT", "None"),
    ("Invoice", "RECORD_PAYMENT", "ALREADY_PAID"),
    ("Invoice", "EXTEND_DUE_DATE", "None"),
    ("Invoice", "EXTEND_DUE_DATE", "IN_PROGRESS"),
    ("Invoice", "EXTEND_DUE_DATE", "ALREADY_PAID"),
    ("Invoice", "PROMISE", "None"),
    ("Invoice", "PROMISE", "NOT_PAYABLE"),
    ("Invoice", "RETRY", "None"),
    ("Invoice", "RETRY", "WRONG_STATE"),
    ("Payment", "REFUND", "None"),
    ("Payment", "REFUND", "NOT_REFUNDABLE"),
}
# These are about the call, and not about the object: what pays, and what only the processor knows.
OF_PAYMENT = {"PAYMENT_METHOD_REQUIRED", "PAYMENT_DECLINED", "PAYMENT_UNAVAILABLE"}
tried: Counter[tuple[str, ...]] = Counter()
seeds: set[int] = set()


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_staff_are_offered_exactly_what_the_mutation_does_not_refuse(
    seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, price: Price
) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(5_000 + seed), price)
        await history.adds_a_plan()
        await history.compare()
        for number in range(STEPS):
            await history.step()
            if number % STRIDE == STRIDE - 1:
                await everything_is_as_offered(life)
        await owner.execute("delete from client_key where owner_id = $1", life.customer_id)
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        assert {(name[0], name[-2], name[-1]) for name in tried} >= REACH


async def everything_is_as_offered(life: Life) -> None:
    copies = await copies_of(life.admin, life.customer_id)
    rows = await copies.read()
    for kind, table in TABLES.items():
        looks = {row["id"]: row["status"] for row in await life.rows(table)}
        for identifier, states in (await offers(life, kind, list(looks))).items():
            for state in states:
                name = (kind, looks[identifier], state["action"], str(state["reason"]))
                if (kind, state["action"]) in ACTIONS and tried[name] < ALIKE:
                    tried[name] += 1
                    assert state["allowed"] is (state["reason"] is None)
                    assert await refusal(life, kind, identifier, state["action"]) == state["reason"], name
                    await copies.put_back(rows)


async def offers(life: Life, kind: str, identifiers: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What staff may do with each object, by planner and executor alike; customers are offered none of it."""
    text = f"query A($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ id availableActions {{ action allowed reason message }} }} }} }}"
    offered = {}
    for start in range(0, len(identifiers), 50):
        ids = identifiers[start : start + 50]
        nodes = (await life.ask(text, STAFF, ids=ids))["nodes"]
        assert await planned(life, text, ids) in (None, {"nodes": nodes}), "planner and executor differ"
        offered |= {node["id"]: node["availableActions"] for node in nodes}
        customers = (await life.ask(text, ids=ids))["nodes"]
        assert {state["action"] for node in customers for state in node["availableActions"]} & {action for _, action in ACTIONS} == set()
    return offered


async def planned(life: Life, text: str, ids: list[str]) -> Any:
    document = life.documents.prepare(text)
    context = life.context(STAFF)
    try:
        body = await run_planned(document, document.operation(None), GraphQLRequest(text, {"ids": ids}, None, False), context)
    finally:
        await context.session.close()
    return None if body is None else json.loads(body)["data"]


async def refusal(life: Life, kind: str, identifier: str, action: str) -> str | None:
    """The code with which the mutation refuses, with a processor of its own, so that the history goes on as if nothing had been tried."""
    mutation, arguments = ACTIONS[kind, action]
    if action == "PROMISE":
        arguments = {"on": (life.now.date() + timedelta(days=2)).isoformat()}
    sandbox, life.sandbox = life.sandbox, Sandbox("secret")
    try:
        payload = await call(life, mutation, **arguments, **{f"{kind.lower()}Id": identifier})
    finally:
        life.sandbox = sandbox
    code = payload["userErrors"][0]["code"] if payload["userErrors"] else None
    return None if code in OF_PAYMENT else code
