"""Limits: what is refused, at which figure, and that refusing is cheap whatever is sent."""

from collections.abc import Callable
from dataclasses import fields, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, get_introspection_query

from db.builtin.embedded import Urls
from gateway.documents.document_cache import MAX_TOKENS, DocumentCache, first_party, validate_document
from gateway.documents.limits import DocumentLimits
from gateway.wiring.configuration.document_limits import declared, limit
from gateway.wiring.configuration.settings import Settings
from tests.conftest import ADA, SECRET, STAFF, token

LIMITS = DocumentLimits()


def nested(levels: int) -> str:
    """Fields nested so deep, by way of single rows."""
    names = [name for _ in range(levels) for name in ("customer", "subscriptions(first: 1)", "nodes")][: levels - 1]
    return "{" + "{".join(names) + "{__typename" + "}" * len(names) + "}"


# A document at the limit, and one just beyond it.
EDGES: dict[str, tuple[str, str]] = {
    "document_bytes": ("{__typename}" + "#" * (64 * 1024 - 12), "{__typename}" + "#" * (64 * 1024 - 11)),
    "tokens": ("{customer{name}" + "," * 3000 + "}", "{customer{" + "id " * 2000 + "}}"),
    "depth": (nested(12), nested(13)),
    "aliases": ("{" + "customer{" + "".join(f"a{n}:id " for n in range(30)) + "}}", "{customer{" + "".join(f"a{n}:id " for n in range(31)) + "}}"),
    "root_fields": (
        "{" + "".join(f"a{n}:__typename " for n in range(20)) + "}",
        "{" + "".join(f"a{n}:__typename " for n in range(21)) + "}",
    ),
    "mutation_fields": (
        "mutation{" + "".join(f"a{n}:signOut{{done}} " for n in range(5)) + "}",
        "mutation{" + "".join(f"a{n}:signOut{{done}} " for n in range(6)) + "}",
    ),
    "directives": (
        "{" + "".join(f"... @include(if:true){{a{n}:__typename}} " for n in range(20)) + "}",
        "{customer{" + "".join("... @include(if:true){id} " for n in range(21)) + "}}",
    ),
    "fields": ("{customer{" + "id " * 49 + "}}", "{customer{" + "id " * 50 + "}}"),
    "cost": (
        "{customer{subscriptions(first:99){nodes{invoices(first:9){nodes{id}}}}}}",
        "{customer{subscriptions(first:100){nodes{invoices(first:10){nodes{id}}}}}}",
    ),
}


@pytest.fixture
def documents(graphql_schema: GraphQLSchema) -> DocumentCache:
    return DocumentCache(graphql_schema, None)


@pytest.mark.parametrize("limit", EDGES)
def test_what_is_at_a_limit_runs_and_what_is_beyond_it_is_told_which(documents: DocumentCache, limit: str) -> None:
    at, beyond = (documents.prepare(text) for text in EDGES[limit])
    assert at.errors == ()
    assert beyond.error_code == "LIMIT_EXCEEDED"
    assert beyond.errors[0].extensions == {"code": "LIMIT_EXCEEDED", "limit": limit, "allowed": getattr(LIMITS, limit)}


def test_no_more_errors_are_told_than_the_limit_says(documents: DocumentCache) -> None:
    assert len(documents.prepare("{customer{" + "".join(f"no{n} " for n in range(40)) + "}}").errors) == LIMITS.errors


@pytest.mark.parametrize("name", first_party())
def test_every_first_party_document_is_within_the_limits(documents: DocumentCache, name: str) -> None:
    document = documents.prepare(first_party()[name])
    assert document.errors == ()
    assert documents.cost(document, document.operations[name], {}) <= 0.95 * LIMITS.cost


def test_introspection_as_tools_send_it_is_within_the_limits(documents: DocumentCache) -> None:
    document = documents.prepare(get_introspection_query())
    assert document.errors == ()
    assert document.introspects


