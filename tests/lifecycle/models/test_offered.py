"""What `availableActions` says is what the mutations do, for every object in every state that random histories reach, payments in flight included."""

import hashlib
import json
import re
import secrets
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLObjectType

from billing.files.attachments import FileLimits
from billing.states import RetentionKind
from db.pool import Database
from gateway.http.graphql.execution import run_planned
from gateway.http.requests import GraphQLRequest
from payments.sandbox import Sandbox
from tests.conftest import STAFF, Portal
from tests.lifecycle.conftest import Life, living, new_id
from tests.lifecycle.models.copies import Copies, copies_of
from tests.lifecycle.models.histories import IS_LONG, Catalogue, History, for_sale

HISTORIES = 300 if IS_LONG else 10
STEPS = 60 if IS_LONG else 24
STRIDE = 6
# How often an action is tried with objects that look alike, in one run of all histories.
ALIKE = 20 if IS_LONG else 2

TABLES = {
    "Subscription": "subscription",
    "Invoice": "invoice",
    "Installment": "installment",
    "PaymentMethod": "payment_method",
    "PaymentSchedule": "payment_schedule",
    "Attachment": "attachment",
    "Payment": "payment",
}
# Whose name does not follow from the action's and the object's.
OTHER_NAMES = {"UPLOAD_ATTACHMENTS": "createAttachmentUploads"}
# Of which staff are offered more than customers.
OF_STAFF = {"PaymentSchedule"}
# What no mutation does: the field that is there exactly where the action is allowed.
FIELDS = {("Invoice", "DOWNLOAD"): "document { __typename }", ("Attachment", "DOWNLOAD"): "downloadUrl"}
# These are about the call, and not about the object: what pays, and what only the processor knows.
OF_PAYMENT = {"PAYMENT_METHOD_REQUIRED", "PAYMENT_DECLINED", "PAYMENT_UNAVAILABLE"}
# By which objects differ that are offered the same: columns of their own, and the states of what they belong to.
LOOKS = ("status", "suspended_by", "pending_kind", "invoicing", "uploaded_by")
AROUND = {"subscription_id": "subscription", "invoice_id": "invoice", "schedule_id": "payment_schedule"}
FILE = {"fileName": "a.pdf", "contentType": "application/pdf", "sizeBytes": 10, "sha256": hashlib.sha256().hexdigest()}

tried: Counter[tuple[str, ...]] = Counter()
seeds: set[int] = set()
options: set[tuple[str, str, str | None]] = set()

OPTIONS = "query O($id: ID!) { node(id: $id) { ... on Subscription { cancellationOptions { kind couponCode price { id } } } } }"

# What the histories of a run must meet, or they prove nothing.
REACH = {
    ("Subscription", "OVERDUE_INVOICE"),
    ("Subscription", "NOT_YOURS_TO_RESUME"),
    ("Invoice", "IN_PROGRESS"),
    ("Invoice", "NOT_PAYABLE"),
    ("Invoice", "QUOTA_EXCEEDED"),
    ("Installment", "IN_PROGRESS"),
    ("Installment", "NOT_PAYABLE"),
    ("PaymentMethod", "IN_PROGRESS"),
    ("PaymentMethod", "METHOD_IN_USE"),
    ("PaymentMethod", "ALREADY_DEFAULT"),
    ("PaymentSchedule", "WRONG_STATE"),
    ("PaymentSchedule", "IN_PROGRESS"),
    ("Attachment", "NOT_STORED"),
}
# What a few short histories may miss: it depends on plans and coupons of other tests, too.
REACH_OF_MANY = REACH | {("Subscription", "IN_PROGRESS"), ("Subscription", "ALREADY_SCHEDULED")}


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


def offering(life: Life) -> list[str]:
    """The types of the schema that say what may be done with them."""
    return [name for name, kind in life.schema.type_map.items() if isinstance(kind, GraphQLObjectType) and "availableActions" in kind.fields]


def mutation_of(life: Life, kind: str, action: str) -> str:
    """`pauseSubscription` of PAUSE and Subscription, `changePlan` of CHANGE_PLAN."""
    name = re.sub(r"_(\w)", lambda match: match[1], action.title())
    name = name[0].lower() + name[1:]
    names = [OTHER_NAMES.get(action, ""), name + kind, name.replace("Default", "DefaultPaymentMethod"), name]
    return next(candidate for candidate in names if candidate in life.schema.mutation_type.fields)


