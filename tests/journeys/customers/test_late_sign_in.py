"""A sign-in whose password was compared before the customer was closed or erased begins no session."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from argon2 import PasswordHasher

from auth.passwords import Passwords
from tests.callers.identity import PASSWORD, Account, PortalClient
from tests.callers.merchant import Merchant
from tests.journeys.customers.test_erasing import ERASE

CLOSE = "mutation ($input: CloseCustomerInput!) { closeCustomer(input: $input) { customer { id closedAt } userErrors { code } } }"


@pytest.mark.parametrize("how", ["erase", "close"])
async def test_a_sign_in_that_was_late_begins_no_session(
    how: str, merchant: Merchant, portal_client: PortalClient, account: Account, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Passwords.verify
    ended: list[str] = []

    async def verify(self: Passwords, password: str, stored: str | None) -> Any:
        verdict = await original(self, password, stored)
        if not ended:
            ended.append(how)
            if how == "erase":
                payload = await Merchant(merchant.http, ("customers:erase", "read"), "privacy shop").call(
                    ERASE, customerId=account.customer_id, idempotencyKey=uuid4().hex
                )
            else:
                payload = await merchant.call(CLOSE, customerId=account.customer_id)
            assert payload["userErrors"] == []
        return verdict

    monkeypatch.setattr(Passwords, "verify", verify)
    answer = await portal_client.sign_in(account.email)
    assert ended
    left = await admin.fetch("select network, user_agent, ended_at from portal_session where customer_id = $1 and ended_at is null", account.customer_id)
    assert (left, (answer or {}).get("tokens")) == ([], None)


async def test_sign_ins_at_the_same_time_that_hash_the_password_anew_all_succeed(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection
) -> None:
    """The password was hashed with other parameters, as before an upgrade."""
    hashed = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await admin.execute("update credential set password_hash = $2 where customer_id = $1", account.customer_id, hashed)
    answers = await asyncio.gather(*(portal_client.sign_in(account.email) for _ in range(4)))
    assert [bool(answer["tokens"]) if isinstance(answer, dict) else answer for answer in answers] == [True] * 4
    assert await admin.fetchval("select password_hash from credential where customer_id = $1", account.customer_id) != hashed
