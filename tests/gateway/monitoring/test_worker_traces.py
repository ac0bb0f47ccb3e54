"""The traces of a worker: one for each pass of a job."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

import demo
from db.builtin import embedded
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import run_worker
from jobs.registry import EVERY_MINUTE, JOBS
from tests.template import create_database
from tests.waiting import until

pytest.importorskip("opentelemetry")
from tests.gateway.monitoring.collector import CLIENT, collecting

INTERNAL = 1
# One subscription is enough: renewing all of the demo takes ten seconds of processor time.
DUE = """update subscription set period_ends_at = now() - interval '1 minute', renews_at = now() - interval '1 minute' where id = (
           select id from subscription s where status = 'ACTIVE' and renews_at is not null
              and exists (select 1 from payment_method m where m.customer_id = s.customer_id and m.processor = 'sandbox') order by id limit 1)"""


async def test_each_pass_of_a_job_is_a_trace_with_the_calls_of_the_processor(urls: embedded.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, stop = await create_database(urls, f"traces_{uuid4().hex[:8]}"), asyncio.Event()
    await demo.seed(place.admin, customers=0, now=datetime.now(UTC), progress=lambda _: None)
    admin = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    assert await admin.execute(DUE) == "UPDATE 1"
    await admin.close()
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        worker = asyncio.create_task(run_worker(Settings(data_dir=tmp_path, otel=True), DatabaseUrls(place.admin, place.app), on_ready=lambda: None, stop=stop))

        async def has_passed() -> bool:
            return {span["name"] for span in collector.spans} >= {f"job {job.name}" for job in JOBS if job.schedule == EVERY_MINUTE}

        try:
            await until(has_passed)
        finally:
            stop.set()
            await worker
        (clock,) = [span for span in collector.spans if span["name"] == "job billing_clock"]
        charges = collector.children(clock)
    assert clock["kind"] == INTERNAL
    assert clock["attributes"]["portico.job"] == "billing_clock"
    assert {(charge["name"], charge["kind"]) for charge in charges} == {("processor.sandbox.charge", CLIENT)}
