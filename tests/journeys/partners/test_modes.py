"""What staff, services and developers reach in production, where callers send ids of published documents: every sentence of docs/operations.md about it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.cli.main import cli
from gateway.documents.document_cache import first_party, first_party_actions, of_staff
from tests.auth.forge import MISSING, RS, made
from tests.auth.provider import running
from tests.callers.partners import NAME, Partner, id_of, manifest, registered
from tests.conftest import ADA, BIG, STAFF, Portal, token
from tests.conftest import SECRET as PORTAL_SECRET
from tests.waiting import until

TEXT = "query Another { viewer { kind } }"
INTROSPECTION = "{ __schema { queryType { name } } }"
MISSPELT = "{ custome { id } }"
UNKNOWN = "inv_01m829w97ne1msh76cygrhecz9"

# Each sentence of docs/operations.md that says what may be sent, and the test that shows it.
SENTENCES = {
    "Outside of production, introspection, suggestions and GraphiQL are open to all callers, and callers may send any text.": "outside_of_production",
    "A browser that opens `/graphql` is sent to GraphiQL.": "outside_of_production",
    "In production there is no GraphiQL, and callers send the ids of published documents and no text.": "in_production_callers_send_ids",
    "Introspection and suggestions are for staff whose token has the scope `schema:read` or `staff`.": "developers_of_the_merchant",
    "Introspection is a text, so the tool that sends it is registered with a mode that takes texts:": "developers_of_the_merchant",
    "A build that only checks its documents against the schema needs no server: `./portico schema` prints the same schema.": "the_schema_is_printed",
    "`PORTICO_DEVELOPER_TOOLS=true` opens introspection, suggestions and GraphiQL to all callers, and with `PORTICO_DOCUMENT_MODE=open` all "
    "callers except partners may send any text; registered apps have their own mode; GraphiQL needs both.": "developer_tools",
    "What staff do has documents that come with the program (`schema/documents/staff/`): customers and their pages, portal links, holds, "
    "attachments, the audit, the registry.": "staff_run_every",
    "`./portico documents list --client portal-staff` prints their ids.": "their_ids_are_printed",
    "Staff send these, and the portal's; the ids of staff are answered only to staff.": "staff_run_every",
    "Documents of your own that only staff may send are published with `--client portal-staff`.": "documents_of_your_own",
    "A tool of staff or a service that sends texts of its own is registered, and has its mode from there.": "a_mode_is_for_the_tokens",
    "A registration is for the tokens of one issuer that name one client; other tokens do not have its mode, whatever they claim:": "a_mode_is_for_the_tokens",
    "Callers who sign in with a password or a link have the mode of the settings, because the app that a browser names is not verified.": "a_mode_is_for_the_tokens",
    "`clients disable NAME` ends all tokens of an app at once, whoever issued them (401); `clients enable NAME` lets it call again, which "
    "`clients add` does not.": "a_mode_is_for_the_tokens",
    "What a caller may read and do depends only on the scopes of the token.": "a_mode_gives_no_scope",
}


def test_every_sentence_about_modes_has_its_test(root: Path) -> None:
    page = (root / "docs/operations.md").read_text()
    part = page[page.index("## For developers") : page.index("## Statuses")]
    paragraphs = re.sub(r"```.*?```", "", part, flags=re.DOTALL).split("\n\n")
    prose = [" ".join(paragraph.split()) for paragraph in paragraphs if not paragraph.strip().startswith(("#", "|"))]
    assert [sentence for paragraph in prose for sentence in re.findall(r"\S.*?(?:\.(?=\s|$)|:$)", paragraph)] == list(SENTENCES)
    for name in SENTENCES.values():
        assert any(test.startswith(f"test_{name}") for test in globals() | {"test_the_schema_is_printed": None}), name


async def ask(client: httpx.AsyncClient, access: str, **body: Any) -> Any:
    """The code of a refusal, or the data."""
    answer = (await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {access}"} if access else {})).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]


@pytest.fixture(scope="module")
def production_url(start_server: Callable[..., str], urls: Urls) -> str:
    return start_server(urls.app, environment="production", secret=PORTAL_SECRET, sandbox=True)


@pytest.fixture
async def production(production_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=production_url, timeout=20) as client:
        yield client


async def test_outside_of_production_everybody_has_what_developers_have(http: httpx.AsyncClient) -> None:
    assert await ask(http, token(ADA), query=INTROSPECTION) == {"__schema": {"queryType": {"name": "Query"}}}
    assert "Did you mean" in (await http.post("/graphql", json={"query": MISSPELT}, headers={"Authorization": f"Bearer {token(ADA)}"})).text
    assert (await http.get("/graphiql")).status_code == 200


async def test_in_production_callers_send_ids_of_published_documents_and_no_text(production: httpx.AsyncClient) -> None:
    assert (await production.get("/graphiql")).status_code == 404
    for viewer in (ADA, STAFF):
        for text in (TEXT, INTROSPECTION, first_party()["Profile"], of_staff()["Customers"]):
            assert await ask(production, token(viewer), query=text) == "PERSISTED_DOCUMENT_ID_REQUIRED"
        assert (await ask(production, token(viewer), documentId=id_of(first_party()["Profile"])))["viewer"]["kind"] == viewer.kind


async def test_developers_of_the_merchant_introspect_by_a_tool_that_is_registered(production: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    for mode, is_answered in (("OPEN", True), ("LOG", True), ("PREFER", False), ("REQUIRED", False)):
        client = await registered(admin, mode=mode, kind="FIRST_PARTY")
        staff, reader, other, customer = (
            token(replace(viewer, client=client))
            for viewer in (STAFF, replace(STAFF, scopes=("schema:read",)), replace(STAFF, scopes=("read",)), replace(ADA, scopes=("portal", "schema:read")))
        )

        async def is_followed(access: str = staff, is_answered: bool = is_answered) -> bool:
            return (await ask(production, access, query=TEXT) == {"viewer": {"kind": "STAFF"}}) is is_answered

        await until(is_followed)
        for access in (staff, reader):
            schema = await ask(production, access, query=INTROSPECTION)
            assert schema == ({"__schema": {"queryType": {"name": "Query"}}} if is_answered else "PERSISTED_DOCUMENT_ID_REQUIRED")
            assert ("Did you mean" in await wrong(production, access, MISSPELT)) is is_answered
        for access in (other, customer):
            assert await ask(production, access, query=INTROSPECTION) == ("GRAPHQL_VALIDATION_FAILED" if is_answered else "PERSISTED_DOCUMENT_ID_REQUIRED")
            assert "Did you mean" not in await wrong(production, access, MISSPELT)
        value = "query ($s: [PaymentStatus!]) { customer { payments(filter: {status: $s}) { totalCount } } }"
        for access, has_suggestion in ((staff, is_answered), (customer, False)):
            assert ("Did you mean" in await wrong(production, access, value, s=["SUCCEDED"])) is has_suggestion


async def wrong(client: httpx.AsyncClient, access: str, query: str, **variables: Any) -> str:
    return (await client.post("/graphql", json={"query": query, "variables": variables}, headers={"Authorization": f"Bearer {access}"})).text


async def test_developer_tools_are_for_everybody_and_need_texts(start_server: Callable[..., str], urls: Urls) -> None:
    common = {"environment": "production", "secret": PORTAL_SECRET, "sandbox": True, "developer_tools": True}
    for mode, answer in (("open", {"__schema": {"queryType": {"name": "Query"}}}), (None, "PERSISTED_DOCUMENT_ID_REQUIRED")):
        async with httpx.AsyncClient(base_url=start_server(urls.app, document_mode=mode, **common), timeout=20) as client:
            assert (await client.get("/graphiql")).status_code == 200
            assert await ask(client, token(ADA), query=INTROSPECTION) == answer
            assert ("Did you mean" in await wrong(client, token(ADA), MISSPELT)) is (mode == "open")


@pytest.fixture
async def external_id(admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The merchant's own id of a customer."""
    identifier, name = f"cus_{uuid4().hex[:26]}", f"test-{uuid4().hex}"
    insert = "insert into customer (id, name, email, currency, external_id, created_at) values ($1, 'Some', $2, 'USD', $3, now())"
    await admin.execute(insert, identifier, f"{name}@example.net", name)
    yield name
    await admin.execute("delete from customer where id = $1", identifier)