def test_every_action_of_the_schema_is_tried(portal: Portal) -> None:
    assert set(TABLES) >= {name for name, kind in portal.schema.type_map.items() if "availableActions" in getattr(kind, "fields", {})}


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_an_action_is_allowed_exactly_where_the_mutation_is_not_refused(
    seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue
) -> None:
    async with living(portal, pool, owner) as life:
        life.files = replace(portal.files, limits=FileLimits(per_parent=6))
        history = History(life, Random(2_000 + seed), catalogue)
        await history.begin()
        await _attach(history)
        for number in range(STEPS):
            await history.step()
            if number % STRIDE == STRIDE - 1:
                await history.tick()
                if history.chance.random() < 0.3:
                    await history.owe()
                if history.chance.random() < 0.6:
                    await history.be_in_flight()
                await _everything_is_as_offered(history)
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        _assert_reach()


async def _options_hold(history: History) -> None:
    """What is offered to who wants to cancel would be accepted."""
    for row in await history.life.rows("subscription"):
        for option in (await history.life.ask(OPTIONS, id=row["id"]))["node"]["cancellationOptions"]:
            name, arguments = {
                "PAUSE": ("PauseSubscription", {}),
                "DOWNGRADE": ("ChangePlan", {"priceId": option["price"] and option["price"]["id"], "when": "PERIOD_END"}),
                "COUPON": ("ApplyCoupon", {"code": option["couponCode"]}),
            }[option["kind"]]
            text = f"query P($i: {name}Input!) {{ preview{name}(input: $i) {{ userErrors {{ code }} }} }}"
            (answer,) = (await history.life.ask(text, i={"subscriptionId": row["id"], "idempotencyKey": "-"} | arguments)).values()
            assert answer["userErrors"] == [], (option, dict(row), history.log)
            options.add((option["kind"], row["status"], row["pending_kind"]))


def _assert_reach() -> None:
    assert {(name[0], name[-1]) for name in tried} >= (REACH_OF_MANY if IS_LONG else REACH)
    assert {kind for kind, _, _ in options} == set(RetentionKind)
    # Every kind of object has something that is allowed.
    assert {name[0] for name in tried if name[-1] == "None"} == {name[0] for name in tried}


async def _everything_is_as_offered(history: History) -> None:
    await _options_hold(history)
    offers = [offer for kind in offering(history.life) for offer in await _offers(history.life, kind)]
    copies = await copies_of(history.life.admin, history.life.customer_id)
    rows = await copies.read()
    for kind, identifier, looks, states in offers:
        for state in states:
            name = (kind, *looks, state["action"], str(state["reason"]))
            if tried[name] < ALIKE:
                tried[name] += 1
                assert state["allowed"] is (state["reason"] is None)
                await _tried(history, (kind, identifier, state), copies)
                await copies.put_back(rows)


async def _offers(life: Life, kind: str) -> list[tuple[str, str, tuple[str, ...], list[dict[str, Any]]]]:
    """Of every object of a type: what it looks like, so that those that look alike need not all be tried, and what may be done with it."""
    rows = await life.rows(TABLES[kind], "and deleted_at is null" if kind == "PaymentMethod" else "")
    around = {row["id"]: (row["status"], row.get("charging_payment_id") is not None) for table in AROUND.values() for row in await life.rows(table)}
    looks = {row["id"]: tuple(str(row.get(name)) for name in LOOKS) + tuple(str(around.get(row.get(name))) for name in AROUND) for row in rows}
    text = f"query A($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ id availableActions {{ action allowed reason message }} }} }} }}"
    offers = []
    identifiers = list(looks)
    for start in range(0, len(identifiers), 50):
        ids = identifiers[start : start + 50]
        nodes = (await life.ask(text, ids=ids))["nodes"]
        assert await planned(life, text, ids) in (None, {"nodes": nodes}), "planner and executor differ"
        if kind in OF_STAFF:
            own = {(node["id"], state["action"]) for node in nodes for state in node["availableActions"]}
            for node in (await life.ask(text, STAFF, ids=ids))["nodes"]:
                added = [state for state in node["availableActions"] if (node["id"], state["action"]) not in own]
                offers.append((kind, node["id"], looks[node["id"]], added))
        offers += [(kind, node["id"], looks[node["id"]], node["availableActions"]) for node in nodes]
    return offers


