"""What becomes of documents after they were published: deprecated, broken by a newer schema, looked at by staff; and what a budget has left."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from tests.callers.partners import LIST, NAME, TEXTS, TWO, Partner, id_of, manifest
from tests.conftest import ADA, STAFF, token
from tests.servers.processes import SAID, process

OLD = "query Old { customer { name gone } }"
OLDER = "query Older { customer { name goneLonger } }"
LIMITS = "query Limits { limits { maxNodes budget { __typename maximumAvailable currentlyAvailable restoreRate } } }"


async def listed(partner: Partner, **filters: Any) -> list[dict[str, Any]]:
    text = """query ($filter: DocumentFilter) { trustedDocuments(filter: $filter, first: 100) { totalCount nodes {
      documentId clientId alias operations text cost version publishedAt deprecatedAt deprecationReason sunsetAt retiredAt firstUsedAt lastUsedAt uses } } }"""
    answer = (await partner.ask(token(STAFF), query=text, variables={"filter": {"clientId": partner.id, **filters}})).json()
    assert "errors" not in answer
    nodes: list[dict[str, Any]] = answer["data"]["trustedDocuments"]["nodes"]
    assert answer["data"]["trustedDocuments"]["totalCount"] == len(nodes)
    return nodes


async def until(ask: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
    for _ in range(200):
        result = await ask()
        if is_right(result):
            break
        await asyncio.sleep(0.05)
    return result


async def test_a_deprecated_document_is_answered_and_says_so_until_that_is_taken_back(partner: Partner, caplog: pytest.LogCaptureFixture) -> None:
    access = await partner.access_token()
    assert "deprecation" not in (await partner.ask_until_published(id_of(NAME), access)).headers
    assert await partner.staff("deprecateDocuments", clientId=partner.id, documentIds=[id_of(NAME)[7:]], reason=" Use Name2. ") == []
    caplog.set_level("INFO", "portico.operation")
    answer = await until(lambda: partner.ask(access, documentId=id_of(NAME)), lambda response: "deprecation" in response.headers)
    (document,) = await listed(partner, isDeprecated=True)
    deprecation = {"deprecatedAt": document["deprecatedAt"], "sunsetAt": None, "reason": "Use Name2.", "successorDocumentId": None}
    assert answer.json() == {"data": {"customer": {"name": "Ada Lovelace"}}, "extensions": {"deprecation": deprecation}}
    assert {"link", "sunset"} & set(answer.headers) == set()
    assert (document["documentId"], document["deprecationReason"], document["retiredAt"]) == (id_of(NAME), "Use Name2.", None)
    assert answer.headers["deprecation"] == f"@{int(datetime.fromisoformat(document['deprecatedAt']).timestamp())}"
    said = [record for record in caplog.records if getattr(record, "client", "") == partner.id]
    assert vars(said[-1])["deprecated"] is True
    assert "deprecation" not in (await partner.ask(access, documentId=id_of(LIST))).headers
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(*TEXTS)) == []
    assert await partner.staff("deprecateDocuments", clientId=partner.id, documentIds=[id_of(NAME)]) == []
    (again,) = await listed(partner, isDeprecated=True)
    assert (again["deprecatedAt"], again["deprecationReason"]) == (document["deprecatedAt"], ""), "the first day stays, publishing it again too"
    assert await partner.staff("deprecateDocuments", clientId=partner.id, documentIds=[id_of(NAME)], isDeprecated=False, reason="x") == []
    answer = await until(lambda: partner.ask(access, documentId=id_of(NAME)), lambda response: "deprecation" not in response.headers)
    assert answer.status_code == 200
    assert await listed(partner, isDeprecated=True) == []


async def test_the_reason_and_the_sunset_reach_the_app_and_so_does_a_change_of_them(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    reason = f"Use {id_of(TWO)}, see https://portal.example/news?id=1. \r\nX-Evil: 1 ü"
    deprecate = {"clientId": partner.id, "documentIds": [id_of(NAME)], "sunsetAt": "2999-03-31T23:00:00.5+01:00"}
    assert await partner.staff("deprecateDocuments", **deprecate, reason=reason) == []
    answer = await until(lambda: partner.ask(access, documentId=id_of(NAME)), lambda response: "sunset" in response.headers)
    assert answer.headers["sunset"] == "Sun, 31 Mar 2999 22:00:00 GMT"
    assert answer.headers["link"] == f'<https://portal.example/news?id=1>; rel="deprecation", <?documentId={id_of(TWO)}>; rel="successor-version"'
    assert "x-evil" not in answer.headers
    (document,) = await listed(partner, isDeprecated=True)
    deprecation = {"deprecatedAt": document["deprecatedAt"], "sunsetAt": "2999-03-31T22:00:00.500Z", "reason": reason, "successorDocumentId": id_of(TWO)}
    assert answer.json()["extensions"] == {"deprecation": deprecation}
    assert document["sunsetAt"] == "2999-03-31T22:00:00.500Z"
    cost = await partner.http.post("/graphql", json={"documentId": id_of(NAME)}, headers={"Authorization": f"Bearer {access}", "GraphQL-Cost": "1"})
    assert set(cost.json()["extensions"]) == {"cost", "deprecation"}
    by_get = await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers={"Authorization": f"Bearer {access}"})
    headers = {"Authorization": f"Bearer {access}", "If-None-Match": by_get.headers["etag"]}
    again = await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers)
    assert (again.status_code, again.headers["link"]) == (304, answer.headers["link"])
    successor = await partner.http.get(f"/graphql?documentId={id_of(TWO)}&operationName=One", headers={"Authorization": f"Bearer {access}"})
    assert successor.json() == {"data": {"customer": {"name": "Ada Lovelace"}}}, "the link leads to the document"
    assert await partner.staff("deprecateDocuments", clientId=partner.id, documentIds=[id_of(NAME)], reason="Other") == []
    answer = await until(lambda: partner.ask(access, documentId=id_of(NAME)), lambda response: "link" not in response.headers)
    assert ("sunset" in answer.headers, answer.json()["extensions"]["deprecation"]["reason"]) == (False, "Other")


async def test_what_is_retired_comes_back_as_if_it_were_new(partner: Partner) -> None:
    for name in ("deprecateDocuments", "retireDocuments"):
        assert await partner.staff(name, clientId=partner.id, documentIds=[id_of(NAME)]) == []
    (retired,) = await listed(partner, isRetired=True)
    assert retired["deprecatedAt"] is not None
    (refused,) = await partner.staff("deprecateDocuments", clientId=partner.id, documentIds=[id_of(NAME)])
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "documentIds"])
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(NAME)) == []
    assert {(document["deprecatedAt"], document["retiredAt"]) for document in await listed(partner)} == {(None, None)}


async def test_what_cannot_be_deprecated_changes_nothing(partner: Partner) -> None:
    before = await listed(partner)
    for arguments, code, field in (
        ({"documentIds": [id_of(OLD)]}, "NOT_FOUND", "documentIds"),
        ({"documentIds": []}, "NOT_FOUND", "documentIds"),
        ({"documentIds": [id_of(NAME)], "reason": "x" * 501}, "INVALID_VALUE", "reason"),
        ({"documentIds": [id_of(NAME)], "sunsetAt": "2020-01-01T00:00:00Z"}, "INVALID_VALUE", "sunsetAt"),
    ):
        (refused,) = await partner.staff("deprecateDocuments", **{"clientId": partner.id, **arguments})
        assert (refused["code"], refused["path"]) == (code, ["input", field])
    assert await listed(partner) == before


async def test_only_staff_see_documents(partner: Partner) -> None:
    for access in (token(ADA), None):
        answer = (await partner.ask(access, query="{ trustedDocuments { totalCount } }")).json()
        assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "UNAUTHENTICATED")
        assert "totalCount" not in json.dumps(answer)


async def test_staff_see_every_document_and_its_uses(partner: Partner) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    documents = await until(lambda: listed(partner), lambda documents: any(int(document["uses"]) for document in documents))
    assert {document["documentId"] for document in documents} == {id_of(text) for text in TEXTS}
    (used,) = [document for document in documents if int(document["uses"])]
    assert (used["documentId"], used["text"], used["operations"], used["version"], used["cost"]) == (id_of(NAME), NAME, ["Name"], 1, 1)
    assert used["firstUsedAt"] <= used["lastUsedAt"]


async def broken_by_a_deploy(partner: Partner, text: str) -> None:
    """As if the schema had been another when it was published."""
    await partner.admin.execute(
        "insert into stored_document (client_id, id, body, names, cost, version, published_at) values ($1, $2, $3, '{Old}', 0, 1, now())",
        partner.id,
        id_of(text),
        text,
    )


async def test_documents_that_no_longer_fit_the_schema_are_named_at_the_start_and_when_they_come(
    partner: Partner, root: Path, urls: Urls, tmp_path: Path
) -> None:
    await broken_by_a_deploy(partner, OLD)
    await partner.admin.execute("update stored_document set fits = '' where client_id = $1", partner.id)

    def said() -> str:
        return (tmp_path / SAID).read_text()

    async def fitting() -> int:
        count: int = await partner.admin.fetchval("select count(*) from stored_document where client_id = $1 and fits <> ''", partner.id)
        return count

    try:
        with process(root, urls, tmp_path):
            for text, field in ((OLD, "gone"), (OLDER, "goneLonger")):
                if text is OLDER:
                    await broken_by_a_deploy(partner, text)
                await until(lambda: asyncio.to_thread(said), lambda lines, text=text: id_of(text) in lines)
                (line,) = [line for line in said().splitlines() if id_of(text) in line]
                assert "a stored document no longer fits the schema" in line
                assert partner.id in line
                assert f"Cannot query field '{field}' on type 'Customer'." in line
            assert await until(fitting, lambda count: count == len(TEXTS)) == len(TEXTS), "what fits needs not be judged again by this schema"
        access = await partner.access_token()
        await partner.ask_until_published(id_of(OLD), access)
        for media, status in (("application/json", 200), ("application/graphql-response+json", 400)):
            answer = await partner.http.post("/graphql", json={"documentId": id_of(OLD)}, headers={"Authorization": f"Bearer {access}", "Accept": media})
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, "GRAPHQL_VALIDATION_FAILED")
        assert (await partner.ask(access, documentId=id_of(NAME))).json()["data"] == {"customer": {"name": "Ada Lovelace"}}
        check = "mutation ($input: CheckDocumentsInput!) { checkDocuments(input: $input) { problems { documentId operations message } } }"
        for arguments, names in (({}, {"Old", "Older"}), ({"manifest": manifest(NAME, OLD)}, {"Old"}), ({"manifest": manifest(NAME)}, set())):
            body = (await partner.ask(token(STAFF), query=check, variables={"input": {"clientId": partner.id, **arguments}})).json()
            assert {problem["operations"][0] for problem in body["data"]["checkDocuments"]["problems"]} == names
        assert (await partner.staff("checkDocuments", clientId=partner.id, manifest="{"))[0]["code"] == "INVALID_VALUE"
    finally:
        await partner.admin.execute("update stored_document set retired_at = now() where client_id = $1", partner.id)


@pytest.mark.parametrize("planner", [True, False])
async def test_the_limits_tell_what_the_budget_has_left(
    start_server: Callable[..., str], urls: Urls, partner: Partner, admin: asyncpg.Connection, planner: bool
) -> None:
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(LIMITS)) == []
    await admin.execute("update api_client set units_per_minute = 100 where id = $1", partner.id)
    async with httpx.AsyncClient(base_url=start_server(urls.app, planner=planner), timeout=20) as client:
        here = Partner(partner.id, client, admin)
        access = await here.access_token()
        assert (await here.ask_until_published(id_of(LIST), access)).status_code == 200
        answer = (await client.post("/graphql", json={"documentId": id_of(LIMITS)}, headers={"Authorization": f"Bearer {access}", "GraphQL-Cost": "1"})).json()
        budget = {"__typename": "Budget", **answer["extensions"]["cost"]["throttleStatus"]}
        assert answer["data"] == {"limits": {"maxNodes": 50, "budget": budget}}
        assert 45 <= budget["currentlyAvailable"] <= 55
        assert (budget["maximumAvailable"], budget["restoreRate"]) == (100, 1.667)
        for viewer in (ADA, STAFF):
            assert (await here.ask(token(viewer), query=LIMITS)).json()["data"] == {"limits": {"maxNodes": 50, "budget": None}}
