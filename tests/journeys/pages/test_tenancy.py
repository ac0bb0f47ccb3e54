"""Generated from the schema: whatever a customer asks for of somebody else's is exactly what a random id gets, and its owner gets the thing itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type, is_object_type

from auth.permissions import is_allowed
from billing.states import Actor
from db.blocks import blocks
from schema.declarations.fields import DECLARATION, AnyOf, Many, One, PageOf, permission_of
from tests.conftest import ADA, BIG, STAFF, Portal, customer

OWNED = {
    "cus": "customer",
    "sub": "subscription",
    "sch": "payment_schedule",
    "ins": "installment",
    "inv": "invoice",
    "line": "invoice_line",
    "cn": "credit_note",
    "pay": "payment",
    "ref": "refund",
    "pm": "payment_method",
    "att": "attachment",
    "exp": "data_export",
    "cpn": "coupon_redemption",
    "sum": "customer",
    "grant": "partner_grant",
    "ses": "portal_session",
    "evt": "portal_event",
}
# The customer of each object whose id is not in a table of its own: the id of a summary is that of its customer, with another prefix.
SUMMARIES = "select 'sum_' || right(id, 26), id from customer where id <> $1 limit 1"
# What not every caller of `node` sees has no plan, because permissions differ between callers of one plan.
WITHOUT_PLAN = ("grant", "ses", "evt")
ROOTS = {
    "node": "query ($id: ID!) { node(id: $id) { id __typename } }",
    "nodes": "query ($id: ID!) { nodes(ids: [$id]) { id __typename } }",
    "customer": "query ($id: ID!) { customer(id: $id) { id name } }",
    "a filter by plan": "query ($id: ID!) { customer { subscriptions(filter: { planId: $id }) { totalCount } } }",
}

# What its owner gets by an id: where in the answer the thing stands.
OBJECT_IN: dict[str, Any] = {
    "node": lambda data: data["node"],
    "nodes": lambda data: data["nodes"][0],
    "customer": lambda data: data["customer"],
}


def is_visible_to_owner(root: str, prefix: str) -> bool:
    return root in ("node", "nodes") or (root, prefix) == ("customer", "cus")


# Fields that do without no argument.
REQUIRED = {"statement": '(currency: "USD", startsOn: "2026-01-01", endsOn: "2026-12-31")'}


@pytest.fixture(autouse=True)
async def export_of_another(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """An export of another customer's data; the demo has none."""
    identifier = "exp_01m829w97ne1msh76cygrhecz8"
    await admin.execute(
        """insert into data_export (customer_id, id, status, requested_by, requested_at)
           select id, $2, 'EXPIRED', 'STAFF', now() from customer where id <> $1 limit 1""",
        ADA.customer_id, identifier,
    )  # fmt: skip
    yield
    await admin.execute("delete from data_export where id = $1", identifier)


@pytest.mark.parametrize("prefix", OWNED)
@pytest.mark.parametrize("root", ROOTS)
async def test_somebody_elses_id_is_like_no_id(portal: Portal, admin: asyncpg.Connection, prefix: str, root: str) -> None:
    """The owner asks before and after, through the same plan: what is null for others is there."""
    column = {"cus": "id", "cpn": "coupon_id"}.get(prefix, "id")
    owner_column = "id" if prefix == "cus" else "customer_id"
    mine = "select coupon_id from coupon_redemption where customer_id = $1" if prefix == "cpn" else "select ''"
    there = {"pm": "and deleted_at is null", "ses": "and ended_at is null and expires_at > now()"}.get(prefix, "")
    await add_session_and_grant(admin)
    theirs, owner = await admin.fetchrow(
        SUMMARIES
        if prefix == "sum"
        else f"select {column}, {owner_column} from {OWNED[prefix]} where {owner_column} not in ($1, '') and {column} not in ({mine}) {there} limit 1",
        ADA.customer_id,
    )
    random = f"{prefix}_01m829w97ne1msh76cygrhecz9"
    is_planned = prefix not in WITHOUT_PLAN or root not in ("node", "nodes")
    for run in (portal.execute, portal.plan) if is_planned else (portal.execute,):
        for _ in range(2):
            owned = await run(ROOTS[root], customer(owner), id=theirs)
            assert not is_visible_to_owner(root, prefix) or OBJECT_IN[root](owned.data)["id"] == theirs
            answer = await run(ROOTS[root], ADA, id=theirs)
            assert answer.data == (await run(ROOTS[root], ADA, id=random)).data
            assert not is_visible_to_owner(root, prefix) or OBJECT_IN[root](answer.data) is None


async def add_session_and_grant(admin: asyncpg.Connection) -> None:
    """Big Corp is signed in, and an app may act for them."""
    await admin.execute(
        "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) "
        "values ($1, 'ses_01m829w97ne1msh76cygrhec00', 'PASSWORD', now(), now(), now() + interval '1 day') on conflict do nothing",
        BIG.customer_id,
    )
    await admin.execute(
        "insert into api_client (id, kind, name, mode, scopes, units_per_minute, created_at) values ('tenancy', 'PARTNER', 'Tenancy', 'REQUIRED', '{read}', 1000, now()) "
        "on conflict do nothing"
    )
    await admin.execute(
        "insert into partner_grant (customer_id, id, client_id, scopes, created_at) values ($1, 'grant_01m829w97ne1msh76cygrhec00', 'tenancy', '{read}', now()) "
        "on conflict do nothing",
        BIG.customer_id,
    )


