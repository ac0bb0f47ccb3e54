"""A processor that is away, loses requests and answers, is slow, and sends its events late, twice and out of order, while customers buy at a server."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from db.pool import Database, Pool
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.payments import payments
from jobs.clock import Billing, tick
from payments.sandbox import Sandbox
from tests.auditing import violations
from tests.conftest import SECRET, customer, token
from tests.depth import SEED
from tests.faults.mixed_load import BUY
from tests.faults.retrying import problem_of_refusal
from tests.faults.site import Site, new_customer
from tests.lifecycle.conftest import price
from tests.waiting import until

# What the cards of the sandbox do, and the codes that a purchase with one may be refused with.
CARDS: dict[str, set[str]] = {
    "visa": set(),
    "hesitates": set(),
    "slow": set(),
    "slow_decline": set(),
    "out_of_order": set(),
    "unavailable": {"PAYMENT_UNAVAILABLE"},
    "timeout_after_capture": set(),
    "timeout_before_capture": set(),
    "insufficient_funds": {"PAYMENT_DECLINED"},
}
CALLS = 3
DELIVERED = "select count(*) = 0 from webhook_event where processed_at is null"


async def test_whatever_a_processor_does_each_purchase_is_one_and_the_books_agree(site: Site, root: Path) -> None:
    site.data_dir.mkdir(exist_ok=True)
    sandbox = payments(Settings(data_dir=site.data_dir, secret=SECRET)).processors["sandbox"]
    assert isinstance(sandbox, Sandbox)
    chance = Random(SEED)
    with site.server(root, secret=SECRET) as server:
        async with (
            site.admin() as admin,
            httpx.AsyncClient(base_url=server.address, timeout=30) as http,
            Database(site.urls.app, Pool(4), server_settings={}) as pool,
        ):
            buyers = {await new_customer(admin, card): card for card in CARDS}
            keys = {customer_id: [uuid4().hex for _ in range(2)] for customer_id in buyers}
            seen: dict[str, set[str]] = {card: set() for card in CARDS}
            await asyncio.gather(*(buy(http, one, key, seen[card]) for one, card in buyers.items() for key in keys[one] for _ in range(CALLS)))
            await tell_twice(sandbox, f"{server.address}/webhooks/sandbox", http, chance)
            for minutes in (2, 20):
                await tick(Billing(pool, {"sandbox": sandbox}), datetime.now(UTC) + timedelta(minutes=minutes))
            await tell_twice(sandbox, f"{server.address}/webhooks/sandbox", http, chance)
            assert {card: codes - CARDS[card] - {"IN_PROGRESS"} for card, codes in seen.items() if codes - CARDS[card] - {"IN_PROGRESS"}} == {}
            await assert_books_of(admin, sandbox, buyers)
    await sandbox.close()


async def buy(http: httpx.AsyncClient, customer_id: str, key: str, codes: set[str]) -> None:
    """Buy once; the same key is used by several calls at once, of which one may wait too long for the customer's lock."""
    headers = {"Authorization": f"Bearer {token(customer(customer_id))}"}
    body = {"query": BUY, "variables": {"key": key, "price": price("storage")}}
    while (answer := await http.post("/graphql", json=body, headers=headers)).status_code == 503:
        assert problem_of_refusal(answer) == ""
    assert (answer.status_code, answer.json().get("errors")) == (200, None), answer.text
    codes.update(error["code"] for error in answer.json()["data"]["result"]["userErrors"])


async def tell_twice(sandbox: Sandbox, url: str, http: httpx.AsyncClient, chance: Random) -> None:
    """Send all events of the sandbox twice, in a random order."""
    deliveries = sandbox.deliveries(now=datetime.now(UTC) + timedelta(minutes=2)) * 2
    chance.shuffle(deliveries)
    for delivery in deliveries:
        answer = await http.post(url, content=delivery.body, headers=delivery.headers)
        assert answer.status_code in (200, 204), answer.text


async def assert_books_of(admin: asyncpg.Connection, sandbox: Sandbox, buyers: dict[str, str]) -> None:
    await until(lambda: admin.fetchval(DELIVERED))
    rows = await admin.fetch("select customer_id, id, status from payment where customer_id = any($1)", list(buyers))
    paid: Any = Counter(buyers[row["customer_id"]] for row in rows if row["status"] == "SUCCEEDED")
    assert {row["status"] for row in rows} <= {"SUCCEEDED", "FAILED"}, "a charge has no outcome"
    assert {sandbox.calls("capture", row["id"]) for row in rows if row["status"] == "SUCCEEDED"} == {1}
    assert {sandbox.calls("capture", row["id"]) for row in rows if row["status"] == "FAILED"} <= {0}
    assert {card: paid[card] for card in ("visa", "hesitates", "slow", "out_of_order", "timeout_after_capture")} == dict.fromkeys(
        ("visa", "hesitates", "slow", "out_of_order", "timeout_after_capture"), 2
    )
    assert {card: paid[card] for card in ("unavailable", "timeout_before_capture", "insufficient_funds", "slow_decline")} == dict.fromkeys(
        ("unavailable", "timeout_before_capture", "insufficient_funds", "slow_decline"), 0
    )
    assert await violations(admin, set(buyers), is_whole=True) == []
