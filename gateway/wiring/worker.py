"""The worker as a process, or inside the server of a demo, and one pass of each of its jobs, for the command `tick`."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from db.connections import DRIVER_ERRORS
from db.outages import CONNECTION_LOST_ERRORS
from db.pool import Database, Pool
from db.replicas.routing import watch
from db.unit_of_work import DatabaseUnavailable
from gateway.live.relay import EventRelay, run_relay
from gateway.routes.pdf_documents import font_folders, merchant_of
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.connection_status import ConnectionStatus
from gateway.wiring.database import DatabaseAway, DatabaseUrls, check
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import post
from gateway.wiring.metrics.tracing import traced_duties, tracing_of
from gateway.wiring.metrics.worker import WorkerMetrics, worker_metrics
from gateway.wiring.payments import payments
from gateway.wiring.replicas import replicas
from gateway.wiring.webhooks import delivering
from gateway.wiring.worker_health import worker_health
from jobs.clock import Billing
from jobs.delivering import Deliverer, DeliveryResult
from jobs.passes import Duties
from jobs.registry import JOBS
from jobs.worker import POLL_SECONDS, WorkerState, finish, pause, register, work
from pdf.renderer import PdfRenderer
from resolvers.exports.archive import Printing

logger = logging.getLogger("portico.worker")

RESTART_SECONDS = 5.0
# Connections with which events are delivered, beside those of the billing clock.
DELIVERY_CONNECTIONS = 2
# Errors after which connecting again may help.
OUTAGES = (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS, DatabaseUnavailable)


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
        first, *others = [job.summarized(self.counts[job.name]) for job in JOBS]
        return [f"{first}.", f"{', '.join(others)}.", *(advice for job in JOBS if (advice := job.advice(self.counts[job.name])))]


async def tick_once(settings: Settings, place: DatabaseUrls, at: datetime | None) -> TickResult:
    """Run each job once. The billing clock runs as of `at`; the other jobs run as of now, since `at` may lie in the future."""
    async with _duties(settings, place, WorkerMetrics(None)) as duties:
        now = datetime.now(UTC)
        counts = {job.name: job.counts() for job in JOBS}
        for job in JOBS:
            await job.run(duties, at or now if job.is_of_billing_time else now, counts[job.name])
        return TickResult(counts)


async def until_reachable(urls: DatabaseUrls, stop: asyncio.Event) -> None:
    """Wait until the database answers, and log failed attempts. Raises CannotReach for errors that only an operator can correct, such as a wrong password."""
    status = ConnectionStatus()
    while not stop.is_set():
        try:
            return await check(urls)
        except DatabaseAway as error:
            await pause(status.lost(error), stop)


async def run_worker(settings: Settings, urls: DatabaseUrls, *, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Run until `stop` is set, and then until the running passes have ended. While Postgres is unavailable, it tries to connect again and logs it; `on_ready` is called
    when the schedule could be written for the first time, so a standby counts as an outage until it is promoted.

    Raises WrongSetting, PortInUse, and an error after which connecting again does not help.
    """
    status, metrics = ConnectionStatus(on_ready), worker_metrics(settings)
    async with AsyncExitStack() as stack:
        tracing = tracing_of(settings, urls.app_url)
        duties = await stack.enter_async_context(_duties(settings, urls, metrics))
        if tracing:
            stack.push_async_callback(tracing.close)
            duties = traced_duties(duties, tracing)
        worker = WorkerState(duties, await stack.enter_async_context(_schedule(urls)), stop)
        await stack.enter_async_context(worker_health(settings, urls, status))
        delivered = DeliveryResult()
        queues = Database(urls.app_url, Pool(1, is_prepared=urls.is_prepared), server_settings=urls.server_settings)
        await stack.enter_async_context(metrics.endpoint(worker, delivered, queues))
        await _work(worker, status, delivered, urls)


async def _work(worker: WorkerState, status: ConnectionStatus, delivered: DeliveryResult, urls: DatabaseUrls) -> None:
    relay = asyncio.create_task(run_relay(EventRelay(urls.app_url, urls.server_settings)))
    watching = asyncio.create_task(watch(worker.duties.replicas))
    ended = asyncio.Event()
    deliveries = asyncio.create_task(deliver(worker.duties, ended, delivered))
    try:
        while not worker.stop.is_set():
            try:
                await _turn(worker, status)
            except OUTAGES as error:
                await pause(status.lost(error), worker.stop)
    finally:
        ended.set()
        for task in (relay, watching):
            task.cancel()
        await asyncio.wait({relay, watching})
        await finish(worker)
        await deliveries


async def deliver(duties: Duties, stop: asyncio.Event, done: DeliveryResult) -> None:
    """Send events to the merchant's endpoints until `stop` is set, and then what is under way. `done` counts it."""
    if duties.delivering is not None:
        await Deliverer(duties.delivering, done).run(stop)


async def _turn(worker: WorkerState, status: ConnectionStatus) -> None:
    if not status.is_connected:
        await register(worker)
        status.connected()
    await work(worker)
    await pause(POLL_SECONDS, worker.stop)


async def run_beside(settings: Settings, urls: DatabaseUrls, stop: asyncio.Event) -> None:
    """Run the worker inside the server of a demo. An error that would end a worker process is logged, and the worker starts again. It has no metrics and
    no traces of its own, because the server has them."""
    settings = settings.model_copy(update={"metrics_port": None, "otel": False})
    while not stop.is_set():
        try:
            await run_worker(settings, urls, on_ready=lambda: None, stop=stop)
        except Exception:  # after any failure, because the demo must continue to bill
            logger.exception("the worker inside the server failed and starts again")
            await pause(RESTART_SECONDS, stop)


def stopping() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


@asynccontextmanager
async def _duties(settings: Settings, urls: DatabaseUrls, metrics: WorkerMetrics) -> AsyncIterator[Duties]:
    """Yield the objects that the jobs need. The worker only deletes from the bucket, so the bucket needs no URL for uploads."""
    payment_setup, bucket = payments(settings, metrics.around_processor), bucket_of(settings, "", b"")
    pool = Pool(settings.clock_concurrency + 1 + DELIVERY_CONNECTIONS, command_seconds=settings.command_seconds, is_prepared=urls.is_prepared)
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
                payment_setup.invoice_days,
            )
            deliveries = delivering(settings, database, payment_setup.letterhead)
            try:
                of_exports = replicas(settings, urls.app_url, urls.server_settings)
                yield Duties(billing, bucket, post(settings), printing(settings), deliveries, settings.event_retention_days, of_exports)
            finally:
                await deliveries.client.close()
    finally:
        await payment_setup.close()
        await bucket.close()


def printing(settings: Settings) -> Printing:
    """Return what PDFs of exports are made with. The printer is started with the first PDF, because most workers print none."""
    fonts = font_folders(settings)
    renderer = cache(lambda: PdfRenderer(at_once=1, fonts=fonts))
    return Printing(merchant_of(settings), renderer, settings.max_statement_rows, settings.max_statement_csv_rows)


@asynccontextmanager
async def _schedule(urls: DatabaseUrls) -> AsyncIterator[Database]:
    """Yield the connection of the schedule, which finds passes also while all others are busy."""
    settings = {"application_name": "portico-worker", **urls.server_settings}
    async with Database(urls.app_url, Pool(1, is_prepared=urls.is_prepared), server_settings=settings) as database:
        yield database
