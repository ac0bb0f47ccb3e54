"""What an endpoint with a document is sent: its answer, with the scopes of the endpoint, whole or not at all; and who may manage endpoints."""

from typing import Any

import pytest

from resolvers.documents.manifests import id_of
from tests.lifecycle.webhooks.conftest import Hooks, with_scopes
from tests.webhooks.sinks import sink

READS = "query Changed($objectId: ID!) { node(id: $objectId) { ... on Customer { id name } } }"
SEARCHES = "query Search { customers(first: 1) { nodes { id } } }"
WRITES = "mutation Write($objectId: ID!) { closeCustomer(input: {customerId: $objectId}) { userErrors { code } } }"
OTHER_VARIABLE = "query Other($id: ID!) { node(id: $id) { id } }"


async def trusted(hooks: Hooks, text: str) -> str:
    await hooks.life.admin.execute(
        "insert into api_client (id, name, kind, mode, units_per_minute, created_at) values ('erp', 'ERP', 'SERVICE', 'REQUIRED', 1000, now()) on conflict do nothing"
    )
    await hooks.life.admin.execute(
        """insert into stored_document (client_id, id, body, names, cost, fits, version, published_at) values ('erp', $1, $2, '{X}', 1, '', 1, now()) on conflict do nothing""",
        id_of(text), text,
    )  # fmt: skip
    return id_of(text)


async def refused(hooks: Hooks, url: str, text: str, **arguments: Any) -> list[Any]:
    payload = await hooks.send("saveWebhookEndpoint", "endpoint { id }", url=url, payload="DOCUMENT", documentId=await trusted(hooks, text), **arguments)
    assert payload["endpoint"] is None
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def test_the_answer_of_the_document_is_sent_as_of_the_delivery(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target, payload="DOCUMENT", documentId=await trusted(hooks, READS))
        assert endpoint["scopes"] == ["read"]
        (event,) = await hooks.change()
        await hooks.deliver()
        (message,) = target.received
        name = await hooks.life.admin.fetchval("select name from customer where id = $1", hooks.life.customer_id)
        assert message.json["data"] == {"node": {"id": hooks.life.customer_id, "name": name}}
        dry = (await hooks.send("dryRunWebhook", "dryRun { eventId body problem }", endpointId=endpoint["id"], eventId=event))["dryRun"]
        assert (dry["eventId"], dry["body"], dry["problem"]) == (event, message.body.decode(), None)


@pytest.mark.parametrize(("text", "scopes"), [(SEARCHES, ["read"]), (WRITES, ["read"]), (OTHER_VARIABLE, ["read"]), ("query X { nonsense }", ["read"])])
async def test_a_document_that_the_scopes_do_not_allow_or_that_is_no_query_of_an_event_is_refused(text: str, scopes: list[str], hooks: Hooks) -> None:
    assert await refused(hooks, "http://127.0.0.1:9/", text, scopes=scopes) == [("DOCUMENT_INVALID", ["input", "documentId"])]


async def test_a_document_that_leads_to_what_the_scopes_do_not_read_is_refused_and_not_sent(hooks: Hooks) -> None:
    text = "query Sold { plans(first: 1) { nodes { subscriptions(first: 1) { totalCount } } } }"
    assert await refused(hooks, "http://127.0.0.1:9/", text, scopes=["audit:read"]) == [("DOCUMENT_INVALID", ["input", "documentId"])]
    async with sink() as target:
        endpoint = await hooks.endpoint(target, payload="DOCUMENT", documentId=await trusted(hooks, text), scopes=["read"])
        await hooks.change()
        await hooks.deliver()
        assert [message.json["data"]["plans"]["nodes"][0] for message in target.received] == [{"subscriptions": {"totalCount": 0}}]
        await hooks.life.admin.execute("update webhook_endpoint set scopes = '{audit:read}' where id = $1", endpoint["id"])
        await hooks.change()
        await hooks.deliver()
        assert len(target.received) == 1
        errors = [attempt["error"] for attempt in await hooks.attempts(endpoint) if attempt["error"]]
        assert [error.partition(" needs")[0] for error in errors] == ["the document was refused: FORBIDDEN: Plan.subscriptions at plans.nodes.subscriptions"]


async def test_an_answer_with_an_error_is_not_sent_and_the_attempt_says_why(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target, payload="DOCUMENT", documentId=await trusted(hooks, SEARCHES), scopes=["customers:search"])
        await hooks.life.admin.execute("update webhook_endpoint set scopes = '{read}' where id = $1", endpoint["id"])
        await hooks.change()
        await hooks.deliver()
        assert target.received == []
        (attempt,) = await hooks.attempts(endpoint)
        assert attempt["status_code"] is None
        assert "FORBIDDEN" in attempt["error"]
        assert "customers:search" in attempt["error"]


