"""A worker process and a server process on one Postgres with several faults in turn, while customers buy and renewals are due.

After each fault the billing clock runs again soon, no mutation has another answer than 200 or 503 with a time to come back, and at the end nothing was charged twice.
"""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from db.pool import Database, Pool
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.payments import payments
from jobs.clock import Billing, tick
from tests.conftest import Portal
from tests.journeys.outages.test_restarts import Shop, assert_paid_once
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, fill, new_life
from tests.lifecycle.worker.test_worker_outages import DUE, Worker, due_and_passed_since, execute, invoices, owner, renewal_due, worker_process
from tests.servers.clusters import USER, Cluster, cluster
from tests.servers.preloaded import PreloadedProcess
from tests.servers.processes import SAID, process

# Longer than the lock timeout of mutations and renewals (3 s), so both are refused.
LASTING_SECONDS = 6
PROMOTED_AFTER_SECONDS = 3
# The pause of each of the three clients between its mutations.
PAUSE_SECONDS = 0.2
TERMINATE = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portico-worker'"


@dataclass
class WorkerAndServer:
    """Both processes, the purchases of clients at the server, and the customers whose renewals the worker charges."""

    shop: Shop
    server: PreloadedProcess
    worker: Worker
    renewals: list[Life] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    @property
    def urls(self) -> Urls:
        return self.shop.place.urls

    @property
    def logs(self) -> dict[str, str]:
        return {"server": (self.shop.data_dir / SAID).read_text(), "worker": self.worker.log}

    def assert_alive(self) -> None:
        assert (self.server.poll(), self.worker.process.poll()) == (None, None), self.logs


@pytest.fixture(scope="module", autouse=True)
def audited_module() -> None:
    """No audit: every test of this module has its own Postgres, which has ended by then."""


@pytest.fixture
def place() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, cluster(Path(folder)) as primary:
        asyncio.run(fill(primary.urls.admin))
        yield primary


@pytest.fixture
async def worker_and_server(place: Cluster, root: Path, tmp_path: Path) -> AsyncIterator[WorkerAndServer]:
    """Start the server first, because it creates the secret that the worker reads."""
    with (
        process(root, place.urls, tmp_path, app_database_url=place.urls.app) as (server, address),
        worker_process(root, place.urls, tmp_path) as worker,
    ):
        await worker.says("READY")
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            yield WorkerAndServer(Shop(client, place, tmp_path), server, worker)


async def kill_a_backend(place: Cluster) -> None:
    """Kill a backend process: Postgres then ends all connections, those of the server too, and recovers."""
    async with owner(place.urls) as connection:
        pid = await connection.fetchval("select pid from pg_stat_activity where application_name = 'portico-worker'")
    place.kill_backend(pid)


async def restart_fast(place: Cluster) -> None:
    await asyncio.to_thread(place.restart, "fast")


async def restart_immediately(place: Cluster) -> None:
    await asyncio.to_thread(place.restart, "immediate")


async def terminate_the_schedule(place: Cluster) -> None:
    await execute(place.urls, TERMINATE)


async def hold_a_lock(place: Cluster) -> None:
    """Lock the table of customers, so that no mutation and no renewal succeeds. A pass meets the lock."""
    async with owner(place.urls) as connection, connection.transaction():
        await connection.execute("lock table customer in exclusive mode")
        await execute(place.urls, DUE)
        await asyncio.sleep(LASTING_SECONDS)


