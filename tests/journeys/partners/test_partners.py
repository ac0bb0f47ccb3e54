"""Trusted documents and partner apps, from registering an app to what it can never do."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.callers.partners import LIST, NAME, PAUSE, SECRET, TEXTS, TWO, Partner, id_of, manifest, registered
from tests.conftest import ADA, BIG, STAFF, token
from tests.conftest import SECRET as PORTAL_SECRET
from tests.waiting import until


async def test_an_app_calls_by_id_for_the_customer_who_let_it_in(partner: Partner) -> None:
    await partner.grant("read")
    granted = (await partner.token()).json()
    assert (granted["token_type"], granted["scope"], granted["expires_in"]) == ("Bearer", "read", 900)
    claims = jwt.decode(granted["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["act"], claims["kind"]) == (ADA.customer_id, {"sub": partner.id}, "PARTNER")
    answer = await partner.ask_until_published(id_of(NAME), granted["access_token"])
    assert answer.json() == {"data": {"customer": {"name": "Ada Lovelace"}}}
    assert (await partner.ask(granted["access_token"], documentId=id_of(PAUSE), variables={"input": {"subscriptionId": "x", "idempotencyKey": "k"}})).json()[
        "errors"
    ][0]["extensions"]["code"] == "FORBIDDEN", "the scope was not given"


async def test_every_way_to_name_a_document_runs_it(partner: Partner) -> None:
    access = await partner.access_token()
    assert (await partner.ask_until_published(id_of(NAME), access)).status_code == 200
    bare = id_of(NAME).removeprefix("sha256:")
    extension = {"persistedQuery": {"version": 1, "sha256Hash": bare}}
    for body in ({"documentId": bare}, {"doc_id": id_of(NAME)}, {"id": bare}, {"extensions": extension}, {"documentId": id_of(NAME), "extensions": extension}):
        assert (await partner.ask(access, **body)).json()["data"] == {"customer": {"name": "Ada Lovelace"}}, body
    assert (await partner.ask(access, documentId=id_of(NAME), query=NAME)).status_code == 200
    headers = {"Authorization": f"Bearer {access}"}
    for parameters in ({"documentId": id_of(NAME)}, {"extensions": json.dumps(extension)}):
        assert (await partner.http.get("/graphql", params=parameters, headers=headers)).json()["data"] == {"customer": {"name": "Ada Lovelace"}}


PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
ANOTHER = "query Another { customer { email } }"

# What a partner sends, and the code and status that it gets: as application/json and as application/graphql-response+json.
BAD: dict[str, tuple[dict[str, Any], str, tuple[int, int]]] = {
    "an unknown id": ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_DOCUMENT_NOT_FOUND", (200, 400)),
    "an unknown id of another kind": ({"documentId": "x-1"}, "PERSISTED_DOCUMENT_NOT_FOUND", (200, 400)),
    "an unknown hash": ({"extensions": PERSISTED}, "PERSISTED_QUERY_NOT_FOUND", (200, 200)),
    "a hash that wants to be registered": (
        {"query": ANOTHER, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": id_of(ANOTHER)[7:]}}},
        "PERSISTED_DOCUMENT_ID_REQUIRED",
        (400, 400),
    ),
    "another version": ({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}}, "BAD_REQUEST", (400, 400)),
    "a hash of another text": ({"query": NAME, "extensions": PERSISTED}, "BAD_REQUEST", (400, 400)),
    "a hash that is a number": ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 1}}}, "BAD_PARAMETERS", (400, 400)),
    "a text": ({"query": ANOTHER}, "PERSISTED_DOCUMENT_ID_REQUIRED", (400, 400)),
    "the text of a document of theirs": ({"query": NAME}, "PERSISTED_DOCUMENT_ID_REQUIRED", (400, 400)),
    "introspection": ({"query": "{ __schema { types { name } } }"}, "PERSISTED_DOCUMENT_ID_REQUIRED", (400, 400)),
    "an id and another text": ({"documentId": id_of(NAME), "query": ANOTHER}, "BAD_REQUEST", (400, 400)),
    "an unknown id and a text": ({"documentId": "sha256:" + "0" * 64, "query": NAME}, "BAD_REQUEST", (400, 400)),
    "two ids": ({"documentId": id_of(NAME), "doc_id": id_of(TWO)}, "BAD_REQUEST", (400, 400)),
    "an id and another hash": ({"documentId": id_of(NAME), "extensions": PERSISTED}, "BAD_REQUEST", (400, 400)),
    "an id that is a number": ({"documentId": 1}, "BAD_PARAMETERS", (400, 400)),
    "an id that is a list": ({"documentId": [id_of(NAME)]}, "BAD_PARAMETERS", (400, 400)),
    "an empty id": ({"documentId": ""}, "BAD_PARAMETERS", (400, 400)),
    "neither id nor text": ({}, "BAD_PARAMETERS", (400, 400)),
    "a wrong name": ({"documentId": id_of(NAME), "operationName": "Nobody"}, "OPERATION_RESOLUTION_FAILURE", (400, 400)),
    "no name where there are two": ({"documentId": id_of(TWO)}, "OPERATION_RESOLUTION_FAILURE", (400, 400)),
}


@pytest.mark.parametrize("row", BAD.values(), ids=BAD)
async def test_what_a_partner_must_not_send_gets_its_code_and_reveals_nothing(partner: Partner, row: tuple[dict[str, Any], str, tuple[int, int]]) -> None:
    body, code, statuses = row
    access = await partner.access_token()
    await partner.ask_until_published(id_of(LIST), access)
    for media, status in zip(("application/json", "application/graphql-response+json"), statuses, strict=True):
        answer = await partner.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {access}", "Accept": media})
        assert answer.status_code == status
        assert list(answer.json()) == ["errors"]
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": code}
        assert set(error) == {"message", "extensions"}


async def test_apollos_words_are_apollos(partner: Partner) -> None:
    access = await partner.access_token()
    unknown = await partner.ask(access, extensions=PERSISTED)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert unknown.headers["cache-control"] == "private, no-cache, must-revalidate"
    unsupported = await partner.ask(token(ADA), extensions=PERSISTED)
    assert unsupported.json()["errors"] == [{"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}]


async def test_one_partners_documents_are_not_anothers(partner: Partner, admin: asyncpg.Connection) -> None:
    other = replace(partner, id=await registered(admin))
    theirs = await partner.access_token()
    access = await other.access_token()
    assert (await partner.ask_until_published(id_of(NAME), theirs)).status_code == 200
    assert (await other.ask(access, documentId=id_of(NAME))).json()["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_NOT_FOUND"


async def test_a_retired_document_is_like_one_that_never_was_and_comes_back_when_published(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    assert await partner.staff("retireDocuments", clientId=partner.id, documentIds=[id_of(NAME)]) == []
    for _ in range(100):
        answer = await partner.ask(access, documentId=id_of(NAME))
        if "data" not in answer.json():
            break
        await asyncio.sleep(0.02)
    assert answer.content == (await partner.ask(access, documentId="sha256:" + "0" * 64)).content
    assert (await partner.staff("retireDocuments", clientId=partner.id, documentIds=[id_of(NAME)]))[0]["code"] == "NOT_FOUND"
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(NAME)) == []
    assert "data" in (await partner.ask_until_published(id_of(NAME), access)).json()


async def test_a_mutation_is_not_run_by_get_and_a_query_by_get_is_kept_by_its_tag(partner: Partner) -> None:
    access = await partner.access_token("read", "subscriptions:write")
    await partner.ask_until_published(id_of(NAME), access)
    headers = {"Authorization": f"Bearer {access}"}
    refused = await partner.http.get("/graphql", params={"documentId": id_of(PAUSE), "variables": "{}"}, headers=headers)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    first = await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers)
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]
    again = await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers | {"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers | {"If-None-Match": '"x"'})).status_code == 200
    failed = await partner.http.get("/graphql", params={"documentId": id_of(LIST), "operationName": "x"}, headers=headers)
    assert "etag" not in failed.headers
    posted = await partner.ask(access, documentId=id_of(NAME))
    assert posted.headers["cache-control"] == "private, no-store"


WRONG = {
    "one bad hash": (json.dumps({id_of(NAME): NAME, id_of(TWO): ANOTHER}), "INVALID_VALUE"),
    "no json": ("{", "INVALID_VALUE"),
    "a list": ("[]", "INVALID_VALUE"),
    "nothing in it": ("{}", "INVALID_VALUE"),
    "deep nesting": ("[" * 100_000, "INVALID_VALUE"),
    "an id that is no hash": (json.dumps({"one": NAME}), "INVALID_VALUE"),
    "a text with a NUL": (manifest(ANOTHER, "{ __typename } # \0"), "INVALID_VALUE"),
    "a text that is none": (json.dumps({id_of(NAME): 1}), "INVALID_VALUE"),
    "another format": (json.dumps({"format": "another", "version": 1, "operations": []}), "INVALID_VALUE"),
    "another version": (json.dumps({"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}), "INVALID_VALUE"),
    "no operations": (json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [1]}), "INVALID_VALUE"),
    "a document that the schema does not take": (manifest(ANOTHER, "{ nothing }"), "DOCUMENT_INVALID"),
    "one that cannot be parsed": (manifest(ANOTHER, "{"), "DOCUMENT_INVALID"),
    "one of fragments alone": (manifest(ANOTHER, "fragment F on Customer { id }"), "DOCUMENT_INVALID"),
    "one that costs too much": (
        manifest(ANOTHER, "{ customer { invoices(first: 100) { nodes { lines { id } payments(first: 100) { nodes { id } } } } } }"),
        "DOCUMENT_INVALID",
    ),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG)
async def test_a_manifest_is_published_as_a_whole_or_not_at_all(partner: Partner, row: tuple[str, str]) -> None:
    count = "select count(*), max(version) from stored_document where client_id = $1"
    before = await partner.admin.fetchrow(count, partner.id)
    (error,) = await partner.staff("publishDocuments", clientId=partner.id, manifest=row[0])
    assert (error["code"], error["path"]) == (row[1], ["input", "manifest"])
    assert "Nothing was published." in error["message"]
    assert await partner.admin.fetchrow(count, partner.id) == before


async def test_what_is_published_twice_stays_as_it_was(partner: Partner) -> None:
    before = await partner.admin.fetch("select * from stored_document where client_id = $1 order by id", partner.id)
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(*TEXTS)) == []
    assert await partner.admin.fetch("select * from stored_document where client_id = $1 order by id", partner.id) == before
    assert (await partner.staff("publishDocuments", clientId="nobody", manifest=manifest(NAME)))[0]["code"] == "NOT_FOUND"


async def test_only_staff_publish_and_only_customers_grant(partner: Partner) -> None:
    text = "mutation ($input: PublishDocumentsInput!) { publishDocuments(input: $input) { publication { total } } }"
    answer = await partner.ask(token(ADA), query=text, variables={"input": {"clientId": partner.id, "manifest": manifest(ANOTHER)}})
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    grant = 'mutation { grantAccess(input: { clientId: "x", scopes: ["read"] }) { userErrors { code } } }'
    assert (await partner.ask(token(STAFF), query=grant)).json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await partner.ask(token(ADA), query=grant)).json()["data"]["grantAccess"]["userErrors"] == [{"code": "NOT_FOUND"}]
    for scopes in ([], ["payments:write"], ["schema:read"], ["portal"]):
        wanted = {"clientId": partner.id, "scopes": scopes}
        mutation = "mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { userErrors { code } } }"
        answer = (await partner.ask(token(ADA), query=mutation, variables={"input": wanted})).json()
        assert answer["data"]["grantAccess"]["userErrors"] == [{"code": "INVALID_VALUE"}], scopes


async def test_a_customer_sees_who_acts_for_them_and_ends_it_at_once(partner: Partner) -> None:
    access = await partner.access_token("read")
    await partner.ask_until_published(id_of(NAME), access)
    listed = (await partner.ask(token(ADA), query="{ grants { nodes { id clientId clientName scopes } } }")).json()["data"]["grants"]["nodes"]
    (mine,) = [node for node in listed if node["clientId"] == partner.id]
    assert (mine["clientName"], mine["scopes"]) == ("Books", ["read"])
    revoke = "mutation ($id: ID!) { revokeGrant(input: { grantId: $id }) { revokedGrantId userErrors { code } } }"
    assert (await partner.ask(token(BIG), query=revoke, variables={"id": mine["id"]})).json()["data"]["revokeGrant"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await partner.ask(access, documentId=id_of(NAME))).status_code == 200
    assert (await partner.ask(token(ADA), query=revoke, variables={"id": mine["id"]})).json()["data"]["revokeGrant"]["revokedGrantId"] == mine["id"]
    assert (await partner.ask(access, documentId=id_of(NAME))).status_code == 401
    assert (await partner.token()).json()["error"] == "invalid_grant"
    assert (await partner.ask(token(ADA), query=revoke, variables={"id": mine["id"]})).json()["data"]["revokeGrant"]["userErrors"] == [{"code": "NOT_FOUND"}]


async def test_a_client_that_is_shut_out_is_out_at_once(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    await partner.admin.execute("update api_client set disabled_at = now() where id = $1", partner.id)
    assert (await partner.token()).json()["error"] == "invalid_client"

    async def is_out() -> bool:
        errors = (await partner.ask(access, documentId=id_of(NAME))).json().get("errors")
        return bool(errors) and errors[0]["extensions"]["code"] in ("UNAUTHENTICATED", "PERSISTED_DOCUMENT_NOT_FOUND")

    await until(is_out)


DENIED = {
    "a wrong secret": ({"client_secret": "wrong"}, 401, "invalid_client"),
    "no secret": ({"client_secret": ""}, 401, "invalid_client"),
    "an unknown client": ({"client_id": "nobody"}, 401, "invalid_client"),
    "another grant type": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "no customer": ({"customer_id": ""}, 400, "invalid_request"),
    "an unknown customer": ({"customer_id": "cus_01m829w97ne1msh76cygrhecz9"}, 400, "invalid_grant"),
    "a customer who has not let it in": ({"customer_id": BIG.customer_id or ""}, 400, "invalid_grant"),
    "a scope that was not given": ({"scope": "read subscriptions:write"}, 400, "invalid_scope"),
    "a scope of ours": ({"scope": "portal"}, 400, "invalid_scope"),
    "two ways at once": ({"client_assertion": "x.y.z"}, 401, "invalid_client"),
    "nul": ({"customer_id": "a\0b"}, 400, "invalid_request"),
}


@pytest.mark.parametrize("row", DENIED.values(), ids=DENIED)
async def test_the_token_endpoint_denies(partner: Partner, row: tuple[dict[str, str], int, str]) -> None:
    await partner.grant("read")
    form, status, error = row
    answer = await partner.token(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_the_token_endpoint_takes_forms_and_nothing_else(partner: Partner) -> None:
    for content, kind in (
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", ""),
    ):
        answer = await partner.http.post("/oauth/token", content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    large = await partner.http.post("/oauth/token", content=b"a=" + b"x" * 20_000, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert large.status_code == 413
    assert (await partner.http.get("/oauth/token")).status_code == 405
    basic = base64.b64encode(f"{partner.id}:{SECRET}".encode()).decode()
    await partner.grant("read")
    for header, status in ((f"Basic {basic}", 200), ("Basic !", 401), ("Bearer x", 401), ("Basic " + base64.b64encode(b"x").decode(), 401)):
        form = {"grant_type": "client_credentials", "customer_id": ADA.customer_id}
        assert (await partner.http.post("/oauth/token", data=form, headers={"Authorization": header})).status_code == status, header


async def test_a_private_key_proves_a_client_once_for_each_assertion(partner: Partner, own_server: str, caplog: pytest.LogCaptureFixture) -> None:
    await partner.grant("read")
    caplog.set_level(logging.INFO, "portico.oauth")
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    jwk = OKPAlgorithm.to_jwk(key.public_key())
    await partner.admin.execute("insert into client_credential (client_id, id, jwk, created_at) values ($1, 'key', $2::json, now())", partner.id, jwk)
    now = int(datetime.now(UTC).timestamp())

    async def status(signing: Ed25519PrivateKey, **claims: Any) -> int:
        values = {"iss": partner.id, "sub": partner.id, "aud": "portico", "iat": now, "exp": now + 60, "jti": uuid4().hex, **claims}
        assertion = jwt.encode({name: value for name, value in values.items() if value is not None}, signing, algorithm="EdDSA")
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return (await partner.token(client_id="", client_secret="", client_assertion=assertion, client_assertion_type=kind)).status_code

    jti = uuid4().hex
    assert await status(key, jti=jti) == 200
    assert await status(key, jti=jti) == 401, "it was used"
    assert reasons(caplog) == ["assertion_used"]
    assert await status(key, aud=["x", f"{own_server}/oauth/token"]) == 200
    assert await status(other) == 401
    wrong: dict[str, dict[str, Any]] = {
        "signature": {},
        "audience": {"aud": "x"},
        "expired": {"exp": now - 60},
        "claim_invalid exp": {"exp": now + 3600},
        "claim_missing jti": {"jti": None},
        "issuer": {"iss": "x"},
        "client_unknown": {"sub": "x"},
        "not_yet_valid iat": {"iat": now + 600},
        "claim_missing exp": {"exp": None},
        "claim_missing sub": {"sub": None},
    }
    for claims in [claims for claims in wrong.values() if claims]:
        assert await status(key, **claims) == 401, claims
    assert reasons(caplog) == ["assertion_used", *wrong]


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why clients could not be authenticated, as the log says."""
    return [vars(record)["reason"] for record in caplog.records if record.name == "portico.oauth"]