def cost(documents: DocumentCache, text: str, **variables: Any) -> int:
    document = documents.prepare(text)
    assert document.errors == (), document.errors
    (operation,) = document.operations.values()
    return documents.cost(document, operation, variables)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{ __typename viewer { kind scopes } }", {}, 0),
        ("{ customer { id name } }", {}, 1),
        ("{ customer { subscriptions { nodes { id } } } }", {}, 1 + 20),
        ("{ customer { subscriptions(first: 7) { nodes { id } totalCount pageInfo { endCursor } } } }", {}, 1 + 7 + 1),
        ("{ customer { subscriptions(first: 7) { edges { cursor node { plan { id } } } } } }", {}, 1 + 7 * 2),
        ("{ customer { subscriptions(last: 3) { nodes { availableActions { action } } } } }", {}, 1 + 3 * 2),
        ("query ($n: Int) { customer { subscriptions(first: $n) { nodes { id } } } }", {"n": 50}, 1 + 50),
        ("query ($n: Int) { customer { subscriptions(first: $n) { nodes { id } } } }", {"n": None}, 1 + 20),
        ("query ($n: Int) { customer { subscriptions(first: $n) { nodes { id } } } }", {}, 1 + 20),
        ("query ($n: Int = 5) { customer { subscriptions(first: $n) { nodes { id } } } }", {}, 1 + 5),
        ("query ($n: Int = 5) { customer { subscriptions(first: $n) { nodes { id } } } }", {"n": 10**30}, 1 + 100),
        ("query ($n: Int = 5) { customer { subscriptions(first: $n) { nodes { id } } } }", {"n": -1}, 1),
        ("query ($n: Int = 5) { customer { subscriptions(first: $n) { nodes { id } } } }", {"n": "x"}, 1 + 20),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b", "c"]}, 3),
        ('{ nodes(ids: ["a", "b"]) { ... on Subscription { plan { id } } } }', {}, 4),
        (
            "{ customer { ...A ...B } } fragment A on Customer { subscriptions { nodes { id } } } fragment B on Customer { subscriptions { nodes { id } } }",
            {},
            21,
        ),
        ("mutation { signOut { done } }", {}, 10),
        ("{ customers(first: 9) { nodes { summary { activeSubscriptions } } } }", {}, 9 * 2),
    ],
)
def test_a_cost_is_the_rows_that_the_request_can_come_to(documents: DocumentCache, text: str, variables: dict[str, Any], expected: int) -> None:
    assert cost(documents, text, **variables) == expected


