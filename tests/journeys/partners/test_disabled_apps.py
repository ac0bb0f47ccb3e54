"""A disabled app: its tokens are refused from the commit on, on every route and in every process, whoever issued them and whoever they are for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from billing.rows.partners import ApiClient, PersistedTextRow
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.documents.registry import Registry
from gateway.http.graphql.persisted import PersistedDocumentResolver
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import TransportError
from tests.auth.forge import MISSING, RS, made
from tests.auth.provider import running
from tests.callers.partners import NAME, Partner, id_of, registered
from tests.conftest import ADA, STAFF, token
from tests.waiting import until

OF_STAFF, OF_CUSTOMERS, OF_PARTNERS = "https://tools.example.com/", "https://people.example.com/", "https://apps.example.com/"
SCOPES = {OF_STAFF: "staff", OF_CUSTOMERS: "portal", OF_PARTNERS: "read"}
LINKS = "query Links { customer { invoices(first: 1) { nodes { document { url } } } } }"
TEXT = "{ viewer { kind } }"
NOTHING = "{ __typename }"


@pytest.fixture(scope="module")
def issuers() -> Iterator[tuple[OtherIssuer, ...]]:
    with running() as provider:
        provider.keys = published([replace(RS, kid="theirs")])["keys"]
        kinds = ((OF_STAFF, Actor.STAFF), (OF_CUSTOMERS, Actor.CUSTOMER), (OF_PARTNERS, Actor.PARTNER))
        yield tuple(OtherIssuer(name, "portal", provider.url, kind=kind) for name, kind in kinds)


def of_issuer(name: str, client: str) -> str:
    claims = {"iss": name, "aud": "portal", "sub": ADA.customer_id, "scope": SCOPES[name], "azp": client, "jti": uuid4().hex}
    return made({**dict.fromkeys(("kind", "client_id"), MISSING), **claims}, key=replace(RS, kid="theirs"))


@dataclass
class App:
    """A registered app, one of its tokens, and what it sends."""

    client: str
    access: str
    body: dict[str, Any]


@pytest.fixture(scope="module")
def server_urls(start_server: Callable[..., str], urls: Urls, issuers: tuple[OtherIssuer, ...]) -> tuple[str, str]:
    """Two processes' worth of servers on one database."""
    return start_server(urls.app, issuers=issuers), start_server(urls.app, issuers=issuers)


@pytest.fixture
async def servers(server_urls: tuple[str, str]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20)) for url in server_urls]


async def send(client: httpx.AsyncClient, app: App) -> httpx.Response:
    return await client.post("/graphql", json=app.body, headers={"Authorization": f"Bearer {app.access}"})


async def publish(admin: asyncpg.Connection, client: str, text: str) -> None:
    await admin.execute(
        "insert into stored_document (client_id, id, body, names, cost, version, published_at) values ($1, $2, $3, '{Name}', 1, 1, now())",
        client,
        id_of(text),
        text,
    )


async def with_tokens_of(admin: asyncpg.Connection, issuer: str, *, kind: str = "FIRST_PARTY") -> str:
    client = await registered(admin, kind=kind, mode="OPEN" if kind == "FIRST_PARTY" else "REQUIRED")
    await admin.execute("update api_client set issuer = $2, issuer_client_id = $3 where id = $1", client, issuer, f"at {client}")
    return client


async def every_kind_of_app(admin: asyncpg.Connection, http: httpx.AsyncClient) -> dict[str, App]:
    """By who issued the token and for whom."""
    partner = Partner(await registered(admin), http, admin)
    foreign = await with_tokens_of(admin, OF_PARTNERS, kind="PARTNER")
    for client in (partner.id, foreign):
        await publish(admin, client, NAME)
    tool, shop = await with_tokens_of(admin, OF_STAFF), await with_tokens_of(admin, OF_CUSTOMERS)
    own, service = [await registered(admin, kind="FIRST_PARTY", mode="OPEN") for _ in range(2)]
    by_id, by_text = {"documentId": id_of(NAME)}, {"query": TEXT}
    return {
        "a partner's, ours": App(partner.id, await partner.access_token(), by_id),
        "a partner's, of another issuer": App(foreign, of_issuer(OF_PARTNERS, f"at {foreign}"), by_id),
        "a tool of staff, of another issuer": App(tool, of_issuer(OF_STAFF, f"at {tool}"), by_text),
        "a customer's for an app, of another issuer": App(shop, of_issuer(OF_CUSTOMERS, f"at {shop}"), by_text),
        "a customer's for an app, ours": App(own, token(replace(ADA, client=own)), by_text),
        "a service of ours": App(service, token(replace(STAFF, client=service)), by_text),
    }


async def is_refused(client: httpx.AsyncClient, app: App) -> bool:
    answer = await send(client, app)
    return (answer.status_code, answer.headers.get("www-authenticate")) == (401, "Bearer")


