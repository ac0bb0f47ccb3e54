"""The audit trail says who acted: the subject of the token and its issuer, in the transaction of the effect."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.auth.forge import MISSING, RS, made
from tests.auth.provider import running
from tests.callers.identity import SIGN_IN, Account, PortalClient
from tests.callers.partners import PAUSE, Partner, id_of
from tests.conftest import ADA, STAFF, customer, token
from tests.journeys.arguments import TAIL, Case, plausible_variables, root_fields

ISSUER = "https://staff.example.com/"
AUDIT = """query ($filter: AuditFilter) { auditEvents(first: 50, filter: $filter) { nodes {
  event outcome actor actorSubject actorIssuer client customerId detail } } }"""
CREATE = "mutation ($c: ID!) { createPortalLink(input: { customerId: $c }) { link { url } userErrors { code } } }"
RENAME = 'mutation { updateProfile(input: { name: "Grace" }) { userErrors { code } } }'
# Nothing of anybody's, so that every call is refused and changes nothing.
NOBODYS = {
    name: f"{prefix}_{TAIL}"
    for name, prefix in {
        "customerId": "cus",
        "subscriptionId": "sub",
        "priceId": "price",
        "invoiceId": "inv",
        "paymentMethodId": "pm",
        "paymentId": "pay",
        "installmentId": "ins",
        "attachmentId": "att",
    }.items()
} | {"currency": "USD"}

# Changes nothing; and does nothing for an address that nobody has.
WITHOUT_EVENT = {"checkDocuments", "requestPasswordReset"}
MUTATIONS = [case for case in root_fields() if case.operation == "mutation" and case.permission]
OF_STAFF = [case for case in MUTATIONS if case.permission and Actor.STAFF in case.permission.kinds]


def person(subject: str, client: str = "desk") -> Viewer:
    return replace(STAFF, client=client, staff_id=subject)


@pytest.fixture
async def client(server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server, timeout=20) as opened:
        yield opened


async def send(client: httpx.AsyncClient, access: str, text: str, **variables: Any) -> dict[str, Any]:
    answer = await client.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {access}"})
    return answer.json()


async def noted(admin: asyncpg.Connection, subject: str) -> dict[str, tuple[str, str]]:
    """By event: the issuer and the client of what the subject did."""
    rows = await admin.fetch("select event, actor_issuer, client from audit_event where actor_subject = $1", subject)
    return {row["event"]: (row["actor_issuer"], row["client"]) for row in rows}


@pytest.mark.parametrize("subject", ["kim@merchant.example", "nightly-export"], ids=["a staff member", "a service"])
async def test_every_mutation_of_staff_names_who_called_it(client: httpx.AsyncClient, admin: asyncpg.Connection, subject: str) -> None:
    subject = f"{subject} {uuid4().hex}"
    access = token(person(subject) if "@" in subject else replace(STAFF, client=subject))
    assert await refusals_of(client, access, OF_STAFF) == {}
    events = await noted(admin, subject)
    assert events.keys() == {case.name for case in OF_STAFF} - WITHOUT_EVENT
    assert set(events.values()) == {("portico", "desk" if "@" in subject else subject)}


async def refusals_of(client: httpx.AsyncClient, access: str, cases: list[Case]) -> dict[str, Any]:
    """Call each mutation about nothing of anybody's; the answers that are no payload."""
    wrong = {}
    for case in cases:
        answer = await send(client, access, case.text(), **plausible_variables(case, NOBODYS))
        if "errors" in answer:
            wrong[case.name] = answer["errors"]
    return wrong


def test_there_are_mutations_of_staff_to_try() -> None:
    assert {"createPortalLink", "holdSubscription", "publishDocuments", "deprecateDocuments"} <= {case.name for case in OF_STAFF}


