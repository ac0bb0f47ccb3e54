"""Whatever is sent, the answer is GraphQL in JSON, never a 5xx, and the connection stays usable."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
import schemathesis
from graphql.language import NameNode, ObjectFieldNode, ValueNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from hypothesis_graphql import nodes
from schemathesis import Case

from auth.viewer import Viewer
from db.builtin.embedded import Urls
from schema.declarations.scalars import DECIMAL, EARLIEST, LATEST
from tests.conftest import ADA, ROOM, STAFF, customer, token
from tests.depth import by_depth

# All of them at night.
QUICK = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
AUTHORIZATION = f"Bearer {token(ADA)}"

TEXT = st.text(max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)
QUERIES = st.sampled_from(
    [
        "{ __typename }",
        "query ($id: ID!) { node(id: $id) { id } }",
        "query A($first: Int, $filter: PaymentFilter) { customer { payments(first: $first, filter: $filter) { totalCount } } }",
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }",
        "mutation ($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }",
        "query A { __typename } query B { viewer { kind } }",
    ]
)
CALLS = st.fixed_dictionaries(
    {"query": QUERIES | TEXT | VALUES},
    optional={
        "variables": st.dictionaries(st.sampled_from(["id", "ids", "first", "filter", "input"]) | TEXT, VALUES, max_size=5) | VALUES,
        "operationName": st.sampled_from(["A", "B", ""]) | VALUES,
        "extensions": VALUES,
        "documentId": VALUES,
    },
)
# What a header's value may consist of.
LATIN = (
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40).map(str.strip).map(lambda text: text.encode("latin-1"))
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from([b"*/*", b"application/json", b"application/graphql-response+json", b"text/html", b"application/json;q=2"]) | LATIN,
        "Content-Type": st.sampled_from([b"application/json", b"application/json; charset=utf-8", b"text/plain", b"multipart/form-data"]) | LATIN,
        "Authorization": st.sampled_from([AUTHORIZATION.encode(), b"Bearer x", b"Basic eDp5"]) | LATIN,
        "GraphQL-Require-Preflight": st.just(b"1") | LATIN,
        "GraphQL-Cost": LATIN,
        "Origin": LATIN,
        "Sec-Fetch-Site": st.sampled_from([b"cross-site", b"same-origin"]) | LATIN,
        "X-Forwarded-For": LATIN,
        "Content-Encoding": st.just(b"gzip") | LATIN,
        "User-Agent": LATIN,
        "traceparent": LATIN,
    },
)
MEDIA_TYPES = ("application/json; charset=utf-8", "application/graphql-response+json; charset=utf-8")
BODIES = st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()) | CALLS.map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module")
def client(start_server: Callable[..., str], urls: Urls) -> Iterator[httpx.Client]:
    url = start_server(urls.app, trusted_proxies=("127.0.0.0/8",))
    with httpx.Client(base_url=url, timeout=20, limits=httpx.Limits(max_connections=1)) as opened:
        yield opened


def ask(client: httpx.Client, method: str, path: str, body: bytes, headers: dict[str, bytes]) -> httpx.Response:
    sent = {"Accept": b"*/*", **headers}
    return client.request(method, path, content=body, headers={name.encode(): value for name, value in sent.items()})


def is_graphql(answer: httpx.Response) -> bool:
    if answer.status_code == 307:  # a browser's GET without parameters
        return answer.headers["location"] == "/graphiql"
    if answer.status_code >= 500 or answer.headers["content-type"] not in MEDIA_TYPES:
        return False
    body = answer.json()
    errors = body.get("errors", ())
    return bool(body.keys() & {"data", "errors"}) and all(
        isinstance(error["message"], str) and error["extensions"]["code"] != "INTERNAL_SERVER_ERROR" for error in errors
    )


def goes_on(client: httpx.Client) -> bool:
    answer = client.post("/graphql", json={"query": "{ __typename }"}, headers={"Authorization": AUTHORIZATION})
    return bool(answer.json() == {"data": {"__typename": "Query"}})


@settings(max_examples=by_depth(100, 800), **QUICK)
@given(BODIES)
def test_any_body(client: httpx.Client, body: bytes) -> None:
    answer = ask(client, "POST", "/graphql", body, {"Content-Type": b"application/json", "Authorization": AUTHORIZATION.encode()})
    assert is_graphql(answer), answer.text
    assert goes_on(client)


@settings(max_examples=by_depth(100, 800), **QUICK)
@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]), BODIES, HEADERS)
def test_any_combination_of_headers(client: httpx.Client, method: str, body: bytes, headers: dict[str, bytes]) -> None:
    answer = ask(client, method, "/graphql", body, headers)
    assert is_graphql(answer), answer.text
    assert goes_on(client)


@settings(max_examples=by_depth(50, 400), **QUICK)
@given(st.dictionaries(st.sampled_from(["query", "variables", "operationName", "extensions"]) | TEXT, QUERIES | TEXT | VALUES.map(json.dumps), max_size=5))
def test_any_url(client: httpx.Client, parameters: dict[str, str]) -> None:
    path = httpx.URL("/graphql", params={name.encode("utf-8", "ignore").decode(): text.encode("utf-8", "ignore").decode() for name, text in parameters.items()})
    answer = ask(client, "GET", str(path), b"", {"Authorization": AUTHORIZATION.encode()})
    assert is_graphql(answer), answer.text
    assert goes_on(client)


@settings(max_examples=by_depth(30, 400), **QUICK)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"POST /graphql HTTP/1.1\r\n", b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"]),
)
def test_any_bytes_on_the_wire(client: httpx.Client, sent: bytes, before: bytes) -> None:
    """What is no HTTP is refused as JSON or waited for; either way the server goes on."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=5) as connection:
        connection.sendall(before + sent + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while part := connection.recv(65536):
            said += part
    if said:
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.split()[1][:1] == b"4", said
        assert b"errors" in body or b"/graphql" not in before
    assert client.get("/livez").status_code == 200


STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=50)
SCALARS: dict[str, SearchStrategy[ValueNode]] = {
    "BigInt": st.integers(-(2**63) + 1, 2**63 - 1).map(lambda number: nodes.String(str(number))),
    "CurrencyCode": st.sampled_from(["USD", "EUR", "JPY", "XXX"]).map(nodes.String),
    "DateTime": st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31)).map(lambda at: nodes.String(at.isoformat() + "Z")),
    "Date": st.dates(EARLIEST, LATEST).map(lambda on: nodes.String(on.isoformat())),
    "Decimal": st.from_regex(DECIMAL, fullmatch=True).map(nodes.String),
    "Metadata": STORABLE.map(lambda text: nodes.Object([ObjectFieldNode(name=NameNode(value="x"), value=nodes.String(text))])),
}
for scalar, strategy in SCALARS.items():
    schemathesis.graphql.scalar(scalar, strategy)