@pytest.fixture
async def variables(admin: asyncpg.Connection, external_id: str) -> dict[str, dict[str, Any]]:
    """What the documents of staff are called with: reads find something of Ada's, and what would write is refused by a rule."""
    held = await admin.fetchval("select id from subscription where customer_id = $1 and status = 'ACTIVE' limit 1", ADA.customer_id)
    invoice = await admin.fetchval("select id from invoice where customer_id = $1 limit 1", ADA.customer_id)
    schedule = await admin.fetchval("select id from payment_schedule where customer_id = $1 limit 1", ADA.customer_id)
    holding = {"subscriptionId": held, "idempotencyKey": uuid4().hex}
    announced = {"fileName": "a.pdf", "contentType": "application/pdf", "sizeBytes": 10, "sha256": "0" * 64}
    return {
        **{name: {"id": ADA.customer_id} for name in ("Customer", "CustomerInvoices", "CustomerPayments")},
        **{"CustomerSubscription": {"id": held}, "CustomerInvoice": {"id": invoice}, "CustomerSchedule": {"id": schedule}, "Nodes": {"ids": [held, invoice]}},
        **{"Customers": {"search": "ada"}, "Catalogue": {}, "AuditEvents": {}, "OpenItems": {}, "TrustedDocuments": {"filter": {"clientId": "portal-staff"}}},
        "Metrics": {"from": "2026-01-01", "to": "2026-02-01"},
        **{"PreviewHoldSubscription": {"input": holding}, "PreviewReleaseSubscription": {"input": holding}},
        **{"HoldSubscription": {"input": holding | {"expectedVersion": 0}}, "ReleaseSubscription": {"input": holding | {"expectedVersion": 0}}},
        "CreatePortalLink": {"input": {"customerId": UNKNOWN}},
        "UploadAttachments": {"input": {"parentId": UNKNOWN, "files": [], "idempotencyKey": "k"}},
        "CreateAttachmentUploads": {"input": {"parentId": UNKNOWN, "files": [announced], "idempotencyKey": "k"}},
        "CompleteAttachmentUploads": {"input": {"attachmentIds": [UNKNOWN]}},
        "DeleteAttachment": {"input": {"attachmentId": UNKNOWN}},
        "PublishDocuments": {"input": {"clientId": "nobody", "manifest": manifest(TEXT)}},
        "CheckDocuments": {"input": {"clientId": "portal-staff"}},
        **{f"{verb}Documents": {"input": {"clientId": "nobody", "documentIds": [id_of(TEXT)]}} for verb in ("Deprecate", "Retire")},
        "ByExternalId": {"kind": "CUSTOMER", "externalId": external_id},
        **{f"Catalog{kind}": {} for kind in ("Plans", "Prices", "Coupons", "CancellationOptions")},
        **{f"{verb}{kind}": {"input": {"id": UNKNOWN}} for verb in ("Save", "Archive") for kind in ("Plan", "Price", "Coupon", "CancellationOption")},
        "SaveCustomer": {"input": {"id": UNKNOWN, "name": "Ada"}},
        **{f"{verb}Customer": {"input": {"customerId": UNKNOWN}} for verb in ("Invite", "Close", "Reopen")},
        "CustomerExport": {"id": ADA.customer_id},
        **{"Imports": {}, "ReleaseImported": {"input": {"customerId": UNKNOWN}}},
        "ExportCustomer": {"input": {"customerId": UNKNOWN}},
        "EraseCustomer": {"input": {"customerId": UNKNOWN, "idempotencyKey": uuid4().hex}},
        **of_money(await admin.fetchval("select id from payment where customer_id = $1 and status = 'SUCCEEDED' limit 1", ADA.customer_id), invoice),
    }