async def test_a_client_that_cannot_be_authenticated_gets_one_answer_and_the_log_has_the_reason(partner: Partner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico.oauth")
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    by_assertion = {"client_id": "", "client_secret": "", "client_assertion_type": kind}
    cases = {
        "secret": {"client_secret": "tomato-soup"},
        "client_unknown": {"client_id": "tomato-soup"},
        "malformed": {**by_assertion, "client_assertion": "tomato-soup"},
        "client_assertion_type": {**by_assertion, "client_assertion": "a.b.c", "client_assertion_type": "tomato-soup"},
    }
    answers = [await partner.token(**form) for form in cases.values()]
    await partner.admin.execute("update api_client set disabled_at = now() where id = $1", partner.id)
    answers.append(await partner.token())
    await partner.admin.execute("update api_client set disabled_at = null where id = $1", partner.id)
    assert {answer.text for answer in answers} == {'{"error":"invalid_client","error_description":"The client cannot be authenticated."}'}
    assert reasons(caplog) == [*cases, "client_disabled"]
    assert "tomato" not in caplog.text


async def test_a_budget_is_spent_fills_up_and_says_when(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(LIST), access)
    await partner.admin.execute("update api_client set units_per_minute = 60 where id = $1", partner.id)
    await partner.admin.execute("update client_budget set available = 60, as_of = now() where client_id = $1", partner.id)
    headers = {"Authorization": f"Bearer {access}", "GraphQL-Cost": "1"}
    first = await partner.http.post("/graphql", json={"documentId": id_of(LIST)}, headers=headers)
    cost = first.json()["extensions"]["cost"]
    assert cost["requested"] == 51
    assert cost["throttleStatus"]["maximumAvailable"] == 60
    assert 9 <= cost["throttleStatus"]["currentlyAvailable"] <= 11
    assert cost["throttleStatus"]["restoreRate"] == 1
    spent = await partner.http.post("/graphql", json={"documentId": id_of(LIST)}, headers=headers)
    assert spent.status_code == 429
    error = spent.json()["errors"][0]["extensions"]
    assert (error["code"], error["retryAfterSeconds"]) == ("THROTTLED", int(spent.headers["retry-after"]))
    assert 35 <= error["retryAfterSeconds"] <= 45
    assert (await partner.ask(access, documentId=id_of(NAME))).status_code == 200, "what is left is enough for this"
    await partner.admin.execute("update client_budget set as_of = now() - interval '1 minute' where client_id = $1", partner.id)
    assert (await partner.ask(access, documentId=id_of(LIST))).status_code == 200
    await partner.admin.execute("update api_client set units_per_minute = 50 where id = $1", partner.id)
    never = (await partner.ask(access, documentId=id_of(LIST))).json()["errors"][0]
    assert never["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_a_budget_is_never_overdrawn_by_calls_at_once(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    await partner.admin.execute("update api_client set units_per_minute = 10 where id = $1", partner.id)
    await partner.admin.execute("update client_budget set available = 10, as_of = now() where client_id = $1", partner.id)
    answers = await asyncio.gather(*(partner.ask(access, documentId=id_of(NAME)) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 10 <= sum(answer.status_code == 200 for answer in answers) <= 11


async def test_a_server_that_has_just_started_knows_every_document(partner: Partner, start_server: Callable[..., str], urls: Urls) -> None:
    """Behind a balancer a new process must not deny what the others answer."""
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    async with httpx.AsyncClient(base_url=start_server(urls.app), headers={"Authorization": f"Bearer {access}"}, timeout=20) as client:
        assert (await client.post("/graphql", json={"documentId": id_of(NAME)})).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


async def test_before_the_documents_are_read_nobody_says_that_one_is_not_there(start_server: Callable[..., str]) -> None:
    async with httpx.AsyncClient(base_url=start_server("postgresql://portico_app@127.0.0.1:1/postgres"), timeout=20) as client:
        answer = await client.post("/graphql", json={"documentId": id_of(NAME)})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["Retry-After"]
        assert (await client.get("/readyz")).status_code == 503


async def test_uses_are_counted(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    await partner.ask(access, documentId=id_of(NAME))
    for _ in range(100):
        uses = await partner.admin.fetchval("select uses from document_use where client_id = $1 and document_id = $2", partner.id, id_of(NAME))
        if uses and uses >= 2:
            break
        await asyncio.sleep(0.1)
    assert uses >= 2


async def test_the_modes_of_our_own_apps(partner: Partner, admin: asyncpg.Connection) -> None:
    stored = await admin.fetchval("select body from stored_document where client_id = 'portal' and 'Profile' = any(names)")
    for mode, takes_other, takes_stored in (("OPEN", True, True), ("LOG", True, True), ("PREFER", False, True), ("REQUIRED", False, False)):
        client = await registered(admin, mode=mode, kind="FIRST_PARTY")
        access = token(Viewer(Actor.CUSTOMER, ADA.customer_id, ("portal",), client))

        async def is_followed(access: str = access, takes_other: bool = takes_other) -> bool:
            return ((await partner.ask(access, query=ANOTHER)).status_code == 200) is takes_other

        await until(is_followed)
        assert ((await partner.ask(access, query=stored)).status_code == 200) is takes_stored, mode
        assert (await partner.ask(access, documentId=id_of(stored))).status_code == 200


async def test_production_takes_ids_of_the_portals_own_documents_and_no_text(start_server: Callable[..., str], urls: Urls, documents: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, environment="production", secret=PORTAL_SECRET, sandbox=True), timeout=20) as client:
        headers = {"Authorization": f"Bearer {token(ADA)}"}
        assert (await client.post("/graphql", json={"documentId": id_of(documents["Profile"])}, headers=headers)).status_code == 200
        refused = await client.post("/graphql", json={"query": documents["Profile"]}, headers=headers)
        assert refused.json()["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_ID_REQUIRED"
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 400


async def test_a_browser_that_calls_itself_an_open_app_is_not_one(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection) -> None:
    client_id = await registered(admin, mode="OPEN", kind="FIRST_PARTY")
    session = await admin.fetchval(
        "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) "
        "values ($1, 'ses_' || md5(random()::text), 'PASSWORD', now(), now(), now() + interval '1 hour') returning id",
        ADA.customer_id,
    )
    async with httpx.AsyncClient(base_url=start_server(urls.app, document_mode="required"), timeout=20) as client:
        for viewer, status in (
            (Viewer(Actor.CUSTOMER, ADA.customer_id, ("portal",), client_id), 200),
            (Viewer(Actor.CUSTOMER, ADA.customer_id, ("portal",), client_id, session), 400),
        ):

            async def is_judged(viewer: Viewer = viewer, status: int = status) -> bool:
                return (await client.post("/graphql", json={"query": ANOTHER}, headers={"Authorization": f"Bearer {token(viewer)}"})).status_code == status

            await until(is_judged)
            assert await is_judged(), "and it stays so"
    await admin.execute("delete from portal_session where id = $1", session)


async def test_automatic_registration_is_off_unless_it_is_on(start_server: Callable[..., str], urls: Urls, own_server: str) -> None:
    extension = {"persistedQuery": {"version": 1, "sha256Hash": id_of(ANOTHER)[7:]}}
    headers = {"Authorization": f"Bearer {token(ADA)}"}
    for url, code in ((own_server, "PERSISTED_QUERY_NOT_SUPPORTED"), (start_server(urls.app, automatic_documents=True), "PERSISTED_QUERY_NOT_FOUND")):
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client:
            assert (await client.post("/graphql", json={"extensions": extension})).json()["errors"][0]["extensions"]["code"] == code
            assert "data" in (await client.post("/graphql", json={"query": ANOTHER, "extensions": extension})).json()
            again = (await client.post("/graphql", json={"extensions": extension})).json()
            assert ("data" in again) is (code == "PERSISTED_QUERY_NOT_FOUND")


async def test_publishing_under_load_fails_no_request(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.admin.execute("update api_client set units_per_minute = 1000000 where id = $1", partner.id)
    await partner.ask_until_published(id_of(NAME), access)
    is_over = asyncio.Event()

    async def call() -> list[Any]:
        answers = []
        while not is_over.is_set():
            answers.append((await partner.ask(access, documentId=id_of(NAME))).json())
        return answers

    async def publish() -> None:
        for number in range(15):
            more = [f"query Q{number}x{item} {{ customer {{ name }} }}" for item in range(20)]
            assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(NAME, *more)) == []
            assert "data" in (await partner.ask_until_published(id_of(more[-1]), access)).json()
        is_over.set()

    *results, _ = await asyncio.gather(*(call() for _ in range(4)), publish())
    answers = [answer for some in results for answer in some]
    assert len(answers) > 20
    assert [answer for answer in answers if answer != {"data": {"customer": {"name": "Ada Lovelace"}}}] == []


def test_a_tokens_lifetime_is_short() -> None:
    from gateway.routes.oauth import LIFETIME

    assert timedelta(minutes=15) >= LIFETIME


async def test_a_form_with_files_is_no_way_around_the_documents(partner: Partner) -> None:
    access = await partner.access_token()
    for operations, code in (({"query": ANOTHER}, "PERSISTED_DOCUMENT_ID_REQUIRED"), ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_DOCUMENT_NOT_FOUND")):
        form = {"operations": (None, json.dumps(operations)), "map": (None, "{}")}
        headers = {"Authorization": f"Bearer {access}", "GraphQL-Require-Preflight": "1"}
        answer = await partner.http.post("/graphql", files=form, headers=headers)
        assert answer.json()["errors"][0]["extensions"]["code"] == code
