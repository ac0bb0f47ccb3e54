"""Against a cluster of Citus: shards that move while customers pay, pause, resume, buy, change and read. What fails is sent again with its key, and each effect is there once."""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import httpx
import pytest
from limits import parse_many

from auth.throttle import BUDGETS, Kind
from db.builtin.embedded import Urls
from db.distribution.distribute import distribute
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from tests.auditing import violations
from tests.callers.partners import registered
from tests.faults.checks import ended_leases
from tests.faults.mixed_load import ACTIONS, MixedLoad, Shopper
from tests.faults.retrying import TIMEOUT_SECONDS, RetryingClient
from tests.faults.site import Site, administrator, new_customer
from tests.lifecycle.conftest import LINE, new_id
from tests.servers.clusters import Cluster
from tests.template import DATABASE

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
CUSTOMERS = 16
INVOICES = 100
MOVES = 5
PLACES = """
select s.shardid as shard, p.groupid as place from pg_dist_shard s join pg_dist_placement p on p.shardid = s.shardid
 where s.logicalrelid = 'portico.customer'::regclass order by s.shardid"""
WORKERS = "select groupid, nodename, nodeport from pg_dist_node where groupid > 0 and noderole = 'primary' order by groupid"
MOVE = "select citus_move_shard_placement($1, $2, $3, $4, $5, shard_transfer_mode => 'block_writes')"
PAUSE = """mutation Pause($key: String!, $id: ID!) { result: pauseSubscription(input: { idempotencyKey: $key, subscriptionId: $id, when: NOW }) {
  userErrors { code } subscription { id status } } }"""
RESUME = PAUSE.replace("Pause(", "Resume(").replace("pauseSubscription", "resumeSubscription").replace(", when: NOW", "")
PAY = """mutation Pay($key: String!, $id: ID!) { result: payInvoice(input: { idempotencyKey: $key, invoiceId: $id }) {
  userErrors { code } invoice { status } payment { id status } } }"""
OWED = """
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
values ($1, $2, $3, 'MANUAL', 'OPEN', 'USD', now(), current_date, 500, 500, now())"""
# A row that refers to a row of a reference table, which must be there on the worker that the shard moves to.
GRANT = "insert into partner_grant (customer_id, id, client_id, scopes, created_at) values ($1, $2, $3, '{read}', now())"
RECEIPTS = """
select i.id, i.remaining_minor, count(a.id) as payments from invoice i
  left join payment_allocation a on a.customer_id = i.customer_id and a.invoice_id = i.id
 where i.customer_id = $1 and i.reason = 'MANUAL' group by i.id, i.remaining_minor"""


class Payer(Shopper):
    """A shopper who also pays invoices that are owed, and pauses a subscription and resumes it. Each call has a key of its own."""

    owed: ClassVar[dict[str, list[str]]] = {}
    paid: ClassVar[set[str]] = set()
    pauses: ClassVar[Counter[str]] = Counter()

    async def pay(self) -> None:
        if owed := self.owed[self.customer_id]:
            invoice = owed.pop()
            payload = await self.call("pay", PAY, id=invoice)
            assert payload["invoice"]["status"] == "PAID"  # by the card, or by credit of an earlier change
            self.paid.add(invoice)

    async def pause(self) -> None:
        if self.quantities:
            subscription = self.chance.choice(list(self.quantities))
            await self.call("pause", PAUSE, id=subscription)
            await self.call("resume", RESUME, id=subscription)
            self.pauses[subscription] += 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, start_server: Callable[..., str], urls: Urls) -> str:
    """The address of a server that lets customers pay as often as they like."""
    monkeypatch.setitem(BUDGETS[Kind.PAYMENT], "account", parse_many("100000 per 1 hour"))
    return start_server(urls.app, pool_size=8)


@asynccontextmanager
async def paying(urls: Urls, address: str) -> AsyncIterator[MixedLoad]:
    async with administrator(urls.admin) as admin:
        ids, app = [await new_customer(admin) for _ in range(CUSTOMERS)], await registered(admin)
        await admin.executemany(GRANT, [(customer_id, new_id("grant"), app) for customer_id in ids])
        for customer_id in ids:
            await admin.execute("update customer set email = id || '@moves.example' where id = $1", customer_id)  # which no test searches for
            Payer.owed[customer_id] = [new_id("inv") for _ in range(INVOICES)]
            numbers = [f"M-{secrets.token_hex(8)}" for _ in range(INVOICES)]
            await admin.execute("insert into invoice_number (number) select * from unnest($1::text[])", numbers)
            await admin.executemany(OWED, [(customer_id, invoice, number) for invoice, number in zip(Payer.owed[customer_id], numbers, strict=True)])
            await admin.executemany(LINE, [(customer_id, invoice) for invoice in Payer.owed[customer_id]])
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=200)) as http:
        client = RetryingClient([address], http)
        yield MixedLoad([Payer(customer_id, client, secrets.SystemRandom()) for customer_id in ids])


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch) -> None:
    for action, weight in {Payer.pay: 6, Payer.pause: 4, Shopper.upload: 0, Shopper.print: 0}.items():
        monkeypatch.setitem(ACTIONS, action, weight)


