"""A worker process on a Postgres with faults: it logs them, does not end, runs its jobs as soon as possible, and charges nothing twice."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from db.pool import Database, Pool
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import CannotReach, DatabaseUrls
from gateway.wiring.payments import payments
from gateway.wiring.worker import run_beside, until_reachable
from jobs.clock import Billing, tick
from jobs.registry import JOBS
from payments.sandbox import Sandbox
from tests.conftest import Portal
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, fill, new_life
from tests.servers import preloaded
from tests.servers.clusters import Cluster, cluster, standby
from tests.servers.preloaded import PreloadedProcess
from tests.waiting import until

pytestmark = pytest.mark.in_turns(3)

# How long a worker may take to run its jobs again. On a quiet machine it is less than ten seconds; tests run on busy ones.
SOON = 30.0
NUMBERS = count()


@dataclass
class Worker:
    """A worker process; `log` is its output so far."""

    process: PreloadedProcess | subprocess.Popen[bytes]
    path: Path
    data_dir: Path

    @property
    def log(self) -> str:
        return self.path.read_text()

    async def comes_to(self, reached: Callable[[], Awaitable[bool]]) -> None:
        try:
            await until(reached, SOON)
        except AssertionError as error:
            raise AssertionError(f"{error}; the worker says:\n{self.log}") from None

    async def says(self, text: str, *, after: int = 0) -> None:
        async def is_said() -> bool:
            return text in self.log[after:]

        await self.comes_to(is_said)

    async def health(self) -> httpx.Response:
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+/readyz", self.log)
        async with httpx.AsyncClient() as client:
            return await client.get(address)


@contextmanager
def worker_process(root: Path, urls: Urls, data_dir: Path, *, program: str = "", **settings: str) -> Iterator[Worker]:
    """Start a worker; `program` is Python that runs its command, changed for a test."""
    data_dir.mkdir(exist_ok=True)
    environment = os.environ | {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_APP_DATABASE_URL": urls.app, "PORTICO_DATA_DIR": str(data_dir)} | settings
    path = data_dir / f"worker-{next(NUMBERS)}.log"
    own = [sys.executable, "-c", program, "worker"]
    with (
        path.open("w") as log,
        (
            subprocess.Popen(own, cwd=root, env=environment, stdout=log, stderr=log)
            if program
            else preloaded.start(["worker"], cwd=root, env=environment, stdout=log, stderr=log)
        ) as process,
    ):
        try:
            yield Worker(process, path, data_dir)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="portico-own-") as folder, cluster(Path(folder)) as own:
        asyncio.run(fill(own.urls.admin))
        yield own


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def worker(root: Path, own: Cluster, folder: Path) -> Iterator[Worker]:
    """One worker process for all faults of this module; none of them ends it."""
    with worker_process(root, own.urls, folder, PORTICO_WORKER_PORT="0") as worker:
        yield worker


@asynccontextmanager
async def owner(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    try:
        yield connection
    finally:
        connection.terminate()


async def execute(urls: Urls, *statements: str) -> None:
    async with owner(urls) as connection:
        for statement in statements:
            await connection.execute(statement)


DUE = "update job_pass set due_at = now() where job = 'billing_clock'"


STARTED = "started_at > $1"
# A pass that began before and had to wait for a lock has had its turn with every customer if nothing was left over.
WHOLE = f"({STARTED} or outcome = 'DONE')"


async def passed_since(urls: Urls, since: datetime, *, how: str = STARTED) -> bool:
    try:
        async with owner(urls) as connection:
            return bool(await connection.fetchval(f"select succeeded_at > $1 and {how} from job_pass where job = 'billing_clock'", since))
    except (OSError, asyncpg.PostgresError):
        return False


async def due_and_passed_since(urls: Urls, since: datetime) -> bool:
    """Make the billing clock due until it has passed, so that nobody waits for the next minute. The end of a pass that runs sets a later time."""
    if await passed_since(urls, since):
        return True
    with suppress(OSError, asyncpg.PostgresError):
        await execute(urls, DUE)
    return False


@asynccontextmanager
async def renewal_due(portal: Portal, urls: Urls, data_dir: Path, card: str = "visa") -> AsyncIterator[Life]:
    """A customer who subscribed forty days ago and has not been billed since; the sandbox is the worker's."""
    sandbox = payments(Settings(data_dir=data_dir)).processors["sandbox"]
    assert isinstance(sandbox, Sandbox)
    async with owner(urls) as connection, Database(urls.app, Pool(3), server_settings={}) as pool:
        life = await new_life(portal, pool, connection)
        life.sandbox, life.now = sandbox, datetime.now(UTC) - timedelta(days=40)
        await life.subscribe("storage")
        await life.card(card)
        await life.admin.execute("update subscription set payment_method_id = null where customer_id = $1", life.customer_id)
        yield life
    await sandbox.close()


