"""Requests without a valid token: why, in the log always and in the answer outside of production; and what is wrong with their documents, outside of production."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from db.builtin.embedded import Urls
from tests.auth.forge import AT, EVIL, MISSING, RS, made
from tests.auth.provider import running
from tests.callers.identity import SIGN_IN
from tests.conftest import ADA, ISSUER, customer, token
from tests.conftest import SECRET as PORTAL_SECRET
from tests.journeys.arguments import TAIL

ISS, AUDIENCE, CLAIM = "https://login.example.com/", "https://portal.example.com", "https://example.com/customer"
THEIRS = replace(RS, kid="theirs")
PRODUCTION = "The access token is missing, invalid or expired. Send `Authorization: Bearer <token>`."
QUERY = "{ viewer { kind } }"


def ours(claims: dict[str, Any] | None = None, **headers: Any) -> str:
    changed = {"sub": ADA.customer_id, "scope": "portal", "client_id": "tests", **(claims or {})}
    return made(changed, key=headers.pop("key", ISSUER.keys[0]), **headers)


def theirs(claims: dict[str, Any] | None = None, **headers: Any) -> str:
    changed = {"iss": ISS, "aud": AUDIENCE, CLAIM: ADA.customer_id, **(claims or {})}
    return made(changed, key=headers.pop("key", THEIRS), **headers)


# The header, and the reason with the name of the claim.
WRONG: dict[str, tuple[str | None, str, str]] = {
    "no header": (None, "missing", ""),
    "another scheme": ("Basic YTpi", "scheme", ""),
    "no token": ("Bearer", "scheme", ""),
    "no JWT": ("Bearer tomato-soup", "malformed", ""),
    "another issuer's": (f"Bearer {ours({'iss': 'tomato-soup'})}", "issuer", ""),
    "their issuer without its slash": (f"Bearer {theirs({'iss': ISS.rstrip('/')})}", "issuer", ""),
    "their key": (f"Bearer {theirs(key=replace(RS, kid='tomato-soup'))}", "key_unknown", ""),
    "an algorithm they do not use": (f"Bearer {theirs(alg='PS512')}", "algorithm", ""),
    "no customer of theirs": (f"Bearer {theirs({CLAIM: MISSING})}", "claim_missing", CLAIM),
    "a number for their customer": (f"Bearer {theirs({CLAIM: 7})}", "claim_invalid", CLAIM),
    "a customer of theirs who is not here": (f"Bearer {theirs({CLAIM: f'cus_{TAIL}'})}", "unknown_customer", ""),
    "a customer who is not here": (f"Bearer {ours({'sub': f'cus_{TAIL}'})}", "unknown_customer", ""),
    "an ended session": (f"Bearer {ours({'sid': f'ses_{TAIL}'})}", "session_ended", ""),
    "our signature": (f"Bearer {ours(key=replace(ISSUER.keys[0], signing=b'tomato-soup' * 4))}", "signature", ""),
    "their signature": (f"Bearer {theirs(key=replace(EVIL, kid='theirs'), alg='RS256')}", "signature", ""),
    "a kind nobody knows": (f"Bearer {ours({'kind': 'tomato-soup'})}", "claim_invalid", "kind"),
    **{
        f"{whose}: {name}": (f"Bearer {make(claims, **headers)}", reason, claim)
        for whose, make in (("ours", ours), ("theirs", theirs))
        for name, claims, headers, reason, claim in (
            ("an ID token", {}, {"typ": "JWT"}, "type", ""),
            ("another audience", {"aud": "tomato-soup"}, {}, "audience", ""),
            ("expired", {"exp": AT - 900}, {}, "expired", ""),
            ("not valid yet", {"nbf": AT + 12 * 3600}, {}, "not_yet_valid", "nbf"),
            ("without sub", {"sub": MISSING}, {}, "claim_missing", "sub"),
            ("without exp", {"exp": MISSING}, {}, "claim_missing", "exp"),
        )
    },
}
EXPIRED = WRONG["ours: expired"][0]


@dataclass
class Gates:
    """A server in development and one in production, which take the same tokens."""

    client: httpx.AsyncClient
    urls: dict[str, str]

    async def ask(self, where: str, header: str | None, query: str = QUERY, **more: Any) -> httpx.Response:
        headers = {} if header is None else {"Authorization": header}
        return await self.client.post(f"{self.urls[where]}/graphql", json={"query": query, **more}, headers=headers)


@pytest.fixture(scope="module")
def started(start_server: Callable[..., str], urls: Urls) -> Iterator[dict[str, str]]:
    with running() as provider:
        provider.keys = published([THEIRS])["keys"]
        issuers = (OtherIssuer(ISS, AUDIENCE, provider.url, customer_claim=CLAIM, scopes={"a": "portal"}),)
        # Production takes keys by https alone, which the provider of the tests does not speak: there all tokens of theirs are of an unknown issuer.
        live = {"environment": "production", "secret": PORTAL_SECRET, "sandbox": True, "document_mode": "open"}
        yield {
            "development": start_server(urls.app, issuers=issuers),
            "closed": start_server(urls.app, developer_tools=False),
            "poor": start_server(urls.app, anonymous_budget=30),
            "production": start_server(urls.app, **live),
        }


@pytest.fixture
async def gates(started: dict[str, str]) -> AsyncIterator[Gates]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield Gates(client, started)


async def line_of(answer: httpx.Response, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The operation's line in the log, which comes after the answer."""
    for _ in range(300):
        for record in caplog.records:
            if record.name == "portico.operation" and vars(record)["request_id"] == answer.headers["x-request-id"]:
                return vars(record)
        await asyncio.sleep(0.01)
    raise AssertionError("no line")


