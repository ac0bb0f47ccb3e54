"""Tokens that hold and name a customer who has no row: UNAUTHENTICATED whatever they ask, and one line for the operator."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from auth.jwt.tokens import OwnIssuer, sign
from auth.viewer import Viewer
from db.builtin.embedded import Urls
from tests.auth.forge import RS
from tests.auth.provider import running
from tests.callers.posting import UPLOAD, Piece, field, form, headers, operations, paths
from tests.conftest import ADA, ISSUER, customer, token
from tests.journeys.arguments import TAIL, plausible_variables, root_fields
from tests.samples import pdf

ISS = "https://login.example.com/"
THEIRS = OwnIssuer(ISS, "https://portal.example.com", (replace(RS, kid="theirs"),))
NOBODY = f"cus_{TAIL}"
OWNER = {
    "customerId": NOBODY,
    "currency": "USD",
    **{f"{name}Id": f"{prefix}_{TAIL}" for name, prefix in [("subscription", "sub"), ("price", "price"), ("invoice", "inv"), ("paymentMethod", "pm")]},
    **{f"{name}Id": f"{prefix}_{TAIL}" for name, prefix in [("payment", "pay"), ("installment", "ins"), ("attachment", "att")]},
    "clientId": "app",
}
TABLES = ("audit_event", "idempotency_key", "letter", "loose_object", "portal_session", "attachment")


def signed(viewer: Viewer, issuer: OwnIssuer = ISSUER) -> str:
    return sign(viewer, issuer, now=datetime.now(UTC), lifetime=timedelta(hours=1))


@dataclass
class Gate:
    """Two servers that take another issuer's tokens too."""

    urls: dict[str, str]
    client: httpx.AsyncClient
    admin: asyncpg.Connection

    async def ask(self, way: str, access: str, text: str, **variables: Any) -> httpx.Response:
        body = {"query": text, "variables": variables}
        return await self.client.post(f"{self.urls[way]}/graphql", json=body, headers={"Authorization": f"Bearer {access}"})

    async def rows(self) -> list[int]:
        return [await self.admin.fetchval(f"select count(*) from {table}") for table in TABLES]


@pytest.fixture(scope="module")
def servers(start_server: Callable[..., str], urls: Urls) -> Iterator[dict[str, str]]:
    with running() as provider:
        provider.keys = published(list(THEIRS.keys))["keys"]
        issuers = (OtherIssuer(ISS, THEIRS.audience, provider.url, scopes={"portal": "portal"}),)
        yield {way: start_server(urls.app, planner=way == "planner", issuers=issuers) for way in ("planner", "executor")}


@pytest.fixture
async def gate(servers: dict[str, str], admin: asyncpg.Connection) -> AsyncIterator[Gate]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield Gate(servers, client, admin)


@pytest.fixture
async def deleted(admin: asyncpg.Connection) -> Viewer:
    """A customer who signed in and was deleted since, sessions and all, as an operator might."""
    identifier, session = f"cus_{uuid4().hex[:26]}", f"ses_{uuid4().hex[:26]}"
    await admin.execute("insert into customer (id, name, email, currency, created_at) values ($1, 'Gone', 'gone@example.net', 'USD', now())", identifier)
    await admin.execute(
        "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) values ($1, $2, 'PASSWORD', now(), now(), now() + interval '1 day')",
        identifier,
        session,
    )
    await admin.execute("delete from portal_session where customer_id = $1", identifier)
    await admin.execute("delete from customer where id = $1", identifier)
    return replace(customer(identifier), session_id=session)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("way", ["planner", "executor"])
async def test_whatever_root_field_they_ask_for_they_are_unauthenticated_and_nothing_is_written(gate: Gate, way: str, caplog: pytest.LogCaptureFixture) -> None:
    access, before = signed(customer(NOBODY), THEIRS), await gate.rows()
    for case in root_fields():
        caplog.clear()
        answer = await gate.ask(way, access, case.text(), **plausible_variables(case, OWNER))
        assert (case.name, answer.status_code) == (case.name, 401), answer.text
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"], (case.name, answer.text)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert warnings(caplog) == [f"a valid token names a customer who has no row: issuer {ISS!r}, subject {NOBODY!r}"], case.name
        assert access not in caplog.text
    assert await gate.rows() == before


@pytest.mark.parametrize("way", ["planner", "executor"])
async def test_who_has_a_row_is_let_in_by_the_same_issuer(gate: Gate, way: str, caplog: pytest.LogCaptureFixture) -> None:
    for access in (signed(ADA, THEIRS), token(ADA)):
        answer = await gate.ask(way, access, "{ viewer { kind } customer { id } }")
        assert answer.json() == {"data": {"viewer": {"kind": "CUSTOMER"}, "customer": {"id": ADA.customer_id}}}
    assert warnings(caplog) == []


