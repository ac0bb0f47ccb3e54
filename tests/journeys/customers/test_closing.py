"""`closeCustomer` and `reopenCustomer`: nobody signs in, what let somebody in has ended, and the answers tell nothing."""

from uuid import uuid4

import asyncpg
import pytest

from tests.callers.identity import ASK, REDEEM, REFRESH, RESET, Account, PortalClient, secret_in
from tests.callers.merchant import Merchant, action, code_of, written
from tests.conftest import STAFF, customer, token

CLOSE, REOPEN = action("closeCustomer"), action("reopenCustomer")
INVITE = action("inviteCustomer")
LINK = "mutation ($c: ID!) { createPortalLink(input: { customerId: $c }) { link { url } userErrors { code path } } }"
ME = "{ customer { id } }"


async def is_authenticated(portal_client: PortalClient, access: str) -> bool:
    answer = (await portal_client.post(ME, access)).json()
    return "errors" not in answer


async def test_a_closed_customer_is_refused_like_an_unknown_one(
    merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    tokens = (await portal_client.sign_in(account.email))["tokens"]
    await portal_client.post(ASK, input={"email": account.email})
    (letter,) = await portal_client.letters(account.email, 1)
    url = (await portal_client(LINK, token(STAFF), c=account.customer_id))["link"]["url"]
    assert await is_authenticated(portal_client, tokens["accessToken"]), "the control"
    assert (await merchant.call(CLOSE, customerId=account.customer_id))["customer"]["closedAt"] is not None
    closed, unknown = await portal_client.sign_in(account.email), await portal_client.sign_in(f"{uuid4().hex}@example.org")
    assert closed == unknown
    assert closed["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
    assert (await portal_client(REFRESH, t=tokens["refreshToken"]))["userErrors"][0]["code"] == "SESSION_ENDED"
    assert not await is_authenticated(portal_client, tokens["accessToken"])
    assert not await is_authenticated(portal_client, token(customer(account.customer_id))), "a token of another issuer has no session"
    assert (await portal_client(RESET, t=secret_in(letter), p="a password that is long"))["userErrors"][0]["code"] == "LINK_INVALID"
    assert (await portal_client(REDEEM, t=url.partition("#token=")[2]))["userErrors"][0]["code"] == "LINK_INVALID"
    await portal_client.post(ASK, input={"email": account.email})
    assert len(await portal_client.letters(account.email, 1)) == 1, "no letter"
    payload = await portal_client(LINK, token(STAFF), c=account.customer_id)
    assert payload["userErrors"] == [{"code": "CUSTOMER_CLOSED", "path": ["input", "customerId"]}]
    assert code_of(await merchant.call(INVITE, customerId=account.customer_id)) == "CUSTOMER_CLOSED"
    reasons = await admin.fetch("select end_reason from portal_session where customer_id = $1", account.customer_id)
    assert [record["end_reason"] for record in reasons] == ["ACCOUNT_CLOSED"]


async def test_closing_twice_changes_nothing_and_reopening_lets_in_with_the_password(
    merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    first = await merchant.call(CLOSE, customerId=account.customer_id)
    second = await merchant.call(CLOSE, customerId=account.customer_id)
    assert second["customer"] == first["customer"]
    for _ in range(2):
        reopened = (await merchant.call(REOPEN, customerId=account.customer_id))["customer"]
        assert (reopened["closedAt"], reopened["version"]) == (None, first["customer"]["version"] + 1)
    assert (await portal_client.sign_in(account.email))["tokens"]
    assert not await is_authenticated(portal_client, access), "the session of before stays ended"
    events = await admin.fetch("select event from audit_event where customer_id = $1 and actor = 'STAFF' order by id", account.customer_id)
    assert [record["event"] for record in events] == ["closeCustomer"] * 2 + ["reopenCustomer"] * 2


async def test_a_closed_customer_keeps_the_address_and_can_be_corrected(merchant: Merchant, admin: asyncpg.Connection) -> None:
    closed = await merchant.new()
    await merchant.call(CLOSE, customerId=closed["id"])
    payload = await merchant.save(externalId=f"test-{uuid4().hex}", email=closed["email"], name="Ada", currency="EUR")
    assert (code_of(payload), payload["userErrors"][0]["details"][0]["value"]) == ("DUPLICATE_EMAIL", closed["id"])
    assert (await merchant.save(id=closed["id"], companyName="Corrected Ltd"))["outcome"] == "UPDATED"


@pytest.mark.parametrize("document", [CLOSE, REOPEN, INVITE])
async def test_closing_is_refused_without_effect(merchant: Merchant, account: Account, admin: asyncpg.Connection, document: str) -> None:
    before = await written(admin)
    version = await admin.fetchval("select version from customer where id = $1", account.customer_id)
    for arguments, code, path in (
        ({"customerId": "cus_01jd0000000000000000000000"}, "NOT_FOUND", "customerId"),
        ({"customerId": "cus_01jd0000000000000000000000", "idempotencyKey": uuid4().hex}, "NOT_FOUND", "customerId"),
        ({"customerId": "no id", "idempotencyKey": uuid4().hex}, "NOT_FOUND", "customerId"),
        ({"customerId": account.customer_id, "expectedVersion": version + 1}, "VERSION_CONFLICT", "expectedVersion"),
        ({"customerId": account.customer_id, "idempotencyKey": ""}, "INVALID_VALUE", "idempotencyKey"),
    ):
        payload = await merchant.call(document, **arguments)
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", path])]
    answer = await Merchant(merchant.http, ("read", "subscriptions:write")).post(document, input={"customerId": account.customer_id})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await written(admin) == before
    assert await admin.fetchval("select closed_at from customer where id = $1", account.customer_id) is None