async def invoices(life: Life) -> list[tuple[str, str]]:
    return sorted((row["reason"], row["status"]) for row in await life.rows("invoice"))


async def terminate_connection(own: Cluster) -> None:
    await execute(own.urls, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portico-worker'")


async def kill_backend(own: Cluster) -> None:
    """Kill a backend process: Postgres then ends all connections and recovers."""
    async with owner(own.urls) as connection:
        pid = await connection.fetchval("select pid from pg_stat_activity where application_name = 'portico-worker'")
    os.kill(pid, signal.SIGKILL)


async def restart(own: Cluster, mode: str) -> None:
    await asyncio.to_thread(own.restart, mode)


@asynccontextmanager
async def read_only(own: Cluster) -> AsyncIterator[None]:
    await execute(own.urls, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
    yield
    await execute(own.urls, "set default_transaction_read_only = off", "alter system reset default_transaction_read_only", "select pg_reload_conf()")


@asynccontextmanager
async def locked(own: Cluster, table: str) -> AsyncIterator[None]:
    async with owner(own.urls) as connection, connection.transaction():
        await connection.execute(f"lock table {table} in access exclusive mode")
        if table != "job_pass":
            await execute(own.urls, DUE)
        yield


@asynccontextmanager
async def shut_out(own: Cluster) -> AsyncIterator[None]:
    """Refuse new connections, as after a change of the password. A worker does not start in this state, but a running one survives it."""
    await execute(own.urls, "alter role portico_app nologin")
    await terminate_connection(own)
    yield
    await execute(own.urls, "alter role portico_app login")


# Short faults, which may occur during a charge.
BLOWS: dict[str, Callable[[Cluster], Awaitable[None]]] = {
    "the connection of the schedule is terminated": terminate_connection,
    "a backend is killed": kill_backend,
    "fast restart": lambda own: restart(own, "fast"),
    "immediate restart": lambda own: restart(own, "immediate"),
}

# Lasting faults, with the worker's log line for each, and whether the worker can claim no passes while they last.
STATES: dict[str, tuple[Callable[[Cluster], AbstractAsyncContextManager[None]], str, bool]] = {
    "customers are locked": (lambda own: locked(own, "customer"), "failed and will be tried again: LockNotAvailableError 55P03", False),
    "the schedule is locked": (lambda own: locked(own, "job_pass"), "starts no job until it is connected again: LockNotAvailableError 55P03", True),
    "the role may not log in": (shut_out, "starts no job until it is connected again: InvalidAuthorizationSpecificationError 28000", True),
}


async def test_a_worker_on_a_standby_says_that_it_cannot_write_and_bills_as_soon_as_that_is_promoted(
    portal: Portal, own: Cluster, root: Path, folder: Path
) -> None:
    async with renewal_due(portal, own.urls, folder) as life:
        captured = life.sandbox.calls("capture") - 1
        with standby(own, own.data.parent / "standby") as replica, worker_process(root, replica.urls, folder) as worker:
            await worker.says("cannot set transaction read-write mode during recovery")
            assert "READY" not in worker.log
            before = datetime.now(UTC)
            await asyncio.to_thread(replica.promote)
            await worker.comes_to(lambda: passed_since(replica.urls, before))
            async with owner(replica.urls) as connection:
                life.admin = connection
                assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
                await assert_books(life, captured_before=captured)
            assert "READY" in worker.log
            worker.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.process.wait, 20) == 0
    # What the standby did, this one knows nothing of.
    await execute(own.urls, "update subscription set status = 'CANCELED', canceled_at = now(), renews_at = null")


@pytest.mark.parametrize("blow", BLOWS)
async def test_a_worker_goes_on_after(blow: str, portal: Portal, own: Cluster, worker: Worker, folder: Path) -> None:
    """It comes while a renewal is being charged."""
    await worker.says("READY")
    async with renewal_due(portal, own.urls, folder, card="hesitates") as life:
        captured = life.sandbox.calls("capture") - 1

        async def is_being_charged() -> bool:
            await life.admin.execute(DUE)
            return any(row["sent_at"] for row in await life.rows("charge", "and settled_at is null"))

        await worker.comes_to(is_being_charged)
        await BLOWS[blow](own)
        over = datetime.now(UTC)
        await worker.comes_to(lambda: due_and_passed_since(own.urls, over))
        assert worker.process.poll() is None
        await billed_once(life, own.urls, captured)


@pytest.mark.parametrize("state", STATES)
async def test_a_worker_goes_on_when_it_is_over_that(state: str, portal: Portal, own: Cluster, worker: Worker, folder: Path) -> None:
    lasting, cause, is_lost = STATES[state]
    await worker.says("READY")
    async with renewal_due(portal, own.urls, folder) as life:
        # The renewal stays due: the first pass that can write charges it.
        captured = life.sandbox.calls("capture") - len(await life.rows("payment"))
        written = len(worker.log)

        async def is_said() -> bool:
            if not is_lost:  # a pass that ran when the lock was taken sets a later time at its end
                await execute(own.urls, DUE)
            return cause in worker.log[written:]

        async with lasting(own):
            await worker.comes_to(is_said)
        over = datetime.now(UTC)
        await worker.comes_to(lambda: passed_since(own.urls, over, how=WHOLE))
        assert worker.process.poll() is None
        assert ("connected again after" in worker.log[written:]) == is_lost
        await billed_once(life, own.urls, captured)


async def billed_once(life: Life, urls: Urls, captured: int) -> None:
    """A charge whose answer was lost is settled by a later pass."""
    async with owner(urls) as connection:
        life.admin = connection
        await tick(Billing(life.database, {"sandbox": life.sandbox}), datetime.now(UTC) + timedelta(minutes=2))
        assert await invoices(life) == [("FIRST", "PAID"), ("RENEWAL", "PAID")]
        await assert_books(life, captured_before=captured)


async def test_a_worker_bills_where_transactions_are_read_only_by_default(own: Cluster, worker: Worker) -> None:
    await worker.says("READY")
    written = len(worker.log)
    async with read_only(own):
        begun = datetime.now(UTC)

        async def has_passed() -> bool:
            await execute(own.urls, "set default_transaction_read_only = off", DUE)
            return await passed_since(own.urls, begun)

        await worker.comes_to(has_passed)
    assert "25006" not in worker.log[written:]


async def test_the_health_endpoint_says_when_each_job_last_ran_and_503_when_one_is_overdue(own: Cluster, worker: Worker) -> None:
    await worker.comes_to(lambda: passed_since(own.urls, datetime.now(UTC) - timedelta(days=1)))
    answer = await worker.health()
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    jobs = answer.json()["jobs"]
    assert jobs.keys() == {job.name for job in JOBS}
    assert jobs["billing_clock"]["outcome"] in ("DONE", "RUNNING")
    assert datetime.fromisoformat(jobs["billing_clock"]["succeeded_at"]) <= datetime.now(UTC)
    assert (jobs["upkeep"]["outcome"], jobs["upkeep"]["is_overdue"]) == (None, False)
    await execute(own.urls, "update job_pass set registered_at = registered_at - interval '66 minutes' where job = 'upkeep'")

    async def is_overdue() -> bool:  # the answer is as of a second ago
        return (await worker.health()).status_code == 503

    await worker.comes_to(is_overdue)
    answer = await worker.health()
    assert (answer.status_code, answer.json()["status"]) == (503, "a pass is overdue")
    assert [name for name, job in answer.json()["jobs"].items() if job["is_overdue"]] == ["upkeep"]
    await execute(own.urls, "update job_pass set registered_at = now() where job = 'upkeep'")


async def test_the_health_endpoint_says_503_while_the_worker_is_not_connected(own: Cluster, worker: Worker) -> None:
    async with owner(own.urls) as connection, connection.transaction():
        await connection.execute("lock table job_pass in exclusive mode")

        async def is_down() -> bool:
            answer = await worker.health()
            return (answer.status_code, answer.json()["status"]) == (503, "the worker is not connected")

        await worker.comes_to(is_down)

    async def is_back() -> bool:
        return (await worker.health()).status_code == 200

    await worker.comes_to(is_back)


async def test_what_only_an_operator_can_mend_ends_a_worker_at_its_start_with_one_line_and_without_the_password(own: Cluster, root: Path, folder: Path) -> None:
    own.require_password("locksmith")
    await execute(own.urls, "create role locksmith login password 'right'")
    wrong = own.urls.app.replace("portico_app@", "locksmith:not-the-password@")
    with worker_process(root, Urls(own.urls.admin, wrong), folder) as worker:
        assert await asyncio.to_thread(worker.process.wait, SOON) == 1
    assert "the password is wrong (SQLSTATE 28P01)" in worker.log
    assert worker.log.count("\n") == 1, worker.log
    assert "not-the-password" not in worker.log
    nobody, nowhere = own.urls.app.replace("portico_app@", "nobody@"), own.urls.app.replace("/postgres?", "/nowhere?")
    for url, reason in ((nobody, "SQLSTATE 28000"), (nowhere, "SQLSTATE 3D000")):
        with pytest.raises(CannotReach, match=reason):
            await until_reachable(DatabaseUrls(own.urls.admin, url), asyncio.Event())


async def test_a_worker_that_is_started_before_its_database_waits_and_says_so(root: Path, folder: Path) -> None:
    away = Urls("postgresql://postgres@127.0.0.1:1/postgres", "postgresql://portico_app@127.0.0.1:1/postgres")
    with worker_process(root, away, folder) as worker:
        await worker.says("cannot connect")
        assert "Connection refused" in worker.log
        await asyncio.sleep(1)
        assert worker.process.poll() is None
        assert worker.log.count("cannot connect") == 1
        worker.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.process.wait, 20) == 0


