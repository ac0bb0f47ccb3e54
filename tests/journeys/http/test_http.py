"""GraphQL over HTTP as callers meet it: every row of the table of statuses in both readings, and every request that a careless server trips over."""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.http.statuses import STATUS, status
from tests.conftest import ADA, token

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
AS_ADA = {"Authorization": f"Bearer {token(ADA)}"}
PROFILES = ("compat", "draft-2026")


@pytest.fixture(scope="module")
def servers(server: str, start_server: Callable[..., str], urls: Urls) -> dict[str, str]:
    return {"compat": server, "draft-2026": start_server(urls.app, http_profile="draft-2026")}


@pytest.fixture(params=PROFILES)
async def strict(request: pytest.FixtureRequest, servers: dict[str, str]) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """A reading of the statuses, and a client of a server that follows it."""
    async with httpx.AsyncClient(base_url=servers[request.param], headers=AS_ADA, timeout=20) as client:
        yield request.param, client


def query(text: str, **more: Any) -> dict[str, Any]:
    return {"json": {"query": text, **more}}


def body(content: bytes, **headers: str) -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Type": JSON, **headers}}


# What is sent, and what becomes of it: (compat as JSON, compat as GraphQL, draft as JSON, draft as GraphQL).
ROWS: dict[str, tuple[str, str, dict[str, Any], tuple[int, int, int, int], str]] = {
    "a query": ("POST", "", query("{ __typename }"), (200, 200, 200, 200), ""),
    "data and errors": ("POST", "", query("{ __typename customers { totalCount } }"), (200, 200, 200, 294), "FORBIDDEN"),
    "no data but errors": ("POST", "", query("{ customers { totalCount } }"), (200, 200, 200, 294), "FORBIDDEN"),
    "a mutation by GET": ("GET", "?query=mutation{__typename}", {}, (405, 405, 405, 405), "METHOD_NOT_ALLOWED"),
    "another content type": ("POST", "", body(b"query=x", **{"Content-Type": "application/graphql"}), (415, 415, 415, 415), "UNSUPPORTED_MEDIA_TYPE"),
    "bad JSON": ("POST", "", body(b'{ "not a JSON'), (400, 400, 400, 400), "BAD_REQUEST"),
    "bad syntax": ("POST", "", query("{"), (200, 400, 400, 400), "GRAPHQL_PARSE_FAILED"),
    "no query": ("POST", "", {"json": {"qeury": "{ __typename }"}}, (400, 400, 422, 422), "BAD_PARAMETERS"),
    "variables of a wrong type": ("POST", "", query("{ __typename }", variables=[7]), (400, 400, 422, 422), "BAD_PARAMETERS"),
    "a document that is not valid": ("POST", "", query("{ nothing }"), (200, 400, 422, 422), "GRAPHQL_VALIDATION_FAILED"),
    "an operation that is not named": ("POST", "", query("query A{__typename} query B{__typename}"), (400, 400, 422, 422), "OPERATION_RESOLUTION_FAILURE"),
    "an operation that is not there": ("POST", "", query("query A{__typename}", operationName="B"), (400, 400, 422, 422), "OPERATION_RESOLUTION_FAILURE"),
    "a variable that is no value": ("POST", "", query("query ($id: ID!) { node(id: $id) { id } }"), (200, 400, 422, 422), "BAD_USER_INPUT"),
    "more than is allowed": ("POST", "", query("{" + "customer{plans:" * 20 + "x" + "}" * 21), (200, 400, 422, 422), "LIMIT_EXCEEDED"),
    "too large a body": ("POST", "", body(b" " * (1024**2 + 1)), (413, 413, 413, 413), "CONTENT_TOO_LARGE"),
    "too long a URL": ("GET", "?query={__typename}" + "%20" * 6000, {}, (414, 414, 414, 414), "URI_TOO_LONG"),
    "no token that holds": ("POST", "", {**query("{ __typename }"), "headers": {"Authorization": "Bearer x"}}, (401, 401, 401, 401), "UNAUTHENTICATED"),
    "a selection for callers who read": (
        "POST",
        "",
        {**query("{ plans { nodes { subscriptions { totalCount } } } }"), "headers": {"Authorization": f"Bearer {token(replace(ADA, scopes=()))}"}},
        (403, 403, 403, 403),
        "FORBIDDEN",
    ),
    "a form of another site": ("POST", "", body(b"", **{"Content-Type": "text/plain"}), (403, 403, 403, 403), "CROSS_SITE_REQUEST"),
}


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
@pytest.mark.parametrize("row", ROWS)
async def test_every_row_of_the_table_in_both_readings(strict: tuple[str, httpx.AsyncClient], row: str, media: str) -> None:
    profile, client = strict
    method, path, sent, statuses, code = ROWS[row]
    headers = {"Accept": media, **sent.get("headers", {})}
    answer = await client.request(method, f"/graphql{path}", **{**sent, "headers": headers})
    assert answer.status_code == statuses[2 * PROFILES.index(profile) + (media == GRAPHQL)], answer.text
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
    assert codes == ({code} if code else set())
    assert ("data" in answer.json()) == ("data" in row or row == "a query")
    assert answer.headers["cache-control"] == "private, no-store"