def of_money(payment: str, invoice: str) -> dict[str, dict[str, Any]]:
    """What the documents about invoices, payments and schedules are called with. The previews name objects of Ada's, and the mutations unknown ones."""
    amount, key = {"amount": "0.01", "currency": "USD"}, {"idempotencyKey": uuid4().hex}
    lines = [{"description": "A seat", "quantity": 1, "unitAmount": amount}]
    equal = {"total": "10", "count": 3, "firstDueOn": "2099-01-31", "every": {"interval": "MONTH"}}
    schedule = {"paymentScheduleId": UNKNOWN, "expectedVersion": 1} | key
    return {
        "PreviewCreateInvoice": {"input": {"customerId": ADA.customer_id, "lines": lines} | key},
        "PreviewCreditInvoice": {"input": {"invoiceId": invoice, "reason": "GOODWILL", "amount": amount} | key},
        "PreviewRecordPayment": {"input": {"customerId": ADA.customer_id, "kind": "CASH", "amount": amount} | key},
        "PreviewRefundPayment": {"input": {"paymentId": payment, "reason": "GOODWILL", "amount": amount} | key},
        "CreateInvoice": {"input": {"customerId": UNKNOWN, "lines": lines} | key},
        **{f"{verb}Invoice": {"input": {"invoiceId": UNKNOWN} | key} for verb in ("Void", "WriteOff")},
        "CreditInvoice": {"input": {"invoiceId": UNKNOWN, "reason": "GOODWILL", "amount": amount} | key},
        "RecordPayment": {"input": {"customerId": UNKNOWN, "kind": "CASH", "amount": amount} | key},
        "RefundPayment": {"input": {"paymentId": UNKNOWN, "reason": "GOODWILL", "amount": amount} | key},
        "RetryNow": {"input": {"invoiceId": UNKNOWN} | key},
        "ExtendDueDate": {"input": {"invoiceId": UNKNOWN, "dueOn": "2030-01-31"} | key},
        "PromiseToPay": {"input": {"invoiceId": UNKNOWN, "on": "2030-01-31"} | key},
        "AdjustBalance": {"input": {"customerId": UNKNOWN, "reason": "A gift", "amount": amount} | key},
        "EqualInstallments": {"currency": "USD", "input": equal},
        "CreatePaymentSchedule": {
            "input": {"customerId": UNKNOWN, "name": "A plan", "currency": "USD", "invoicing": "NONE", "equalInstallments": equal} | key,
        },
        **{name: {"input": schedule} for name in ("UpdateInstallments", "CancelPaymentSchedule")},
        **of_webhooks(),
    }


