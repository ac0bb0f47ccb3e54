"""A pass of a job is recorded however it ends, and one that does not come is noticed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from croniter import croniter

from db.pool import Database, Pool
from db.unit_of_work import DatabaseUnavailable
from gateway.wiring.queue_status import QueueStatus
from jobs.clock import Billing
from jobs.passes import Duties, Job, Schedule, is_overdue, passes_of, run_pass, system
from jobs.registry import JOBS
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

    return Job("a job of a test", Schedule("* * * * *", timedelta(minutes=1)), counts, run, unit="thing", summary="{things} things done")


@pytest.mark.parametrize("name", ENDINGS)
async def test_a_pass_is_recorded_in_the_database_and_in_the_log(
    duties: Duties, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    numbers, error, outcome, detail, is_again = ENDINGS[name]
    caplog.set_level("INFO", "portico.jobs")

    def ending(done: Numbers) -> None:
        done.things, done.failures, done.blocked = numbers.things, numbers.failures, numbers.blocked
        if error is not None:
            raise error

    times = iter([NOW, NOW + timedelta(seconds=5)])
    await owner.execute("delete from job_pass where job = 'a job of a test'")
    assert await run_pass(job(Numbers, ending), duties, lambda: next(times)) == is_again
    last = (await passes_of(system(duties.billing.database, NOW)))["a job of a test"]
    ended_at = NOW + timedelta(seconds=5)
    assert (last.outcome, last.detail, last.started_at, last.finished_at) == (outcome, detail, NOW, ended_at)
    assert last.succeeded_at == (None if outcome == "FAILED" else ended_at)
    (line,) = [vars(record) for record in caplog.records if record.getMessage() == "pass"]
    assert (line["job"], line["outcome"], line.get("things", 0)) == ("a job of a test", outcome, numbers.things)
    assert line["levelname"] == ("INFO" if outcome == "DONE" else "ERROR")
    assert ("Traceback" in caplog.text) == (name == "a bug")


async def test_a_pass_that_fails_does_not_hide_when_the_last_one_succeeded(duties: Duties, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from job_pass where job = 'a job of a test'")

    def fail(_: Any) -> None:
        raise KeyError

    await run_pass(job(Numbers, lambda _: None), duties, lambda: NOW)
    await run_pass(job(Numbers, fail), duties, lambda: NOW + timedelta(minutes=1))
    last = (await passes_of(system(duties.billing.database, NOW)))["a job of a test"]
    assert (last.outcome, last.succeeded_at, last.finished_at) == ("FAILED", NOW, NOW + timedelta(minutes=1))


async def test_a_pass_that_cannot_be_recorded_runs_all_the_same(duties: Duties, caplog: pytest.LogCaptureFixture) -> None:
    ran = []
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", Pool(1), server_settings={}) as away:
        lost = replace(duties, billing=Billing(away, {}))
        assert await run_pass(job(Numbers, ran.append), lost, lambda: NOW) is False
    assert len(ran) == 1
    assert caplog.text.count("the pass of a job of a test could not be recorded: ConnectionRefusedError") == 2


@pytest.mark.parametrize("known", JOBS, ids=[known.name for known in JOBS])
async def test_a_job_is_overdue_five_minutes_after_its_next_pass_should_have_ended(known: Job, duties: Duties, owner: asyncpg.Connection) -> None:
    later = croniter(known.schedule.expression, NOW)
    assert later.get_next(datetime) + known.schedule.interval == later.get_next(datetime), "the interval is the one that cron has"
    await run_pass(replace(known, counts=Numbers, run=_nothing), duties, lambda: NOW)
    last = (await passes_of(system(duties.billing.database, NOW)))[known.name]
    limit = NOW + known.schedule.interval + timedelta(minutes=5)
    assert not is_overdue(known, last, limit)
    assert is_overdue(known, last, limit + timedelta(seconds=1))
    never = replace(last, started_at=None, finished_at=None, succeeded_at=None, registered_at=NOW)
    assert not is_overdue(known, never, limit)
    assert is_overdue(known, never, limit + timedelta(seconds=1))
    assert is_overdue(known, None, NOW)


async def _nothing(*_: Any) -> None: ...


def test_every_loss_and_every_return_is_a_line_and_attempts_that_fail_alike_are_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "portico.worker")
    ready: list[bool] = []
    status = QueueStatus(lambda: ready.append(True))
    pauses = [status.lost(LOST) for _ in range(5)]
    assert pauses == [0.5, 1.0, 2.0, 2.0, 2.0]
    status.lost(TimeoutError())
    status.connected()
    assert ready == [True]
    for _ in range(2):
        status.lost(LOST)
        status.connected()
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(", and")[0].split(" after")[0].removeprefix("the worker's queue ") for text in said] == [
        "cannot be connected", "cannot be connected", "is connected again", "is lost", "is connected again", "is lost", "is connected again",
    ]  # fmt: skip
    assert said[0].endswith(f"ConnectionResetError: {LOST}")
    assert ready == [True]
