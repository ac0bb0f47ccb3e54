"""The bounds of what is taken, each where it matters: days, instants, texts, numbers, time zones, locales, addresses, lists, names in JSON."""

import json
import zoneinfo
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from tests.callers.posting import Piece, codes, field, form, operations, paths, send
from tests.conftest import ADA, EMPTY, Post, customer, token
from tests.journeys.http.hostile import LOCALES, ZONES
from tests.samples import pdf

PROFILE = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code path } customer { timeZone locale summary { activeSubscriptions } } } }"
READ = (
    "{ customer { timeZone locale email invoices(first: 2) { nodes { isOverdue total { formatted } } } summary { totalDue { amount } nextPayment { date } } } }"
)


@pytest.fixture(scope="module", params=[True, False], ids=["planner", "executor"])
def url(request: pytest.FixtureRequest, start_server: Callable[..., str], urls: Urls) -> str:
    return start_server(urls.app, planner=request.param)


async def ask(url: str, text: str, *, viewer: Any = ADA, **variables: Any) -> tuple[int, list[str], Any]:
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        content = json.dumps({"query": text, "variables": variables})
        answer = await client.post("/graphql", content=content, headers={"Content-Type": "application/json", "Authorization": f"Bearer {token(viewer)}"})
    body = answer.json()
    return answer.status_code, [error["extensions"]["code"] for error in body.get("errors", ())], body.get("data")


STATEMENT = 'query ($a: Date!, $b: Date!) { customer { statement(currency: "USD", startsOn: $a, endsOn: $b) { pdfUrl csvUrl } } }'


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [("9999-12-01", "9999-12-31"), ("9998-01-01", "9998-01-02"), ("0001-01-01", "0001-01-02"), ("3000-01-01", "3000-01-01"), ("1899-12-31", "1900-01-01")],
)
async def test_a_statement_of_a_year_that_is_none_is_refused(url: str, starts_on: str, ends_on: str) -> None:
    assert set((await ask(url, STATEMENT, a=starts_on, b=ends_on))[1]) == {"BAD_USER_INPUT"}
    literal = STATEMENT.replace("query ($a: Date!, $b: Date!)", "").replace("$a", f'"{starts_on}"').replace("$b", f'"{ends_on}"')
    assert set((await ask(url, literal))[1]) == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(("starts_on", "ends_on"), [("1900-01-01", "1903-01-01"), ("2999-01-01", "2999-12-31"), ("2026-06-01", "2026-06-01")])
async def test_a_statement_of_any_other_year_is_printed(url: str, starts_on: str, ends_on: str) -> None:
    status, errors, data = await ask(url, STATEMENT, a=starts_on, b=ends_on)
    assert (status, errors) == (200, [])
    async with httpx.AsyncClient() as client:
        for name in ("csvUrl", "pdfUrl"):
            path = data["customer"]["statement"][name].partition("/papers/")[2]
            assert (await client.get(f"{url}/papers/{path}")).status_code == 200


CREATED = "query ($at: DateTime) { customer { payments(first: 1, filter: { createdFrom: $at }) { totalCount } } }"


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("1900-01-01T00:00:00Z", True),
        ("2999-12-31T23:59:59.999999Z", True),
        ("2026-01-01T00:00:00+14:00", True),
        ("1900-01-01T00:00:00+00:01", False),
        ("2999-12-31T23:59:59-00:01", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-14:00", False),
        ("2026-01-01T00:00:00", False),
    ],
)
async def test_an_instant_is_of_the_years_that_days_are_of(url: str, at: str, holds: bool) -> None:
    assert (await ask(url, CREATED, at=at))[1] == ([] if holds else ["BAD_USER_INPUT"])


@pytest.mark.parametrize("text", ["\0", "a\0b", "plan_\0"])
@pytest.mark.parametrize(
    "query",
    [
        "query ($t: ID!) { node(id: $t) { id } }",
        "query ($t: ID!) { nodes(ids: [$t]) { id } }",
        "query ($t: String) { plans(after: $t) { totalCount } }",
        "query ($t: ID) { customer { subscriptions(filter: { planId: $t }) { totalCount } } }",
        "mutation ($t: String!) { requestPasswordReset(input: { email: $t }) { done } }",
        "mutation ($t: String) { updateProfile(input: { name: $t }) { userErrors { code } } }",
    ],
)
async def test_a_text_that_the_database_cannot_keep_is_refused_everywhere(url: str, query: str, text: str) -> None:
    assert (await ask(url, query, t=text))[1] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("text", [r'{ node(id: "\u0000") { id } }', r'{ plans(after: "\ud800") { totalCount } }', r'{ plans(after: "\u{0}") { totalCount } }'])
async def test_so_is_one_that_stands_in_the_document(url: str, text: str) -> None:
    assert (await ask(url, text))[1] in (["GRAPHQL_VALIDATION_FAILED"], ["GRAPHQL_PARSE_FAILED"])