def of_webhooks() -> dict[str, dict[str, Any]]:
    """What the documents about events and webhooks are called with. No endpoint and no delivery has these ids."""
    endpoint = {"endpointId": UNKNOWN}
    return {
        "Events": {"first": 1},
        "WebhookEndpoints": {},
        "SaveWebhookEndpoint": {"input": {"id": UNKNOWN, "description": "A shop"}},
        **{f"{verb}WebhookEndpoint": {"input": endpoint} for verb in ("Delete", "Ping")},
        "RotateWebhookSecret": {"input": endpoint},
        "Redeliver": {"input": {"deliveryIds": [UNKNOWN]}},
        "ReplayEvents": {"input": endpoint | {"since": "2026-01-01T00:00:00Z"}},
        "DryRunWebhook": {"input": endpoint | {"eventId": UNKNOWN}},
    }


async def test_staff_run_every_shipped_document_by_its_id_and_nobody_else_does(
    production: httpx.AsyncClient, partner: Partner, variables: dict[str, dict[str, Any]]
) -> None:
    access = await partner.access_token("read")
    partners = replace(partner, http=production)
    assert (await partners.ask_until_published(id_of(NAME), access)).json() == {"data": {"customer": {"name": "Ada Lovelace"}}}
    assert set(variables) == set(of_staff())
    for name, text in of_staff().items():
        data = await ask(production, token(STAFF), documentId=id_of(text), variables=variables[name])
        assert isinstance(data, dict), (name, data)
        assert None not in data.values(), (name, data)
        for other in (token(ADA), access, ""):
            assert await ask(production, other, documentId=id_of(text), variables=variables[name]) == "PERSISTED_DOCUMENT_NOT_FOUND", name
    for name in ("Subscription", "Operation"):
        text = (first_party() | first_party_actions())[name]
        assert await ask(production, token(STAFF), documentId=id_of(text), variables={}) != "PERSISTED_DOCUMENT_NOT_FOUND"


