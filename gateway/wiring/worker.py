"""The worker, as a process or inside the server of a demo: the billing clock, unsent letters, the sweep of attachments, and the upkeep."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

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
from jobs.attachments import SweepResult, sweep
from jobs.clock import Billing, ClockPassResult, tick
from jobs.passes import Duties
from jobs.upkeep import Upkeep, forget
from jobs.worker import QueueLost, WorkerState, work
from resolvers.letters import SendResult, send

logger = logging.getLogger("portico.worker")

RESTART_SECONDS = 5.0
# Errors after which connecting again may help.
OUTAGES = (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS, DatabaseUnavailable, QueueLost)


@dataclass(frozen=True, slots=True)
class TickResult:
    """The results of one pass of all jobs."""

    clock: ClockPassResult
    letters: SendResult
    swept: SweepResult
    forgotten: Upkeep

    @property
    def failures(self) -> str:
        """Return the failures, such as `2 × step of the billing clock, 1 × letter failed`; empty if there are none."""
        counts = {
            "step of the billing clock": self.clock.failures,
            "letter": self.letters.failures,
            "file": self.swept.failures,
            "kind of expired rows": self.forgotten.failures,
        }
        failed = [f"{count} × {name}" for name, count in counts.items() if count]
        return f"{', '.join(failed)} failed" if failed else ""


async def tick_once(settings: Settings, urls: DatabaseUrls, at: datetime | None) -> TickResult:
    """Run the billing clock once as of an instant, and then the other jobs as of now, because rows that are being written now must not be judged by a later time."""
    async with _duties(settings, urls) as duties:
        now = datetime.now(UTC)
        done = await tick(duties.billing, at or now)
        system = duties.system(now)
        letters = SendResult()
        await send(system, duties.post, done=letters)
        return TickResult(done, letters, await sweep(system, duties.bucket, now=now), await forget(system, now=now))


async def until_reachable(urls: DatabaseUrls, stop: asyncio.Event) -> None:
    """Wait until the database answers, and log failed attempts. Raises CannotReach for errors that only an operator can correct, such as a wrong password."""
    status = QueueStatus()
    while not stop.is_set():
        try:
            return await check(urls)
        except DatabaseAway as error:
            await pause(status.lost(error), stop)


async def run_worker(settings: Settings, urls: DatabaseUrls, *, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Run until `stop` is set. While Postgres is unavailable, it tries to connect again and logs it; `on_ready` is called at the first connection of the queue.

    Raises WrongSetting, PortInUse, and QueueEnded or another error after which connecting again does not help.
    """
    status = QueueStatus(on_ready)
    async with _duties(settings, urls) as duties, worker_health(settings, urls, status):
        worker = WorkerState(duties, lambda: datetime.now(UTC), stop)
        while not stop.is_set():
            try:
                async with _queue(urls) as connection:
                    await work(worker, connection, status.connected)
            except OUTAGES as error:
                await pause(status.lost(error), stop)


async def run_beside(settings: Settings, urls: DatabaseUrls, stop: asyncio.Event) -> None:
    """Run the worker inside the server of a demo. An error that would end a worker process is logged, and the worker starts again."""
    while not stop.is_set():
        try:
            await run_worker(settings, urls, on_ready=lambda: None, stop=stop)
        except Exception:  # after any failure, because the demo must continue to bill
            logger.exception("the worker inside the server failed and starts again")
            await pause(RESTART_SECONDS, stop)


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
async def _duties(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[Duties]:
    """Yield the objects that the jobs need. The worker only deletes from the bucket, so the bucket needs no URL for uploads."""
    payment_setup, bucket = payments(settings), bucket_of(settings, "", b"")
    pool = Pool(settings.clock_concurrency + 1, command_seconds=settings.command_seconds)
    try:
        async with Database(urls.app_url, pool, server_settings=urls.server_settings) as database:
            concurrency = settings.clock_concurrency
            billing = Billing(
                database,
                payment_setup.processors,
                payment_setup.policy,
                concurrency,
                payment_setup.numbering,
                payment_setup.letterhead,
                payment_setup.service_begins,
                payment_setup.issuer,
            )
            yield Duties(billing, bucket, post(settings))
    finally:
        await payment_setup.close()
        await bucket.close()


@asynccontextmanager
async def _queue(urls: DatabaseUrls) -> AsyncIterator[Connection]:
    """Yield the connection of the queue. Its command timeout detects a connection that no longer answers."""
    settings = {"application_name": "portico-worker", **urls.server_settings}
    connection = await connect(urls.app_url, seconds=5, command_seconds=8, server_settings=settings)
    try:
        yield connection
    finally:
        connection.terminate()