@pytest.mark.parametrize("way", ["planner", "executor"])
@pytest.mark.parametrize("text", ["{ viewer { kind } }", "{ customer { name } }", "mutation { signOutEverywhere { done: userErrors { code } } }"])
async def test_so_it_is_with_our_own_tokens_and_sessions_of_the_deleted(
    gate: Gate, way: str, text: str, deleted: Viewer, caplog: pytest.LogCaptureFixture
) -> None:
    for viewer in (deleted, replace(deleted, session_id=None)):
        caplog.clear()
        answer = await gate.ask(way, signed(viewer), text)
        assert answer.status_code == 401, answer.text
        assert warnings(caplog) == [f"a valid token names a customer who has no row: issuer 'this gateway', subject {deleted.customer_id!r}"]


async def test_a_session_that_was_ended_is_no_matter_for_the_operator(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    answer = await gate.ask("planner", signed(replace(ADA, session_id=f"ses_{TAIL}")), "{ viewer { kind } }")
    assert answer.status_code == 401
    assert warnings(caplog) == []


async def test_who_is_deleted_while_they_are_known_finds_and_writes_nothing(gate: Gate, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture) -> None:
    identifier = f"cus_{uuid4().hex[:26]}"
    access = signed(customer(identifier))
    await admin.execute("insert into customer (id, name, email, currency, created_at) values ($1, 'Gone', 'gone@example.net', 'USD', now())", identifier)
    assert (await gate.ask("planner", access, "{ customer { id } }")).json() == {"data": {"customer": {"id": identifier}}}
    await admin.execute("delete from customer where id = $1", identifier)
    assert (await gate.ask("planner", access, "{ customer { id } }")).json() == {"data": {"customer": None}}
    text = 'mutation { updateProfile(input: { name: "X" }) { userErrors { code } } }'
    assert (await gate.ask("planner", access, text)).status_code == 401
    assert (await gate.ask("planner", access, "{ customer { id } }")).status_code == 401
    assert len(warnings(caplog)) == 2


async def test_files_are_not_taken_either(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    access, before = signed(customer(NOBODY), THEIRS), await gate.rows()
    body = form(field("operations", operations(OWNER["invoiceId"], 1, query=UPLOAD)), field("map", paths(1)), Piece("0", pdf(), "a.pdf", ""))
    answer = await gate.client.post(f"{gate.urls['planner']}/graphql", content=body, headers=headers(None, Authorization=f"Bearer {access}"))
    assert answer.status_code == 401, answer.text
    assert len(warnings(caplog)) == 1
    assert await gate.rows() == before


async def test_it_takes_no_further_round_trip(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    """Of a token of another issuer and of one of our own, as many as ever."""
    caplog.set_level(logging.INFO, "portico.operation")
    for access in (signed(ADA, THEIRS), token(ADA)):
        caplog.clear()
        await gate.ask("planner", access, "{ customer { name } }")
        for _ in range(100):
            if lines := [record for record in caplog.records if record.name == "portico.operation"]:
                break
            await asyncio.sleep(0.01)
        assert [vars(line)["statements"] for line in lines] == [3]


def claiming(**claims: Any) -> str:
    """Return a token of the other issuer for Ada with further claims."""
    now = int(datetime.now(UTC).timestamp())
    payload = {"iss": ISS, "aud": THEIRS.audience, "sub": ADA.customer_id, "iat": now, "exp": now + 60, "scope": "portal", **claims}
    return jwt.encode(payload, THEIRS.keys[0].signing, algorithm="RS256", headers={"typ": "at+jwt", "kid": "theirs"})


@pytest.mark.parametrize("claims", [{"client_id": {"a": "b"}}, {"azp": "x" * 5000}, {"name": "a\0b \ud800"}, {"scope": ["portal", 7, {}]}])
async def test_what_their_tokens_say_beside_may_be_anything(gate: Gate, claims: dict[str, Any]) -> None:
    access = claiming(**claims)
    read = await gate.ask("executor", access, "{ viewer { kind scopes } customer { id } }")
    assert read.status_code == 200, read.text
    assert "errors" not in read.json(), read.text
    written = await gate.ask("planner", access, 'mutation { endSession(input: { sessionId: "x" }) { userErrors { code } } }')
    assert written.json() == {"data": {"endSession": {"userErrors": [{"code": "NOT_FOUND"}]}}}


@pytest.mark.parametrize(
    "claims",
    [{"client_id": "\ud800"}, {"client_id": "a\0b"}, {"azp": "\0"}, {"scope": "portal \ud800 \0"}, {"scope": ["portal", "\0"]}, {"act": {"sub": "\0"}}],
)
async def test_but_no_text_that_is_read_may_be_one_that_cannot_be_stored(gate: Gate, claims: dict[str, Any]) -> None:
    for way in ("planner", "executor"):
        answer = await gate.ask(way, claiming(**claims), "{ viewer { kind } }")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert (await gate.ask(way, claiming(), "{ viewer { kind } }")).status_code == 200