# What is computed, and what is looked up by a column that differs with an argument, has no plan.
WITHOUT_PLAN = {name for name in of_staff() if name.startswith("Preview")} | {"EqualInstallments", "ByExternalId", "Imports", "Metrics"}


@pytest.mark.parametrize("name", [name for name, text in of_staff().items() if "\nquery" in text])
async def test_every_page_of_staff_is_the_same_by_planner_and_executor(portal: Portal, variables: dict[str, dict[str, Any]], name: str) -> None:
    executed = await portal.execute(of_staff()[name], STAFF, **variables[name])
    planned = await portal.plan(of_staff()[name], STAFF, **variables[name])
    assert not executed.errors
    assert (planned is None) is (name in WITHOUT_PLAN or not portal.plans_for(STAFF))
    if planned:
        assert without_addresses(planned.data) == without_addresses(executed.data)


def without_addresses(value: Any) -> Any:
    """Addresses and their ends change with the second."""
    if isinstance(value, dict):
        return {name: without_addresses(item) for name, item in value.items() if name not in ("url", "expiresAt", "downloadUrl")}
    return [without_addresses(item) for item in value] if isinstance(value, list) else value


def command(urls: Urls, tmp_path: Path, *arguments: str, **environment: str) -> str:
    ended = CliRunner().invoke(cli, arguments, env={"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(tmp_path), **environment})
    assert ended.exit_code == 0, ended.exception
    return ended.stdout


async def test_their_ids_are_printed_with_the_names_of_their_operations(production: httpx.AsyncClient, urls: Urls, tmp_path: Path) -> None:
    printed = await asyncio.to_thread(command, urls, tmp_path, "documents", "list", "--client", "portal-staff")
    for name, text in of_staff().items():
        assert any(id_of(text) in line and f" {name} " in line for line in printed.splitlines())


async def test_documents_of_your_own_for_staff_are_found_by_staff_alone(
    production: httpx.AsyncClient, urls: Urls, tmp_path: Path, admin: asyncpg.Connection
) -> None:
    text = f"query Own{uuid4().hex} {{ viewer {{ kind }} }}"
    (tmp_path / "manifest.json").write_text(manifest(text))
    await asyncio.to_thread(command, urls, tmp_path, "documents", "publish", str(tmp_path / "manifest.json"), "--client", "portal-staff")

    async def is_known() -> bool:
        return await ask(production, token(STAFF), documentId=id_of(text)) == {"viewer": {"kind": "STAFF"}}

    await until(is_known)
    assert await ask(production, token(ADA), documentId=id_of(text)) == "PERSISTED_DOCUMENT_NOT_FOUND"
    await admin.execute("update stored_document set retired_at = now() where id = $1", id_of(text))


OURS, THEIRS, OF_PARTNERS = "https://staff.example.com/", "https://customers.example.com/", "https://partners.example.com/"


@pytest.fixture(scope="module")
def issuers() -> Iterator[tuple[OtherIssuer, ...]]:
    """Of staff, of customers and of partners, all with one key."""
    with running() as provider:
        provider.keys = published([replace(RS, kid="theirs")])["keys"]
        kinds = ((OURS, Actor.STAFF), (THEIRS, Actor.CUSTOMER), (OF_PARTNERS, Actor.PARTNER))
        yield tuple(OtherIssuer(name, "portal", provider.url, kind=kind) for name, kind in kinds)


@pytest.fixture(scope="module")
def required_url(start_server: Callable[..., str], urls: Urls, issuers: tuple[OtherIssuer, ...]) -> str:
    """As in production, which would not take keys over http, not even from this machine."""
    return start_server(urls.app, document_mode="required", developer_tools=False, issuers=issuers)


@pytest.fixture
async def required(required_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=required_url, timeout=20) as client:
        yield client


def of_issuer(name: str, **claims: Any) -> str:
    scope = {OURS: "staff", THEIRS: "portal", OF_PARTNERS: "read"}[name]
    ours = dict.fromkeys(("kind", "client_id"), MISSING)
    values = {"iss": name, "aud": "portal", "sub": ADA.customer_id, "scope": scope, "jti": uuid4().hex, **claims}
    return made({**ours, **values}, key=replace(RS, kid="theirs"))


def tokens_with_the_mode(name: str, cli_tool: str) -> dict[str, str]:
    """Of a tool that an issuer calls `name`, and of one that is known by our own tokens."""
    return {
        "azp at its issuer": of_issuer(OURS, azp=name),
        "client_id at its issuer": of_issuer(OURS, client_id=name),
        "a service of its issuer": of_issuer(OURS, client_id=name, sub="service"),
        "from the command line": token(replace(STAFF, client=cli_tool)),
        "a customer's, from the command line": token(replace(ADA, client=cli_tool)),
    }


def tokens_without_it(name: str, cli_tool: str, tool: str, session: str) -> dict[str, str]:
    """`tool` is the id here of the one that its issuer calls `name`; `session` a sign-in."""
    return {
        "another client of its issuer": of_issuer(OURS, azp=f"{name}x"),
        "no client": of_issuer(OURS),
        "its id here": of_issuer(OURS, azp=tool),
        "the other tool at its issuer": of_issuer(OURS, azp=cli_tool),
        "the same name at another issuer": of_issuer(THEIRS, azp=name),
        "the id of the other tool at another issuer": of_issuer(THEIRS, azp=cli_tool),
        "a partner of that name": of_issuer(OF_PARTNERS, azp=name),
        "our own token of that name": token(replace(STAFF, client=name)),
        "our own token of its id": token(replace(STAFF, client=tool)),
        "a browser that signed in": token(replace(ADA, client=cli_tool, session_id=session)),
        "a partner of ours that is none": token(Viewer(Actor.PARTNER, ADA.customer_id, ("read",), cli_tool)),
    }


async def test_a_mode_is_for_the_tokens_of_one_issuer_that_name_one_client(
    required: httpx.AsyncClient, urls: Urls, tmp_path: Path, admin: asyncpg.Connection
) -> None:
    tool, cli_tool, name = f"tool-{uuid4().hex[:8]}", f"cli-{uuid4().hex[:8]}", f"0oa{uuid4().hex}"
    environment = {"PORTICO_ISSUERS": f'[{{"name": "{OURS}", "audience": "portal", "jwks_url": "https://a/k", "kind": "STAFF"}}]'}
    add = ("--name", "Tool", "--first-party", "--mode", "open")
    await asyncio.to_thread(command, urls, tmp_path, "clients", "add", tool, *add, "--issuer", OURS, "--issuer-client-id", name, **environment)
    await asyncio.to_thread(command, urls, tmp_path, "clients", "add", cli_tool, *add)
    session = await admin.fetchval(
        "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) "
        "values ($1, 'ses_' || md5(random()::text), 'PASSWORD', now(), now(), now() + interval '1 hour') returning id",
        ADA.customer_id,
    )
    with_mode, without = tokens_with_the_mode(name, cli_tool), tokens_without_it(name, cli_tool, tool, session)

    async def has_come() -> bool:
        return all([isinstance(await ask(required, access, query=TEXT), dict) for access in with_mode.values()])

    await until(has_come)
    assert {who: await ask(required, access, query=TEXT) for who, access in without.items()} == dict.fromkeys(without, "PERSISTED_DOCUMENT_ID_REQUIRED")

    for disabled in (tool, cli_tool):
        await asyncio.to_thread(command, urls, tmp_path, "clients", "disable", disabled)

    assert {who: await ask(required, access, query=TEXT) for who, access in with_mode.items()} == dict.fromkeys(with_mode, "UNAUTHENTICATED")
    others = dict.fromkeys(without, "PERSISTED_DOCUMENT_ID_REQUIRED") | {"a partner of ours that is none": "UNAUTHENTICATED"}
    assert {who: await ask(required, access, query=TEXT) for who, access in without.items()} == others
    await asyncio.to_thread(command, urls, tmp_path, "clients", "add", cli_tool, *add)
    assert await admin.fetchval("select disabled_at is not null from api_client where id = $1", cli_tool)
    for enabled in (tool, cli_tool):
        await asyncio.to_thread(command, urls, tmp_path, "clients", "enable", enabled)
    await until(has_come)
    await admin.execute("delete from portal_session where id = $1", session)


async def test_a_mode_gives_no_scope(required: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    client = await registered(admin, mode="OPEN", kind="FIRST_PARTY")
    customers, audit = "{ customers { totalCount } }", "{ auditEvents(first: 1) { nodes { id } } }"

    async def is_open() -> bool:
        return isinstance(await ask(required, token(replace(STAFF, client=client)), query=customers), dict)

    await until(is_open)
    narrow = token(replace(STAFF, client=client, scopes=("customers:search",)))
    assert isinstance(await ask(required, narrow, query=customers), dict)
    assert await ask(required, narrow, query=audit) == "FORBIDDEN"
    assert await ask(required, token(replace(ADA, client=client)), query=customers) == "FORBIDDEN"


async def test_the_tokens_of_another_issuer_are_a_partners_only_where_that_is_registered(required: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """Whoever gives out tokens of partners cannot name one that another issuer, or we, let in."""
    ours, theirs, name = await registered(admin), await registered(admin), f"App {uuid4().hex}"
    await admin.execute("update api_client set issuer = $2, issuer_client_id = $3 where id = $1", theirs, OF_PARTNERS, name)
    for client in (ours, theirs):
        partner = Partner(client, required, admin)
        await admin.execute(
            "insert into stored_document (client_id, id, body, names, cost, version, published_at) values ($1, $2, $3, '{Name}', 1, 1, now())",
            client,
            id_of(NAME),
            NAME,
        )

    async def is_let_in() -> bool:
        return await ask(required, of_issuer(OF_PARTNERS, azp=name), documentId=id_of(NAME)) == {"customer": {"name": "Ada Lovelace"}}

    await until(is_let_in)
    for claimed in (ours, theirs):
        assert await ask(required, of_issuer(OF_PARTNERS, azp=claimed), documentId=id_of(NAME)) == "PERSISTED_DOCUMENT_NOT_FOUND"
    assert (await partner.token()).json()["error"] == "invalid_client", "its tokens come from there"
    assert await admin.fetchval("select available from client_budget where client_id = $1", theirs) < 1000
    assert await admin.fetchval("select available from client_budget where client_id = $1", ours) is None
    await admin.execute("update stored_document set retired_at = now() where client_id = any($1)", [ours, theirs])


PAUSE = {name: id_of(first_party_actions()[name]) for name in ("PreviewPauseSubscription", "PauseSubscription", "WithdrawPendingChange")}


async def test_servers_with_one_secret_take_each_others_previews_and_one_with_another_secret_does_not(
    start_server: Callable[..., str], urls: Urls, tmp_path: Path, production: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    """Each in a data directory of its own, as on machines of their own."""
    free = "select id, customer_id from subscription where status = 'ACTIVE' and pending_kind is null and customer_id <> all($1) limit 1"
    row = await admin.fetchrow(free, [ADA.customer_id, BIG.customer_id])
    common = {"environment": "production", "sandbox": True}
    same = start_server(urls.app, secret=PORTAL_SECRET, data_dir=tmp_path / "same", **common)
    other = start_server(urls.app, secret=PORTAL_SECRET[::-1], data_dir=tmp_path / "other", **common)
    access = token(replace(ADA, customer_id=row["customer_id"]))
    arguments = {"subscriptionId": row["id"], "idempotencyKey": uuid4().hex}
    data = await ask(production, access, documentId=PAUSE["PreviewPauseSubscription"], variables={"input": arguments})
    previewed = arguments | {"previewToken": data["previewPauseSubscription"]["preview"]["previewToken"]}
    for url, codes in ((other, ["PREVIEW_EXPIRED"]), (same, [])):
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            paused = await ask(client, access, documentId=PAUSE["PauseSubscription"], variables={"input": previewed})
            assert [error["code"] for error in paused["pauseSubscription"]["userErrors"]] == codes
        is_paused = await admin.fetchval("select pending_kind is not null from subscription where id = $1", row["id"])
        assert is_paused is (codes == [])
    arguments = {"subscriptionId": row["id"], "idempotencyKey": uuid4().hex}
    withdrawn = await ask(production, access, documentId=PAUSE["WithdrawPendingChange"], variables={"input": arguments})
    assert withdrawn["withdrawPendingChange"]["userErrors"] == []
