"""The worker and `tick` as an operator runs them: beside the billing clock they sweep files that nobody owns."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import run_worker
from storage import keys
from tests.lifecycle.conftest import Life, new_id
from tests.servers import preloaded
from tests.waiting import until


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "bucket"


async def loose(life: Life, bucket: Path, *, expires_at: datetime) -> Path:
    """An object that no attachment owns."""
    key = keys.stored(life.customer_id, new_id("att"), "f" * 16)
    path = bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nobody's")
    await life.admin.execute("insert into portico.loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", life.customer_id, key, expires_at)
    return path


async def test_tick_sweeps_as_of_now_even_when_the_clock_is_told_another_time(life: Life, place: embedded.Urls, bucket: Path, root: Path) -> None:
    now = datetime.now(UTC)
    due = await loose(life, bucket, expires_at=now - timedelta(minutes=1))
    being_written = await loose(life, bucket, expires_at=now + timedelta(hours=1))
    environment = os.environ | {"PORTICO_DATABASE_URL": place.admin, "PORTICO_DATA_DIR": str(bucket.parent)}
    done = await asyncio.to_thread(preloaded.run, ["tick", "--at", "2027-01-02T00:00:00"], cwd=root, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "0 expired upload reservations removed, 1 unused object deleted, " in done.stdout
    assert (due.exists(), being_written.exists()) == (False, True)


async def test_the_worker_sweeps_and_forgets_every_hour(life: Life, place: embedded.Urls, bucket: Path) -> None:
    """What came due while no worker ran is done by the next one at once."""
    async with _working(place, bucket.parent):
        await until(lambda: _scheduled(life.admin))
    due = await loose(life, bucket, expires_at=datetime.now(UTC) - timedelta(minutes=1))
    await life.admin.execute(
        "insert into idempotency_key (customer_id, mutation, key, input_hash, answer, created_at, finished_at) values ($1, '', 'past', '', '{}', $2, $2)",
        life.customer_id,
        datetime.now(UTC) - timedelta(days=8),
    )
    await life.admin.execute("update portico.job_pass set due_at = now() - interval '1 second' where job in ('letters_to_come', 'attachments_sweep', 'upkeep')")

    async def both_done() -> bool:
        return not due.exists() and await life.rows("idempotency_key", "and key = 'past'") == []

    async with _working(place, bucket.parent):
        await until(both_done)
        assert not due.exists()


@asynccontextmanager
async def _working(place: embedded.Urls, data_dir: Path) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(Settings(data_dir=data_dir), DatabaseUrls(place.admin, place.app), on_ready=lambda: None, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def _scheduled(admin: asyncpg.Connection) -> bool:
    rows = await admin.fetch("select job, due_at from portico.job_pass where due_at > now() and job in ('attachments_sweep', 'letters_to_come', 'upkeep')")
    return {row["job"]: row["due_at"].minute for row in rows} == {"attachments_sweep": 17, "letters_to_come": 27, "upkeep": 47}
