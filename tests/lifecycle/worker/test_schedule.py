"""The schedule of the worker: of several workers one runs each pass, at its time by the database's clock, and another takes it over if that worker was killed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import jobs.worker as schedule
from db.builtin.embedded import Urls
from db.pool import Database, Pool
from db.unit_of_work import DatabaseUnavailable
from jobs.clock import Billing
from jobs.passes import Duties, Job, Schedule
from jobs.registry import AT_17
from jobs.worker import ATTEMPTS, LEASE, WorkerState, finish, register, work
from storage.local import Local
from tests.lifecycle.worker.test_worker_outages import worker_process
from tests.waiting import until

NAME = "a scheduled job of a test"
HOUR = timedelta(hours=1)


@dataclass
class Numbers:
    things: int = 0
    failures: int = 0
    blocked: int = 0


@dataclass
class Passes:
    """A job of the test, and its passes: when each started. A pass runs until the event is set that is the last of `holds` when it starts."""

    act: Callable[[Numbers], Awaitable[None]] | None = None
    started: list[datetime] = field(default_factory=list)
    holds: list[asyncio.Event] = field(default_factory=lambda: [asyncio.Event()])

    @property
    def hold(self) -> asyncio.Event:
        return self.holds[-1]

    def job(self, name: str = NAME) -> Job:
        return Job(name, AT_17, Numbers, self.run, unit="thing", summary="{things} things done")

    async def run(self, _: Duties, started_at: datetime, counts: Numbers) -> None:
        self.started.append(started_at)
        if self.act:
            return await self.act(counts)
        await self.hold.wait()


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
async def row(owner: asyncpg.Connection, passes: Passes, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[Any]]:
    """The row of the job, which is the only one that the workers of the test know, and which is due."""
    monkeypatch.setattr(schedule, "JOBS", (passes.job(),))
    await owner.execute("delete from job_pass where job = $1", NAME)
    await make_due(owner)

    async def read() -> Any:
        return await owner.fetchrow("select *, now() as now from job_pass where job = $1", NAME)

    return read


Workers = Callable[[], WorkerState]


@pytest.fixture
async def workers(place: Urls, pool: Database, tmp_path: Path, passes: Passes) -> AsyncIterator[Workers]:
    """Make workers with connections of their own, as processes have. Their passes have ended by the end of the test."""
    made: list[WorkerState] = []
    databases = [Database(place.app, Pool(1), server_settings={}) for _ in range(4)]
    for database in databases:
        await database.connect()

    def make() -> WorkerState:
        post: Any = None
        duties = Duties(Billing(pool, {}), Local(tmp_path, "", b""), post)
        made.append(WorkerState(duties, databases[len(made)], asyncio.Event()))
        return made[-1]

    yield make
    for hold in passes.holds:
        hold.set()
    for worker in made:
        await finish(worker)
    for database in databases:
        await database.disconnect()


async def make_due(owner: asyncpg.Connection, since: str = "1 second", job: str = NAME) -> None:
    due = f"now() - interval '{since}'"
    await owner.execute(
        f"insert into job_pass (job, registered_at, due_at) values ($1, now(), {due}) on conflict (job) do update set due_at = excluded.due_at, leased_until = null, worker = null",
        job,
    )


async def ended(worker: WorkerState) -> None:
    await asyncio.gather(*worker.running.values())


Row = Callable[[], Awaitable[Any]]


async def test_of_workers_that_look_at_once_one_runs_the_pass_that_is_due(workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection) -> None:
    passes.hold.set()
    several = [workers() for _ in range(4)]
    for number in range(1, 11):
        await make_due(owner)
        for _ in range(3):
            await asyncio.gather(*map(work, several))
            await asyncio.gather(*map(ended, several))
        assert len(passes.started) == number
    assert (await row())["outcome"] == "DONE"


async def test_times_that_were_missed_are_made_up_for_by_one_pass(workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection) -> None:
    passes.hold.set()
    await make_due(owner, "10 days")
    worker = workers()
    for _ in range(5):
        await work(worker)
        await ended(worker)
    assert len(passes.started) == 1
    last = await row()
    assert last["now"] < last["due_at"] <= last["now"] + HOUR
    assert (last["due_at"].minute, last["due_at"].second, last["due_at"].microsecond) == (17, 0, 0)


async def test_a_pass_of_a_worker_that_was_killed_is_taken_over_when_its_lease_ends(
    workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = workers(), workers()
    await work(one)
    await asyncio.sleep(0)
    await work(other)
    assert (len(passes.started), (await row())["worker"]) == (1, one.name)
    await owner.execute("update job_pass set leased_until = now() where job = $1", NAME)
    passes.holds.append(asyncio.Event())
    await work(other)
    await asyncio.sleep(0)
    assert (len(passes.started), (await row())["worker"]) == (2, other.name)
    # The first worker was only slow: it says so, and does not end the pass of the other.
    one.renewed_at = 0
    await work(one)
    assert f"another worker has taken over the pass of {NAME}" in caplog.text
    passes.holds[0].set()
    await ended(one)
    last = await row()
    assert (last["worker"], last["outcome"]) == (other.name, "RUNNING")
    passes.hold.set()
    await ended(other)
    assert (await row())["outcome"] == "DONE"


async def test_a_worker_renews_the_lease_of_a_long_pass_and_starts_it_no_second_time(
    workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection
) -> None:
    worker = workers()
    await work(worker)
    await owner.execute("update job_pass set leased_until = now() where job = $1", NAME)
    worker.renewed_at = 0
    await work(worker)
    last = await row()
    assert LEASE - timedelta(seconds=5) < last["leased_until"] - last["now"] <= LEASE
    assert len(passes.started) == 1


async def test_the_database_s_clock_decides(workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this machine is two hours fast."""

    class Fast(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # it returns no Fast
            return datetime.now(tz) + 2 * HOUR

    monkeypatch.setattr(schedule, "datetime", Fast)
    passes.hold.set()
    worker = workers()
    await work(worker)
    await ended(worker)
    last = await row()
    assert abs(passes.started[0] - last["now"]) < timedelta(minutes=1)
    assert all(abs(last[name] - last["now"]) < timedelta(minutes=1) for name in ("started_at", "finished_at", "succeeded_at"))
    assert last["due_at"] <= last["now"] + HOUR
    await work(worker)  # it is not due for the database, and would be for the machine
    await ended(worker)
    assert len(passes.started) == 1


async def test_a_job_that_fails_hangs_or_is_cancelled_does_not_stop_the_others(
    workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Numbers) -> None:
        raise KeyError("price")

    async def cancel(_: Numbers) -> None:
        raise asyncio.CancelledError

    sound, failing, cancelled = Passes(), Passes(fail), Passes(cancel)
    sound.hold.set()
    every = {NAME: passes, "failing": failing, "cancelled": cancelled, "sound": sound}
    monkeypatch.setattr(schedule, "JOBS", tuple(each.job(name) for name, each in every.items()))
    worker = workers()
    for number in (1, 2):
        for name in ("failing", "cancelled", "sound"):
            await make_due(owner, job=name)
        await work(worker)
        await asyncio.gather(*(task for name, task in worker.running.items() if name != NAME))
        assert [len(each.started) for each in every.values()] == [1, number, number, number]
    outcomes = dict(await owner.fetch("select job, outcome from job_pass where job = any($1)", list(every)))
    assert outcomes == {NAME: "RUNNING", "failing": "FAILED", "cancelled": "FAILED", "sound": "DONE"}
    assert await owner.fetchval("select bool_and(due_at > now()) from job_pass where job in ('failing', 'cancelled', 'sound')")


async def test_a_pass_that_the_database_refused_is_tried_again_soon_for_about_a_minute(
    workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection
) -> None:
    async def refuse(counts: Numbers) -> None:
        counts.failures = counts.blocked = 1

    passes.act = refuse
    worker = workers()
    for number in range(1, ATTEMPTS + 1):
        await work(worker)
        await ended(worker)
        assert len(passes.started) == number
        last = await row()
        is_soon = last["due_at"] - last["now"] <= timedelta(seconds=5)
        assert is_soon == (number < ATTEMPTS) or last["due_at"].minute == 17
        if number < ATTEMPTS:
            await owner.execute("update job_pass set due_at = now() where job = $1", NAME)
    assert (last["due_at"].minute, last["refusals"]) == (17, 0)


async def test_an_end_that_cannot_be_recorded_is_recorded_when_the_database_is_back(
    workers: Workers, passes: Passes, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    worker = workers()
    await work(worker)
    schedule_database = worker.schedule
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", Pool(1), server_settings={}) as away:
        worker.schedule = away
        passes.hold.set()
        await ended(worker)
        with pytest.raises(DatabaseUnavailable):
            await work(worker)
    assert f"the end of the pass of {NAME} could not be recorded yet: ConnectionRefusedError" in caplog.text
    assert (await row())["outcome"] == "RUNNING"
    worker.schedule = schedule_database
    await work(worker)
    assert (await row())["outcome"] == "DONE"
    assert (worker.unrecorded, len(passes.started)) == ([], 1)


async def test_a_frequent_job_is_due_at_once_although_the_end_of_its_pass_could_not_be_recorded(
    workers: Workers, passes: Passes, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "FREQUENT", HOUR)
    worker = workers()
    await work(worker)
    schedule_database = worker.schedule
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", Pool(1), server_settings={}) as away:
        worker.schedule = away
        passes.hold.set()
        await ended(worker)
        with pytest.raises(DatabaseUnavailable):
            await register(worker)
    worker.schedule = schedule_database
    await register(worker)
    last = await row()
    assert (last["outcome"], last["due_at"] <= last["now"]) == ("DONE", True)
    await work(worker)
    await ended(worker)
    assert len(passes.started) == 2


async def test_a_worker_that_ends_waits_for_its_passes(workers: Workers, passes: Passes, row: Row) -> None:
    worker = workers()
    await work(worker)
    worker.stop.set()
    ending = asyncio.create_task(finish(worker))
    await asyncio.sleep(0.05)
    assert not ending.done()
    passes.hold.set()
    await ending
    assert (await row())["outcome"] == "DONE"


async def test_registering_makes_frequent_jobs_due_at_once_and_leaves_what_is_due(
    workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    frequent = Job("frequent", Schedule(timedelta(minutes=1)), Numbers, passes.run, unit="thing", summary="")
    hourly = passes.job("hourly")
    monkeypatch.setattr(schedule, "JOBS", (passes.job(), frequent, hourly))
    await owner.execute("delete from job_pass where job in ('frequent', 'hourly')")
    overdue = (await row())["due_at"]
    await owner.execute("insert into job_pass (job, registered_at, due_at) values ('frequent', now(), now() + interval '59 seconds')")
    worker = workers()
    await register(worker)
    due = {each["job"]: each["due_at"] - each["now"] for each in await owner.fetch("select job, due_at, now() from job_pass")}
    assert (await row())["due_at"] == overdue
    assert due["frequent"] <= timedelta() < due["hourly"] <= HOUR


async def test_a_job_that_only_another_version_knows_is_left_to_that(workers: Workers, passes: Passes, row: Row, owner: asyncpg.Connection) -> None:
    passes.hold.set()
    await make_due(owner, job="of another version")
    worker = workers()
    await work(worker)
    await ended(worker)
    assert len(passes.started) == 1
    assert await owner.fetchval("select due_at < now() and worker is null from job_pass where job = 'of another version'")


# A worker whose only job writes the process's name to a file, and then takes an hour if the environment says so. Leases are short.
PROGRAM = """
import asyncio, json, os, sys
from datetime import timedelta
from pathlib import Path
import gateway.wiring.worker, gateway.wiring.worker_health, jobs.worker, jobs.registry
from gateway.cli.main import main
from jobs.passes import Job, Schedule
from jobs.upkeep import Upkeep

async def run(duties, now, done):
    with Path(os.environ["TEST_FILE"]).open("a") as file:
        print(json.dumps([os.environ["TEST_WORKER"], now.timestamp()]), file=file)
    await asyncio.sleep(3600 if "TEST_HANGS" in os.environ else 0.3)

jobs.worker.LEASE, jobs.worker.RENEWAL_SECONDS, jobs.worker.FREQUENT = timedelta(seconds=2), 0.5, timedelta(0)
only = (Job("process", Schedule(timedelta(seconds=1)), Upkeep, run, unit="", summary=""),)
jobs.worker.JOBS = gateway.wiring.worker_health.JOBS = only
main()
"""


async def test_two_processes_run_each_pass_once_and_one_takes_over_when_the_other_is_killed(
    place: Urls, root: Path, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    await owner.execute("delete from job_pass where job = 'process'")
    file = tmp_path / "passes"
    file.touch()

    def lines() -> list[tuple[str, float]]:
        return [(name, at) for name, at in map(json.loads, file.read_text().splitlines())]

    def environment(name: str, **others: str) -> dict[str, str]:
        return {"TEST_FILE": str(file), "TEST_WORKER": name, **others}

    async def has_run(name: str) -> bool:
        return name in dict(lines())

    with (
        worker_process(root, place, tmp_path, program=PROGRAM, **environment("one")) as one,
        worker_process(root, place, tmp_path, program=PROGRAM, **environment("two")) as two,
    ):
        await one.says("READY")
        await two.says("READY")
        written = len(lines())
        await asyncio.sleep(5)
        seconds = [int(at) for _, at in lines()[written:]]
        assert len(seconds) >= 3
        assert len(set(seconds)) == len(seconds), "a time at which both ran"
    written = len(lines())
    with worker_process(root, place, tmp_path, program=PROGRAM, **environment("hanging", TEST_HANGS="1")) as hanging:
        await until(lambda: has_run("hanging"), 40)
        with worker_process(root, place, tmp_path, program=PROGRAM, **environment("heir")) as heir:
            await heir.says("READY")
            await asyncio.sleep(3)  # longer than a lease, which is renewed
            assert [name for name, _ in lines()[written:]] == ["hanging"]
            killed_at = datetime.now(UTC).timestamp()
            hanging.process.kill()
            await until(lambda: has_run("heir"), 30)
    assert dict(lines())["heir"] > killed_at