async def move(admin: asyncpg.Connection, number: int) -> None:
    """Move a group of shards to the other worker."""
    places = await admin.fetch(PLACES)
    workers = {record[0]: tuple(record)[1:] for record in await admin.fetch(WORKERS)}
    shard, place = places[number % len(places)]
    target = next(other for other in workers if other != place)
    await admin.execute(MOVE, shard, *workers[place], *workers[target])


async def rebalance(admin: asyncpg.Connection) -> None:
    """Let Citus move shards by itself, in the background, until all are where it wants them."""
    await admin.execute("select citus_rebalance_start(shard_transfer_mode => 'block_writes')")
    await admin.execute("select citus_rebalance_wait()")


@pytest.mark.usefixtures("actions")
async def test_shards_move_under_a_load_of_writes(urls: Urls, patient: str, data_dir: Path, tmp_path: Path) -> None:
    site = Site(Cluster(tmp_path, urls), tmp_path, urls)
    async with paying(urls, patient) as load, site.admin() as admin, ended_leases(site):
        running = asyncio.create_task(load.run())
        try:
            for number in range(MOVES):
                await asyncio.sleep(1)
                await move(admin, number)
            await rebalance(admin)
            await asyncio.sleep(1)
        finally:
            load.over.set()
            await asyncio.wait_for(running, 90)
            await distribute(urls.admin)
        print(sorted(load.seen.answers.items()), round(load.seen.slowest, 1))
        assert load.seen.wrong == []
        assert load.seen.outcomes <= {"200", "503", "IN_PROGRESS"}
        assert await admin.fetchval("select count(*) from partner_grant where customer_id = any($1)", [one.customer_id for one in load.shoppers]) == CUSTOMERS
        await assert_effects_once(admin, load)
        await assert_captured_once(admin, load, Sandbox("secret", Ledger(data_dir / "sandbox.sqlite3")))


async def assert_effects_once(admin: asyncpg.Connection, load: MixedLoad) -> None:
    assert len(Payer.paid) > 20
    assert sum(Payer.pauses.values()) > 5
    for shopper in load.shoppers:
        rows: Any = await admin.fetch("select id, quantity, status from subscription where customer_id = $1", shopper.customer_id)
        assert {row["id"]: row["quantity"] for row in rows if row["status"] != "CANCELED"} == shopper.quantities
        assert {row["id"] for row in rows if row["status"] == "CANCELED"} == shopper.canceled
        assert shopper.name in ("", await admin.fetchval("select name from customer where id = $1", shopper.customer_id))
        receipts = await admin.fetch(RECEIPTS, shopper.customer_id)
        assert {row["id"] for row in receipts if not row["remaining_minor"]} == Payer.paid & set(map(itemgetter("id"), receipts))
        assert {row["payments"] for row in receipts} <= {0, 1}
        kinds = await admin.fetch("select subscription_id, kind, count(*) from subscription_event where customer_id = $1 group by 1, 2", shopper.customer_id)
        for kind in ("PAUSED", "RESUMED"):
            assert {row[0]: row[2] for row in kinds if row[1] == kind} == {row["id"]: Payer.pauses[row["id"]] for row in rows if Payer.pauses[row["id"]]}
        assert await admin.fetchval("select count(*) from idempotency_key where customer_id = $1 and answer is null", shopper.customer_id) == 0
    assert await violations(admin, {shopper.customer_id for shopper in load.shoppers}) == []


async def assert_captured_once(admin: asyncpg.Connection, load: MixedLoad, sandbox: Sandbox) -> None:
    paid = await admin.fetch("select id, status from payment where customer_id = any($1)", [shopper.customer_id for shopper in load.shoppers])
    assert {row["status"] for row in paid} == {"SUCCEEDED"}
    assert {sandbox.calls("capture", row["id"]) for row in paid} == {1}
    await sandbox.close()
