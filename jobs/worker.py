"""The worker: it claims the passes that are due, so of several workers one runs each pass, and another takes a pass over if its worker was killed.

The schedule is the table `job_pass`, whose times are the database's. A claim is a row with a lease; nothing is tied to a session of Postgres.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from billing.rows.passes import ClaimedPassRow
from db.outages import describe
from db.pool import Database
from jobs.passes import Duties, Job, PassResult, run_pass, system
from jobs.registry import JOBS

logger = logging.getLogger("portico.jobs")

# How often a worker looks for passes that are due.
POLL_SECONDS = 1.0
# How long a pass belongs to a worker that does not renew its lease, and how often it is renewed.
LEASE = timedelta(seconds=30)
RENEWAL_SECONDS = 10.0
# A pass that the database broke off is due again after so long, so many times in a row: that is about a minute.
RETRY_PAUSE = timedelta(seconds=5)
ATTEMPTS = 10
# Jobs that run at least this often are due at once when a worker has connected, so that nobody waits for their next time after an outage.
FREQUENT = timedelta(minutes=1)


@dataclass(slots=True)
class WorkerState:
    """What a worker runs until `stop` is set, across outages of the database. `schedule` has one connection for the schedule alone, because passes may use all others.

    `unrecorded` are passes that have ended, and whose ends the database could not be told yet.
    """

    duties: Duties
    schedule: Database
    stop: asyncio.Event
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    unrecorded: list[PassResult] = field(default_factory=list)
    renewed_at: float = 0.0
    # How many passes of each job have ended with each outcome.
    passes: Counter[tuple[str, str]] = field(default_factory=Counter)


async def work(worker: WorkerState) -> None:
    """Claim and start what is due, once; record and renew what was claimed before. Raises DatabaseUnavailable and asyncpg's exceptions, after which it may be called again."""
    await _record_ended(worker)
    await _renew(worker)
    claimed = await _write(worker, "passes.claim", jobs=[job.name for job in JOBS if job.name not in worker.running], worker=worker.name, lease=LEASE)
    for row in claimed:
        worker.running[row.job] = asyncio.create_task(_run(worker, next(job for job in JOBS if job.name == row.job), row))


async def register(worker: WorkerState) -> None:
    """Make sure that passes of all jobs are scheduled; frequent jobs are due at once. Raises as `work`.

    Passes that ended during an outage are recorded before, because the end of a pass sets the job's next time.
    """
    await _record_ended(worker)
    schedules = [job.schedule for job in JOBS]
    await _write(
        worker,
        "passes.register",
        jobs=[job.name for job in JOBS],
        intervals=[schedule.interval for schedule in schedules],
        offsets=[schedule.offset for schedule in schedules],
        at_once=[schedule.interval <= FREQUENT for schedule in schedules],
    )


async def finish(worker: WorkerState) -> None:
    """Wait until the running passes have ended: a pass is not cancelled. Their leases are renewed meanwhile, as far as the database can be reached."""
    while worker.running:
        await asyncio.wait(worker.running.values(), timeout=RENEWAL_SECONDS)
        with suppress(Exception):  # whatever the database says, the passes are waited for
            await _renew(worker)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait so long, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _run(worker: WorkerState, job: Job, claimed: ClaimedPassRow) -> None:
    """Run a pass and record its end; where that cannot be recorded now, it is recorded later."""
    result = await run_pass(job, worker.duties, claimed.started_at)
    worker.passes[job.name, result.outcome] += 1
    try:
        await _record(worker, result)
    except Exception as error:  # whatever it is, the worker goes on with its other jobs
        logger.error("the end of the pass of %s could not be recorded yet: %s", job.name, describe(error))
        worker.unrecorded.append(result)
    finally:
        del worker.running[job.name]


async def _record_ended(worker: WorkerState) -> None:
    while worker.unrecorded:
        await _record(worker, worker.unrecorded[0])
        worker.unrecorded.pop(0)


async def _record(worker: WorkerState, result: PassResult) -> None:
    schedule = result.job.schedule
    await _write(
        worker,
        "passes.end",
        job=result.job.name,
        worker=worker.name,
        started_at=result.started_at,
        outcome=result.outcome,
        detail=result.detail,
        is_refused=result.is_refused,
        interval=schedule.interval,
        offset=schedule.offset,
        attempts=ATTEMPTS,
        pause=RETRY_PAUSE,
    )


async def _renew(worker: WorkerState) -> None:
    """Renew the leases of the running passes when it is time. A pass that another worker has taken over goes on, because passes are safe to run twice at once."""
    jobs = list(worker.running)
    if not jobs or monotonic() - worker.renewed_at < RENEWAL_SECONDS:
        return
    held = {row.job for row in await _write(worker, "passes.renew", jobs=jobs, worker=worker.name, lease=LEASE)}
    worker.renewed_at = monotonic()
    for job in worker.running.keys() & {*jobs} - held:
        logger.warning("another worker has taken over the pass of %s, because its lease could not be renewed in time", job)


async def _write(state: WorkerState, block: str, /, **values: Any) -> list[Any]:
    async with system(state.schedule, datetime.now(UTC)).write() as transaction:
        return await transaction.run(block, **values)
