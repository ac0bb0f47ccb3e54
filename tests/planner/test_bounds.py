"""However many documents and shapes callers send, there are only so many plans in the process and so many prepared statements on a connection."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from graphql import GraphQLSchema

from db.builtin.embedded import Urls
from db.pool import PREPARED, Database, Pool
from gateway.documents.document_cache import DocumentCache, first_party
from planner import PlanCache, Planner, cache
from planner.plan import MAX_SQL, REPEATED
from tests.conftest import ADA, ROOM, STAFF, Portal, closing_pool

INVOICES = "query ($filter: InvoiceFilter, $sort: InvoiceOrder! = NEWEST) { customer { invoices(filter: $filter, sort: $sort) { totalCount nodes { id } } } }"
FILTERS = {"status": ["OPEN", "PAID"], "currency": "USD", "isOverdue": False, "issuedFrom": "2020-01-01T00:00:00Z", "issuedBefore": "2030-01-01T00:00:00Z"}


@pytest.fixture
async def alone(portal: Portal, graphql_schema: GraphQLSchema, urls: Urls) -> AsyncIterator[Portal]:
    """With a planner as it is shipped, and one connection."""
    planner = Planner(graphql_schema)
    async with closing_pool(Database(urls.app, Pool(max_size=1), server_settings={})) as database:
        yield replace(portal, planner=planner, documents=DocumentCache(graphql_schema, planner, ROOM), database=database)


async def prepared(portal: Portal) -> list[str]:
    """The statements that the portal's connection keeps, without those that open transactions."""
    session = portal.session(ADA)
    rows = await session.fetch("select statement from pg_prepared_statements where statement like 'select concat(%'", ())
    await session.close()
    return [row[0] for row in rows]


def plan_of(documents: DocumentCache, text: str, **variables: Any) -> Any:
    document = documents.prepare(text)
    operation = document.operation(None)
    assert document.plans
    assert operation
    bound = document.plans.bind(operation, variables, ADA)
    return bound and bound.plan


async def test_after_eviction_every_shape_is_still_answered_right(alone: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_SHAPES", 8)
    names = [chosen for size in range(len(FILTERS) + 1) for chosen in combinations(FILTERS, size)]
    variables = [{"filter": {name: FILTERS[name] for name in chosen}, "sort": sort} for sort in ("NEWEST", "DUE_LAST") for chosen in names[::2]]
    assert len(variables) > 3 * cache.MAX_SHAPES
    first = plan_of(alone.documents, INVOICES, **variables[0])
    for values in [*variables, *variables[:3]]:
        planned = await alone.plan(INVOICES, ADA, **values)
        assert planned
        assert planned.data == (await alone.execute(INVOICES, ADA, **values)).data
    again = plan_of(alone.documents, INVOICES, **variables[0])
    assert again is not first
    assert again.sql == first.sql


def test_many_shapes_of_one_document_do_not_evict_the_plans_of_another() -> None:
    plans: PlanCache[str] = PlanCache()
    plans.put(1, "used once", "a")
    for number in range(3 * cache.MAX_SHAPES):
        plans.put(2, number, "b")
        assert len(plans) <= 1 + cache.MAX_SHAPES
    assert plans.get(1, "used once") == "a"
    assert plans.get(2, 0) is None
    assert plans.get(2, 3 * cache.MAX_SHAPES - 1) == "b"


def test_the_least_recently_used_plan_is_evicted() -> None:
    plans: PlanCache[str] = PlanCache()
    plans.put(0, (), "used")
    for number in range(1, 3 * cache.MAX_PLANS):
        plans.put(number, (), "other")
        assert plans.get(0, ()) == "used"
        assert len(plans) <= cache.MAX_PLANS
    assert plans.get(1, ()) is None


def test_texts_that_callers_send_do_not_evict_plans_of_published_documents(graphql_schema: GraphQLSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_PLANS", 5)
    planner = Planner(graphql_schema)
    published, sent = DocumentCache(graphql_schema, planner), DocumentCache(graphql_schema, planner)
    plan = plan_of(published, "{ customer { id } }")
    own = plan_of(sent, "{ customer { id } }")
    for number in range(20):
        plan_of(sent, f"{{ customer {{ id a{number}: name }} }}")
    assert plan_of(published, "{ customer { id } }") is plan
    assert plan_of(sent, "{ customer { id } }") is not own


async def test_only_what_is_sent_again_stays_prepared(alone: Portal) -> None:
    for number in range(REPEATED - 1):
        assert await alone.plan("{ customer { name } }")
        assert await prepared(alone) == [], number
    answers = [await alone.plan("{ customer { name } }") for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await prepared(alone)) == 1


async def test_a_connection_keeps_only_so_many_statements(alone: Portal) -> None:
    for number in range(PREPARED + 10):
        for _ in range(REPEATED):
            assert await alone.plan(f"{{ customer {{ a{number}: name }} }}")
    assert PREPARED - 10 < len(await prepared(alone)) <= PREPARED


async def test_a_query_whose_statement_would_be_long_is_the_executors(alone: Portal) -> None:
    page = "invoices(first: 1) { nodes { id number customer { name } lines(first: 1) { nodes { id } } payments(first: 1) { nodes { id } } } }"
    text = f"{{ customer {{ {' '.join(f'a{number}: {page}' for number in range(20))} }} }}"
    assert await alone.plan(text) is None
    assert alone.planner.fallbacks == {"its statement would be too long": 1}
    assert not (await alone.execute(text)).errors


@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["customer", "staff"])
@pytest.mark.parametrize("name", first_party())
def test_the_portals_own_pages_are_well_below_that(graphql_schema: GraphQLSchema, name: str, viewer: Any) -> None:
    document = DocumentCache(graphql_schema, Planner(graphql_schema)).prepare(first_party()[name])
    operation = document.operation(None)
    assert document.plans
    assert operation
    prefix = {"Subscription": "sub", "Invoice": "inv"}.get(name, "sch")
    ids = [f"{kind}_01m829w97ne1msh76cygrhecz9" for kind in ("inv", "cn", "pay", "att")]
    variables = {"id": f"{prefix}_01m829w97ne1msh76cygrhecz9", "ids": ids, "currency": "USD", "startsOn": "2026-01-01", "endsOn": "2026-12-31"}
    bound = document.plans.bind(operation, variables, viewer)
    if not (name in ("Account", "Grants", "Sessions") and viewer is STAFF):
        assert bound
        assert len(bound.plan.sql) < 0.84 * MAX_SQL
