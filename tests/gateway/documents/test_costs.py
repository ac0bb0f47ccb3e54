"""Every field has a cost, and no field takes more of the database than it costs."""

import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)
from strawberry.types import Info

from auth.viewer import Viewer
from db.builtin.embedded import Urls
from gateway.documents.cost import UndeclaredCost, check_costs
from gateway.documents.document_cache import DocumentCache
from gateway.levels.steps import LevelMaker
from resolvers.reads.relations import BY_ID
from schema.declarations.costs import costing
from tests.conftest import ADA, ROOM, STAFF, token

TIMES = 8
HOLE = "…"
# What every operation may take beside what it costs: its transaction, and what several fields share.
SHARED = 4
PREFIXES = tuple(BY_ID)


@strawberry.type
class Thing:
    name: str


def resolve(info: Info) -> Thing | None:
    return None


def schema_with(field: Any) -> GraphQLSchema:
    query = strawberry.type(type("Query", (), {"thing": field, "__annotations__": {}}))
    return strawberry.Schema(query=query)._schema


def test_every_field_of_the_schema_has_a_cost(graphql_schema: GraphQLSchema) -> None:
    check_costs(graphql_schema)


@pytest.mark.parametrize("size", [100, 100.0])
def test_a_size_costs_the_same_however_its_number_is_written(graphql_schema: GraphQLSchema, size: float) -> None:
    """GraphQL's Int takes JSON's 100.0 for 100."""
    documents = DocumentCache(graphql_schema, None, ROOM)
    document = documents.prepare("query ($n: Int) { customer { subscriptions(first: $n) { nodes { id invoices(first: $n) { nodes { id } } } } } }")
    operation = document.operation(None)
    assert operation is not None
    assert documents.cost(document, operation, {"n": size}) == 10_101


@pytest.mark.parametrize(
    "field",
    [
        strawberry.field(resolver=resolve, graphql_type=Thing | None),
        strawberry.field(resolver=lambda: "", graphql_type=str),
        strawberry.field(graphql_type=list[Thing]),
        strawberry.field(graphql_type=list[Thing] | None),
    ],
    ids=["an object", "a value of a function", "a list", "a list that may be null"],
)
def test_a_field_that_does_not_say_what_it_costs_stops_the_start(field: Any) -> None:
    with pytest.raises(UndeclaredCost, match=r"costing\(…\).*Query\.thing"):
        check_costs(schema_with(field))


def test_a_field_that_says_what_it_costs_does_not() -> None:
    check_costs(schema_with(strawberry.field(resolver=resolve, graphql_type=Thing | None, metadata=costing(3))))
    check_costs(schema_with(strawberry.field(graphql_type=list[Thing], metadata=costing(1, length=5))))
    check_costs(schema_with(strawberry.field(graphql_type=Thing | None)))


