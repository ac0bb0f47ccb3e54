"""A database of its own with the demo's catalog and one subscription, because these tests change and archive what is sold."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.conftest import token
from tests.lifecycle.conftest import fill
from tests.template import create_database

CLIENT = "erp"
WRITER = Viewer(Actor.STAFF, None, ("catalog:write",), CLIENT)
CUSTOMER_ID = "cus_01jnd8ymzcexvs3pj1n4b7vfdc"
SUBSCRIPTION_ID = "sub_01jnd8ymzcexvs3pj1n4b7vfdc"
ROWS = f"""
insert into customer (id, name, email, locale, time_zone, currency, created_at)
values ('{CUSTOMER_ID}', 'Test', 'test@example.com', 'en', 'UTC', 'USD', now());
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, holds, started_at, period_starts_at, period_ends_at, anchor_at, billing_zone,
       renews_at, renewal_minor, created_at)
select '{CUSTOMER_ID}', '{SUBSCRIPTION_ID}', plan_id, id, currency, 1, 'ACTIVE', array[]::text[], now(), now(), now() + interval '20 days', now(), 'UTC',
       now() + interval '20 days', unit_minor, now()
  from price where code = 'team-usd-month'"""
TABLES = ("plan", "price", "coupon", "retention_offer", "audit_event", "subscription", "subscription_event", "letter", "client_key")


@pytest.fixture(scope="module")
def shop(urls: Urls) -> Urls:
    """The addresses of the database of a module."""

    async def made() -> Urls:
        database = await create_database(urls, f"catalog_{secrets.token_hex(4)}")
        await fill(database.admin)
        connection = await asyncpg.connect(database.admin, server_settings={"search_path": "portico"})
        await connection.execute(ROWS)
        await connection.close()
        return database

    return run(made())


@pytest.fixture
def everything(shop: Urls) -> Callable[[], dict[str, Any]]:
    """A function that returns all rows that a change of the catalog may write, to assert that nothing was written."""
    return lambda: run(rows_of(shop))


def run(work: Any) -> Any:
    """Run a coroutine in a thread with a loop of its own, because the tests' loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def rows_of(shop: Urls) -> dict[str, Any]:
    connection = await asyncpg.connect(shop.admin, server_settings={"search_path": "portico"})
    try:
        return {table: sorted(map(str, await connection.fetch(f"select * from {table}"))) for table in TABLES}
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def address(shop: Urls, start_server: Callable[..., str]) -> str:
    return start_server(shop.app)


async def posted(address: str, text: str, viewer: Viewer = WRITER, **variables: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        response = await client.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {token(viewer)}"})
    body: dict[str, Any] = response.json()
    return body