@pytest.mark.parametrize("broken", ["\ud800", "\0"])
@pytest.mark.parametrize("order", ["NEWEST", "DUE_FIRST"])
async def test_a_cursor_that_holds_such_a_text_is_none(url: str, broken: str, order: str) -> None:
    first = "2026-06-01T12:00:00.000000Z" if order == "NEWEST" else "2026-06-01"
    text = f"query ($after: String) {{ customer {{ invoices(sort: {order}, after: $after) {{ totalCount }} }} }}"
    for value, errors in ((broken, ["BAD_USER_INPUT"]), ("inv_", [])):
        cursor = urlsafe_b64encode(json.dumps([order.lower(), first, value]).encode()).decode()
        assert (await ask(url, text, after=cursor))[1] == errors


async def test_a_number_in_a_cursor_is_one_that_the_column_can_hold(url: str, admin: asyncpg.Connection) -> None:
    text = "query ($id: ID!, $after: String) { node(id: $id) { ... on Invoice { lines(after: $after) { totalCount } } } }"
    invoice = await admin.fetchval("select invoice_id from invoice_line where customer_id = $1 limit 1", ADA.customer_id)
    for number, errors in ((2**31, ["BAD_USER_INPUT"]), (-(2**31), ["BAD_USER_INPUT"]), (2**31 - 1, [])):
        cursor = urlsafe_b64encode(json.dumps(["printed", number, "line_"]).encode()).decode()
        assert (await ask(url, text, id=invoice, after=cursor))[1] == errors