async def planned(life: Life, text: str, ids: list[str]) -> Any:
    document = life.documents.prepare(text)
    context = life.context()
    try:
        body = await run_planned(document, document.operation(None), GraphQLRequest(text, {"ids": ids}, None, False), context)
    finally:
        await context.session.close()
    return None if body is None else json.loads(body)["data"]


async def _tried(history: History, offer: tuple[str, str, dict[str, Any]], copies: Copies) -> None:
    """With a processor of its own, so that the history goes on as if nothing had been tried."""
    (kind, identifier, state), life = offer, history.life
    if (kind, state["action"]) in FIELDS:
        node = (await life.ask(f"query N($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ state: {FIELDS[kind, state['action']]} }} }} }}", id=identifier))[
            "node"
        ]
        assert (node["state"] is not None) is state["allowed"], (offer, history.log)
        return
    mutation = mutation_of(life, kind, state["action"])
    sandbox, life.sandbox = life.sandbox, Sandbox("secret")
    try:
        arguments = await _minimal(history, kind, identifier, mutation)
        sent = await history.call(mutation, arguments)
        history.log.pop()
        assert (None if sent.code in OF_PAYMENT else sent.code) == state["reason"], (offer, sent, history.log)
    finally:
        life.sandbox = sandbox


async def _minimal(history: History, kind: str, identifier: str, mutation: str) -> dict[str, Any]:
    """The object, and what else the mutation cannot do without: such as does not give other reasons to refuse."""
    fields = history.input_of(mutation).fields
    name = "parentId" if "parentId" in fields else next(one for one in fields if one.lower().startswith(kind[0].lower()) and one.endswith(f"{kind[1:]}Id"))
    arguments: dict[str, Any] = {name: identifier}
    if "files" in fields:
        return arguments | {"files": [FILE]}
    for other, item in fields.items():
        if (
            str(item.type).endswith("!")
            and other not in arguments
            and other != "idempotencyKey"
            and item.default_value is not None
            and str(item.default_value) == "Undefined"
        ):
            arguments[other] = await _fitting(history, other, identifier, item.type)
    if mutation == "updateInstallments":
        arguments["add"] = [{"dueOn": str(history.life.now.date() + timedelta(days=1)), "amount": "1"}]  # today may have passed where the customer lives
    if "priceId" in arguments or "quantity" in arguments:
        # At once it would also depend on what pays for the running period.
        arguments |= {"when": "PERIOD_END"}
    return arguments


async def _fitting(history: History, name: str, subscription: str, kind: Any) -> Any:
    if name == "code":
        return await _new_code(history.life)
    if name == "priceId":
        present = await history.life.admin.fetchval("select price_id from subscription where id = $1", subscription)
        return next(price for price in history.catalogue.prices if price != present)
    if name == "quantity":
        return 17
    if name == "expectedVersion":
        return await history.life.admin.fetchval("select version from payment_schedule where id = $1", subscription)
    return await history.value(name, kind)


async def _new_code(life: Life) -> str:
    code = f"OFFERED {secrets.token_hex(6)}".upper()
    await life.admin.execute(
        "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ($1, $2, 'A coupon', 10000, 'ONCE', $3)",
        new_id("cpn"),
        code,
        life.now,
    )
    return code


async def _attach(history: History) -> None:
    """Files in every state, by both; and one thing that may have no more."""
    life = history.life
    parent = (await life.rows("invoice"))[0]["id"]
    for status in ("PENDING", "STORED", "REJECTED"):
        for uploader in ("CUSTOMER", "STAFF"):
            await life.admin.execute(
                """insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
                   values ($1, $2, $3, 'grp_x', 'a.pdf', 'application/pdf', 10, $4, $5, $6, $7, 'x', $8)""",
                life.customer_id, new_id("att"), parent, FILE["sha256"], secrets.token_hex(8), status, uploader, life.now,
            )  # fmt: skip