def test_the_table_has_a_status_for_every_media_type_and_reading() -> None:
    for code, rows in STATUS.items():
        assert set(rows) == set(PROFILES), code
        assert all(200 <= status(code, media, profile) <= 503 for media in (JSON, GRAPHQL) for profile in PROFILES)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.1, */*;q=0.2", JSON),
        (f"{GRAPHQL};q=0, */*", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("APPLICATION/GraphQL-Response+JSON", GRAPHQL),
        (",,;;=,q=,*/*", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        ("multipart/form-data", None),
        ("é", None),
    ],
)
async def test_the_media_type_is_the_best_that_the_caller_takes(server: str, accept: str | None, media: str | None) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        request = client.build_request("POST", "/graphql", json={"query": "{ __typename }"}, headers=AS_ADA)
        del request.headers["accept"]
        if accept is not None:
            request.headers = httpx.Headers([*request.headers.raw, (b"Accept", accept.encode())])
        answer = await client.send(request)
    assert answer.status_code == (200 if media else 406)
    assert answer.headers["content-type"] == f"{media or JSON}; charset=utf-8"


TYPENAME = b'{"query": "{ __typename }"}'


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body(b"null"), 400),
        (body(b"1"), 400),
        (body(b'"x"'), 400),
        (body(b"true"), 400),
        (body(b"[]"), 400),
        (body(b'[{"query": "{ __typename }"}]'), 400),
        (body(b"\xff\xfe\xfd"), 400),
        (body(b"[" * 100_000 + b"]" * 100_000), 400),
        (body(b'{"query": "{ __typename }", "variables": {"a": NaN}}'), 400),
        (body(b'{"query": "{ __typename }", "query": "{ viewer { kind } }"}'), 400),
        (body(b'{"query": "{ __typename }", "\\u0071uery": "{ viewer { kind } }"}'), 400),
        (body(b'{"query": "{ __typename }", "variables": {"query": 1, "variables": {"query": 2}}}'), 200),
        (body(b'{"query": "{ __typename }", "other": 1, "other2": 2}'), 200),
        (body(TYPENAME.decode().encode("utf-16"), **{"Content-Type": "application/json; charset=utf-16"}), 415),
        (body(TYPENAME.decode().encode("utf-16")), 400),
        (body(b"\xef\xbb\xbf" + TYPENAME), 400),
        (body(TYPENAME, **{"Content-Type": 'APPLICATION/JSON ; charset="UTF-8"'}), 200),
        (body(gzip.compress(TYPENAME), **{"Content-Encoding": "gzip"}), 415),
        (body(b'{"query": "{ __typename }", "operationName": 1}'), 400),
        (body(b'{"query": "{ __typename }", "operationName": ""}'), 200),
        (body(b'{"query": "fragment A on Query { __typename }"}'), 200),
        (body(b'{"query": "subscription { a }"}'), 200),
        (body(b'{"query": "{ ... @defer { __typename } }"}', Accept="application/json"), 200),
        (body(b'{"query": "{ customer { } }"}'), 200),
        (body(b'{"query": "{ node(id: 1' + b"0" * 5000 + b') { id } }"}'), 200),
        (body(b'{"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": ' + b"[" * 900 + b"]" * 900 + b"}}"), 200),
        (
            body(b'{"query": "query ($f: PaymentFilter) { customer { payments(filter: $f) { totalCount } } }", "variables": {"f": {"currency": {"a": []}}}}'),
            200,
        ),
    ],
)
async def test_what_trips_over_careless_servers_is_answered_as_json_and_never_5xx(server: str, sent: dict[str, Any], expected: int) -> None:
    async with httpx.AsyncClient(base_url=server, headers=AS_ADA) as client:
        answer = await client.post("/graphql", **sent)
        assert answer.status_code == expected, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert json.loads(answer.text).keys() <= {"data", "errors"}
        for error in answer.json().get("errors", ()):
            assert error["extensions"]["code"]
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize("headers", [AS_ADA, {}], ids=["ada", "no token"])
async def test_other_methods_are_405_and_told_which_are_allowed(server: str, method: str, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        answer = await client.request(method, "/graphql", headers=headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST, OPTIONS"


@pytest.mark.parametrize(
    ("parameters", "expected", "code"),
    [
        ("query={__typename}&variables=&extensions=&operationName=", 200, None),
        ("query={__typename}&variables=null&extensions={}", 200, None),
        ("query=query null{__typename}&operationName=null", 200, None),
        ("query={__typename}&operationName=null", 400, "OPERATION_RESOLUTION_FAILURE"),
        ("query={__typename}&variables=[]", 400, "BAD_PARAMETERS"),
        ("query={__typename}&variables={", 400, "BAD_REQUEST"),
        ("query={__typename}&query={viewer{kind}}", 400, "BAD_REQUEST"),
        ("query=%ff", 400, "BAD_REQUEST"),
        ("query=", 400, "BAD_PARAMETERS"),
        ("", 400, "BAD_PARAMETERS"),
        ("&".join(f"a{number}=1" for number in range(200)), 400, "BAD_REQUEST"),
        ("query=mutation{signOut{done}}", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_a_get_is_a_query_in_a_url(server: str, parameters: str, expected: int, code: str | None) -> None:
    async with httpx.AsyncClient(base_url=server, headers=AS_ADA) as client:
        answer = await client.get(f"/graphql?{parameters}")
    assert answer.status_code == expected, answer.text
    assert (answer.json()["errors"][0]["extensions"]["code"] if "errors" in answer.json() else None) == code
    if expected == 405:
        assert answer.headers["allow"] == "POST"


async def test_there_is_one_path_and_no_detour(server: str) -> None:
    async with httpx.AsyncClient(base_url=server, headers=AS_ADA) as client:
        assert (await client.post("/graphql/", json={"query": "{ __typename }"})).status_code == 404


async def test_a_request_without_a_token_may_be_smaller_than_one_with_a_token(server: str) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        answer = await client.post("/graphql", content=b" " * 65537, headers={"Content-Type": JSON})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (413, "CONTENT_TOO_LARGE")


async def test_every_answer_has_the_headers_that_keep_it_private(server: str) -> None:
    async with httpx.AsyncClient(base_url=server, headers=AS_ADA) as client:
        for answer in (await client.post("/graphql", json={"query": "{ __typename }"}), await client.get("/graphql"), await client.options("/graphql")):
            assert answer.headers["cache-control"] == "private, no-store"
            assert {"Accept", "Authorization", "Origin"} <= set(answer.headers["vary"].split(", "))
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
