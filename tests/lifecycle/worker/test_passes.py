"""A pass of a job is recorded however it ends, and one that does not come is noticed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

import jobs.worker as schedule
from billing.rows.passes import JobPass
from db.pool import Database
from db.unit_of_work import DatabaseUnavailable
from gateway.wiring.connection_status import ConnectionStatus
from jobs.clock import Billing
from jobs.passes import Duties, Job, is_overdue, passes_of, run_pass, system
from jobs.registry import EVERY_MINUTE, JOBS
from jobs.worker import WorkerState, finish, register, work
from storage.local import Local

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LOST = ConnectionResetError(104, "Connection reset by peer")


@dataclass
class Numbers:
    things: int = 0
    failures: int = 0
    blocked: int = 0


def outage() -> DatabaseUnavailable:
    error = DatabaseUnavailable("the connection is lost")
    error.__cause__ = LOST
    return error


# What a job does to its numbers or raises; then the outcome, what is written about it, and whether it is tried again soon.
ENDINGS: dict[str, tuple[Numbers, Exception | None, str, str, bool]] = {
    "all is done": (Numbers(3), None, "DONE", "3 things", False),
    "nothing was to be done": (Numbers(), None, "DONE", "", False),
    "some failed": (Numbers(3, 2), None, "PARTIAL", "3 things, 2 failures", False),
    "some were locked": (Numbers(3, 2, 1), None, "PARTIAL", "3 things, 2 failures, 1 blocked", True),
    "the database went away": (Numbers(1), outage(), "FAILED", f"ConnectionResetError: {LOST}", True),
    "a lock was held": (Numbers(), asyncpg.LockNotAvailableError("held"), "FAILED", "LockNotAvailableError 55P03: held", True),
    "a bug": (Numbers(1), KeyError("price"), "FAILED", "KeyError: 'price'", False),
}


@pytest.fixture
def duties(pool: Database, tmp_path: Path) -> Duties:
    post: Any = None
    return Duties(Billing(pool, {}), Local(tmp_path, "", b""), post)


def job(counts: Callable[[], Any], ending: Callable[[Any], None]) -> Job:
    async def run(_: Duties, __: datetime, done: Any) -> None:
        ending(done)

    return Job("a job of a test", EVERY_MINUTE, counts, run, unit="thing", summary="{things} things done")


Passed = Callable[[Job], Awaitable[JobPass]]


@pytest.fixture
async def passed(pool: Database, duties: Duties, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> Passed:
    """Have a worker run one pass of a job, and return what is recorded of it."""

    async def run(due: Job) -> JobPass:
        monkeypatch.setattr(schedule, "JOBS", (due,))
        worker = WorkerState(duties, pool, asyncio.Event())
        await register(worker)
        await owner.execute("update job_pass set due_at = now() where job = $1", due.name)
        await work(worker)
        await finish(worker)
        return (await passes_of(system(pool, NOW)))[due.name]

    await owner.execute("delete from job_pass where job = 'a job of a test'")
    return run


# The job needs nothing else of them.
UNTRACED_DUTIES: Any = SimpleNamespace(trace=lambda _: nullcontext())


@pytest.mark.parametrize("name", ENDINGS)
async def test_a_pass_is_recorded_in_the_database_and_in_the_log(passed: Passed, caplog: pytest.LogCaptureFixture, name: str) -> None:
    numbers, error, outcome, detail, is_again = ENDINGS[name]
    caplog.set_level("INFO", "portico.jobs")

    def ending(done: Numbers) -> None:
        done.things, done.failures, done.blocked = numbers.things, numbers.failures, numbers.blocked
        if error is not None:
            raise error

    last = await passed(job(Numbers, ending))
    assert (last.outcome, last.detail) == (outcome, detail)
    assert last.started_at
    assert last.finished_at
    assert last.started_at < last.finished_at <= last.read_at
    assert last.succeeded_at == (None if outcome == "FAILED" else last.finished_at)
    (line,) = [vars(record) for record in caplog.records if record.getMessage() == "pass"]
    assert (line["job"], line["outcome"], line.get("things", 0)) == ("a job of a test", outcome, numbers.things)
    assert line["levelname"] == ("INFO" if outcome == "DONE" else "ERROR")
    assert ("Traceback" in caplog.text) == (name == "a bug")
    assert (await run_pass(job(Numbers, ending), UNTRACED_DUTIES, NOW)).is_refused == is_again


async def test_a_pass_that_fails_does_not_hide_when_the_last_one_succeeded(passed: Passed) -> None:
    def fail(_: Any) -> None:
        raise KeyError

    first = await passed(job(Numbers, lambda _: None))
    last = await passed(job(Numbers, fail))
    assert first.finished_at
    assert last.finished_at
    assert (last.outcome, last.succeeded_at) == ("FAILED", first.finished_at)
    assert last.finished_at > first.finished_at


@pytest.mark.parametrize("known", JOBS, ids=[known.name for known in JOBS])
async def test_a_job_is_overdue_five_minutes_after_its_next_pass_should_have_ended(known: Job, passed: Passed) -> None:
    last = await passed(replace(known, counts=Numbers, run=_nothing))
    assert last.succeeded_at
    limit = known.schedule.interval + timedelta(minutes=5)
    assert not is_overdue(known, replace(last, read_at=last.succeeded_at + limit))
    assert is_overdue(known, replace(last, read_at=last.succeeded_at + limit + timedelta(seconds=1)))
    never = replace(last, started_at=None, finished_at=None, succeeded_at=None, registered_at=NOW)
    assert not is_overdue(known, replace(never, read_at=NOW + limit))
    assert is_overdue(known, replace(never, read_at=NOW + limit + timedelta(seconds=1)))
    assert is_overdue(known, None)


def test_hourly_jobs_are_not_due_at_once() -> None:
    hourly = [job.schedule.offset for job in JOBS if job.schedule.interval == timedelta(hours=1)]
    assert len(set(hourly)) == len(hourly) > 1


async def _nothing(*_: Any) -> None: ...


def test_every_loss_and_every_return_is_a_line_and_attempts_that_fail_alike_are_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "portico.worker")
    ready: list[bool] = []
    status = ConnectionStatus(lambda: ready.append(True))
    pauses = [status.lost(LOST) for _ in range(5)]
    assert pauses == [0.5, 1.0, 2.0, 2.0, 2.0]
    status.lost(TimeoutError())
    status.connected()
    assert ready == [True]
    for _ in range(2):
        status.lost(LOST)
        status.connected()
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(", and")[0].split(" after")[0].removeprefix("the worker ") for text in said] == [
        "cannot connect", "cannot connect", "is connected again", "has lost its connection", "is connected again", "has lost its connection",
        "is connected again",
    ]  # fmt: skip
    assert said[0].endswith(f"ConnectionResetError: {LOST}")
    assert ready == [True]
