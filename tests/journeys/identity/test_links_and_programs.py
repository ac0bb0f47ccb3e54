"""Where links lead, which program a session began in, and which addresses are taken."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest

from db.builtin.embedded import Urls
from tests.callers.identity import PASSWORD, REDEEM, REFRESH, SIGN_IN, Account, PortalClient
from tests.conftest import STAFF, token

MAKE = "mutation ($id: ID!, $l: String) { createPortalLink(input: { customerId: $id, landing: $l }) { link { url } userErrors { code path } } }"
CHANGE = "mutation ($e: String!) { requestEmailChange(input: { newEmail: $e }) { done userErrors { code path } } }"
REFUSED = {"done": None, "userErrors": [{"code": "INVALID_VALUE", "path": ["input", "newEmail"]}]}


async def test_a_link_leads_to_the_page_that_staff_named(portal_client: PortalClient, account: Account) -> None:
    for landing in ("/invoices?status=open", None):
        url = (await portal_client(MAKE, token(STAFF), id=account.customer_id, l=landing))["link"]["url"]
        assert (await portal_client(REDEEM, t=url.partition("#token=")[2]))["landing"] == landing


@pytest.mark.parametrize("landing", ["/a\r\nSet-Cookie: x", "/../..", "/%2f%2fevil.example", "/x#token=1", "//evil.example", "/%252e%252e/x"])
async def test_a_page_that_is_none_of_the_portals_is_refused_and_no_link_is_made(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, landing: str
) -> None:
    answer = await portal_client(MAKE, token(STAFF), id=account.customer_id, l=landing)
    assert answer == {"link": None, "userErrors": [{"code": "INVALID_VALUE", "path": ["input", "landing"]}]}
    assert await admin.fetchval("select count(*) from identity_link where customer_id = $1", account.customer_id) == 0


async def test_a_page_that_an_earlier_version_let_pass_is_not_given(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    url = (await portal_client(MAKE, token(STAFF), id=account.customer_id, l="/invoices"))["link"]["url"]
    await admin.execute("update identity_link set landing = '/../..' where customer_id = $1", account.customer_id)
    answer = await portal_client(REDEEM, t=url.partition("#token=")[2])
    assert answer["landing"] is None
    assert answer["tokens"]


@pytest.mark.parametrize(
    ("agent", "stored"),
    [
        (b"acme", "acme"),
        (b"Mozilla/5.0 \x9b31mred", "Mozilla/5.0  31mred"),
        ("Mozilla/5.0 \u202egpj.exe".encode(), None),
        (b"x" * 5000, "x" * 200),
        (b"", ""),
    ],
    ids=["name of an app", "terminal colours", "direction of text", "long", "none"],
)
async def test_what_a_program_says_of_itself_is_stored_as_that_and_names_no_app(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, agent: bytes, stored: str | None
) -> None:
    answer = await portal_client.post(SIGN_IN, agent=agent, input={"email": account.email, "password": PASSWORD})
    first = answer.json()["data"]["signIn"]["tokens"]
    refreshed = await portal_client.post(REFRESH, agent=agent, t=first["refreshToken"])
    for access in (first["accessToken"], refreshed.json()["data"]["refreshSession"]["tokens"]["accessToken"]):
        assert claims(access)["client_id"] == "portal"
    query = "{ viewer { client } sessions { nodes { client userAgent } } }"
    seen = (await portal_client.post(query, first["accessToken"])).json()["data"]
    (node,) = seen["sessions"]["nodes"]
    assert (seen["viewer"]["client"], node["client"]) == ("portal", "portal")
    assert node["userAgent"] == stored or stored is None
    assert node["userAgent"].isprintable()
    assert len(node["userAgent"]) <= 200
    audit = "select distinct client from audit_event where customer_id = $1 and event in ('signIn', 'refreshSession')"
    assert [record["client"] for record in await admin.fetch(audit, account.customer_id)] == [""]


async def test_the_audit_trail_names_the_app_of_the_token(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    await portal_client.post('mutation { updateProfile(input: { name: "Grace" }) { customer { id } } }', access, agent=b"acme")
    assert await admin.fetchval("select client from audit_event where customer_id = $1 and event = 'updateProfile'", account.customer_id) == "portal"


async def test_a_profile_that_is_not_changed_leaves_the_refusal_alone_in_the_audit_trail(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    answer = await portal_client.post('mutation { updateProfile(input: { name: "Grace", expectedVersion: 999 }) { userErrors { code } } }', access)
    assert answer.json()["data"]["updateProfile"]["userErrors"] == [{"code": "VERSION_CONFLICT"}]
    audit = "select outcome from audit_event where customer_id = $1 and event = 'updateProfile'"
    assert [record["outcome"] for record in await admin.fetch(audit, account.customer_id)] == ["VERSION_CONFLICT"]


@pytest.mark.parametrize(
    "address", ["a" * 65 + "@example.org", "a@" + "b" * 60 + ".example." * 25 + "org", "a@" + "b" * 64 + ".org", "ada@localhost", "a\u202e@example.org"]
)
async def test_an_address_that_no_mail_server_takes_is_refused_and_nothing_is_written(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, address: str
) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    assert await portal_client(CHANGE, access, e=address) == REFUSED
    for table in ("identity_link", "letter"):
        assert await admin.fetchval(f"select count(*) from {table} where customer_id = $1", account.customer_id) == 0


async def test_the_longest_address_is_taken(portal_client: PortalClient, account: Account) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    longest = "a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".cd"
    assert len(longest) == 253
    assert (await portal_client(CHANGE, access, e=longest))["done"] is True
    assert await portal_client(CHANGE, access, e=f"{longest}ef") == REFUSED


async def test_letters_link_to_where_the_server_listens_unless_told_otherwise(
    start_server: Callable[..., str], urls: Urls, portal_client: PortalClient, account: Account, tmp_path: Path
) -> None:
    address = start_server(urls.app, data_dir=tmp_path)
    async with httpx.AsyncClient(base_url=address) as client:
        body = {"query": MAKE, "variables": {"id": account.customer_id}}
        answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token(STAFF)}"})
    assert answer.json()["data"]["createPortalLink"]["link"]["url"].startswith(f"{address}/enter#")
    assert (await portal_client(MAKE, token(STAFF), id=account.customer_id))["link"]["url"].startswith("https://portal.example/enter#")


def claims(access: str) -> dict[str, object]:
    payload: dict[str, object] = orjson.loads(urlsafe_b64decode(access.split(".")[1] + "=="))
    return payload