SCHEMA = schemathesis.graphql.from_path(Path(__file__).parents[3] / "schema.graphql")
SCHEMA.config.update(base_url="http://127.0.0.1/graphql")
# NUL is not valid input.
SCHEMA.config.generation.update(allow_x00=False)
# Files come as multipart requests, which chance writes in test_uploads.py.
OPERATIONS = {
    operation.label: operation for operation in (result.ok() for result in SCHEMA.get_all_operations()) if operation.label != "Mutation.uploadAttachments"
}


@pytest.fixture(scope="module")
def roomy(start_server: Callable[..., str], urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Documents of chance are larger than a client's may be."""
    limits = {f"max_{name}": getattr(ROOM, name) for name in ("depth", "aliases", "root_fields", "directives", "fields", "cost")}
    return start_server(urls.app, data_dir=tmp_path_factory.mktemp("chance"), **limits)


@pytest.fixture(scope="session")
async def callers(urls: Urls) -> dict[str, Viewer | None]:
    """The customer is one whom no other test looks at: mutations of chance are done."""

    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    chosen = await connection.fetchval("select id from customer where email not like '%@example.com' order by id desc limit 1")
    await connection.close()
    return {"anonymous": None, "customer": customer(chosen), "staff": STAFF}


@pytest.mark.in_turns(6)
@pytest.mark.parametrize("role", ["anonymous", "customer", "staff"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_valid_input_never_leaves_the_caller_without_data(roomy: str, callers: dict[str, Viewer | None], role: str, label: str) -> None:
    viewer = callers[role]
    headers = {"Authorization": f"Bearer {token(viewer)}"} if viewer else {}

    @settings(max_examples=by_depth(10, 60), **QUICK)
    @given(OPERATIONS[label].as_strategy())
    def run(case: Case) -> None:
        answer = case.call(base_url=f"{roomy}/graphql", headers=headers)
        body = answer.json()
        codes = {error["extensions"]["code"] for error in body.get("errors", ())}
        if viewer is None and answer.status_code == 401:
            assert codes == {"UNAUTHENTICATED"}
            return
        assert answer.status_code == 200, (case.body, answer.text)
        assert codes <= {"BAD_USER_INPUT", "FORBIDDEN", "THROTTLED"}, (case.body, answer.text)
        assert body["data"] is not None, (case.body, answer.text)

    run()
