"""A job is registered once, in jobs/registry.py. The worker's schedule, its health endpoint and the command `tick` follow from that entry."""

import ast
import importlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.builtin.embedded import Urls
from db.pool import Database
from gateway.wiring import worker, worker_health
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.connection_status import ConnectionStatus
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import tick_once
from jobs.clock import ClockPassResult
from jobs.passes import Job
from jobs.registry import AT_17, JOBS

# How a job is recorded, listed and scheduled; all else in jobs/ is the work of some job.
OF_ALL_JOBS = {"jobs.passes", "jobs.registry", "jobs.worker"}
# Billing is what the billing clock works with, and belongs to Duties, as does Delivering; the worker also delivers between passes, and metrics count that.
OTHERS = {("jobs.clock", "Billing"), ("jobs.delivering", "Deliverer"), ("jobs.delivering", "Delivering"), ("jobs.delivering", "DeliveryResult")}


@dataclass
class Numbers:
    things: int = 0
    failures: int = 0


@pytest.fixture
def ran_at() -> list[datetime]:
    return []


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch, ran_at: list[datetime]) -> Job:
    """One more entry in the registry, and nothing else."""

    async def run(_: Any, now: datetime, counts: Numbers) -> None:
        ran_at.append(now)
        counts.things, counts.failures = 3, 2

    job = Job("extra", AT_17, Numbers, run, unit="thing", summary="{things} things counted", advice=lambda counts: f"Look at {counts.failures} things.")
    for module in (worker, worker_health, importlib.import_module("jobs.worker")):
        monkeypatch.setattr(module, "JOBS", (*JOBS, job))
    return job


@pytest.mark.usefixtures("extra")
async def test_tick_runs_a_registered_job_and_says_what_it_did(place: Urls, tmp_path: Path, ran_at: list[datetime]) -> None:
    before = datetime.now(UTC)
    done = await tick_once(Settings(data_dir=tmp_path), DatabaseUrls(place.admin, place.app), before - timedelta(days=9000))
    assert list(done.counts) == [job.name for job in JOBS] + ["extra"]
    assert before <= ran_at[0] <= datetime.now(UTC), "only the billing clock runs as of the given instant"
    first, second, *advice = done.lines
    assert first.endswith(" charges settled.")
    assert second.endswith(", 3 things counted.")
    assert advice[-1] == "Look at 2 things."
    assert done.failures.endswith("2 × thing failed")


@pytest.mark.usefixtures("extra")
async def test_the_worker_s_health_reports_a_registered_job(pool: Database) -> None:
    answer = await worker_health.Health(pool, ConnectionStatus(lambda: None)).answer()
    assert list(answer["jobs"]) == [job.name for job in JOBS] + ["extra"]
    assert answer["jobs"]["extra"] == {"started_at": None, "finished_at": None, "succeeded_at": None, "outcome": None, "is_overdue": True}


def test_each_entry_can_be_printed_and_has_a_name_of_its_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    for job in JOBS:
        counts = job.counts()
        assert job.summarized(counts)
        assert counts.failures == 0
        assert job.advice(counts) == ""
    assert [job.name for job in JOBS if job.is_of_billing_time] == ["billing_clock", "timed_events"]


def test_one_of_something_is_in_the_singular() -> None:
    (clock,) = [job for job in JOBS if job.name == "billing_clock"]
    assert clock.summarized(ClockPassResult(steps=1, collections=1, reconciled=1)) == "1 subscription step, 1 invoice charged, 1 charge settled"
    assert clock.summarized(ClockPassResult(steps=2, reconciled=21)) == "2 subscription steps, 0 invoices charged, 21 charges settled"


def test_no_module_of_the_gateway_wires_a_job_by_hand(root: Path) -> None:
    imports = {
        (node.module, name.name)
        for path in (root / "gateway").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "jobs"
        for name in node.names
    }
    assert ("jobs.registry", "JOBS") in imports
    assert {(module, name) for module, name in imports if module not in OF_ALL_JOBS} == OTHERS
