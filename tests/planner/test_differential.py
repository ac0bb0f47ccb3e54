"""Whatever document is asked, planner and executor say the same."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from graphql import FieldDefinitionNode, GraphQLSchema, ObjectTypeDefinitionNode, parse, print_ast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from billing.states import Actor
from demo import PERSONAS
from schema import print_sdl
from schema.declarations.fields import DECLARATION, DEFINITION, permission_of
from tests.conftest import ADA, BIG, STAFF, Portal, customer, demo_customer
from tests.depth import by_depth
from tests.planner.variables import with_variables

VIEWERS = [ADA, BIG, STAFF, *(demo_customer(f"{person}@example.com") for person in ("kenji", "fatima", "greta", "empty"))]

DOCUMENTS = {name: text for name, _, text in (part.partition("\n") for part in Path(__file__).with_name("documents.graphql").read_text().split("### ")[1:])}


def comparable(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: error.get(key) for key in ("message", "path")} for error in errors]


async def both(portal: Portal, text: str, viewer: Any, **variables: Any) -> bool:
    """Whether the planner answered; then as the executor did. The executor answers by levels as it does field by field."""
    planned = await portal.plan(text, viewer, **variables)
    executed = await portal.execute(text, viewer, **variables)
    by_fields = await portal.execute(text, viewer, by_levels=False, **variables)
    assert executed.data == by_fields.data, (text, variables)
    assert sorted(comparable(executed.errors), key=repr) == sorted(comparable(by_fields.errors), key=repr), (text, variables)
    assert not [error for error in executed.errors if isinstance(error["original"], asyncpg.PostgresError)], (text, variables, executed.errors)
    if planned is not None:
        assert not executed.errors, (text, variables, executed.errors)
        assert planned.data == executed.data, (text, variables)
    return planned is not None


@pytest.mark.parametrize("viewer", VIEWERS, ids=["ada", "big", "staff", "kenji", "fatima", "greta", "empty"])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_answers_are_equal(portal: Portal, name: str, viewer: Any) -> None:
    planned = await both(portal, DOCUMENTS[name], viewer)
    leaves = {"a refused page", "introspection"} | (set() if viewer == STAFF else {"staff only"})
    assert planned == (name not in leaves and portal.plans_for(viewer))


IDS = """query ($id: ID!, $ids: [ID!]!) { node(id: $id) { ...A } nodes(ids: $ids) { ...A } }
fragment A on Node { __typename id ... on Subscription { status availableActions { action } customer { id } } 
  ... on Invoice { total { amount formatted } payments(first: 1) { nodes { id } } }
  ... on Plan { name } ... on Coupon { code percentOff } ... on PaymentMethod { availableActions { action reason } } ... on Customer { email } ... on Attachment { parent { id } } }"""


OWNED = ("subscription", "payment_schedule", "installment", "invoice", "invoice_line", "payment", "payment_method", "attachment")


async def ids_of(viewer: Any, admin: Any) -> list[str]:
    """Two of everything that a customer has, and two of everything that belongs to nobody."""
    ids = [viewer.customer_id]
    for table in ("plan", "price", "coupon", *OWNED):
        where = f"where customer_id = '{viewer.customer_id}'" if table in OWNED else ""
        gone = " and deleted_at is null" if table == "payment_method" else ""
        ids += [record[0] for record in await admin.fetch(f"select id from {table} {where}{gone} order by id desc limit 2")]
    return ids


@pytest.mark.parametrize("viewer", VIEWERS[:3], ids=["ada", "big", "staff"])
async def test_everything_can_be_asked_for_by_its_id_by_who_may_see_it(portal: Portal, admin: Any, viewer: Any) -> None:
    ids = await ids_of(ADA, admin)
    for identifier in [*ids, "sub_01m829w97ne1msh76cygrhecz9", "nonsense"]:
        assert await both(portal, IDS, viewer, id=identifier, ids=[*ids[:20], identifier, "x", identifier]) == portal.plans_for(viewer)
    answer = await portal.execute(IDS, viewer, id=ids[0], ids=ids)
    visible = [node is not None for node in answer.data["nodes"]]
    public = [identifier.startswith(("plan_", "price_")) for identifier in ids]
    if viewer == BIG:
        assert visible == public
    else:
        assert all(seen for seen, identifier in zip(visible, ids, strict=True) if not identifier.startswith("cpn_"))


EVIL = ["'", "\\", "$1", ":key", "'); drop table customer; --", "a\u0000b", "\U0010ffff", "%", "_" * 40, '"', "{}", "é" * 200]


@pytest.mark.parametrize("text", EVIL)
async def test_no_string_of_a_client_becomes_sql(portal: Portal, admin: Any, text: str) -> None:
    query = "query ($t: String!, $id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } customer(id: $id) { id } customers(search: $t) { totalCount } }"
    before = await admin.fetchval("select count(*) from customer")
    for viewer in (ADA, STAFF):
        for cursor in ("after", "before"):
            await both(portal, f"query ($t: String!) {{ customer {{ payments(first: 2, {cursor}: $t) {{ totalCount }} }} }}", viewer, t=text)
        await both(portal, query, viewer, t=text, id=text, ids=[text, f"sub_{text}"])
    assert await admin.fetchval("select count(*) from customer") == before


async def test_a_plan_made_for_one_customer_serves_another_their_own_rows(portal: Portal) -> None:
    """The plan is kept and shared; nothing of the caller who came first may stay in it."""
    text = "query ($first: Int) { customer { id email subscriptions(first: $first) { nodes { customer { id } } } } viewer { customer { id } } } # shared"
    for person in PERSONAS:
        planned = await portal.plan(text, customer(person.id), first=5)
        assert planned is not None
        assert planned.data["customer"]["email"] == person.email
        assert planned.data["viewer"]["customer"]["id"] == person.id
        assert {node["customer"]["id"] for node in planned.data["customer"]["subscriptions"]["nodes"]} <= {person.id}


FILTERS: list[dict[str, Any]] = [
    {},
    {"states": ["ACTIVE"]},
    {"states": ["CANCELED"], "paid": {"currency": "USD"}},
    {"states": [], "paid": {"status": ["FAILED"], "currency": None}},
    {"states": None, "paid": None},
    {"plan": "plan_none", "paid": {"status": None}},
    {"states": ["ACTIVE", "PAUSED"], "plan": None, "paid": {"status": ["FAILED", "SUCCEEDED"], "currency": "EUR"}},
    {"first": 3, "paid": {"createdBefore": "2026-06-01T00:00:00Z"}},
]


@pytest.mark.parametrize("viewer", [BIG, STAFF], ids=["big", "staff"])
async def test_a_plan_for_some_filters_does_not_answer_for_others(portal: Portal, viewer: Any) -> None:
    """Filters that are not given are not in the statement at all, so each set of them has a plan of its own."""
    text = """query ($id: ID, $states: [SubscriptionStatus!], $plan: ID, $paid: PaymentFilter, $first: Int = 2) { customer(id: $id) {
        subscriptions(first: $first, filter: { status: $states, planId: $plan }) { totalCount nodes { id } pageInfo { hasNextPage } }
        payments(first: $first, filter: $paid) { totalCount nodes { id } } } }"""
    totals = set()
    for variables in [*FILTERS, *reversed(FILTERS)]:
        assert await both(portal, text, viewer, id=BIG.customer_id, **variables) == portal.plans_for(viewer)
        answer = await portal.execute(text, viewer, id=BIG.customer_id, **variables)
        totals.add((answer.data["customer"]["subscriptions"]["totalCount"], answer.data["customer"]["payments"]["totalCount"]))
    assert len(totals) == len(FILTERS) - 1  # the first and the one of nulls are the same


def test_only_sizes_and_enums_of_a_document_stand_in_the_statement(portal: Portal) -> None:
    text = """query ($n: Int) { customer { a: payments(first: 7, filter: { status: [FAILED], currency: "XTS", createdFrom: "2019-01-02T00:00:00Z" }) { nodes { id } }
        b: subscriptions(first: $n, filter: { planId: "plan_' or true --" }) { nodes { id } } } }"""
    document, operation = portal.prepare(text)
    assert document.plans is not None
    bound = document.plans.bind(operation, {"n": 31}, ADA)
    assert bound is not None
    assert "limit 7" in bound.plan.sql
    assert "'{FAILED}'" in bound.plan.sql
    assert not any(word in bound.plan.sql for word in ("XTS", "plan_' or", "2019", "31"))
    assert {"XTS", "plan_' or true --", 31} <= {value for value in bound.values if isinstance(value, str | int)}


@pytest.mark.parametrize(
    ("selection", "is_read"), [("__typename kind: __typename id", False), ("id ... on Subscription { status } ... on Installment { dueOn }", True)]
)
async def test_what_is_known_by_its_id_alone_is_not_read(portal: Portal, selection: str, is_read: bool) -> None:
    text = "{ customer { summary { nextPayment { source { " + selection + " } } } } }"
    document, operation = portal.prepare(text)
    assert document.plans is not None
    bound = document.plans.bind(operation, {}, ADA)
    assert bound is not None
    assert ("from portal_installment" in bound.plan.sql) is is_read
    sources = set()
    for person in PERSONAS:
        assert await both(portal, text, customer(person.id))
        payment = (await portal.execute(text, customer(person.id))).data["customer"]["summary"]["nextPayment"]
        sources.add(payment and payment["source"]["id"][:3])
    assert {"sub", "ins"} <= sources


CHANCES = by_depth(150, 2000)

SCALARS = {
    "BigInt": st.integers(0, 9).map(lambda number: nodes.String(str(number))),
    "CurrencyCode": st.sampled_from(["USD", "EUR", "JPY", "KWD"]).map(nodes.String),
    "DateTime": st.sampled_from(["2025-01-01T00:00:00Z", "2026-06-01T12:00:00+02:00"]).map(nodes.String),
    "Date": st.just(nodes.String("2026-01-01")),
    "Decimal": st.just(nodes.String("1.00")),
    "Metadata": st.just(nodes.Object([])),
}


def readable(schema: GraphQLSchema, kind: Actor) -> str:
    """Return the schema's text with only the fields that callers of this kind may select, and of the roots only those that are planned."""

    def holds(name: str, field: FieldDefinitionNode) -> bool:
        parent: Any = schema.type_map[name]
        permission = permission_of(parent, field.name.value)
        is_planned = parent is not schema.query_type or DECLARATION in parent.fields[field.name.value].extensions[DEFINITION].metadata
        return is_planned and (permission is None or kind in permission.kinds)

    def reduced(node: ObjectTypeDefinitionNode) -> ObjectTypeDefinitionNode:
        members = tuple(field for field in node.fields or () if holds(node.name.value, field))
        return ObjectTypeDefinitionNode(name=node.name, description=None, interfaces=node.interfaces, directives=(), fields=members)

    definitions = parse(print_sdl(schema)).definitions
    reduced_definitions = (reduced(node) if isinstance(node, ObjectTypeDefinitionNode) else node for node in definitions)
    return "\n\n".join(map(print_ast, reduced_definitions))