async def make_read_only(place: Cluster) -> None:
    """Set default_transaction_read_only, which our transactions override."""
    await execute(place.urls, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
    await asyncio.sleep(LASTING_SECONDS)
    await execute(place.urls, "set default_transaction_read_only = off", "alter system reset default_transaction_read_only", "select pg_reload_conf()")


async def make_a_standby(place: Cluster) -> None:
    """Restart the same Postgres as a standby, as after a failover of the address, and promote it later."""
    mark = place.data / "standby.signal"
    mark.touch()
    if USER:
        shutil.chown(mark, USER, USER)
    await asyncio.to_thread(place.restart, "fast")
    await asyncio.sleep(PROMOTED_AFTER_SECONDS)
    await asyncio.to_thread(place.promote)


@dataclass(frozen=True)
class Fault:
    """`come` returns when it is over. One that is over in a moment comes while the `card` of a renewal is being charged. Of `statuses` each is sure to be answered meanwhile."""

    come: Callable[[Cluster], Awaitable[None]]
    card: str
    statuses: frozenset[int] = frozenset()


# A short fault may affect no mutation.
FAULTS = (
    Fault(kill_a_backend, "hesitates"),
    Fault(restart_fast, "hesitates"),
    Fault(restart_immediately, "hesitates"),
    Fault(terminate_the_schedule, "hesitates"),
    Fault(hold_a_lock, "visa", frozenset({503})),
    Fault(make_read_only, "visa", frozenset({200})),
    Fault(make_a_standby, "visa", frozenset({503})),
)


async def test_through_every_outage_the_clock_runs_again_soon_and_nothing_is_charged_twice(
    portal: Portal, worker_and_server: WorkerAndServer, record_property: Callable[[str, object], None]
) -> None:
    customers = await two_customers(worker_and_server.urls)
    over = asyncio.Event()
    async with asyncio.TaskGroup() as clients:
        for number, life in enumerate([*customers, customers[0]]):
            clients.create_task(buying(worker_and_server.shop, life, f"client {number}", over))
        for fault in FAULTS:
            seconds, statuses = await inject(worker_and_server, portal, fault)
            record_property(fault.come.__name__, round(seconds, 1))
            print(f"{fault.come.__name__}: a pass {seconds:.1f} s after it was over, mutations answered {sorted(statuses)}")
        over.set()
    assert worker_and_server.statuses == {200, 503}
    worker_and_server.worker.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker_and_server.worker.process.wait, 20) == 0
    # A worker logs each outage as an error, with a traceback only for unexpected errors.
    assert "Traceback" not in worker_and_server.logs["worker"]
    assert "[error" not in worker_and_server.logs["server"]
    await assert_paid_once(worker_and_server.shop, customers)
    await assert_renewed_once(worker_and_server)


async def two_customers(urls: Urls) -> list[Life]:
    """Create two customers who call by HTTP. Each payment of the first takes a second, so one is in progress at each fault."""
    nothing: Any = SimpleNamespace(schema=None, documents=None)
    async with owner(urls) as connection:
        customers = [await new_life(nothing, nothing, connection) for _ in range(2)]
        await customers[0].card("hesitates")
        return customers


async def buying(shop: Shop, life: Life, name: str, over: asyncio.Event) -> None:
    """Buy repeatedly; each purchase is sent again with its key until it is answered."""
    number = 0
    while not over.is_set():
        await shop.buy(life, f"{name} {number}")
        number += 1
        await asyncio.sleep(PAUSE_SECONDS)


async def inject(worker_and_server: WorkerAndServer, portal: Portal, fault: Fault) -> tuple[float, set[int]]:
    """Inject the fault. Returns the seconds until a later pass of the billing clock has ended, and the statuses of mutations until then."""
    async with renewal_due(portal, worker_and_server.urls, worker_and_server.shop.data_dir, card=fault.card) as life:
        worker_and_server.renewals.append(life)
        if fault.card == "hesitates":
            await begin_to_charge(worker_and_server, life)
        worker_and_server.shop.statuses.clear()
        await fault.come(worker_and_server.shop.place)
        over, began = datetime.now(UTC), monotonic()
        await worker_and_server.worker.comes_to(lambda: due_and_passed_since(worker_and_server.urls, over))
        seconds = monotonic() - began
    worker_and_server.assert_alive()
    statuses = set(worker_and_server.shop.statuses)
    assert fault.statuses <= statuses <= {200, 503}
    worker_and_server.shop.statuses.clear()
    await worker_and_server.worker.comes_to(lambda: asyncio.sleep(0, 200 in worker_and_server.shop.statuses))
    worker_and_server.statuses |= statuses | worker_and_server.shop.statuses
    return seconds, statuses


async def begin_to_charge(worker_and_server: WorkerAndServer, life: Life) -> None:
    """Wait until the worker charges."""

    async def is_being_charged() -> bool:
        await life.admin.execute(DUE)
        return any(row["sent_at"] for row in await life.rows("charge", "and settled_at is null"))

    await worker_and_server.worker.comes_to(is_being_charged)


async def assert_renewed_once(worker_and_server: WorkerAndServer) -> None:
    """Assert that each renewal was charged once. A later pass settles a charge whose answer was lost."""
    sandbox = payments(Settings(data_dir=worker_and_server.shop.data_dir)).processors["sandbox"]
    async with owner(worker_and_server.urls) as connection, Database(worker_and_server.urls.app, Pool(3), server_settings={}) as database:
        await tick(Billing(database, {"sandbox": sandbox}), datetime.now(UTC) + timedelta(minutes=2))
        captured = sandbox.calls("capture")
        assert (
            captured
            == await connection.fetchval("select count(*) from payment where status = 'SUCCEEDED'")
            == await connection.fetchval("select count(*) from payment")
        )
        assert len(worker_and_server.renewals) == len(FAULTS)
        for life in worker_and_server.renewals:
            life.admin, life.sandbox = connection, sandbox
            assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
            await assert_books(life, captured_before=captured - 2)
    await sandbox.close()
