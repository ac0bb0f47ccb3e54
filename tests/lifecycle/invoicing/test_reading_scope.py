"""Callers who may change something, and not read, get what they changed. An operation that selects what that leads to is refused before it has an effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from gateway.documents.document_cache import first_party_actions, of_staff
from resolvers.documents.manifests import id_of
from tests.callers.posting import Piece, field, form, headers, paths
from tests.conftest import STAFF, token
from tests.gateway.http.test_log import written
from tests.gateway.live.test_sockets import initialise, receive, send, socket
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import line, usd
from tests.lifecycle.payments.test_paying import invoice
from tests.samples import png

CREATE = "mutation ($i: CreateInvoiceInput!) { createInvoice(input: $i) { userErrors { code } customer { email } invoice { id } } }"
ADJUST = "mutation ($i: AdjustBalanceInput!) { adjustBalance(input: $i) { userErrors { code } customer { email } } }"


async def test_a_payload_has_no_customer_without_the_scope_to_read(life: Life) -> None:
    adjusted = {"customerId": life.customer_id, "amount": usd("1.00"), "reason": "A gift"}
    created = {"customerId": life.customer_id, "lines": [line()]}
    for scopes, is_reader in ((("balance:write", "invoices:write"), False), (("balance:write", "invoices:write", "read"), True)):
        viewer = replace(STAFF, scopes=scopes)
        payload = (await life.ask(ADJUST, viewer, i=adjusted | {"idempotencyKey": f"adjust {life.customer_id} {scopes}"}))["adjustBalance"]
        assert (payload["userErrors"], payload["customer"] is not None) == ([], is_reader)
        key = {"idempotencyKey": f"create {life.customer_id} {scopes}"}
        payload = (await life.ask(CREATE, viewer, i=created | key))["createInvoice"]
        assert (payload["invoice"] is not None, payload["customer"] is not None) == (True, is_reader)


@dataclass
class Program:
    """A caller with one scope, who does one thing to the customer of a test."""

    life: Life
    url: str
    viewer: Viewer
    arguments: dict[str, Any]
    mutation: str
    leading: str
    coordinate: str
    own: str

    @property
    def reader(self) -> Viewer:
        return replace(self.viewer, scopes=(*self.viewer.scopes, "read"))

    def text(self, selection: str) -> str:
        kind = self.mutation[0].upper() + self.mutation[1:]
        return f"mutation M($input: {kind}Input!) {{ {self.mutation}(input: $input) {{ userErrors {{ code }} {selection} }} }}"

    async def ask(self, selection: str, viewer: Viewer | None = None) -> httpx.Response:
        return await self.post({"query": self.text(selection), "variables": {"input": self.arguments}}, viewer)

    async def post(self, body: dict[str, Any], viewer: Viewer | None = None) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {token(viewer or self.viewer)}"}, timeout=20) as client:
            return await client.post("/graphql", json=body)

    async def written(self) -> list[Any]:
        """Return all that a call can write: the customer, money, keys, and what the audit says."""
        owner = self.life.admin
        rows = [await owner.fetchrow("select * from customer where id = $1", self.life.customer_id), await self.life.everything()]
        return [*rows, *[await owner.fetchval(f"select count(*) from {table}") for table in ("audit_event", "client_key", "idempotency_key", "event")]]


# The kind of caller, the only scope, the mutation, a selection that leads on and where, and one of the own members.
PROGRAMS = {
    "who pays": (
        Actor.CUSTOMER,
        "payments:write",
        "payInvoice",
        ("invoice { status subscription { invoices(first: 9) { nodes { id } } } }", "Invoice.subscription"),
        "invoice { status } payment { status }",
    ),
    "who changes the profile": (
        Actor.CUSTOMER,
        "profile:write",
        "updateProfile",
        ("customer { name invoices(first: 9) { nodes { id } } }", "Customer.invoices"),
        "customer { name }",
    ),
    "staff": (
        Actor.STAFF,
        "invoices:write",
        "createInvoice",
        ("invoice { id customer { email } }", "Invoice.customer"),
        "invoice { status total { amount } lines(first: 1) { nodes { description } } }",
    ),
}


@pytest.fixture(params=[True, False], ids=["planner", "executor"])
def url(place: Any, start_server: Callable[..., str], request: pytest.FixtureRequest) -> str:
    return start_server(place.app, planner=request.param)


@pytest.fixture(params=PROGRAMS)
async def program(life: Life, url: str, request: pytest.FixtureRequest) -> Program:
    kind, scope, mutation, (leading, coordinate), own = PROGRAMS[request.param]
    viewer = replace(STAFF, scopes=(scope,), client="erp") if kind is Actor.STAFF else replace(life.viewer, scopes=(scope,))
    arguments: dict[str, dict[str, Any]] = {
        "payInvoice": {"invoiceId": await invoice(life, 1_000), "idempotencyKey": f"pay {life.customer_id}"},
        "updateProfile": {"name": "Grace Hopper"},
        "createInvoice": {"customerId": life.customer_id, "lines": [line()], "idempotencyKey": f"create {life.customer_id}"},
    }
    return Program(life, url, viewer, arguments[mutation], mutation, leading, coordinate, own)


async def test_it_is_refused_before_any_effect_and_the_own_members_are_answered(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "portico.operation")
    before = await program.written()
    refused = await program.ask(program.leading)
    assert (refused.status_code, list(refused.json())) == (403, ["errors"])
    (error,) = refused.json()["errors"]
    (root, *path) = program.coordinate.lower().split(".")
    assert error["message"].startswith(f"{program.coordinate} at {program.mutation}.{root}.{path[0]} needs the scope `read`")
    assert error["message"].endswith(f"The token has: {program.viewer.scopes[0]}.")
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["requiredScopes"][0] == "read"
    assert error["extensions"]["scopes"] == list(program.viewer.scopes)
    assert await program.written() == before
    (record,) = [vars(record) for record in await written(caplog) if record.name == "portico.operation"]
    assert (record["code"], record["reason"]) == ("FORBIDDEN", "scope")
    done = await program.ask(program.own)
    assert (done.status_code, list(done.json())) == (200, ["data"])
    assert done.json()["data"][program.mutation]["userErrors"] == []
    assert await program.written() != before


async def test_with_the_scope_the_same_document_is_answered(program: Program) -> None:
    before = await program.written()
    answer = await program.ask(program.leading, program.reader)
    assert (answer.status_code, list(answer.json())) == (200, ["data"])
    assert answer.json()["data"][program.mutation]["userErrors"] == []
    assert await program.written() != before


async def test_of_two_operations_the_one_that_runs_decides(program: Program) -> None:
    text = program.text(program.own).replace("mutation M", "mutation Own") + program.text(program.leading).replace("mutation M", "mutation Leading")
    body = {"query": text, "variables": {"input": program.arguments}}
    before = await program.written()
    assert (await program.post(body | {"operationName": "Leading"})).status_code == 403
    assert await program.written() == before
    answer = await program.post(body | {"operationName": "Own"})
    assert (answer.status_code, "errors" in answer.json()) == (200, False)


async def test_over_a_websocket_it_is_an_error_and_the_connection_goes_on(program: Program) -> None:
    before = await program.written()
    async with socket(program.url) as connection:
        await initialise(connection, program.viewer)
        await send(connection, id="1", type="subscribe", payload={"query": program.text(program.leading), "variables": {"input": program.arguments}})
        message = await receive(connection)
        assert (message["id"], message["type"], message["payload"][0]["extensions"]["code"]) == ("1", "error", "FORBIDDEN")
        assert await program.written() == before
        await send(connection, id="1", type="subscribe", payload={"query": program.text(program.own), "variables": {"input": program.arguments}})
        assert "errors" not in (await receive(connection))["payload"]


async def test_a_shipped_document_by_its_id_is_judged_alike(life: Life, url: str) -> None:
    by_id = id_of(first_party_actions()["PayInvoice"]), id_of(of_staff()["CreateInvoice"])
    payer = replace(life.viewer, scopes=("payments:write",))
    paying = Program(life, url, payer, {"invoiceId": await invoice(life, 1_000), "idempotencyKey": f"pay {life.customer_id}"}, "payInvoice", "", "", "")
    body = {"documentId": by_id[0], "variables": {"input": paying.arguments}}
    before = await paying.written()
    assert (await paying.post(body)).status_code == 403
    assert await paying.written() == before
    assert (await paying.post(body, paying.reader)).json()["data"]["payInvoice"]["userErrors"] == []
    issuer = replace(STAFF, scopes=("invoices:write",), client="erp")
    arguments = {"customerId": life.customer_id, "lines": [line()], "idempotencyKey": f"create {life.customer_id}"}
    issued = await paying.post({"documentId": by_id[1], "variables": {"input": arguments}}, issuer)
    assert issued.json()["data"]["createInvoice"]["userErrors"] == []


async def test_a_query_that_needs_no_scope_leads_to_no_subscription(life: Life, url: str) -> None:
    await life.subscribe("storage", is_past_trial=False)
    viewer = replace(life.viewer, scopes=("payments:write",))
    for scopes, is_reader in (((*viewer.scopes, "read"), True), (viewer.scopes, False)):
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(replace(viewer, scopes=scopes))}"}, timeout=20) as client:
            plans = await client.post("/graphql", json={"query": "{ plans(first: 50) { nodes { name } } }"})
            assert plans.status_code == 200
            for by_get in (True, False):
                pages = await pages_of_plans(client, by_get=by_get)
                assert {page.status_code for page in pages} == {200 if is_reader else 403}
                assert any('"sub_' in page.text for page in pages) is is_reader


async def pages_of_plans(client: httpx.AsyncClient, *, by_get: bool) -> list[httpx.Response]:
    """Return all pages of the plans with the caller's subscriptions, up to one that is refused. Other tests of the database make plans, too."""
    text = (
        "query ($after: String) { plans(first: 50, after: $after) { nodes { subscriptions(first: 1) { nodes { id } } } pageInfo { hasNextPage endCursor } } }"
    )
    pages: list[httpx.Response] = []
    after: str | None = None
    while True:
        variables = {"after": after}
        parameters = {"query": text, "variables": json.dumps(variables)}
        sent = (
            client.get("/graphql", params=parameters, headers={"GraphQL-Require-Preflight": "1"})
            if by_get
            else client.post("/graphql", json={"query": text, "variables": variables})
        )
        pages.append(await sent)
        end = pages[-1].json().get("data", {}).get("plans", {}).get("pageInfo", {})
        if not end.get("hasNextPage"):
            return pages
        after = end["endCursor"]


async def test_files_of_a_refused_upload_are_not_stored(life: Life, url: str) -> None:
    parent = await invoice(life, 1_000)
    text = "mutation ($input: UploadAttachmentsInput!) { uploadAttachments(input: $input) { userErrors { code } parent { ... on Invoice { payments(first: 1) { totalCount } } } } }"
    variables = {"input": {"parentId": parent, "files": [None], "idempotencyKey": f"attach {life.customer_id}"}}
    body = form(field("operations", {"query": text, "variables": variables}), field("map", paths(1)), Piece("0", png(), "dot.png", ""))
    viewer = replace(life.viewer, scopes=("attachments:write",))
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        refused = await client.post("/graphql", content=body, headers=headers(viewer))
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
        assert await life.admin.fetchval("select count(*) from attachment where customer_id = $1", life.customer_id) == 0
        stored = await client.post("/graphql", content=body, headers=headers(replace(viewer, scopes=("attachments:write", "read"))))
    assert stored.json() == {"data": {"uploadAttachments": {"userErrors": [], "parent": {"payments": {"totalCount": 0}}}}}