@pytest.mark.parametrize("name", WRONG)
async def test_outside_of_production_the_answer_and_the_log_have_the_reason(gates: Gates, caplog: pytest.LogCaptureFixture, name: str) -> None:
    header, reason, claim = WRONG[name]
    caplog.set_level(logging.INFO)
    answer = await gates.ask("development", header)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert error["extensions"] == {"code": "UNAUTHENTICATED", "reason": reason, **({"claim": claim} if claim else {})}
    assert "access token" in error["message"] or reason == "scheme"
    assert claim in error["message"]
    line = await line_of(answer, caplog)
    assert (line["code"], line["reason"], line.get("claim", "")) == ("UNAUTHENTICATED", reason, claim)
    assert not_a_part_of(header, answer.text + caplog.text)


async def test_in_production_all_get_one_answer_and_the_log_has_the_reason(gates: Gates, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name, (header, reason, claim) in WRONG.items():
        answer = await gates.ask("production", header)
        assert answer.status_code == 401
        assert answer.json() == {"errors": [{"message": PRODUCTION, "extensions": {"code": "UNAUTHENTICATED"}}]}, name
        line = await line_of(answer, caplog)
        is_theirs = "their" in name or "they" in name
        assert (line["reason"], line.get("claim", "")) == (("issuer", "") if is_theirs else (reason, claim)), name
        assert not_a_part_of(header, answer.text + caplog.text)


def not_a_part_of(header: str | None, said: str) -> bool:
    return "tomato" not in said and not [part for part in (header or "").partition(" ")[2].split(".") if len(part) > 8 and part in said]


@pytest.mark.parametrize("where", ["development", "production"])
async def test_a_token_that_is_valid_is_accepted_by_both(gates: Gates, caplog: pytest.LogCaptureFixture, where: str) -> None:
    caplog.set_level(logging.INFO)
    answer = await gates.ask(where, f"Bearer {token(ADA)}")
    assert answer.json() == {"data": {"viewer": {"kind": "CUSTOMER"}}}
    assert "reason" not in await line_of(answer, caplog)
    if where == "development":
        assert (await gates.ask(where, f"Bearer {theirs()}")).json() == {"data": {"viewer": {"kind": "CUSTOMER"}}}


MISSPELT = SIGN_IN.replace("tokens", "tokns")
# A document that is wrong in itself, and the code of its error.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt field": ({"query": MISSPELT, "variables": {"input": {}}}, "GRAPHQL_VALIDATION_FAILED"),
    "a misspelt type": ({"query": SIGN_IN.replace("SignInInput", "SigninInput")}, "GRAPHQL_VALIDATION_FAILED"),
    "a brace too few": ({"query": SIGN_IN[:-1]}, "GRAPHQL_PARSE_FAILED"),
    "a page too many": ({"query": "{ " + "a { " * 40 + "b" + " }" * 41}, "LIMIT_EXCEEDED"),
    "an operation that is not there": ({"query": SIGN_IN, "operationName": "SignIn"}, "OPERATION_RESOLUTION_FAILURE"),
    "variables that are no object": ({"query": SIGN_IN, "variables": []}, "BAD_PARAMETERS"),
    "a query that is no text": ({"query": 7}, "BAD_PARAMETERS"),
}