async def test_what_staff_do_to_a_subscription_names_them_and_its_customer(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    subject, row = (
        f"kim {uuid4().hex}",
        await admin.fetchrow("select id, customer_id from subscription where status = 'ACTIVE' and pending_kind is null limit 1"),
    )
    assert row
    for name in ("hold", "release"):
        text = f"mutation ($s: ID!, $k: String!) {{ {name}Subscription(input: {{ subscriptionId: $s, idempotencyKey: $k }}) {{ userErrors {{ code }} }} }}"
        assert (await send(client, token(person(subject)), text, s=row["id"], k=uuid4().hex))["data"][f"{name}Subscription"]["userErrors"] == []
    answer = await send(client, token(STAFF), AUDIT, filter={"customerId": row["customer_id"]})
    mine = [node for node in answer["data"]["auditEvents"]["nodes"] if node["actorSubject"] == subject]
    assert [(node["event"], node["outcome"], node["actor"], node["actorIssuer"]) for node in mine] == [
        ("releaseSubscription", "OK", "STAFF", "portico"),
        ("holdSubscription", "OK", "STAFF", "portico"),
    ]


async def test_a_customer_is_named_and_for_a_partners_app_the_customer_beside_the_app(partner: Partner, account: Account, admin: asyncpg.Connection) -> None:
    assert "errors" not in await send(partner.http, token(customer(account.customer_id)), RENAME)
    assert await noted(admin, account.customer_id) == {"updateProfile": ("portico", "tests")}
    access = await partner.access_token("subscriptions:write")
    await partner.ask_until_published(id_of(PAUSE), access)
    answer = await partner.ask(access, documentId=id_of(PAUSE), variables={"input": {"subscriptionId": f"sub_{TAIL}", "idempotencyKey": uuid4().hex}})
    assert answer.json()["data"]["pauseSubscription"]["userErrors"] == [{"code": "NOT_FOUND"}]
    event = await admin.fetchrow("select actor, actor_subject, actor_issuer, outcome from audit_event where client = $1", partner.id)
    assert tuple(event) == ("PARTNER", ADA.customer_id, "portico", "NOT_FOUND")


async def test_without_a_token_nobody_is_named_and_after_signing_in_the_customer_is(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    await portal_client.sign_in(account.email, "a wrong password of some length")
    signed_in = await portal_client.sign_in(account.email)
    assert signed_in["tokens"], SIGN_IN
    await portal_client(RENAME, signed_in["tokens"]["accessToken"])
    events = await admin.fetch("select event, actor_subject, actor_issuer from audit_event where customer_id = $1 order by id", account.customer_id)
    assert [tuple(record) for record in events] == [("signIn", None, None), ("updateProfile", account.customer_id, "portico")]


async def test_a_portal_link_is_found_by_the_customer_whom_it_lets_in(client: httpx.AsyncClient, account: Account) -> None:
    subject = f"kim {uuid4().hex}"
    assert (await send(client, token(person(subject)), CREATE, c=account.customer_id))["data"]["createPortalLink"]["link"]
    (event,) = (await send(client, token(STAFF), AUDIT, filter={"customerId": account.customer_id}))["data"]["auditEvents"]["nodes"]
    assert (event["event"], event["customerId"], event["actorSubject"], event["detail"]) == (
        "createPortalLink",
        account.customer_id,
        subject,
        account.customer_id,
    )


async def test_a_subject_of_another_issuer_is_named_with_that_issuer(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, account: Account
) -> None:
    subject = f"auth0|{uuid4().hex}"
    with running() as provider:
        provider.keys = published([replace(RS, kid="theirs")])["keys"]
        url = start_server(urls.app, issuers=(OtherIssuer(ISSUER, "portal", provider.url, kind=Actor.STAFF),))
        claims = {"iss": ISSUER, "aud": "portal", "sub": subject, "scope": "staff", "azp": "desk", "kind": MISSING, "client_id": MISSING}
        async with httpx.AsyncClient(base_url=url, timeout=20) as opened:
            answer = await send(opened, made(claims, key=replace(RS, kid="theirs")), CREATE, c=account.customer_id)
    assert answer["data"]["createPortalLink"]["link"]
    assert await noted(admin, subject) == {"createPortalLink": (ISSUER, "desk")}


async def test_events_from_before_are_shown_without_a_subject(client: httpx.AsyncClient, admin: asyncpg.Connection, account: Account) -> None:
    await admin.execute(
        "insert into audit_event (id, customer_id, actor, client, request_id, event, outcome, happened_at) "
        "values ('aud_' || md5(random()::text), $1, 'STAFF', 'desk', '', 'old', 'OK', now())",
        account.customer_id,
    )
    (event,) = (await send(client, token(STAFF), AUDIT, filter={"customerId": account.customer_id}))["data"]["auditEvents"]["nodes"]
    assert (event["actor"], event["actorSubject"], event["actorIssuer"]) == ("STAFF", None, None)
