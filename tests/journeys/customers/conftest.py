"""Fixtures of journeys with customers whom the merchant saves."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.callers.identity import Account, PortalClient, delete_account
from tests.callers.merchant import Merchant


@pytest.fixture
async def merchant(portal_client: PortalClient, admin: asyncpg.Connection) -> AsyncIterator[Merchant]:
    """A program with the scope; what it has saved is deleted after the test."""
    async with httpx.AsyncClient(base_url=portal_client.http.base_url, timeout=20) as client:
        yield Merchant(client)
    await admin.execute("delete from client_key where caller = 'shop' or caller like '%shop%'")
    for record in await admin.fetch("select id, email from customer where external_id like 'test-%'"):
        await delete_account(admin, Account(record["email"], record["id"]))
