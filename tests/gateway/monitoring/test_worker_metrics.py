"""The metrics of a worker: what waits in the database, its passes and its calls of processors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from db.builtin import embedded
from gateway.monitoring.calls import ProcessorMetrics
from gateway.monitoring.families import FAMILIES
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import run_worker
from jobs.registry import JOBS
from payments.processor import ChargeLookup, ChargeRequest, OutcomeUnknown, ProcessorUnavailable, SetupNotFound
from payments.sandbox import Sandbox
from tests.conftest import SECRET
from tests.gateway.live.streaming import add_customer
from tests.gateway.monitoring.scraping import free_port, scrape
from tests.template import create_database
from tests.waiting import until


@pytest.fixture
async def place(urls: embedded.Urls) -> embedded.Urls:
    """A database of its own, in which no other test leaves anything waiting."""
    return await create_database(urls, f"metrics_{uuid4().hex[:8]}")


@asynccontextmanager
async def working(place: embedded.Urls, folder: Path, port: int) -> AsyncIterator[None]:
    stop = asyncio.Event()
    settings = Settings(data_dir=folder, metrics_port=port)
    worker = asyncio.create_task(run_worker(settings, DatabaseUrls(place.admin, place.app), on_ready=lambda: None, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def reaches(port: int, expected: float, name: str, **labels: str) -> None:
    async def reached() -> bool:
        return (await scrape(port)).value(name, **labels) == expected

    await until(reached)


async def test_passes_are_counted_and_their_age_and_lag_are_known(place: embedded.Urls, tmp_path: Path) -> None:
    port = free_port()
    async with working(place, tmp_path, port):
        await until(lambda: _has_passed(port))
        after = await scrape(port)
        assert after.labels("portico_job_age_seconds", "job_name") == {job.name for job in JOBS}
        assert after.value("portico_job_passes_total", job_name="billing_clock", outcome="done") == 1
        assert 0 <= after.value("portico_job_age_seconds", job_name="billing_clock") < 60
        assert after.value("portico_job_lag_seconds", job_name="billing_clock") == 0
        assert after.value("portico_build_info", process="worker") == after.value("portico_database_up") == 1
        assert after.value("portico_pool_connections_max") == 7


async def _has_passed(port: int) -> bool:
    try:
        return (await scrape(port)).value("portico_job_passes_total", job_name="billing_clock") > 0
    except OSError:
        return False
    except Exception as error:  # httpx has errors of its own for a port that is not open yet
        return "connect" not in str(error).lower()


async def test_what_waits_is_counted_with_its_age(place: embedded.Urls, tmp_path: Path) -> None:
    port = free_port()
    admin = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    try:
        async with working(place, tmp_path, port):
            await until(lambda: _has_passed(port))
            before = await scrape(port)
            assert [before.value(f"portico_{name}_waiting") for name in ("letters", "webhook_deliveries")] == [0, 0]
            grace = await add_customer(admin)
            await _leave_letter(admin, str(grace.customer_id))
            await _leave_delivery(admin)
            await reaches(port, 1, "portico_letters_waiting")
            after = await scrape(port)
            assert 3590 < after.value("portico_letters_waiting_seconds") < 3700
            assert after.value("portico_webhook_deliveries_waiting") == 1
            assert 7190 < after.value("portico_webhook_deliveries_waiting_seconds") < 7300
            await admin.execute("update webhook_endpoint set status = 'DISABLED', disabled_reason = 'GONE', disabled_at = now()")
            await reaches(port, 0, "portico_webhook_deliveries_waiting")
            assert (await scrape(port)).value("portico_webhook_endpoints_disabled") == 1
    finally:
        await admin.close()


async def _leave_letter(admin: asyncpg.Connection, customer_id: str) -> None:
    await admin.execute(
        "insert into letter (id, customer_id, kind, sealed, written_at, send_at) values ($1, $2, 'receipt', '\\x00', now() - interval '1 hour', now() + interval '1 hour')",
        f"let_{uuid4().hex[:26]}",
        customer_id,
    )


async def _leave_delivery(admin: asyncpg.Connection) -> None:
    await admin.execute(
        """insert into webhook_endpoint (id, url, payload, public_key, sealed, position, created_at)
           values ('whe_metrics', 'https://example.com/hook', 'THIN', '', '\\x00', (select last_position from event_feed), now())"""
    )
    await admin.execute(
        """insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, changes, occurred_at, queued_at, next_at, created_at)
           values ('whd_1', 'whe_metrics', 'evt_1', '', 1, 'customer.updated', 'cus_1', '{}', now(), now() - interval '2 hours', now() + interval '1 hour', now())"""
    )


async def test_while_the_database_is_away_scrapes_are_answered(place: embedded.Urls, urls: embedded.Urls, tmp_path: Path) -> None:
    port = free_port()
    name = place.admin.rpartition("/")[2].partition("?")[0]
    async with working(place, tmp_path, port):
        await until(lambda: _has_passed(port))
        administrator = await asyncpg.connect(urls.admin)
        try:
            await administrator.execute(f'alter database "{name}" allow_connections false')
            await administrator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            await reaches(port, 0, "portico_database_up")
            assert "portico_letters_waiting" not in (await scrape(port)).names
            await administrator.execute(f'alter database "{name}" allow_connections true')
            await reaches(port, 1, "portico_database_up")
        finally:
            await administrator.execute(f'alter database "{name}" allow_connections true')
            await administrator.close()


async def test_calls_of_a_processor_are_counted_by_their_result() -> None:
    metrics = ProcessorMetrics()
    processor = metrics.around(Sandbox(SECRET))
    now = datetime.now(UTC)
    assert processor.name == "sandbox"
    for number, card in enumerate(("visa", "visa", "lost_card")):
        await processor.charge(ChargeRequest(f"pay_{number}", "cus_1", f"sandbox_0123456789abcdef_{card}", 100, "USD"))
    for card, error in (("timeout_before_capture", OutcomeUnknown), ("unavailable", ProcessorUnavailable)):
        with pytest.raises(error):
            await processor.charge(ChargeRequest(f"pay_{card}", "cus_1", f"sandbox_0123456789abcdef_{card}", 100, "USD"))
    with pytest.raises(SetupNotFound):
        await processor.finish_setup("sandbox_setup_x_y", customer_id="cus_1")
    assert await processor.outcome(ChargeLookup("none", "sandbox_0123456789abcdef_visa", None, now - timedelta(days=1)), now=now) is None
    counts = {reading.labels: sum(reading.value.counts) for reading in metrics.readings()}  # type: ignore[union-attr]  # all of them are histograms
    assert counts == {
        ("sandbox", "charge", "succeeded"): 2,
        ("sandbox", "charge", "failed"): 1,
        ("sandbox", "charge", "unknown"): 1,
        ("sandbox", "charge", "unavailable"): 1,
        ("sandbox", "finish_setup", "refused"): 1,
        ("sandbox", "outcome", "ok"): 1,
    }


def test_names_follow_the_conventions_of_prometheus() -> None:
    for family in FAMILIES:
        assert family.name.startswith("portico_")
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert not family.name.endswith(("_count", "_sum", "_bucket")), family.name
        assert family.kind in ("gauge", "counter") or family.name.endswith("_seconds"), family.name
        assert family.help.endswith(".")
        assert len(set(family.labels)) == len(family.labels)