async def test_nobody_gives_an_endpoint_more_than_they_may_read(hooks: Hooks) -> None:
    document = await trusted(hooks, SEARCHES)
    values: dict[str, Any] = {"url": "http://127.0.0.1:9/", "payload": "DOCUMENT", "documentId": document, "scopes": ["customers:search"]}
    payload = await hooks.send("saveWebhookEndpoint", "endpoint { id }", with_scopes("webhooks:manage"), **values)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_VALUE", ["input", "scopes"])]
    payload = await hooks.send("saveWebhookEndpoint", "endpoint { id }", with_scopes("webhooks:manage", "customers:read"), **values)
    assert payload["userErrors"] == []


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("saveWebhookEndpoint", "endpoint { id }", {"url": "http://127.0.0.1:9/elsewhere"}),
    ("saveWebhookEndpoint", "endpoint { id }", {"types": []}),
    ("saveWebhookEndpoint", "endpoint { id }", {"payload": "THIN", "documentId": None}),
    ("saveWebhookEndpoint", "endpoint { id }", {"scopes": ["read"]}),
    ("rotateWebhookSecret", "secret", {}),
    ("dryRunWebhook", "dryRun { body }", {}),
]


@pytest.mark.parametrize(("mutation", "selection", "arguments"), CHANGES)
async def test_an_endpoint_that_reads_more_than_the_caller_is_not_the_callers_to_change(
    hooks: Hooks, mutation: str, selection: str, arguments: dict[str, Any]
) -> None:
    """What it is sent would be the caller's. Whoever manages webhooks may disable it."""
    values = {
        "url": "http://127.0.0.1:9/",
        "payload": "DOCUMENT",
        "documentId": await trusted(hooks, SEARCHES),
        "scopes": ["customers:search"],
        "types": ["invoice.paid"],
    }
    endpoint = (await hooks.send("saveWebhookEndpoint", "endpoint { id }", **values))["endpoint"]["id"]
    await hooks.change()
    key = "id" if mutation == "saveWebhookEndpoint" else "endpointId"
    payload = await hooks.send(mutation, selection, with_scopes("webhooks:manage", "read"), **{key: endpoint}, **arguments)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_VALUE", ["input", key])]
    payload = await hooks.send("saveWebhookEndpoint", "endpoint { status url }", with_scopes("webhooks:manage"), id=endpoint, isEnabled=False)
    assert payload["endpoint"] == {"status": "DISABLED", "url": "http://127.0.0.1:9/"}
    payload = await hooks.send(mutation, selection, with_scopes("webhooks:manage", "customers:search", "read"), **{key: endpoint}, **arguments)
    assert [error["message"] for error in payload["userErrors"] if "token does not have" in error["message"]] == []


@pytest.mark.parametrize("scopes", ["-", "read", "customers:write", "documents:publish"])
async def test_the_database_refuses_staff_without_the_scope(scopes: str, hooks: Hooks) -> None:
    async with sink() as target:
        await hooks.endpoint(target)
    owner = hooks.life.admin
    assert await owner.fetchval("select count(*) from webhook_endpoint") == 1
    async with owner.transaction():
        await owner.execute(f"set local role portico_app; set local app.actor = 'STAFF'; set local app.scopes = '{scopes}'")
        assert await owner.fetchval("select count(*) from webhook_endpoint") == 0
        assert await owner.execute("update webhook_endpoint set url = 'https://evil.example.com'") == "UPDATE 0"
        assert await owner.execute("delete from webhook_endpoint") == "DELETE 0"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://127.0.0.1:9/", "types": ["Invoice.Paid"]}, "types"),
        ({"url": "http://127.0.0.1:9/", "contactEmail": "nobody"}, "contactEmail"),
        ({"url": "http://127.0.0.1:9/", "description": "x" * 501}, "description"),
        ({"url": "http://127.0.0.1:9/", "payload": "DOCUMENT"}, "documentId"),
        ({"url": "http://127.0.0.1:9/", "id": "whe_unknown"}, "id"),
    ],
)
async def test_values_that_are_refused(values: dict[str, Any], field: str, hooks: Hooks) -> None:
    payload = await hooks.send("saveWebhookEndpoint", "endpoint { id }", **values)
    assert [error["path"] for error in payload["userErrors"]] == [["input", field]]
    assert await hooks.life.admin.fetchval("select count(*) from webhook_endpoint") == 0
