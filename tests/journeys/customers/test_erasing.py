"""`eraseCustomer`: the rows of an erased customer, searches for them, and refusals."""

from uuid import uuid4

import asyncpg
import pytest

from tests.callers.identity import ASK, Account, PortalClient
from tests.callers.merchant import CUSTOMER, ERRORS, Merchant, code_of, written

ERASE = f"mutation ($input: EraseCustomerInput!) {{ eraseCustomer(input: $input) {{ customer {{ {CUSTOMER} erasedAt }} {ERRORS} }} }}"
BY_EXTERNAL_ID = "query ($id: String!) { customer(externalId: $id) { id erasedAt } }"


@pytest.fixture
def eraser(merchant: Merchant) -> Merchant:
    """A program that may erase, and nothing else but read."""
    return Merchant(merchant.http, ("customers:erase", "read"), "privacy shop")


async def test_an_erased_customer_says_nothing_and_cannot_sign_in(
    merchant: Merchant, eraser: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    await merchant.save(id=account.customer_id, externalId=f"test-{uuid4().hex}", companyName="Compilers Ltd", taxId="DE123", metadata={"crm": "4711"})
    assert (await portal_client.sign_in(account.email))["tokens"], "the control"
    await portal_client.post(ASK, input={"email": account.email})
    await portal_client.letters(account.email, 1)
    key = uuid4().hex
    payload = await eraser.call(ERASE, customerId=account.customer_id, idempotencyKey=key)
    erased = payload["customer"]
    assert (erased["name"], erased["email"], erased["companyName"], erased["taxIds"]) == ("Erased customer", f"{account.customer_id}@erased.invalid", None, [])
    assert erased["erasedAt"] is not None
    assert erased["closedAt"] is not None
    unknown = await portal_client.sign_in(f"{uuid4().hex}@example.org")
    assert await portal_client.sign_in(account.email) == unknown
    for table in ("credential", "portal_session", "identity_link", "letter", "refresh_token"):
        assert await admin.fetchval(f"select count(*) from {table} where customer_id = $1", account.customer_id) == 0, table
    again = await eraser.call(ERASE, customerId=account.customer_id, idempotencyKey=key)
    assert (again["replayed"], again["customer"]) == (True, erased)
    assert code_of(await eraser.call(ERASE, customerId=account.customer_id, idempotencyKey=uuid4().hex)) == "CUSTOMER_ERASED"
    (event,) = await admin.fetch("select * from audit_event where customer_id = $1 and event = 'eraseCustomer' and outcome = 'OK'", account.customer_id)
    assert (event["client"], event["actor"], event["detail"]) == ("privacy shop", "STAFF", account.customer_id)


async def test_the_address_is_free_and_the_external_id_is_not(merchant: Merchant, eraser: Merchant) -> None:
    customer = await merchant.new()
    await eraser.call(ERASE, customerId=customer["id"], idempotencyKey=uuid4().hex)
    answer = await merchant.post(BY_EXTERNAL_ID, id=customer["externalId"])
    assert answer["data"]["customer"]["erasedAt"] is not None
    payload = await merchant.save(externalId=customer["externalId"], email=customer["email"], name="Ada", currency="EUR")
    assert (code_of(payload), payload["userErrors"][0]["path"]) == ("CUSTOMER_ERASED", ["input", "externalId"])
    assert code_of(await merchant.save(id=customer["id"], name="Ada")) == "CUSTOMER_ERASED"
    assert (await merchant.new(email=customer["email"]))["id"] != customer["id"]


async def test_erasing_is_refused_without_effect(merchant: Merchant, eraser: Merchant, account: Account, admin: asyncpg.Connection) -> None:
    before = await written(admin)
    version = await admin.fetchval("select version from customer where id = $1", account.customer_id)
    for arguments, code, path in (
        ({"customerId": "cus_01jd0000000000000000000000"}, "NOT_FOUND", "customerId"),
        ({"customerId": "no id"}, "NOT_FOUND", "customerId"),
        ({"customerId": account.customer_id, "expectedVersion": version + 1}, "VERSION_CONFLICT", "expectedVersion"),
        ({"customerId": account.customer_id, "idempotencyKey": ""}, "INVALID_VALUE", "idempotencyKey"),
    ):
        payload = await eraser.call(ERASE, **({"idempotencyKey": uuid4().hex} | arguments))
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", path])]
    answer = await merchant.post(ERASE, input={"customerId": account.customer_id, "idempotencyKey": uuid4().hex})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await written(admin) == before
    assert await admin.fetchval("select erased_at from customer where id = $1", account.customer_id) is None
