"""A sign-in whose password was compared before the customer was closed or erased begins no session."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from auth.passwords import Passwords
from tests.callers.identity import Account, PortalClient
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
