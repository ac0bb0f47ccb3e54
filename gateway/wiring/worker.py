"""The worker as a process, or inside the server of a demo: the billing clock, letters that are left, the sweep of attachments, and the upkeep."""

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

AGAIN_SECONDS = 5.0
# What connecting again may mend.
OUTAGES = (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS, DatabaseUnavailable, QueueLost)


@dataclass(frozen=True, slots=True)
class TickResult:
    """What one pass of everything did."""

    clock: ClockPassResult
    letters: SendResult
    swept: SweepResult
    forgotten: Upkeep

    @property
    def failures(self) -> str:
        """How many of what failed, such as `2 × step of the billing clock, 1 × letter failed`; empty if nothing did."""
        counts = {
            "step of the billing clock": self.clock.failures,
            "letter": self.letters.failures,
            "file": self.swept.failures,
            "kind of expired rows": self.forgotten.failures,
        }
        failed = [f"{count} × {name}" for name, count in counts.items() if count]
        return f"{', '.join(failed)} failed" if failed else ""


async def tick_once(settings: Settings, place: DatabaseUrls, at: datetime | None) -> TickResult:
    """One pass of the billing clock, as of an instant, and then all else that a worker does, as of now: what is being written now must not be looked at from later."""
    async with _duties(settings, place) as duties:
        now = datetime.now(UTC)
        done = await tick(duties.billing, at or now)
        system = duties.system(now)
        letters = SendResult()
        await send(system, duties.post, done=letters)
        return TickResult(done, letters, await sweep(system, duties.bucket, now=now), await forget(system, now=now))


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
