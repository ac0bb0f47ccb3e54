"""The worker: pgqueuer says whose turn it is, so of several workers one runs each pass, and another takes over if it dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from pgqueuer import PgQueuer, models
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import ScheduleId

from db.connections import DRIVER_ERRORS, Connection
from db.outages import CONNECTION_LOST_ERRORS
from jobs.passes import Duties, Job, register, run_pass
from jobs.registry import EVERY_MINUTE, JOBS

# How soon pgqueuer notices that a connection no longer answers.
QUEUE_SECONDS = timedelta(seconds=5)
# A pass that the database broke off is tried again after so long, for about a minute: then its next turn has come.
AGAIN_SECONDS = 5.0
ATTEMPTS = 10


class QueueLost(Exception):
    """The queue's connection was closed. Whoever called may connect again."""


class QueueEnded(Exception):
    """The queue ended, though nobody asked for it and its connection is open."""


@dataclass(slots=True)
class WorkerState:
    """What a worker does on one connection of the queue after the other, until `stop` is set. `interrupted` are schedules that pgqueuer still takes for running."""

    duties: Duties
    clock: Callable[[], datetime]
    stop: asyncio.Event
    interrupted: set[int] = field(default_factory=set)


class QueueTables(Queries):
    """pgqueuer's tables, for a worker that outlives its connection: a turn that cannot be given back on this one is given back on the next."""

    def __init__(self, driver: AsyncpgDriver, interrupted: set[int]) -> None:
        super().__init__(driver)
        self._interrupted = interrupted

    async def set_schedule_queued(self, ids: set[ScheduleId]) -> None:
        try:
            await super().set_schedule_queued(ids)
        except (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS):
            self._interrupted |= ids


@dataclass(frozen=True, slots=True)
class PassRunner:
    """The passes that pgqueuer has given to this worker, on one connection of the queue."""

    worker: WorkerState
    queue: PgQueuer
    running: set[asyncio.Task[None]] = field(default_factory=set)


async def work(worker: WorkerState, connection: Connection, on_connected: Callable[[], None]) -> None:
    """Run until the worker's `stop` is set; a pass that runs is finished first. `connection` is the queue's own, and nobody else's.

    `on_connected` is called once the queue's tables could be written, so a standby counts as an outage until it is promoted.

    Raises QueueLost, QueueEnded, DatabaseUnavailable, and what pgqueuer raises when it cannot reach its tables.
    """
    driver = AsyncpgDriver(connection)
    queue = PgQueuer(driver, queries=QueueTables(driver, worker.interrupted))
    turns = PassRunner(worker, queue)
    for job in JOBS:
        queue.schedule(job.name, job.schedule.expression, accepts_context=False)(partial(_in_turn, turns, job))
    await register(JOBS, worker.duties.system(worker.clock()))
    await _make_due(worker, queue)
    on_connected()
    async with _ending(queue, connection, worker.stop):
        try:
            await queue.run(dequeue_timeout=QUEUE_SECONDS)
        finally:
            # pgqueuer may cancel what it waits for, but a pass is never left half-way.
            if turns.running:
                await asyncio.wait(turns.running)
    if not worker.stop.is_set():
        raise QueueLost("the server closed the connection") if connection.is_closed() else QueueEnded("the queue ended by itself")


async def _in_turn(turns: PassRunner, job: Job, _: models.Schedule) -> None:
    """A pass in a task of its own."""
    task = asyncio.create_task(_passes(turns, job))
    turns.running.add(task)
    task.add_done_callback(turns.running.discard)
    await asyncio.shield(task)


async def _passes(turns: PassRunner, job: Job) -> None:
    """A pass, and again for as long as the database is away: when it is back, nobody waits for the next minute."""
    for _ in range(ATTEMPTS):
        if not await run_pass(job, turns.worker.duties, turns.worker.clock):
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(turns.queue.shutdown.wait(), AGAIN_SECONDS)
        if turns.queue.shutdown.is_set():
            return


async def _make_due(worker: WorkerState, queue: PgQueuer) -> None:
    """After an outage nobody waits for the next minute, nor for pgqueuer to give up a turn of ours that it takes for running."""
    await queue.sm.queries.insert_schedule({key: executor.next_in() for key, executor in queue.sm.registry.items()})
    async with worker.duties.system(worker.clock()).write() as transaction:
        await transaction.run("passes.due_at_once", expression=EVERY_MINUTE.expression, interrupted=list(worker.interrupted))
    worker.interrupted.clear()


@asynccontextmanager
async def _ending(queue: PgQueuer, connection: Connection, stop: asyncio.Event) -> AsyncIterator[None]:
    """The queue ends with the worker, and with its connection. Never the other way round: pgqueuer sets its own event whenever `run` ends."""

    async def end_with_worker() -> None:
        await stop.wait()
        queue.shutdown.set()

    def end_with_connection(_: object) -> None:
        queue.shutdown.set()
        queue.sm.active_heartbeat_ids.clear()

    connection.add_termination_listener(end_with_connection)
    chained = asyncio.create_task(end_with_worker())
    try:
        yield
    finally:
        chained.cancel()
        await asyncio.wait({chained})
        connection.remove_termination_listener(end_with_connection)