async def test_every_token_of_a_disabled_app_is_401_in_every_process_until_it_is_enabled(servers: list[httpx.AsyncClient], admin: asyncpg.Connection) -> None:
    apps = await every_kind_of_app(admin, servers[0])

    async def are_known() -> bool:
        return all([(await send(client, app)).json().get("data") for client in servers for app in apps.values()])

    await until(are_known)
    for app in apps.values():
        await admin.execute("update api_client set disabled_at = now() where id = $1", app.client)
        # At once: no time for a notification is allowed for.
        answers = await asyncio.gather(*(send(client, app) for client in servers for _ in range(3)))
        assert {answer.json()["errors"][0]["extensions"]["code"] for answer in answers} == {"UNAUTHENTICATED"}, app
    for app in apps.values():
        for client, body in product(servers, (app.body, {"query": NOTHING}, {"documentId": id_of("{ x }")})):
            await until(partial(is_refused, client, replace(app, body=body)))  # what needs no database is refused once the process was notified
    for app in apps.values():
        await admin.execute("update api_client set disabled_at = null where id = $1", app.client)
    await until(are_known)
    await admin.execute("update stored_document set retired_at = now() where client_id = any($1)", [app.client for app in apps.values()])


def test_an_app_that_is_disabled_while_its_request_is_read_is_refused_and_its_document_is_not_called_unknown() -> None:
    """A disabled app's documents leave the registry with it. The relatives: an app whose document is there, and one that is enabled and names an unknown one."""
    enabled = ApiClient("app", "PARTNER", "App", "", "REQUIRED", ["read"], 0, datetime.now(UTC), None)
    document = PersistedTextRow("app", id_of(NAME), None, NAME, None, "", None, "")
    registry = Registry({}, "required")
    resolver = PersistedDocumentResolver(registry)
    request = GraphQLRequest("", {}, None, False, others={"documentId": id_of(NAME)})
    registry.replace([enabled], [document])
    viewer = registry.with_client(Viewer(Actor.PARTNER, ADA.customer_id, ("read",), "app"))
    assert resolver.resolve(request, viewer, now=datetime.now(UTC)).query == NAME
    registry.replace([enabled], [])
    with pytest.raises(TransportError):
        resolver.resolve(request, viewer, now=datetime.now(UTC))
    registry.replace([replace(enabled, disabled_at=datetime.now(UTC))], [])
    with pytest.raises(Unauthenticated):
        resolver.resolve(request, viewer, now=datetime.now(UTC))


async def test_a_process_that_hears_of_no_change_refuses_all_the_same(
    servers: list[httpx.AsyncClient], admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = await every_kind_of_app(admin, servers[0])

    async def are_known() -> bool:
        return all([(await send(servers[0], app)).json().get("data") for app in apps.values()])

    await until(are_known)
    monkeypatch.setattr(Registry, "replace", lambda *_: None)
    for app in apps.values():
        await admin.execute("update api_client set disabled_at = now() where id = $1", app.client)
        text = {} if "documentId" in app.body else {"query": NOTHING}
        for body in (app.body, text or app.body):
            assert (await send(servers[0], replace(app, body=body))).status_code == 401, app
    await admin.execute("update api_client set disabled_at = null where id = any($1)", [app.client for app in apps.values()])
    for app in apps.values():
        assert (await send(servers[0], app)).json()["data"]


async def test_signed_links_and_new_tokens_of_a_disabled_app_are_refused(servers: list[httpx.AsyncClient], admin: asyncpg.Connection) -> None:
    partner = Partner(await registered(admin), servers[0], admin)
    await publish(admin, partner.id, LINKS)
    access = await partner.access_token()
    (invoice,) = (await partner.ask_until_published(id_of(LINKS), access)).json()["data"]["customer"]["invoices"]["nodes"]
    paper = httpx.URL(invoice["document"]["url"]).raw_path.decode()
    assert (await servers[0].get(paper)).status_code == 200
    await admin.execute("update api_client set disabled_at = now() where id = $1", partner.id)
    assert [(await client.get(paper)).status_code for client in servers] == [403, 403]
    assert (await partner.token()).json()["error"] == "invalid_client"
    await admin.execute("update api_client set disabled_at = null where id = $1", partner.id)
    assert (await servers[1].get(paper)).status_code == 200
    assert (await partner.token()).json()["access_token"]


async def test_other_apps_and_sign_ins_of_the_same_name_are_not_refused(servers: list[httpx.AsyncClient], admin: asyncpg.Connection) -> None:
    tool = await with_tokens_of(admin, OF_STAFF)
    await admin.execute("update api_client set disabled_at = now() where id = $1", tool)

    async def is_refused() -> bool:
        return (await send(servers[0], App(tool, of_issuer(OF_STAFF, f"at {tool}"), {"query": TEXT}))).status_code == 401

    await until(is_refused)
    others = (
        of_issuer(OF_STAFF, f"{tool} at"),
        of_issuer(OF_CUSTOMERS, f"at {tool}"),
        token(replace(ADA, client=f"at {tool}")),
        token(Viewer(*STAFF_LIKE, tool)),
    )
    for access in others:
        assert (await send(servers[0], App(tool, access, {"query": TEXT}))).json()["data"], access


STAFF_LIKE = (Actor.STAFF, None, ("staff",))