@pytest.mark.parametrize("header", [None, EXPIRED], ids=["no token", "an expired token"])
@pytest.mark.parametrize("name", MISTAKES)
async def test_outside_of_production_a_wrong_document_gets_its_own_error(gates: Gates, admin: asyncpg.Connection, name: str, header: str | None) -> None:
    body, code = MISTAKES[name]
    before = await admin.fetchval("select count(*) from audit_event")
    answer = (await gates.ask("development", header, **body)).json()
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert "data" not in answer
    if name == "a misspelt field":
        assert answer["errors"][0]["message"] == "Cannot query field 'tokns' on type 'SignInPayload'. Did you mean 'tokens'?"
    assert await admin.fetchval("select count(*) from audit_event") == before


@pytest.mark.parametrize("header", [None, EXPIRED], ids=["no token", "an expired token"])
@pytest.mark.parametrize("where", ["production", "closed"])
async def test_where_the_schema_is_not_open_a_wrong_document_tells_nothing_of_it(gates: Gates, where: str, header: str | None) -> None:
    answers = [await gates.ask(where, header, **body) for body, code in MISTAKES.values() if where == "production" or code != "BAD_PARAMETERS"]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert "tokens" not in answers[0].text


async def test_in_production_a_body_that_cannot_be_read_is_unauthenticated(gates: Gates) -> None:
    for content in (b"{not json", b"[]", b"", b'{"query": "{a}", "query": "{b}"}'):
        answer = await gates.client.post(f"{gates.urls['production']}/graphql", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, PRODUCTION)


async def test_an_expired_token_comes_before_an_operation_that_needs_none(gates: Gates) -> None:
    variables = {"input": {"email": "nobody@example.org", "password": "x"}}
    for where in ("development", "production"):
        allowed = (await gates.ask(where, None, SIGN_IN, variables=variables)).json()
        assert allowed["data"]["signIn"]["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
        assert (await gates.ask(where, EXPIRED, SIGN_IN, variables=variables)).status_code == 401


async def test_an_expired_token_comes_before_what_only_a_caller_would_be_told(gates: Gates) -> None:
    for body in ({"documentId": "sha256:" + "0" * 64}, {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}):
        answer = await gates.client.post(f"{gates.urls['development']}/graphql", json=body, headers={"Authorization": EXPIRED or ""})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["reason"] == "expired"


@pytest.mark.parametrize("header", [None, EXPIRED], ids=["no token", "an expired token"])
async def test_a_wrong_document_of_nobody_is_bounded_and_paid_for(gates: Gates, header: str | None) -> None:
    large = await gates.ask("development", header, "{ " + "a " * 40_000 + "}")
    assert large.status_code == (413 if header is None else 401)
    texts = [f"{{ wrong{number} }}" for number in range(60)]
    codes = [(await gates.ask("poor", header, text)).json()["errors"][0]["extensions"]["code"] for text in texts]
    assert codes[0] == "GRAPHQL_VALIDATION_FAILED" or header
    assert codes[-1] == ("THROTTLED" if header is None else "UNAUTHENTICATED")


async def test_a_field_for_other_callers_names_what_it_needs_and_what_the_token_has(gates: Gates, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        (
            token(replace(ADA, scopes=())),
            "This field needs the scope `read` or `portal`. The token has: (none).",
            {"requiredScopes": ["read", "portal"], "scopes": []},
            "scope",
        ),
        (
            token(replace(ADA, scopes=("read ", "payments:write"))),
            "This field is for STAFF tokens. The token is of kind CUSTOMER.",
            {"requiredKinds": ["STAFF"], "kind": "CUSTOMER"},
            "kind",
        ),
    ]
    for access, message, extensions, reason in cases:
        query = "{ customer { id } }" if reason == "scope" else "{ customers { totalCount } }"
        for where in ("development", "production"):
            answer = await gates.ask(where, f"Bearer {access}", query)
            (error,) = answer.json()["errors"]
            assert (error["message"], error["extensions"]) == (message, {"code": "FORBIDDEN", **extensions})
            assert answer.json()["data"] in ({"customer": None}, {"customers": None})
            assert (await line_of(answer, caplog))["reason"] == reason
    allowed = await gates.ask("production", f"Bearer {token(replace(ADA, scopes=('read',)))}", "{ customer { id } }")
    assert allowed.json() == {"data": {"customer": {"id": ADA.customer_id}}}


async def test_an_error_repeats_no_more_than_twenty_scopes(gates: Gates) -> None:
    access = token(replace(customer(ADA.customer_id or ""), scopes=tuple(f"scope:{number}" for number in range(30))))
    (error,) = (await gates.ask("development", f"Bearer {access}", "{ customer { id } }")).json()["errors"]
    assert len(error["extensions"]["scopes"]) == 20