def documents_with_viewers(schema: GraphQLSchema) -> st.SearchStrategy[tuple[str, Any]]:
    """Documents of chance with their callers. Three of four select only what the caller may read, or hardly any would be answered."""
    anything = queries(print_sdl(schema), custom_scalars=SCALARS)
    by_kind = {kind: queries(readable(schema, kind), custom_scalars=SCALARS) for kind in {viewer.kind for viewer in VIEWERS}}

    def of_viewer(viewer: Any) -> st.SearchStrategy[tuple[str, Any]]:
        text = st.integers(0, 3).flatmap(lambda number: by_kind[viewer.kind] if number else anything)
        return st.tuples(text, st.just(viewer))

    return st.sampled_from(VIEWERS).flatmap(of_viewer)


async def test_documents_of_chance_have_equal_answers(portal: Portal, graphql_schema: GraphQLSchema, admin: Any) -> None:
    """Half of them with variables of chance."""
    loop = asyncio.get_running_loop()
    seen = {"asked": 0, "planned": 0, "with variables": 0}
    ids = await ids_of(ADA, admin)

    @settings(max_examples=CHANCES, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(documents_with_viewers(graphql_schema), st.booleans())
    def compare(document_with_viewer: tuple[str, Any], has_variables: bool) -> None:
        text, viewer = document_with_viewer
        document, values = with_variables(graphql_schema, text, ids, Random(text)) if has_variables else (text, [{}])
        if portal.documents.prepare(document).errors:
            assert not has_variables or portal.documents.prepare(text).errors, (document, portal.documents.prepare(document).errors)
            return
        seen["asked"] += 1
        planned = [asyncio.run_coroutine_threadsafe(both(portal, document, viewer, **variables), loop).result(60) for variables in values]
        seen["planned"] += any(planned)
        seen["with variables"] += all(planned) and any(values)

    await asyncio.to_thread(compare)
    assert seen["asked"] > CHANCES * 0.8, seen
    assert seen["planned"] > CHANCES * 0.3, seen
    assert seen["with variables"] > CHANCES * 0.05, seen
    assert portal.planner.fallbacks["its statement failed"] == 0