@pytest.mark.parametrize("identifier", ["ses_01m829w97ne1msh76cygrhec00", "grant_01m829w97ne1msh76cygrhec00"])
async def test_sessions_and_grants_are_nodes_for_the_customer_alone(portal: Portal, admin: asyncpg.Connection, identifier: str) -> None:
    """Staff, and a partner's app that may read for the customer, get what they get for an id that does not exist."""
    await add_session_and_grant(admin)
    text = "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } customer { name } }"
    assert (await portal.execute(text, BIG, id=identifier)).data["node"] == {"id": identifier}
    partner = replace(BIG, kind=Actor.PARTNER, scopes=("read",))
    for viewer in (STAFF, partner, replace(BIG, scopes=("read",))):
        answer = await portal.execute(text, viewer, id=identifier)
        assert (answer.data["node"], answer.data["nodes"], answer.errors) == (None, [None], [])
        assert (answer.data["customer"] is not None) is (viewer is not STAFF)


async def test_a_filter_by_plan_finds_what_is_of_that_plan(portal: Portal, admin: asyncpg.Connection) -> None:
    """The control of the filter above, which finds nothing by the ids of other things."""
    plan = await admin.fetchval("select plan_id from subscription where customer_id = $1 limit 1", ADA.customer_id)
    for run in (portal.execute, portal.plan):
        assert (await run(ROOTS["a filter by plan"], ADA, id=plan)).data["customer"]["subscriptions"]["totalCount"] > 0


def everything(graphql_schema: GraphQLSchema, kind: GraphQLObjectType, depth: int, *, only: str | None = None) -> str:
    """A selection of every field of a type that a customer may select, and of theirs, to this depth."""
    parts = ["__typename"]
    for name, field in kind.fields.items():
        permission = permission_of(kind, name)
        if only not in (None, name) or (permission and not is_allowed(ADA, permission)):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            parts.append(name)
        elif is_object_type(named) and depth:
            page = "(first: 5)" if "first" in field.args else REQUIRED.get(name, "")
            parts.append(f"{name}{page} {{ {everything(graphql_schema, named, depth - (not named.name.endswith(('Connection', 'Edge'))))} }}")
    return " ".join(parts)


async def test_nothing_that_the_graph_shows_of_one_customer_is_of_another(portal: Portal, admin: asyncpg.Connection, graphql_schema: GraphQLSchema) -> None:
    """Every field, two relations deep: all ids in the answer belong to the caller, or to everybody."""
    await add_session_and_grant(admin)
    owners = {}
    for table in {"customer", *OWNED.values()} - {"coupon_redemption"}:
        key = "id" if table == "customer" else "customer_id"
        owners |= {
            record[0]: record[1] for record in await admin.fetch(f"select id, {key} from {table} where {key} = any($1)", [ADA.customer_id, BIG.customer_id])
        }
    owners |= {f"sum_{owner[4:]}": owner for owner in (ADA.customer_id, BIG.customer_id)}
    customer = graphql_schema.get_type("Customer")
    seen: set[str] = set()
    for name, viewer in ((name, viewer) for name in customer.fields for viewer in (ADA, BIG)):
        text = f"{{ customer {{ {everything(graphql_schema, customer, 2, only=name)} }} }}"
        executed = await portal.execute(text, viewer)
        planned = await portal.plan(text, viewer)
        assert not executed.errors
        assert planned is not None
        assert planned.data == executed.data
        ids = set(ids_in(executed.data))
        seen |= ids
        foreign = {identifier for identifier in ids if not identifier.startswith(("plan_", "price_", "cpn_")) and owners.get(identifier) != viewer.customer_id}
        assert foreign == set()
    assert len(seen) > 100


def ids_in(value: object):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "id" and isinstance(item, str):
                yield item
            yield from ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)


async def test_a_statement_of_the_planner_names_the_caller_in_every_block_of_customers(portal: Portal, graphql_schema: GraphQLSchema) -> None:
    """The first lock, apart from row security: with the second one opened, a customer still sees only their own."""
    text = f"{{ customer {{ {everything(graphql_schema, graphql_schema.get_type('Customer'), 1)} }} }}"
    document, operation = portal.prepare(text)
    bound = document.plans.bind(operation, {}, ADA)
    assert ADA.customer_id in bound.values
    assert "customer_id = null" not in bound.plan.sql
    for_staff = document.plans.bind(operation, {}, STAFF)
    assert ADA.customer_id not in for_staff.values


def test_every_relation_is_declared_over_a_block_that_knows_its_owner(graphql_schema: GraphQLSchema) -> None:
    public = {
        "plans.by_id",
        "plans.listed",
        "prices.by_id",
        "prices.of_plan",
        "audit.listed",
        "trusted.listed",
        "open_items.listed",
        "open_items.totals",
        "events.feed",
    }
    public |= {name for name in blocks() if name.startswith(("catalog.", "endpoints.", "deliveries."))}
    count = 0
    for kind in graphql_schema.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for field in kind.fields.values():
            declared = field.extensions["strawberry-definition"].metadata.get(DECLARATION)
            if isinstance(declared, One | Many | PageOf):
                count += 1
                assert declared.block.is_of_customer != (declared.block.name in public)
            assert not isinstance(declared, AnyOf) or declared.prefixes
    assert count > 40