async def test_a_worker_with_a_bug_ends_with_1_and_says_which(own: Cluster, root: Path, folder: Path) -> None:
    program = (
        "import gateway.wiring.worker, gateway.cli.main\nasync def work(_): raise KeyError('a bug')\ngateway.wiring.worker.work = work\ngateway.cli.main.main()"
    )
    with worker_process(root, own.urls, folder, program=program) as worker:
        assert await asyncio.to_thread(worker.process.wait, SOON) == 1
    assert "KeyError: 'a bug'" in worker.log


async def test_the_worker_inside_a_server_starts_again_after_what_would_end_a_process(own: Cluster, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    stop = asyncio.Event()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(data_dir=folder, worker_port=taken.getsockname()[1])
        task = asyncio.create_task(run_beside(settings, DatabaseUrls(own.urls.admin, own.urls.app), stop))
        await until(lambda: said(caplog, "PortInUse"), SOON)
    started = datetime.now(UTC)
    await until(lambda: passed_since(own.urls, started), SOON)
    await terminate_connection(own)
    lost = datetime.now(UTC)
    await until(lambda: due_and_passed_since(own.urls, lost), SOON)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, SOON)


async def said(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return text in caplog.text


async def test_a_worker_that_is_asked_to_end_ends_with_0(own: Cluster, root: Path, folder: Path) -> None:
    with worker_process(root, own.urls, folder) as worker:
        await worker.says("READY")
        worker.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.process.wait, 20) == 0
