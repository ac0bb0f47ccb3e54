"""Programs of the merchant: from `clients add --service` to a token with exactly its scopes, and how they find customers by ids of their own and by parts of words."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from typer.testing import CliRunner

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.cli.main import cli as program
from tests.conftest import ADA, BIG, STAFF
from tests.db.distribution.shards import change_quietly

VIEWER = "{ viewer { kind client scopes } }"
READER = Viewer(Actor.STAFF, None, ("customers:read",), "desk")
FIND = "query ($search: String) { customers(search: $search) { nodes { id } } }"


def run(urls: Urls, *arguments: str) -> Any:
    return CliRunner().invoke(program, ["clients", *arguments], env={"PORTICO_DATABASE_URL": urls.admin})


@pytest.fixture
async def service(urls: Urls, admin: asyncpg.Connection) -> AsyncIterator[tuple[str, str]]:
    """The id and the secret of a new service with two scopes."""
    name = f"erp-{uuid4().hex[:12]}"
    added = await asyncio.to_thread(run, urls, "add", name, "--service", "--scope", "customers:read", "--scope", "subscriptions:hold")
    assert added.exit_code == 0, added.output
    secret = re.search(r"shown again: (\S+)", added.output)
    assert secret is not None, added.output
    yield name, secret[1]
    await admin.execute("delete from client_assertion where client_id = $1", name)
    await admin.execute("delete from client_credential where client_id = $1", name)
    await admin.execute("delete from api_client where id = $1", name)


async def fetched(http: httpx.AsyncClient, service: tuple[str, str], **form: str) -> httpx.Response:
    return await http.post("/oauth/token", data={"grant_type": "client_credentials", **form}, auth=service)


async def test_the_secret_of_before_stays_valid_for_the_hours_of_the_overlap(
    http: httpx.AsyncClient, urls: Urls, admin: asyncpg.Connection, service: tuple[str, str]
) -> None:
    name, old = service
    renewed = ["add", name, "--service", "--scope", "customers:read", "--new-secret"]

    async def statuses(*secrets: str) -> list[int]:
        return [(await fetched(http, (name, secret))).status_code for secret in secrets]

    async def renew(*more: str) -> str:
        output = (await asyncio.to_thread(run, urls, *renewed, *more)).output
        secret = re.search(r"shown again: (\S+)", output)
        assert secret is not None, output
        return secret[1]

    second = await renew("--overlap-hours", "24")
    assert await statuses(old, second) == [200, 200]
    third = await renew("--overlap-hours", "48")
    assert await statuses(old, second, third) == [200, 200, 200]
    # A second overlap does not lengthen the first one: after a day only the last two are valid.
    await admin.execute("update client_credential set expires_at = expires_at - interval '25 hours' where client_id = $1", name)
    assert await statuses(old, second, third) == [401, 200, 200]
    fourth = await renew()
    assert await statuses(old, second, third, fourth) == [401, 401, 401, 200]
    assert await admin.fetchval("select count(*) from client_credential where client_id = $1", name) == 1


async def ask(http: httpx.AsyncClient, access: str, text: str, **variables: Any) -> Any:
    return (await http.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {access}"})).json()


async def test_a_service_is_staff_with_exactly_its_scopes(http: httpx.AsyncClient, service: tuple[str, str]) -> None:
    answer = (await fetched(http, service)).json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 900, "customers:read subscriptions:hold")
    viewer = (await ask(http, answer["access_token"], VIEWER))["data"]["viewer"]
    assert viewer == {"kind": "STAFF", "client": service[0], "scopes": ["customers:read", "subscriptions:hold"]}
    refused = await ask(http, answer["access_token"], 'mutation { pauseSubscription(input: { subscriptionId: "sub_1", idempotencyKey: "k" }) { replayed } }')
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_service_may_request_less_and_never_more(http: httpx.AsyncClient, service: tuple[str, str]) -> None:
    less = (await fetched(http, service, scope="customers:read")).json()
    assert (await ask(http, less["access_token"], VIEWER))["data"]["viewer"]["scopes"] == ["customers:read"]
    for scope in ("customers:write", "staff", "customers:read staff"):
        more = await fetched(http, service, scope=scope)
        assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    named = await fetched(http, service, customer_id=str(ADA.customer_id))
    assert (named.status_code, named.json()["error"]) == (400, "invalid_request")
    wrong = await fetched(http, (service[0], "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


async def test_a_disabled_service_is_refused_at_once(http: httpx.AsyncClient, service: tuple[str, str], urls: Urls) -> None:
    access = (await fetched(http, service)).json()["access_token"]
    text = "query ($id: ID!) { customer(id: $id) { id } }"
    assert (await ask(http, access, text, id=ADA.customer_id))["data"]["customer"] == {"id": ADA.customer_id}
    assert (await asyncio.to_thread(run, urls, "disable", service[0])).exit_code == 0
    assert (await ask(http, access, text, id=ADA.customer_id))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await fetched(http, service)).status_code == 401


async def test_a_service_proves_itself_with_a_key(http: httpx.AsyncClient, service: tuple[str, str], urls: Urls, tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    key = tmp_path / "key.jwk"
    key.write_text(OKPAlgorithm.to_jwk(private.public_key()))
    added = await asyncio.to_thread(run, urls, "add", service[0], "--service", "--scope", "customers:read", "--public-key", str(key))
    assert added.exit_code == 0, added.output
    claims = {"iss": service[0], "sub": service[0], "aud": "portico", "jti": uuid4().hex, "iat": int(time.time()), "exp": int(time.time()) + 60}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, private, algorithm="EdDSA"),
    }
    answer = (await http.post("/oauth/token", data=form)).json()
    assert (await ask(http, answer["access_token"], VIEWER))["data"]["viewer"]["scopes"] == ["customers:read"]
    assert (await fetched(http, service)).status_code == 401, "the secret is replaced by the key"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--service",), "A service has scopes"),
        (("--service", "--scope", "payments"), "payments is no scope of a service. Scopes are"),
        (("--service", "--scope", "staff", "--issuer", "https://x"), "leave --issuer out"),
        (("--service", "--first-party"), "one of --service and --first-party"),
    ],
)
def test_a_service_that_cannot_be_is_not_registered(urls: Urls, arguments: tuple[str, ...], message: str) -> None:
    refused = run(urls, "add", "erp-refused", *arguments)
    assert refused.exit_code != 0
    assert message in " ".join((refused.output + str(refused.exception)).split())


@pytest.fixture
async def named(admin: asyncpg.Connection) -> AsyncIterator[str]:
    """An external id and metadata of Ada and of one of her invoices; reset afterwards by the owner."""
    number = uuid4().hex
    invoice = await admin.fetchval("select id from invoice where customer_id = $1 order by issued_at limit 1", ADA.customer_id)
    values = (f"ERP {number}", '{"crm": "1", "public:tier": "gold"}')
    await admin.execute("update customer set external_id = $2, metadata = $3 where id = $1", ADA.customer_id, *values)
    await admin.execute("update invoice set external_id = $2, metadata = $3 where id = $1", invoice, *values)
    yield values[0]
    for table, identifier in (("customer", str(ADA.customer_id)), ("invoice", invoice)):
        await change_quietly(admin, table, "external_id = null, metadata = '{}'", identifier)


NAMES = "query ($id: ID!) { customer(id: $id) { externalId metadata invoices(first: 100, sort: OLDEST) { nodes { externalId metadata } } } }"


async def test_customers_see_the_public_pairs_and_no_external_id(post: Any, named: str) -> None:
    own = (await post(NAMES, ADA, id=ADA.customer_id)).json()["data"]["customer"]
    assert (own["externalId"], own["metadata"]) == (None, {"public:tier": "gold"})
    whole = (await post(NAMES, READER, id=ADA.customer_id)).json()["data"]["customer"]
    assert (whole["externalId"], whole["metadata"]) == (named, {"crm": "1", "public:tier": "gold"})
    assert {invoice["externalId"] for invoice in own["invoices"]["nodes"]} == {None}
    assert named in {invoice["externalId"] for invoice in whole["invoices"]["nodes"]}


async def test_staff_look_objects_up_by_their_external_ids(post: Any, named: str) -> None:
    one = "query ($e: String!) { customer(externalId: $e) { id } byExternalId(kind: INVOICE, externalId: $e) { __typename id } }"
    objects = (await post(one, READER, e=named)).json()["data"]
    assert objects["customer"] == {"id": ADA.customer_id}
    assert objects["byExternalId"]["__typename"] == "Invoice"
    missing = (await post(one, READER, e="nobody")).json()
    assert missing == {"data": {"customer": None, "byExternalId": None}}
    other = "query ($e: String!) { byExternalId(kind: PAYMENT, externalId: $e) { id } }"
    assert (await post(other, READER, e=named)).json()["data"]["byExternalId"] is None, "an external id is of one kind"
    both = 'query ($e: String!) { customer(id: "cus_1", externalId: $e) { id } }'
    assert (await post(both, READER, e=named)).json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for viewer in (ADA, BIG, Viewer(Actor.STAFF, None, ("customers:write",), "desk")):
        for error in (await post(one, viewer, e=named)).json()["errors"]:
            assert error["extensions"]["code"] == "FORBIDDEN"


async def test_an_external_id_is_unique_per_kind_and_final_in_the_database(admin: asyncpg.Connection, named: str) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await admin.execute("update customer set external_id = $2 where id = $1", BIG.customer_id, named)
    with pytest.raises(asyncpg.RestrictViolationError):
        await admin.execute("update customer set external_id = 'another' where id = $1", ADA.customer_id)
    for bad in ("", "x" * 201, "a\nb"):
        with pytest.raises(asyncpg.CheckViolationError):
            await admin.execute("update customer set external_id = $2 where id = $1", BIG.customer_id, bad)
    pairs = [{"": "x"}, {"k" * 41: "x"}, {"k": "v" * 501}, {str(number): "x" for number in range(51)}, {"k": 1}, []]
    for bad in map(json.dumps, pairs):
        with pytest.raises(asyncpg.CheckViolationError):
            await admin.execute("update customer set metadata = $2 where id = $1", BIG.customer_id, bad)


async def test_customers_are_found_by_any_part_of_what_staff_know(post: Any, admin: asyncpg.Connection, named: str) -> None:
    invoice = await admin.fetchval("select number from invoice where customer_id = $1 order by id limit 1", ADA.customer_id)
    last4 = await admin.fetchval(
        "select last4 from payment_method where customer_id = $1 and last4 is not null and deleted_at is null limit 1", ADA.customer_id
    )
    await admin.execute("update customer set company_name = 'Analytical Engines' where id = $1", ADA.customer_id)

    async def ids_of(search: str, viewer: Viewer = STAFF) -> set[str]:
        answer = (await post(FIND, viewer, search=search)).json()
        return {node["id"] for node in answer["data"]["customers"]["nodes"]}

    try:
        for search in (
            "ada lovelace",
            "LOVELACE",
            "velac",
            "ada@example",
            "@example.com",
            "ytical eng",
            named[6:20],
            named.lower(),
            invoice,
            invoice[1:],
            last4,
            "Ad",
        ):
            assert ADA.customer_id in await ids_of(search), search
        for search in ("lovelacy", "ada%lovelace", "ada_lovelace", "lovelace\nada", "zz%", "\\"):
            assert ADA.customer_id not in await ids_of(search), search
        assert ADA.customer_id in await ids_of("lovelace", READER)
    finally:
        await admin.execute("update customer set company_name = null where id = $1", ADA.customer_id)
    assert ADA.customer_id not in await ids_of("ytical eng")
    assert (await post(FIND, ADA, search="ada")).json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_entries_of_the_search_are_those_of_the_rows(admin: asyncpg.Connection, app: asyncpg.Connection) -> None:
    missing = await admin.fetch(
        """select id from (select id from customer union all select id from invoice
                           union all select id from payment_method where last4 is not null and deleted_at is null) rows
            where not exists (select from search_entry e where e.object_id = rows.id)"""
    )
    assert missing == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("select * from search_entry")
    await app.execute("set app.actor = 'CUSTOMER'")
    assert await app.fetch("select * from search_customers('ada')") == []


async def test_planner_and_executor_search_alike(portal: Any) -> None:
    for search in (None, "", "ada", "example.com", "zzz"):
        planned = await portal.plan(FIND, STAFF, search=search)
        executed = await portal.execute(FIND, STAFF, search=search)
        assert planned is not None
        assert planned.data == executed.data
