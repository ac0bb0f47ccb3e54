"""Sessions that began with a portal link: what is left to who signs in, how one becomes a session that is signed in, and who is named for what happens in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.secret import hash_of
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.callers.identity import ANOTHER, CHANGE, PASSWORD, REDEEM, REFRESH, SECRET, SIGN_IN, Account, PortalClient, secret_in
from tests.callers.stored_files import CREATE, DELETE, STAFF_MEMBER, StoredFiles, create_link, redeem_link
from tests.conftest import STAFF, customer, token
from tests.journeys.arguments import TAIL, plausible_variables, root_fields
from tests.journeys.identity.test_actors import AUDIT

STANDING = "{ viewer { needsSignIn } sessions { nodes { id method linkDelivery isCurrent } } }"
MUTATIONS = {case.name: case for case in root_fields() if case.operation == "mutation" and case.permission and Actor.CUSTOMER in case.permission.kinds}
# What only who signed in may do.
REFUSED = {
    *("deleteAttachment", "changePassword", "requestEmailChange", "grantAccess", "revokeGrant", "endSession", "signOutEverywhere", "requestMyData"),
    "createCalendarLink",
}
# What whoever opened a link may do. A new mutation must be put into one of the two.
ALLOWED = {
    *(
        "pauseSubscription",
        "suspendSubscription",
        "resumeSubscription",
        "cancelSubscription",
        "withdrawPendingChange",
        "changePlan",
        "updateQuantity",
        "addPlan",
    ),
    *("applyCoupon", "removeCoupon", "payInvoice", "payInstallment", "payAllDue", "confirmPayment"),
    *("startAddPaymentMethod", "completeAddPaymentMethod", "setDefaultPaymentMethod", "deletePaymentMethod"),
    *("createAttachmentUploads", "completeAttachmentUploads", "updateProfile", "revokeCalendarLink", "signOut"),
    # With a proof of their own: a password, a token, or the secret of a letter.
    *("signIn", "refreshSession", "redeemPortalLink", "requestPasswordReset", "resetPassword", "confirmEmailChange"),
}


def code_of(payload: Any) -> str:
    return payload["userErrors"][0]["code"] if payload["userErrors"] else "OK"


@pytest.fixture
async def files(admin: asyncpg.Connection, account: Account, mail_dir: Path) -> AsyncIterator[StoredFiles]:
    """One that the customer uploaded."""
    files = StoredFiles(account, admin, mail_dir / "bucket")
    await files.attach(("customer",), ("STORED",))
    yield files
    await asyncio.sleep(0.1)  # what is done after the answer
    await files.remove()


async def mailed(portal_client: PortalClient, account: Account, letters: int = 1) -> str:
    """The secret of a link that only the customer gets."""
    made = await portal_client(CREATE, token(STAFF_MEMBER), input={"customerId": account.customer_id, "delivery": "MAIL"})
    assert (made["link"], code_of(made)) == (None, "OK")
    return secret_in((await portal_client.letters(account.email, letters))[-1])


async def answers(portal_client: PortalClient, files: StoredFiles, access: str) -> dict[str, str]:
    """By mutation: the code of its refusal. Those that end the session come last."""
    owner = dict.fromkeys(("subscriptionId", "priceId", "invoiceId", "paymentMethodId", "paymentId", "installmentId"), f"sub_{TAIL}") | {
        "customerId": files.account.customer_id,
        "attachmentId": files.ids["customer", "STORED"],
    }
    codes = {}
    for name in sorted(MUTATIONS, key=lambda name: ("sign" in name, name == "signOut", name)):
        case = MUTATIONS[name]
        body = (await portal_client.post(case.text(), access, **plausible_variables(case, owner))).json()
        payload = (body.get("data") or {}).get(name)
        codes[name] = code_of(payload) if payload else body["errors"][0]["extensions"]["code"]
    return codes


def test_every_mutation_of_customers_was_thought_of() -> None:
    assert set(MUTATIONS) == REFUSED | ALLOWED


async def test_what_only_the_customer_may_do_is_refused_after_a_link_that_staff_had_seen(
    portal_client: PortalClient, files: StoredFiles, account: Account, admin: asyncpg.Connection
) -> None:
    hash_before = await admin.fetchval("select password_hash from credential where customer_id = $1", account.customer_id)
    before = await files.rows_with_digests()
    session = await redeem_link(portal_client, account)
    codes = await answers(portal_client, files, session["accessToken"])
    assert {name for name, code in codes.items() if code == "SIGN_IN_REQUIRED"} == REFUSED
    assert "UNAUTHENTICATED" not in codes.values()
    assert await files.rows_with_digests() == before
    assert await admin.fetchval("select password_hash from credential where customer_id = $1", account.customer_id) == hash_before
    assert await admin.fetchval("select count(*) from identity_link where customer_id = $1 and kind = 'EMAIL'", account.customer_id) == 0
    assert await admin.fetchval("select count(*) from partner_grant where customer_id = $1", account.customer_id) == 0


@pytest.mark.parametrize("way", ["password", "mailed link"])
async def test_after_the_password_and_after_a_mailed_link_nothing_asks_for_it(
    portal_client: PortalClient, files: StoredFiles, account: Account, way: str
) -> None:
    tokens = (await portal_client.sign_in(account.email) if way == "password" else await portal_client(REDEEM, t=await mailed(portal_client, account)))[
        "tokens"
    ]
    codes = await answers(portal_client, files, tokens["accessToken"])
    assert "SIGN_IN_REQUIRED" not in codes.values()
    assert codes["deleteAttachment"] == "OK"
    assert await files.rows_with_digests() == {}


async def test_a_refreshed_session_remembers_how_it_began_also_when_the_answer_was_lost(portal_client: PortalClient, account: Account) -> None:
    first = await redeem_link(portal_client, account)
    for _ in range(2):  # the second time within the grace
        again = (await portal_client(REFRESH, t=first["refreshToken"]))["tokens"]
        data = (await portal_client.post(STANDING, again["accessToken"])).json()["data"]
        assert data["viewer"] == {"needsSignIn": True}
        assert data["sessions"]["nodes"] == [{"id": first["sessionId"], "method": "PORTAL_LINK", "linkDelivery": "RETURN", "isCurrent": True}]


async def test_signing_in_in_it_begins_a_session_of_the_customer_and_ends_that_of_the_link(
    portal_client: PortalClient, files: StoredFiles, account: Account, admin: asyncpg.Connection
) -> None:
    by_link = await redeem_link(portal_client, account)
    used = (await portal_client(REFRESH, t=by_link["refreshToken"]))["tokens"]
    answer = await portal_client.post(SIGN_IN, used["accessToken"], input={"email": account.email, "password": PASSWORD})
    signed_in = answer.json()["data"]["signIn"]["tokens"]
    assert signed_in["sessionId"] != by_link["sessionId"]
    data = (await portal_client.post(STANDING, signed_in["accessToken"])).json()["data"]
    assert data["viewer"] == {"needsSignIn": False}
    assert [node["id"] for node in data["sessions"]["nodes"]] == [signed_in["sessionId"]]
    # Whoever else has its tokens has nothing of the new session, the grace of a lost answer included.
    for old in (by_link, used):
        assert code_of(await portal_client(REFRESH, t=old["refreshToken"])) == "SESSION_ENDED"
        assert (await portal_client.post("{ viewer { kind } }", old["accessToken"])).status_code == 401
    assert await admin.fetchval("select end_reason from portal_session where id = $1", by_link["sessionId"]) == "SIGNED_IN"
    assert code_of(await portal_client(DELETE, signed_in["accessToken"], id=files.ids["customer", "STORED"])) == "OK"


@pytest.mark.parametrize("password", [PASSWORD, "a wrong password of some length"])
async def test_only_the_same_customer_with_the_right_password_ends_the_session_of_the_link(
    portal_client: PortalClient, account: Account, other: Account, password: str
) -> None:
    tokens = await redeem_link(portal_client, account)
    who = other if password == PASSWORD else account
    answer = (await portal_client.post(SIGN_IN, tokens["accessToken"], input={"email": who.email, "password": password})).json()["data"]["signIn"]
    assert (answer["tokens"] is None) is (password != PASSWORD)
    assert (await portal_client.post(STANDING, tokens["accessToken"])).json()["data"]["viewer"] == {"needsSignIn": True}
    assert code_of(await portal_client(CHANGE, tokens["accessToken"], o=PASSWORD, n=ANOTHER)) == "SIGN_IN_REQUIRED"


async def test_the_row_of_the_session_decides_for_a_token_that_does_not_say_how_it_began(
    portal_client: PortalClient, files: StoredFiles, account: Account
) -> None:
    """As a version before gave them out."""
    session = (await redeem_link(portal_client, account))["sessionId"]
    silent = token(replace(customer(account.customer_id), session_id=session))
    assert (await portal_client.post(STANDING, silent)).json()["data"]["viewer"] == {"needsSignIn": False}, "it does not say so"
    before = await files.rows_with_digests()
    codes = await answers(portal_client, files, silent)
    assert {name for name, code in codes.items() if code == "SIGN_IN_REQUIRED"} == REFUSED
    assert await files.rows_with_digests() == before


async def test_what_proves_nothing_gives_no_attempts_and_shows_no_other_session(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    await portal_client.sign_in(account.email)
    returned = await portal_client(REDEEM, t=await create_link(portal_client, account))
    networks = "select throttle_network from portal_session where customer_id = $1 and method = 'PORTAL_LINK'"
    assert (returned["device"], await admin.fetchval(networks, account.customer_id)) == (None, "")
    nodes = (await portal_client.post(STANDING, returned["tokens"]["accessToken"])).json()["data"]["sessions"]["nodes"]
    assert [(node["method"], node["isCurrent"]) for node in nodes] == [("PORTAL_LINK", True)]
    by_mail = await portal_client(REDEEM, t=await mailed(portal_client, account))
    assert by_mail["device"]
    nodes = (await portal_client.post(STANDING, by_mail["tokens"]["accessToken"])).json()["data"]["sessions"]["nodes"]
    assert sorted((node["method"], str(node["linkDelivery"])) for node in nodes) == [("PASSWORD", "None"), ("PORTAL_LINK", "MAIL"), ("PORTAL_LINK", "RETURN")]


async def test_one_may_end_the_session_of_the_link_itself(portal_client: PortalClient, account: Account) -> None:
    tokens = await redeem_link(portal_client, account)
    end = "mutation ($s: ID!) { endSession(input: {sessionId: $s}) { endedSessionId userErrors { code } customer { id } } }"
    # The session that has ended reads no customer.
    assert await portal_client(end, tokens["accessToken"], s=tokens["sessionId"]) == {"endedSessionId": tokens["sessionId"], "userErrors": [], "customer": None}


@pytest.mark.parametrize("staff", [STAFF_MEMBER, Viewer(Actor.STAFF, None, ("links:create",), "shop")], ids=["a staff member", "a service"])
async def test_every_event_names_who_made_the_link(
    portal_client: PortalClient, files: StoredFiles, account: Account, admin: asyncpg.Connection, staff: Viewer, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = await redeem_link(portal_client, account, staff)
    since = await admin.fetchval("select now()")
    with caplog.at_level("INFO", "portico.operation"):
        codes = await answers(portal_client, files, tokens["accessToken"])
    assert len(codes) > 30
    events = "select event, actor, acting_subject, acting_issuer, acting_client from audit_event where customer_id = $1 and happened_at >= $2"
    noted = [tuple(row) for row in await admin.fetch(events, account.customer_id, since)]
    named = (staff.staff_id or staff.client, "portico", staff.client)
    assert {event for event, *_ in noted} >= REFUSED | {"updateProfile", "payAllDue", "pauseSubscription", "signOut"}
    assert {tuple(rest) for _, actor, *rest in noted if actor == "CUSTOMER"} == {named}
    began = await admin.fetchrow("select * from audit_event where customer_id = $1 and event = 'redeemPortalLink' order by id limit 1", account.customer_id)
    assert (began["acting_subject"], began["acting_issuer"], began["acting_client"]) == named
    assert {record.acting_party for record in caplog.records if getattr(record, "kind", "") == "mutation" and hasattr(record, "acting_party")} == {staff.client}


async def test_staff_read_who_acted_and_after_signing_in_nobody_is_named(portal_client: PortalClient, account: Account) -> None:
    tokens = await redeem_link(portal_client, account)
    rename = 'mutation { updateProfile(input: {name: "Grace"}) { userErrors { code } } }'
    await portal_client(rename, tokens["accessToken"])
    signed_in = (await portal_client.post(SIGN_IN, tokens["accessToken"], input={"email": account.email, "password": PASSWORD})).json()["data"]["signIn"][
        "tokens"
    ]
    await portal_client(rename, signed_in["accessToken"])
    query = AUDIT.replace("actorIssuer", "actingSubject actingIssuer actingClient")
    nodes = (await portal_client.post(query, token(STAFF), filter={"customerId": account.customer_id})).json()["data"]["auditEvents"]["nodes"]
    kim = (STAFF_MEMBER.staff_id, "portico", "desk")
    assert [(node["event"], (node["actingSubject"], node["actingIssuer"], node["actingClient"])) for node in reversed(nodes)] == [
        ("createPortalLink", (None, None, None)),
        ("redeemPortalLink", kim),
        ("updateProfile", kim),
        ("signIn", kim),
        ("updateProfile", (None, None, None)),
    ]


async def test_a_mailed_link_is_nowhere_but_in_its_letter(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, data_dir: Path
) -> None:
    with caplog.at_level("DEBUG"):
        answer = await portal_client.post(CREATE, token(STAFF_MEMBER), input={"customerId": account.customer_id, "delivery": "MAIL"})
        payload = answer.json()["data"]["createPortalLink"]
        assert (payload["link"], payload["userErrors"], payload["expiresAt"] is None) == (None, [], False)
        secret = secret_in((await portal_client.letters(account.email, 1))[0])
    assert secret not in answer.text
    assert secret not in caplog.text
    tables = await admin.fetch("select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind = 'r'")
    for table in (record["relname"] for record in tables):
        assert await admin.fetchval(f'select count(*) from "{table}" t where t::text like $1', f"%{secret}%") == 0, table
    assert await admin.fetchval("select count(*) from identity_link where secret_hash = $1", hash_of(secret)) == 1, "the control"
    assert (await portal_client(REDEEM, t=secret))["tokens"]


async def test_a_mailed_link_needs_an_address_with_which_the_customer_signs_in(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    arguments = {"customerId": account.customer_id, "delivery": "MAIL"}
    refused = {"link": None, "expiresAt": None, "userErrors": [{"code": "EMAIL_NOT_VERIFIED", "path": ["input", "delivery"]}]}
    await admin.execute("update customer set email = 'staff@merchant.example' where id = $1", account.customer_id)
    assert await portal_client(CREATE, token(STAFF), input=arguments) == refused
    await admin.execute("update customer set email = upper($2) where id = $1", account.customer_id, account.email)
    assert code_of(await portal_client(CREATE, token(STAFF), input=arguments)) == "OK", "the control"
    await admin.execute("update customer set email = $2 where id = $1", account.customer_id, account.email)
    await admin.execute("delete from credential where customer_id = $1", account.customer_id)
    assert await portal_client(CREATE, token(STAFF), input=arguments) == refused
    assert await admin.fetchval("select count(*) from identity_link where customer_id = $1", account.customer_id) == 1
    assert portal_client.letters_to("staff@merchant.example") == []
    assert code_of(await portal_client(CREATE, token(STAFF), input=arguments | {"delivery": "RETURN"})) == "OK"


async def test_a_mailed_link_is_void_once_the_customer_has_another_address(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    secret = await mailed(portal_client, account)
    await admin.execute("update customer set email = 'corrected-' || email where id = $1", account.customer_id)
    assert code_of(await portal_client(REDEEM, t=secret)) == "LINK_INVALID"
    assert await admin.fetchval("select count(*) from portal_session where customer_id = $1", account.customer_id) == 0
    await admin.execute("update customer set email = $2 where id = $1", account.customer_id, account.email)
    assert (await portal_client(REDEEM, t=secret))["tokens"], "the control"


async def test_where_no_letters_are_sent_no_link_is_mailed(
    start_server: Callable[..., str], urls: Urls, account: Account, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    """Production without a mail server writes letters into a folder."""
    address = start_server(urls.app, environment="production", document_mode="open", data_dir=tmp_path, secret=SECRET, database_url=urls.app, sandbox=True)
    body = {"query": CREATE, "variables": {"input": {"customerId": account.customer_id, "delivery": "MAIL"}}}
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token(STAFF)}"})
    payload = answer.json()["data"]["createPortalLink"]
    assert (payload["link"], code_of(payload)) == (None, "MAIL_NOT_CONFIGURED")
    assert await admin.fetchval("select count(*) from identity_link where customer_id = $1", account.customer_id) == 0
    assert not (tmp_path / "mail").exists()


async def test_links_of_the_version_before_begin_sessions_that_prove_nothing(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    secret = uuid4().hex
    await admin.execute(
        "insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at) values ($1, $2, 'PORTAL', 'desk', now(), now() + interval '1 hour')",
        hash_of(secret),
        account.customer_id,
    )
    tokens = (await portal_client(REDEEM, t=secret))["tokens"]
    assert (await portal_client.post(STANDING, tokens["accessToken"])).json()["data"]["viewer"] == {"needsSignIn": True}
