"""One mailbox signs in to one customer: duplicate addresses, shared ones, and addresses that the merchant corrects."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from tests.callers.identity import ANOTHER, ASK, REDEEM, RESET, Account, PortalClient, secret_in
from tests.callers.merchant import Merchant, code_of, written
from tests.conftest import STAFF, token

LINK = "mutation ($c: ID!, $d: LinkDelivery!) { createPortalLink(input: { customerId: $c, delivery: $d }) { link { url } userErrors { code path } } }"
REQUEST = "mutation ($e: String!) { requestEmailChange(input: { newEmail: $e }) { done userErrors { code } } }"


async def link(portal_client: PortalClient, customer_id: str, delivery: str = "RETURN") -> dict:
    return await portal_client(LINK, token(STAFF), c=customer_id, d=delivery)


@pytest.mark.parametrize("write", [str, str.upper, lambda address: f" {address} "], ids=["as it is", "capitals", "spaces"])
async def test_a_second_customer_with_an_address_is_refused_and_the_other_named(merchant: Merchant, admin: asyncpg.Connection, write) -> None:
    first, other = await merchant.new(), await merchant.new()
    before = await written(admin)
    for arguments in ({"externalId": f"test-{uuid4().hex}", "name": "Ada", "currency": "EUR"}, {"id": other["id"]}):
        payload = await merchant.save(email=write(first["email"]), **arguments)
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("DUPLICATE_EMAIL", ["input", "email"])
        assert {detail["name"]: detail["value"] for detail in error["details"]} == {"customerId": first["id"], "externalId": first["externalId"]}
    assert await written(admin) == before
    assert (await merchant.save(id=first["id"], email=write(first["email"])))["outcome"] in ("UNCHANGED", "UPDATED"), "their own address in other capitals"


async def test_of_two_calls_at_once_with_one_address_one_is_refused(merchant: Merchant, admin: asyncpg.Connection) -> None:
    for _ in range(4):
        address = f"{uuid4().hex}@example.org"
        calls = (merchant.save(externalId=f"test-{uuid4().hex}", email=write(address), name="Ada", currency="EUR") for write in (str, str.upper, str.title))
        payloads = await asyncio.gather(*calls)
        assert sorted(map(code_of, payloads)) == ["DUPLICATE_EMAIL", "DUPLICATE_EMAIL", "OK"]
        (winner,) = [payload["customer"] for payload in payloads if payload["customer"]]
        assert all(payload["userErrors"][0]["details"][0]["value"] == winner["id"] for payload in payloads if payload["userErrors"])
        assert await admin.fetchval("select count(*) from customer where email_key = lower($1)", address) == 1


async def test_a_shared_address_signs_in_to_the_one_who_has_it_and_the_other_is_entered_by_links(
    merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    sharer = await merchant.new(email=account.email, allowSharedEmail=True)
    assert sharer["sharesEmail"] is True
    assert (await merchant.save(externalId=sharer["externalId"], email=account.email, allowSharedEmail=True))["outcome"] == "UNCHANGED"
    assert (await merchant.save(externalId=sharer["externalId"], email=account.email))["outcome"] == "UNCHANGED", "an address that stays is not judged again"
    assert code_of(await merchant.call(INVITE, customerId=sharer["id"])) == "EMAIL_SHARED"
    await portal_client.post(ASK, input={"email": account.email})
    (letter,) = await portal_client.letters(account.email, 1)
    assert (await portal_client(RESET, t=secret_in(letter), p=ANOTHER))["done"] is True
    assert await admin.fetch("select customer_id from credential where email = $1", account.email) == [(account.customer_id,)]
    session = (await portal_client.sign_in(account.email, ANOTHER))["tokens"]["sessionId"]
    assert await admin.fetchval("select customer_id from portal_session where id = $1", session) == account.customer_id
    url = (await link(portal_client, sharer["id"]))["link"]["url"]
    redeemed = await portal_client(REDEEM, t=url.partition("#token=")[2])
    assert await admin.fetchval("select customer_id from portal_session where id = $1", redeemed["tokens"]["sessionId"]) == sharer["id"]
    assert (await link(portal_client, sharer["id"], "MAIL"))["userErrors"][0]["code"] == "EMAIL_NOT_VERIFIED"


async def test_who_shares_an_address_takes_it_over_once_the_other_has_left_it(merchant: Merchant, portal_client: PortalClient) -> None:
    first = await merchant.new()
    sharer = await merchant.new(email=first["email"], allowSharedEmail=True)
    await portal_client.post(ASK, input={"email": first["email"]})
    assert len(await portal_client.letters(first["email"], 1)) == 1, "a first password for the one who does not share"
    assert (await merchant.save(id=first["id"], email=f"moved-{first['email']}"))["outcome"] == "UPDATED"
    assert (await merchant.save(id=sharer["id"], email=first["email"], allowSharedEmail=True))["outcome"] == "UNCHANGED"
    payload = await merchant.save(id=sharer["id"], email=first["email"])
    assert (payload["outcome"], payload["customer"]["sharesEmail"]) == ("UPDATED", False)


async def test_an_address_that_two_share_and_nobody_has_gets_no_first_password(
    merchant: Merchant, portal_client: PortalClient, admin: asyncpg.Connection
) -> None:
    first = await merchant.new()
    await merchant.new(email=first["email"], allowSharedEmail=True)
    await admin.execute("update customer set shares_email = true where email = $1", first["email"])
    await portal_client.post(ASK, input={"email": first["email"]})
    await asyncio.sleep(0.2)
    assert await portal_client.letters(first["email"], 0) == []


async def test_a_customer_signs_in_with_the_address_that_the_merchant_has_corrected(
    merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    assert (await link(portal_client, account.customer_id, "MAIL"))["userErrors"] == [], "the control"
    await portal_client.letters(account.email, 1)
    new = f"corrected-{account.email}"
    assert (await merchant.save(id=account.customer_id, email=new))["outcome"] == "UPDATED"
    assert (await portal_client.sign_in(account.email))["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
    assert (await portal_client.sign_in(new))["tokens"]
    letters = await portal_client.letters(account.email, 2)
    assert any("was changed" in str(letter["Subject"]) for letter in letters), "the former mailbox learns of it"
    (mailed,) = [letter for letter in letters if "token=" in letter.get_content()]
    assert (await portal_client(REDEEM, t=secret_in(mailed)))["userErrors"][0]["code"] == "LINK_INVALID"
    assert (await link(portal_client, account.customer_id, "MAIL"))["userErrors"][0]["code"] == "EMAIL_NOT_VERIFIED"
    await portal_client.post(ASK, input={"email": new})
    (reset,) = await portal_client.letters(new, 1)
    assert (await portal_client(RESET, t=secret_in(reset), p=ANOTHER))["done"] is True
    assert (await link(portal_client, account.customer_id, "MAIL"))["userErrors"] == []


async def test_who_moves_to_the_address_of_another_loses_the_password_where_that_is_allowed(
    merchant: Merchant, portal_client: PortalClient, account: Account, other: Account, admin: asyncpg.Connection
) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    payload = await merchant.save(id=account.customer_id, email=other.email, allowSharedEmail=True)
    assert payload["customer"]["sharesEmail"] is True
    assert await admin.fetchval("select count(*) from credential where customer_id = $1", account.customer_id) == 0
    answer = (await portal_client.post("{ viewer { kind } customer { id } }", access)).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await portal_client.sign_in(other.email))["tokens"]


async def test_no_customer_moves_to_an_address_that_signs_in_to_another_or_will(
    merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    invited = await merchant.new()
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    assert (await portal_client(REQUEST, access, e=invited["email"]))["done"] is True
    (letter,) = await portal_client.letters(invited["email"], 1)
    assert "already has an account" in str(letter["Subject"])
    assert "token" not in letter.get_content()


INVITE = "mutation ($input: InviteCustomerInput!) { inviteCustomer(input: $input) { replayed customer { id } userErrors { code path } } }"


async def test_an_invitation_is_a_letter_with_a_link_that_sets_the_first_password(
    merchant: Merchant, portal_client: PortalClient, admin: asyncpg.Connection
) -> None:
    customer = await merchant.new()
    key = uuid4().hex
    for is_replayed in (False, True):
        payload = await merchant.call(INVITE, customerId=customer["id"], idempotencyKey=key)
        assert (code_of(payload), payload["replayed"]) == ("OK", is_replayed)
    (letter,) = await portal_client.letters(customer["email"], 1)
    assert str(letter["Subject"]).startswith("Your account with ")
    lifetime = await admin.fetchval("select expires_at - created_at from identity_link where customer_id = $1", customer["id"])
    assert lifetime.days == 7
    assert code_of(await merchant.call(INVITE, customerId=customer["id"])) == "OK"
    _, second = await portal_client.letters(customer["email"], 2)
    await portal_client.post(ASK, input={"email": customer["email"]})
    assert len(await portal_client.letters(customer["email"], 3)) == 3, "an invitation keeps no letter back that is asked for"
    assert (await portal_client(RESET, t=secret_in(letter), p=ANOTHER))["userErrors"][0]["code"] == "LINK_INVALID"
    assert (await portal_client(RESET, t=secret_in(second), p=ANOTHER))["done"] is True
    assert (await portal_client.sign_in(customer["email"], ANOTHER))["tokens"]
    events = await admin.fetch("select event, actor, detail from audit_event where customer_id = $1 and event = 'inviteCustomer'", customer["id"])
    assert [tuple(event) for event in events] == [("inviteCustomer", "STAFF", customer["id"])] * 2
    payload = await merchant.call(INVITE, customerId=customer["id"])
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("WRONG_STATE", ["input", "customerId"])]


async def test_an_invitation_to_a_former_address_sets_no_password(merchant: Merchant, portal_client: PortalClient) -> None:
    customer = await merchant.new()
    await merchant.call(INVITE, customerId=customer["id"])
    (letter,) = await portal_client.letters(customer["email"], 1)
    await merchant.save(id=customer["id"], email=f"new-{customer['email']}")
    assert (await portal_client(RESET, t=secret_in(letter), p=ANOTHER))["userErrors"][0]["code"] == "LINK_INVALID"


async def test_invitations_are_for_customers_and_staff_with_the_scope(merchant: Merchant, admin: asyncpg.Connection) -> None:
    customer = await merchant.new()
    before = await written(admin)
    assert code_of(await merchant.call(INVITE, customerId="cus_01jd0000000000000000000000")) == "NOT_FOUND"
    assert code_of(await merchant.call(INVITE, customerId=customer["id"], expectedVersion=2)) == "VERSION_CONFLICT"
    answer = await Merchant(merchant.http, ("read", "links:create")).post(INVITE, input={"customerId": customer["id"]})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await written(admin) == before