async def test_a_list_of_thousands_is_refused_at_once_and_thousands_of_errors_are_not_told(url: str) -> None:
    many = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await ask(url, many, ids=["x"] * 10_000))[1] == ["LIMIT_EXCEEDED"]
    assert (await ask(url, many, ids=[["x"] * 50] * 200))[1] == ["LIMIT_EXCEEDED"]
    assert (await ask(url, many, ids=["x"] * 9_000))[1] == ["BAD_USER_INPUT"]
    filtered = "query ($filter: PaymentFilter) { customer { payments(filter: $filter) { totalCount } } }"
    assert len((await ask(url, filtered, filter={f"unknown{number}": 1 for number in range(9_000)}))[1]) <= 21
    assert len((await ask(url, filtered, filter={"status": ["x"] * 9_000}))[1]) <= 21
    assert (await ask(url, filtered, filter={"status": [[[["FAILED"] * 2] * 50] * 100]}))[1] == ["LIMIT_EXCEEDED"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """A time zone that this process has on its disk, and the database has not."""
    name = "Atlantis/Poseidonis"
    source = next(Path(folder) / "Europe/Zurich" for folder in zoneinfo.TZPATH if (Path(folder) / "Europe/Zurich").exists())
    (tmp_path / name).parent.mkdir()
    copyfile(source, tmp_path / name)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([*before, str(tmp_path)])
    yield name
    zoneinfo.reset_tzpath(before)


async def test_a_time_zone_that_only_python_knows_is_refused_and_nothing_is_changed(post: Post, admin: asyncpg.Connection, elsewhere: str) -> None:
    assert zoneinfo.ZoneInfo(elsewhere)
    before = await admin.fetchrow("select * from customer where id = $1", EMPTY.customer_id)
    answer = (await post(PROFILE, EMPTY, input={"timeZone": elsewhere, "name": "Other"})).json()["data"]["updateProfile"]
    assert answer == {"userErrors": [{"code": "INVALID_VALUE", "path": ["input", "timeZone"]}], "customer": None}
    stale = (await post(PROFILE, EMPTY, input={"timeZone": elsewhere, "expectedVersion": 10**6})).json()["data"]["updateProfile"]
    assert stale["userErrors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
    assert await admin.fetchrow("select * from customer where id = $1", EMPTY.customer_id) == before
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await admin.execute("update customer set time_zone = $2 where id = $1", EMPTY.customer_id, elsewhere)


@pytest.fixture
async def somebody(admin: asyncpg.Connection) -> str:
    identifier = f"cus_{uuid4().hex[:26]}"
    await admin.execute(
        "insert into customer (id, name, email, currency, created_at) values ($1, 'Some', $2, 'USD', now())", identifier, f"{identifier}@example.net"
    )
    return identifier


async def test_whatever_profile_is_accepted_can_be_read_again(post: Post, somebody: str) -> None:
    accepted = 0
    for profile in [*({"timeZone": zone} for zone in (*ZONES, "Europe/Zurich", "Etc/GMT+12")), *({"locale": locale} for locale in (*LOCALES, "de-CH", "en"))]:
        answer = (await post(PROFILE, customer(somebody), input=profile)).json()
        assert "errors" not in answer, (profile, answer)
        refused = answer["data"]["updateProfile"]["userErrors"]
        accepted += not refused
        assert refused in ([], [{"code": "INVALID_VALUE", "path": ["input", next(iter(profile))]}]), (profile, answer)
        assert "errors" not in (await post(READ, customer(somebody))).json(), profile
    assert accepted > 5


PERSONS = {
    "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627": "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # Alireza, with the joiner of Persian
    "\u0915\u094d\u200d\u0937": "\u0915\u094d\u200d\u0937",
    "Ada \U0001f468\u200d\U0001f469\u200d\U0001f467": "Ada \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Ada \U0001fae8": "Ada \U0001fae8",  # newer than this Python's tables
    "\u2068Ada\u2069 \u200eKing\u202e": "Ada King",
    " Ada\n\tKing\x07 ": "Ada King",
    "n" * 200: "n" * 200,
    "": None,
    "   ": None,
    "\u200c\u200d": None,
    "\u202e\ufeff\u200b": None,
    "n" * 201: None,
}


@pytest.mark.parametrize(("name", "expected"), PERSONS.items(), ids=range(len(PERSONS)))
async def test_a_persons_name_keeps_its_joiners_and_loses_what_only_turns_or_hides_text(
    post: Post, somebody: str, admin: asyncpg.Connection, name: str, expected: str | None
) -> None:
    answer = (await post(PROFILE, customer(somebody), input={"name": name})).json()["data"]["updateProfile"]
    assert answer["userErrors"] == ([] if expected else [{"code": "INVALID_VALUE", "path": ["input", "name"]}])
    assert await admin.fetchval("select name from customer where id = $1", somebody) == (expected or "Some")


@pytest.mark.parametrize(
    ("address", "holds"),
    [("a" * 64 + "@example.es", True), ("a" * 65 + "@example.es", False), ("a@b", False), ("a\u200b@example.es", False), ("ä@ö.example", True)],
)
async def test_an_address_is_one_that_mail_servers_take(post: Post, somebody: str, address: str, holds: bool) -> None:
    text = "mutation ($email: String!) { requestEmailChange(input: { newEmail: $email }) { done userErrors { code } } }"
    answer = (await post(text, customer(somebody), email=address)).json()["data"]["requestEmailChange"]
    assert answer == ({"done": True, "userErrors": []} if holds else {"done": None, "userErrors": [{"code": "INVALID_VALUE"}]})


TWICE = [
    ("operations", b'{"query": "{ viewer { kind } }", "query": QUERY, "variables": VARIABLES}'),
    ("operations", b'{"query": QUERY, "variables": VARIABLES, "\\u0071uery": QUERY}'),
    ("operations", b'{"query": QUERY, "variables": {"input": {"parentId": "inv_x"}}, "variables": VARIABLES}'),
    ("operations", b'{"query": QUERY, "variables": {"input": {"parentId": "inv_x", "files": [null], "idempotencyKey": "a", "parentId": "PARENT"}}}'),
    ("map", b'{"0": ["variables.input.files.0"], "0": ["variables.input.files.0"]}'),
    ("map", b'{"0": ["variables.input.files.0"], "\\u0030": ["variables.input.files.0"]}'),
]


@pytest.mark.parametrize(("name", "content"), TWICE)
async def test_a_name_that_stands_twice_beside_files_is_refused(
    http: httpx.AsyncClient, invoice: str, admin: asyncpg.Connection, left: None, name: str, content: bytes
) -> None:
    request = operations(invoice, 1)
    written = content.replace(b"QUERY", json.dumps(request["query"]).encode()).replace(b"VARIABLES", json.dumps(request["variables"]).encode())
    written = written.replace(b"PARENT", invoice.encode())
    parts = {"operations": field("operations", request), "map": field("map", paths(1)), name: field(name, written)}
    answer = await send(http, form(parts["operations"], parts["map"], Piece("0", pdf(), "a.pdf", "")))
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_name_that_stands_once_in_each_of_two_objects_is_taken(http: httpx.AsyncClient, invoice: str) -> None:
    request = operations(invoice, 1) | {"extensions": {"query": {"query": 1}, "variables": 2}}
    answer = await send(http, form(field("operations", request), field("map", paths(1)), Piece("0", pdf(), "a.pdf", "")))
    assert codes(answer.json()["data"]["uploadAttachments"]) == []


async def test_a_variable_may_be_that_of_a_directive_in_another_operation(url: str) -> None:
    """There it is a Boolean, here an object or a list."""
    text = """query A($x: Boolean!) { viewer { kind @skip(if: $x) } } mutation B($x: EndSessionInput!) { endSession(input: $x) { userErrors { code } } }
        query C($x: [ID!]!) { nodes(ids: $x) { id } }"""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(ADA)}"}, timeout=20) as client:
        answers = [
            (await client.post("/graphql", json={"query": text, "operationName": name, "variables": {"x": value}})).json()
            for name, value in (("A", False), ("B", {"sessionId": "x"}), ("C", ["sub_x"]), ("A", True))
        ]
    data: list[Any] = [{"viewer": {"kind": "CUSTOMER"}}, {"endSession": {"userErrors": [{"code": "NOT_FOUND"}]}}, {"nodes": [None]}, {"viewer": {}}]
    assert answers == [{"data": each} for each in data]
