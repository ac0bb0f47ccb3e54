"""The worker as a process, or inside the server of a demo, and one pass of each of its jobs, for the command `tick`."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from db.connections import DRIVER_ERRORS, Connection, connect
from db.outages import CONNECTION_LOST_ERRORS
from db.pool import Database, Pool
from db.unit_of_work import DatabaseUnavailable
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseAway, DatabaseUrls, check
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import post
from gateway.wiring.payments import payments
from gateway.wiring.queue_status import QueueStatus
from gateway.wiring.worker_health import worker_health
from jobs.clock import Billing
from jobs.passes import Duties
from jobs.registry import JOBS
from jobs.worker import QueueLost, WorkerState, work

logger = logging.getLogger("portico.worker")

AGAIN_SECONDS = 5.0
# What connecting again may mend.
OUTAGES = (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS, DatabaseUnavailable, QueueLost)


@dataclass(frozen=True, slots=True)
class TickResult:
    """What one pass of every job did: the counts of each job, by the job's name."""

    counts: Mapping[str, Any]

    @property
    def failures(self) -> str:
        """How many of what failed, such as `2 × step of the billing clock, 1 × letter failed`; empty if nothing did."""
        failed = [f"{self.counts[job.name].failures} × {job.unit}" for job in JOBS if self.counts[job.name].failures]
        return f"{', '.join(failed)} failed" if failed else ""

    @property
    def lines(self) -> list[str]:
        """What was done, as the command `tick` prints it: a line for the first job, which is the billing clock, one for all others, and their advice."""
        first, *others = [job.summary.format(**asdict(self.counts[job.name])) for job in JOBS]
        return [f"{first}.", f"{', '.join(others)}.", *(advice for job in JOBS if (advice := job.advice(self.counts[job.name])))]


async def tick_once(settings: Settings, place: DatabaseUrls, at: datetime | None) -> TickResult:
    """Run each job once. The billing clock runs as of `at`; the other jobs run as of now, since `at` may lie in the future."""
    async with _duties(settings, place) as duties:
        now = datetime.now(UTC)
        counts = {job.name: job.counts() for job in JOBS}
        for job in JOBS:
            await job.run(duties, at or now if job.is_of_billing_time else now, counts[job.name])
        return TickResult(counts)


async def until_reachable(place: DatabaseUrls, stop: asyncio.Event) -> None:
    """Wait for a database that is away, with a line of the log for each attempt. Raises CannotReach for what only an operator can mend, such as a wrong password."""
    status = QueueStatus()
    while not stop.is_set():
        try:
            return await check(place)
        except DatabaseAway as error:
            await pause(status.lost(error), stop)


async def run_worker(settings: Settings, place: DatabaseUrls, *, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Until `stop` is set. While Postgres is away it tries to connect again, and says so in the log; `on_ready` is called when the queue is connected first.

    Raises WrongSetting, PortInUse, and QueueEnded or any other error that connecting again does not mend.
    """
    status = QueueStatus(on_ready)
    async with _duties(settings, place) as duties, worker_health(settings, place, status):
        worker = WorkerState(duties, lambda: datetime.now(UTC), stop)
        while not stop.is_set():
            try:
                async with _queue(place) as connection:
                    await work(worker, connection, status.connected)
            except OUTAGES as error:
                await pause(status.lost(error), stop)


async def run_beside(settings: Settings, place: DatabaseUrls, stop: asyncio.Event) -> None:
    """The worker inside the server of a demo. What would end a process of its own is logged, and it starts again."""
    while not stop.is_set():
        try:
            await run_worker(settings, place, on_ready=lambda: None, stop=stop)
        except Exception:  # a server that bills nobody would be worse than a log that says why
            logger.exception("the worker inside the server failed and starts again")
            await pause(AGAIN_SECONDS, stop)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait so long, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def stopping() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


@asynccontextmanager
async def _duties(settings: Settings, place: DatabaseUrls) -> AsyncIterator[Duties]:
    """What a worker works with. It only deletes from the bucket, so it needs no address to which others upload."""
    takings, bucket = payments(settings), bucket_of(settings, "", b"")
    pool = Pool(settings.clock_concurrency + 1, command_seconds=settings.command_seconds)
    try:
        async with Database(place.app_url, pool, server_settings=place.server_settings) as database:
            concurrency = settings.clock_concurrency
            billing = Billing(
                database, takings.processors, takings.policy, concurrency, takings.numbering, takings.letterhead, takings.service_begins, takings.issuer
            )
            yield Duties(billing, bucket, post(settings))
    finally:
        await takings.close()
        await bucket.close()


@asynccontextmanager
async def _queue(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """The connection of the queue. One that no longer answers is noticed by its command timeout."""
    settings = {"application_name": "portico-worker", **place.server_settings}
    connection = await connect(place.app_url, seconds=5, command_seconds=8, server_settings=settings)
    try:
        yield connection
    finally:
        connection.terminate()