async def test_a_variable_can_make_a_query_too_dear_and_another_value_does_not(server: str) -> None:
    text = "query ($n: Int) { customer { subscriptions(first: $n) { nodes { invoices(first: 50) { nodes { id } } } } } }"
    async with httpx.AsyncClient(base_url=server, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
        dear = (await client.post("/graphql", json={"query": text, "variables": {"n": 20}})).json()
        cheap = (await client.post("/graphql", json={"query": text, "variables": {"n": 2}}, headers={"GraphQL-Cost": "1"})).json()
    assert dear["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "cost", "allowed": 1000}
    assert "data" not in dear
    assert cheap["extensions"] == {"cost": {"requested": 103, "limit": 1000}}
    assert cheap["data"]["customer"]


@pytest.mark.parametrize("planner", [True, False], ids=["planner", "executor"])
async def test_the_cost_is_told_to_who_asks_for_it(start_server: Callable[..., str], urls: Urls, planner: bool) -> None:
    url = start_server(urls.app, planner=planner)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
        for header, is_reported in (("1", True), ("0", False), ("", False)):
            body = (await client.post("/graphql", json={"query": "{ customer { name } }"}, headers={"GraphQL-Cost": header})).json()
            assert body.get("extensions") == ({"cost": {"requested": 1, "limit": 1000}} if is_reported else None)
            assert body["data"] == {"customer": {"name": "Ada Lovelace"}}


def test_every_limit_is_a_setting_and_in_the_documentation(root: Any) -> None:
    text = (root / "docs/limits.md").read_text()
    settings = Settings()
    assert settings.limits == LIMITS
    names = declared(Settings)
    assert names.keys() == {item.name for item in fields(DocumentLimits)}
    for name, setting in names.items():
        assert f"| `{setting.upper()}` | {getattr(LIMITS, name):,} |" in text
    for name in ("max_body_bytes", "max_anonymous_body_bytes", "max_url_bytes", "max_running", "max_queued"):
        assert f"| `{name.upper()}` | {getattr(settings, name):,} |" in text
    for name in ("body_seconds", "operation_seconds", "queue_seconds", "drain_seconds", "shutdown_seconds"):
        assert f"| `{name.upper()}` | {getattr(settings, name):g} |" in text


def test_the_costs_of_the_portals_pages_are_those_of_the_documentation(root: Path, graphql_schema: GraphQLSchema) -> None:
    documents = DocumentCache(graphql_schema, None)
    costs: dict[str, int] = {}
    for name in (path.stem for path in (root / "schema/documents").glob("*.graphql")):
        document = documents.prepare(first_party()[name])
        operation = document.operation(None)
        assert operation
        costs[name] = documents.cost(document, operation, {})
    least, most = min(costs.items(), key=itemgetter(1)), max(costs.items(), key=itemgetter(1))
    text = " ".join((root / "docs/limits.md").read_text(encoding="utf-8").split())
    assert f"cost from {least[1]} (`{least[0]}`) to {most[1]} (`{most[0]}`), the Summary page {costs['Summary']}." in text
    assert f"the Summary page {60_000 // costs['Summary']} times." in text


def test_a_setting_says_itself_which_limit_it_is() -> None:
    class Renamed(Settings):
        levels: int = limit("depth", ge=1, description="A setting whose name is not that of the limit.")

    assert declared(Renamed)["depth"] == "levels"
    assert Renamed(levels=3).limits == replace(LIMITS, depth=3)
    with pytest.raises(AttributeError, match="width"):
        limit("width", ge=1, description="No such limit.")


def test_a_setting_changes_its_limit(graphql_schema: GraphQLSchema) -> None:
    narrow = DocumentCache(graphql_schema, None, Settings(max_depth=2).limits)
    assert narrow.prepare("{ customer { name } }").errors == ()
    assert narrow.prepare("{ customer { summary { activeSubscriptions } } }").error_code == "LIMIT_EXCEEDED"


@pytest.mark.slow
def test_documents_are_forgotten_before_they_take_too_much_memory(graphql_schema: GraphQLSchema) -> None:
    documents = DocumentCache(graphql_schema, None)
    for number in range(700):
        assert documents.prepare(f"{{ a{number}: customer {{ " + "id " * 10 + "...on Customer{...on Customer{name}} " * 30 + "email " * 30 + "} }").errors == ()
    assert documents._tokens <= MAX_TOKENS
    assert 300 < len(documents._documents) < 700


async def test_introspection_and_suggestions_are_for_developers_in_production(start_server: Callable[..., str], urls: Urls) -> None:
    url = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, document_mode="open", max_running=50)
    async with httpx.AsyncClient(base_url=url) as client:

        async def ask(text: str, viewer: Any) -> Any:
            return (await client.post("/graphql", json={"query": text}, headers={"Authorization": f"Bearer {token(viewer)}"})).json()

        for text in ("{ __schema { queryType { name } } }", '{ customer { id } ... on Query { a: __type(name: "Query") { name } } }'):
            assert (await ask(text, ADA))["errors"][0]["message"] == "Introspection is allowed for developers only."
            assert "data" in await ask(text, STAFF)
        assert (await ask("{ custome { id } }", ADA))["errors"][0]["message"] == "Cannot query field 'custome' on type 'Query'."
        assert "Did you mean" in (await ask("{ custome { id } }", STAFF))["errors"][0]["message"]
        wrong = "query ($s: [PaymentStatus!]) { customer { payments(filter: {status: $s}) { totalCount } } }"
        sent = {"query": wrong, "variables": {"s": ["SUCCEDED"]}}
        refused = (await client.post("/graphql", json=sent, headers={"Authorization": f"Bearer {token(ADA)}"})).json()
        assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "Did you mean" not in refused["errors"][0]["message"]
    opened = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, document_mode="open", developer_tools=True)
    async with httpx.AsyncClient(base_url=opened) as client:
        answer = await client.post("/graphql", json={"query": "{ __schema { queryType { name } } }"}, headers={"Authorization": f"Bearer {token(ADA)}"})
        assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        assert (await client.get("/graphiql")).status_code == 200


@pytest.mark.parametrize("name", first_party())
def test_a_page_is_published_with_what_it_costs_when_it_is_called_plainly(graphql_schema: GraphQLSchema, name: str) -> None:
    text = first_party()[name]
    documents = DocumentCache(graphql_schema, None)
    document = documents.prepare(text)
    operation = document.operation(None)
    assert operation
    assert validate_document(graphql_schema, DocumentLimits(), text).cost == documents.cost(document, operation, {})


def test_what_a_document_may_come_to_is_no_reason_against_it(graphql_schema: GraphQLSchema) -> None:
    """Callers may ask for smaller pages than the usual ones."""
    inner = "invoices(first: $n) { nodes { attachments(first: $n) { nodes { id } } } }"
    judged = validate_document(graphql_schema, replace(DocumentLimits(), cost=300), "query Q($n: Int!) { customer { " + inner + " } }")
    assert (judged.errors, judged.cost > 300) == ((), True)
