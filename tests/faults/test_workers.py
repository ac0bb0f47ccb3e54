"""Worker processes that are killed again and again while many renewals are due: each renewal is charged once."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billing.money.dunning import AGAIN
from db.pool import Database, Pool
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.payments import payments
from jobs.clock import Billing, tick
from payments.processor import ARRIVES_WITHIN
from payments.sandbox import Sandbox
from tests.auditing import violations
from tests.conftest import Portal
from tests.depth import by_depth
from tests.faults.site import Site
from tests.lifecycle.conftest import Life, new_life
from tests.lifecycle.worker.test_worker_outages import Worker, worker_process

pytestmark = pytest.mark.in_turns(3)

CUSTOMERS = by_depth(20, 200)
KILLS = by_depth(5, 40)
# A charge of which the processor knows nothing is looked up until it cannot arrive any more, and is then made again, each by a pass of the clock.
NEVER_ARRIVED = ARRIVES_WITHIN // timedelta(minutes=1) + 2
MINUTES = (2, NEVER_ARRIVED, NEVER_ARRIVED + AGAIN // timedelta(minutes=1) + 2)
# The claim of a killed worker ends after half a minute; a test does not wait for it.
DUE = "update job_pass set leased_until = case when worker is not null then now() end, due_at = now() where job = 'billing_clock'"
SETTLED = "select count(*) from payment where status = 'SUCCEEDED'"


async def test_renewals_are_charged_once_by_workers_that_are_killed(portal: Portal, site: Site, root: Path) -> None:
    site.data_dir.mkdir(exist_ok=True)
    sandbox = payments(Settings(data_dir=site.data_dir)).processors["sandbox"]
    assert isinstance(sandbox, Sandbox)
    async with Database(site.urls.app, Pool(4), server_settings={}) as pool, site.admin() as admin:
        lives = [await due(portal, pool, admin, sandbox, card="hesitates" if number % 5 == 0 else "visa") for number in range(CUSTOMERS)]
        for _ in range(KILLS):
            with worker_process(root, site.urls, site.data_dir) as worker:
                await kill_while_it_charges(worker, lives[0])
        for minutes in MINUTES:
            await tick(Billing(pool, {"sandbox": sandbox}), datetime.now(UTC) + timedelta(minutes=minutes))
        ids = [life.customer_id for life in lives]
        for life in lives:
            assert sorted((row["reason"], row["status"]) for row in await life.rows("invoice")) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
            assert [row["settled_at"] is None for row in await life.rows("charge")].count(True) == 0
        assert sandbox.calls("capture") == await admin.fetchval(SETTLED)
        assert await violations(admin, set(ids), is_whole=True) == []
    await sandbox.close()


async def due(portal: Portal, pool: Database, admin: object, sandbox: Sandbox, *, card: str) -> Life:
    """A customer who subscribed forty days ago and has not been billed since."""
    life = await new_life(portal, pool, admin)  # type: ignore[arg-type]  # a connection
    life.sandbox, life.now = sandbox, datetime.now(UTC) - timedelta(days=40)
    await life.subscribe("storage")
    await life.card(card)
    await life.admin.execute("update subscription set payment_method_id = null where customer_id = $1", life.customer_id)
    return life


async def kill_while_it_charges(worker: Worker, life: Life) -> None:
    """Kill a worker after it has settled some renewals, or when nothing is left to settle."""
    before = await life.admin.fetchval(SETTLED)
    enough = before + random.randint(0, max(1, CUSTOMERS // KILLS))
    await worker.says("READY")
    await life.admin.execute(DUE)

    async def is_under_way() -> bool:
        return bool(await life.admin.fetchval(f"select ({SETTLED}) > $1 or not exists (select from subscription where renews_at <= now())", enough))

    await worker.comes_to(is_under_way)
    await asyncio.sleep(random.uniform(0, 0.1))
    worker.process.kill()
    await asyncio.to_thread(worker.process.wait, 20)
