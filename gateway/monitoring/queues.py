"""What waits in the database, and what the passes of jobs did, for the metrics of a worker."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing.rows.passes import JobStateRow, QueueRow
from db.outages import describe
from db.pool import Database
from gateway.monitoring.families import Reading, Readings
from jobs.delivering import DeliveryResult
from jobs.passes import system
from jobs.worker import WorkerState
from payments.processor import ARRIVES_WITHIN
from resolvers.reads.facts import fetch_rows

logger = logging.getLogger("portico.metrics")

READ_SECONDS = 2.0


@dataclass(slots=True)
class Queues:
    """The queues as of the last scrape. While the database does not answer, their metrics are missing and `portico_database_up` is 0."""

    database: Database
    _queue: QueueRow | None = None
    _jobs: list[JobStateRow] = field(default_factory=list)

    async def refresh(self) -> None:
        """Read the queues; it raises nothing."""
        now = datetime.now(UTC)
        session = system(self.database, now)
        try:
            async with asyncio.timeout(READ_SECONDS):
                rows = await fetch_rows(session, "monitoring.queues", started_before=now - ARRIVES_WITHIN)
                self._queue, self._jobs = rows[0], list(await fetch_rows(session, "monitoring.jobs"))
        except Exception as error:  # after any failure, what waits is unknown
            logger.warning("what waits in the database cannot be counted: %s", describe(error))
            self._queue, self._jobs = None, []
        finally:
            await session.close()

    def readings(self) -> Readings:
        queue, jobs = self._queue, self._jobs
        yield Reading("portico_database_up", (), int(queue is not None))
        if queue is not None:
            for name in ("events", "webhook_deliveries", "letters"):
                yield Reading(f"portico_{name}_waiting", (), getattr(queue, name))
                yield Reading(f"portico_{name}_waiting_seconds", (), _seconds(queue.read_at, getattr(queue, f"oldest_{name}_at")))
            yield Reading("portico_webhook_endpoints_disabled", (), queue.disabled_endpoints)
            yield Reading("portico_charges_unknown", (), queue.unknown_charges)
        for job in jobs:
            yield Reading("portico_job_age_seconds", (job.job,), _seconds(job.read_at, job.succeeded_at or job.registered_at))
            yield Reading("portico_job_lag_seconds", (job.job,), 0.0 if job.is_running else _seconds(job.read_at, job.due_at))
            if job.started_at and job.finished_at and job.finished_at >= job.started_at:
                yield Reading("portico_job_pass_seconds", (job.job,), _seconds(job.finished_at, job.started_at))


@dataclass(frozen=True, slots=True)
class WorkerReadings:
    """What this worker has done since its start."""

    worker: WorkerState
    delivered: DeliveryResult

    def readings(self) -> Readings:
        for (job, outcome), count in list(self.worker.passes.items()):
            yield Reading("portico_job_passes_total", (job, outcome.lower()), count)
        results: dict[str, Any] = {"delivered": self.delivered.delivered, "failed": self.delivered.attempts_failed, "unrecorded": self.delivered.failures}
        for result, count in results.items():
            yield Reading("portico_webhook_attempts_total", (result,), count)


def _seconds(now: datetime, since: datetime | None) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