def argument(type_: Any, name: str, number: int) -> str:
    """A literal for a required argument; ids are of another kind for each number, so that each is looked up by a statement of its own."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {argument(item.type, key, number)}" for key, item in named.fields.items() if is_required_input_field(item)) + "}"
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    text = f"{PREFIXES[number % len(PREFIXES)]}_01m829w97ne1msh76cygrhecz9" if name in ("id", "ids") else f"${name}" if name in KNOWN else f"{name}{number}"
    literal = {"Int": str(number), "Boolean": "true", "Date": '"2026-01-01"', "CurrencyCode": '"USD"', "Decimal": f'"{number}"'}.get(named.name, f'"{text}"')
    return f"[{literal}]" if is_list_type(get_nullable_type(type_)) else literal


# Arguments that name something of Ada's, so that previews come to something.
KNOWN = {
    "subscriptionId": "select id from subscription where customer_id = $1 and status = 'ACTIVE' and pending_kind is null limit 1",
    "priceId": "select id from price limit 1",
}


def selection_of(name: str, field: GraphQLField, number: int) -> str:
    """A field with what it cannot do without. Pages of different sizes are read by different statements."""
    arguments = [f"{key}: {argument(item.type, key, number)}" for key, item in field.args.items() if is_required_argument(item)]
    arguments += [f"first: {number}"] if "first" in field.args else []
    named = get_named_type(field.type)
    below = "" if is_leaf_type(named) else "{ totalCount }" if named.name.endswith("Connection") else "{ __typename }"
    return f"a{number}: {name}{'(' + ', '.join(arguments) + ')' if arguments else ''} {below}"


def places(schema: GraphQLSchema) -> dict[str, str]:
    """Every object type that a customer can read: a query that leads there, with a hole for its fields."""
    assert schema.query_type is not None
    texts, waiting = {"Query": f"{{ {HOLE} }}"}, deque([schema.query_type])
    while waiting:
        kind = waiting.popleft()
        for name, field in kind.fields.items():
            named = get_named_type(field.type)
            is_closed = any(is_required_argument(item) for item in field.args.values()) or (
                kind is schema.query_type and name not in ("customer", "plans", "viewer", "limits")
            )
            if not is_object_type(named) or named.name in texts or is_closed:
                continue
            page = "(first: 3)" if "first" in field.args else ""
            texts[named.name] = texts[kind.name].replace(HOLE, f"{name}{page} {{ {HOLE} }}")
            waiting.append(named)
    return texts


Measure = Callable[[str, Viewer], Any]


@pytest.fixture
async def measure(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Measure]:
    """Run a document by the executor, field by field as after an error: how many statements it takes at most, and what it costs."""
    monkeypatch.setattr(LevelMaker, "some", lambda *_: None)
    url = start_server(urls.app, planner=False, **{f"max_{name}": getattr(ROOM, name) for name in ("depth", "aliases", "root_fields", "fields", "cost")})
    known = {name: await admin.fetchval(sql, *[ADA.customer_id] * ("$1" in sql)) for name, sql in KNOWN.items()}
    assert all(known.values())
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def run(text: str, viewer: Viewer) -> tuple[int, int]:
            for name, identifier in known.items():
                text = text.replace(f'"${name}"', f'"{identifier}"')
            answer = await client.post("/graphql", json={"query": text}, headers={"Authorization": f"Bearer {token(viewer)}", "GraphQL-Cost": "1"})
            assert "Server-Timing" in answer.headers, (text, answer.text)
            return int(re.findall(r"(\d+) statements", answer.headers["Server-Timing"])[0]), answer.json()["extensions"]["cost"]["requested"]

        yield run


async def too_cheap(measure: Measure, viewer: Viewer, fields: dict[str, tuple[str, GraphQLField]]) -> dict[str, str]:
    """The fields of which more than one takes more statements than they cost. `fields` are queries with a hole, and what is put into it."""
    excess, most = {}, 0
    for name, (text, field) in fields.items():
        short = name.rpartition(".")[2]
        once, many = [
            await measure(text.replace(HOLE, " ".join(selection_of(short, field, number + 1) for number in range(times))), viewer) for times in (1, TIMES)
        ]
        most = max(most, many[0])
        if many[0] - once[0] > many[1] - once[1] or once[0] > once[1] + SHARED:
            excess[name] = f"statements {once[0]} and {many[0]}, cost {once[1]} and {many[1]}"
    assert most > TIMES, "something was looked up each time"
    return excess


@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["customer", "staff"])
async def test_no_root_takes_more_statements_than_it_costs(measure: Measure, graphql_schema: GraphQLSchema, viewer: Viewer) -> None:
    assert graphql_schema.query_type is not None
    # Tries of coupons are throttled.
    roots = {name: (f"{{ {HOLE} }}", field) for name, field in graphql_schema.query_type.fields.items() if name != "previewApplyCoupon"}
    assert await too_cheap(measure, viewer, roots) == {}


async def test_no_field_takes_more_statements_than_it_costs(measure: Measure, graphql_schema: GraphQLSchema) -> None:
    fields: dict[str, tuple[str, GraphQLField]] = {}
    for name, text in places(graphql_schema).items():
        kind = graphql_schema.get_type(name)
        assert isinstance(kind, GraphQLObjectType)
        if not name.endswith(("Connection", "Edge")) and name != "Query":
            fields |= {f"{name}.{key}": (text, field) for key, field in kind.fields.items() if not is_leaf_type(get_named_type(field.type))}
    assert len(fields) > 60
    assert await too_cheap(measure, ADA, fields) == {}


async def test_a_page_that_shows_no_row_is_not_free(measure: Measure) -> None:
    assert await measure("{ customer { payments(first: 100) { pageInfo { hasNextPage } } } }", ADA) == (3, 11)
    assert await measure("{ customer { payments(first: 5) { pageInfo { hasNextPage } } } }", ADA) == (3, 2)


async def test_twenty_previews_cost_what_their_statements_do(measure: Measure) -> None:
    """They were free: 80 statements for one unit."""
    statements, cost = await measure(
        "{"
        + " ".join(
            f'p{n}: previewPauseSubscription(input: {{subscriptionId: "$subscriptionId", idempotencyKey: "k"}}) {{ preview {{ status }} userErrors {{ code }} }}'
            for n in range(20)
        )
        + "}",
        ADA,
    )
    assert 20 < statements < cost < 1000
