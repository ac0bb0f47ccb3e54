"""A pass of a job: run, and written to the log however it ends. `worker.py` schedules passes and records them in the database."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from billing.rows.passes import JobPass
from billing.states import Actor
from db.connections import REFUSED
from db.observing.statements import UNTRACED
from db.outages import describe
from db.pool import Database
from db.replicas.routing import Replicas
from db.unit_of_work import Caller, DatabaseUnavailable, UnitOfWork
from jobs.clock import Billing
from jobs.delivering import Delivering
from resolvers.context import Post
from resolvers.exports.archive import Printing
from resolvers.reads.facts import fetch_rows
from storage.bucket import Bucket

logger = logging.getLogger("portico.jobs")

# How long after its time a pass may end before it is overdue: the longest passes charge some ten thousand customers.
PATIENCE = timedelta(minutes=5)
# The database is away, or refuses for now: locked, read-only, a standby. What an operator has to mend is tried again as often: nobody says when it is mended.
TRANSIENT_ERRORS = (DatabaseUnavailable, REFUSED)


@dataclass(frozen=True, slots=True)
class Duties:
    """What a worker works with: for money, for letters that are left, for files that nobody owns, for rows that nobody can use any more,
    for exports and for outgoing webhooks; without `printing` or `delivering` it makes none. `event_days`: for how many days events are kept.
    `replicas` are what exports are read from. `trace` gives the context in which a job has a span."""

    billing: Billing
    bucket: Bucket
    post: Post
    printing: Printing | None = None
    delivering: Delivering | None = None
    event_days: int = 90
    replicas: Replicas = field(default_factory=Replicas)
    trace: Callable[[str], AbstractContextManager[object]] = lambda _: UNTRACED

    def system(self, now: datetime) -> UnitOfWork:
        """A unit of work of the portal's own."""
        return system(self.billing.database, now)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long it is from one pass to the next, and how long after the start of such an interval a pass is due: 17 minutes after each full hour. Times are UTC's."""

    interval: timedelta
    offset: timedelta = timedelta()


class Counted(int):
    """A number that is formatted with its noun, in the plural unless it is 1: `{letters:letter} sent`."""

    def __format__(self, noun: str) -> str:
        return f"{int(self)} {noun}{'' if self == 1 else 's'}" if noun else str(int(self))


@dataclass(frozen=True, slots=True)
class Job:
    """`counts` makes the dataclass of numbers that `run` fills while it works, so that they are there when it breaks off too.

    It has `failures`, and where they are told apart `blocked`: those that the database refused for now.

    `unit`, `summary` and `advice` are what the command `tick` prints: what one failure is, the counts as a format string with the noun of each (`Counted`), and a sentence
    about them, or "".
    `is_of_billing_time` says that `tick --at` runs the job as of that instant; other jobs run as of now, since that instant may lie in the future.
    """

    name: str
    schedule: Schedule
    counts: Callable[[], Any]
    run: Callable[[Duties, datetime, Any], Awaitable[object]]
    unit: str
    summary: str
    advice: Callable[[Any], str] = lambda _: ""
    is_of_billing_time: bool = False

    def summarized(self, counts: Any) -> str:
        """Return the summary with these counts."""
        return self.summary.format(**{name: Counted(number) for name, number in asdict(counts).items()})


def system(database: Database, now: datetime) -> UnitOfWork:
    return UnitOfWork(database, Caller(None, Actor.SYSTEM, now), acquire_seconds=30)


@dataclass(frozen=True, slots=True)
class PassResult:
    """How a pass ended. `is_refused`: the database refused something for now, so the pass should be tried again soon."""

    job: Job
    started_at: datetime
    outcome: str
    detail: str
    is_refused: bool


async def run_pass(job: Job, duties: Duties, started_at: datetime) -> PassResult:
    """Run one pass as of `started_at`. It raises nothing: what breaks it off is in the log and in the result."""
    began, counts = monotonic(), job.counts()
    outcome, cause, is_refused = "FAILED", "", False
    try:
        with duties.trace(job.name):
            await job.run(duties, started_at, counts)
        outcome, is_refused = "PARTIAL" if counts.failures else "DONE", getattr(counts, "blocked", 0) > 0
    except TRANSIENT_ERRORS as error:
        cause, is_refused = describe(error), True
    except (Exception, asyncio.CancelledError) as error:  # nobody cancels a pass, so a cancellation is a bug of the job; the other jobs go on
        cause = describe(error)
        logger.exception("the pass of %s broke off", job.name)
    numbers = {name: number for name, number in asdict(counts).items() if number}
    line = {"job": job.name, "outcome": outcome, **numbers, "milliseconds": round((monotonic() - began) * 1000)}
    logger.log(logging.INFO if outcome == "DONE" else logging.ERROR, "pass", extra=line | {"cause": cause} if cause else line)
    detail = cause or ", ".join(f"{number} {name}" for name, number in numbers.items())
    return PassResult(job, started_at, outcome, detail, is_refused)


async def passes_of(session: UnitOfWork) -> dict[str, JobPass]:
    """The last pass of each job, by its name. Raises DatabaseUnavailable."""
    try:
        return {row.job: row for row in await fetch_rows(session, "passes.all")}
    finally:
        await session.close()


def is_overdue(job: Job, last: JobPass | None) -> bool:
    """Return whether no pass reached its end for longer than the schedule allows. `last` is None where no worker has ever known the job."""
    since = (last.succeeded_at or last.registered_at) if last else None
    return last is None or since is None or last.read_at - since > job.schedule.interval + PATIENCE
