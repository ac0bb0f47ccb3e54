"""What goes wrong, as a caller sees it over HTTP."""

from base64 import urlsafe_b64encode

import httpx
import pytest

from tests.conftest import ADA, BIG, STAFF, Portal, Post, customer, token

NODE = "query ($id: ID!) { node(id: $id) { id } }"


async def test_without_a_token_it_is_401_in_graphql_shape(post: Post) -> None:
    answer = await post("{ viewer { kind } }", None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


async def test_a_body_that_cannot_be_read_gets_its_own_error_without_a_token_too(http: httpx.AsyncClient) -> None:
    """Outside of production; `test_unauthenticated.py` has the other half."""
    answer = await http.post("/graphql", content=b"{not json", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "The request is not valid JSON."


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "x",
        "sub_",
        "sub_00000000000000000000000000",
        "bogus_01m829w97ne1msh76cygrhecz9",
        "cus_01m829w97ne1msh76cygrhecz9",
        "sub_01m829w97ne1msh76cygrhecz\N{LATIN SMALL LETTER E WITH ACUTE}",
        "'; drop table customer; --",
        "sub_" + "a" * 5000,
    ],
)
async def test_an_id_that_is_nobodys_is_null_whatever_is_wrong_with_it(post: Post, identifier: str) -> None:
    answer = await post(NODE, id=identifier)
    assert answer.json() == {"data": {"node": None}}


async def test_anothers_id_is_null_exactly_like_none(post: Post, portal: Portal) -> None:
    for kind in ("subscriptions", "invoices", "payments", "paymentMethods"):
        theirs = (await portal.execute(f"{{ customer {{ {kind}(first: 1) {{ nodes {{ id }} }} }} }}", BIG)).data["customer"][kind]["nodes"][0]["id"]
        wrong = "inv_" + theirs.partition("_")[2] if kind != "invoices" else "sub_" + theirs.partition("_")[2]
        assert (await post(NODE, id=theirs)).json() == (await post(NODE, id=wrong)).json() == {"data": {"node": None}}
    assert (await post("query ($id: ID) { customer(id: $id) { id } }", id=BIG.customer_id)).json() == {"data": {"customer": None}}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ("first: 0", ["first"]),
        ("first: 101", ["first"]),
        ("first: -1", ["first"]),
        ("last: 0", ["last"]),
        ("last: 101", ["last"]),
        ("first: 1, last: 1", ["last"]),
        ('after: "rubbish"', ["after"]),
        ('after: ""', ["after"]),
        ('before: "bnVsbA=="', ["before"]),
        ('after: "{cut}"', ["after"]),
        ('after: "{other}"', ["after"]),
        ('after: "{huge}"', ["after"]),
    ],
)
async def test_a_page_that_cannot_be_is_bad_user_input_with_the_arguments_path(post: Post, arguments: str, path: list[str]) -> None:
    listed = await post("{ customer { subscriptions(first: 1) { pageInfo { endCursor } } } }")
    cursor = listed.json()["data"]["customer"]["subscriptions"]["pageInfo"]["endCursor"]
    other = urlsafe_b64encode(b'["oldest", "2026-01-01T00:00:00.000000Z", "sub_1"]').decode()
    huge = urlsafe_b64encode(b'["newest", "2026-01-01T00:00:00.000000Z", 1e400]').decode()
    written = arguments.replace("{cut}", cursor[:-9]).replace("{other}", other).replace("{huge}", huge)
    answer = await post(f"{{ customer {{ id subscriptions({written}) {{ nodes {{ id }} }} }} }}")
    (error,) = answer.json()["errors"]
    assert answer.status_code == 200
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": path}
    assert error["path"] == ["customer", "subscriptions"]


async def test_customers_are_for_staff(post: Post) -> None:
    answer = await post("{ customers { nodes { id } } }")
    assert answer.json()["data"] == {"customers": None}
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_staff_find_customers_by_the_beginning_of_name_or_address(post: Post) -> None:
    for search in ("ADA@", "ada love", "Ada Lovelace"):
        answer = await post("query ($s: String) { customers(search: $s) { nodes { email } } }", STAFF, s=search)
        assert answer.json()["data"]["customers"]["nodes"][0]["email"] == "ada@example.com"
    for search in ("ada%love", "ad_ love", "ada\\ love", "ada' love"):
        answer = await post("query ($s: String) { customers(search: $s) { totalCount } }", STAFF, s=search)
        assert answer.json()["data"]["customers"]["totalCount"] == 0


async def test_staff_see_any_customer_and_anything_by_its_id(post: Post) -> None:
    answer = await post("query ($id: ID) { customer(id: $id) { email subscriptions(first: 1) { nodes { id } } } }", STAFF, id=ADA.customer_id)
    customer = answer.json()["data"]["customer"]
    assert customer["email"] == "ada@example.com"
    again = await post(
        "query ($id: ID!) { node(id: $id) { ... on Subscription { id customer { email } } } }", STAFF, id=customer["subscriptions"]["nodes"][0]["id"]
    )
    assert again.json()["data"]["node"]["customer"]["email"] == "ada@example.com"


async def test_staff_have_no_account_of_their_own(post: Post) -> None:
    assert (await post("{ customer { id } viewer { kind customer { id } } }", STAFF)).json()["data"] == {
        "customer": None,
        "viewer": {"kind": "STAFF", "customer": None},
    }


async def test_more_than_fifty_ids_are_bad_user_input(post: Post) -> None:
    answer = await post("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["sub_x"] * 51)
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": ["ids"]}


async def test_a_quote_in_the_subject_of_a_token_stays_a_quote(post: Post) -> None:
    for subject in ("cus_'; set local app.actor = 'STAFF", "\\'; --", "cus_\\", "é'\u2028"):
        assert (await post("{ customer { id } }", customer(subject))).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"1", 400),
        (b'"x"', 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"query": 1}', 400),
        (b'{"query": ""}', 400),
        (b'{"query": "{ __typename }", "variables": []}', 400),
        (b'{"query": "{ __typename }", "operationName": 1}', 400),
        (b'{"query": "{ __typename }", "extensions": 1}', 400),
        (b'{"query": "query A { __typename } query B { __typename }"}', 400),
        (b'{"query": "{ __typename }", "x": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"x" * (1024**2 + 1), 413),
        (b'{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": null, "other": 1}', 200),
    ],
)
async def test_a_body_that_is_no_call_is_refused_as_json(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await http.post("/graphql", content=body, headers={"Content-Type": "application/json", "Authorization": f"Bearer {token(ADA)}"})
    assert answer.status_code == status
    assert ("errors" in answer.json()) == (status != 200)


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {"Content-Type": "application/json"}, 405),
        ("DELETE", {}, 405),
        ("POST", {"Content-Type": "text/plain", "GraphQL-Require-Preflight": "1"}, 415),
        ("POST", {"Content-Type": "application/json; charset=utf-16"}, 415),
        ("POST", {"Content-Type": "application/json", "Accept": "text/html"}, 406),
        ("OPTIONS", {}, 204),
    ],
)
async def test_other_methods_and_media_types_are_refused(http: httpx.AsyncClient, method: str, headers: dict, status: int) -> None:
    answer = await http.request(method, "/graphql", content=b'{"query": "{ __typename }"}', headers={"Authorization": f"Bearer {token(ADA)}", **headers})
    assert answer.status_code == status
    assert "allow" in answer.headers or status not in (405, 204)


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("{ a }" + " " * 10 + "{" * 3000, {}, "GRAPHQL_PARSE_FAILED"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)])
async def test_a_request_error_has_no_data_and_the_status_of_its_media_type(
    http: httpx.AsyncClient, query: str, variables: dict, code: str, accept: str, status: int
) -> None:
    answer = await http.post("/graphql", json={"query": query, "variables": variables}, headers={"Authorization": f"Bearer {token(ADA)}", "Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert "data" not in answer.json()
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {code}


async def test_a_query_may_come_by_get(http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {token(ADA)}"}
    answer = await http.get("/graphql", params={"query": NODE, "variables": f'{{"id": "{ADA.customer_id}"}}', "operationName": ""}, headers=headers)
    assert answer.json() == {"data": {"node": {"id": ADA.customer_id}}}
    assert answer.headers["cache-control"] == "private, no-store"
