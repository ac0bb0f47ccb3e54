"""The health endpoint of the worker: its connection to the schedule, and the last pass of each job."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing.rows.passes import JobPass
from db.outages import describe
from db.pool import Database, Pool
from gateway.http.serving.server import configured, listen
from gateway.monitoring.endpoint import MonitoringServer
from gateway.routes.health import CACHE_SECONDS, HEADERS
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.connection_status import ConnectionStatus
from gateway.wiring.database import DatabaseUrls
from jobs.passes import is_overdue, passes_of, system
from jobs.registry import JOBS

logger = logging.getLogger("portico.health")

POLL_SECONDS = 2.0


@asynccontextmanager
async def worker_health(settings: Settings, urls: DatabaseUrls, status: ConnectionStatus) -> AsyncIterator[None]:
    """Listen on PORTICO_WORKER_PORT as long as the context; without that setting there is no endpoint. Raises PortInUse."""
    if settings.worker_port is None:
        yield
        return
    listener = listen(settings.host, settings.worker_port, "PORTICO_WORKER_PORT")
    # A connection of its own, because a worker with a busy connection pool is still working.
    async with Database(urls.app_url, Pool(1, is_prepared=urls.is_prepared), server_settings=urls.server_settings) as database:
        server = MonitoringServer(configured(Starlette(routes=_routes(Health(database, status))), 1.0))
        serving = asyncio.create_task(server.serve([listener]))
        logger.info("worker health is at http://%s:%d/readyz", *listener.getsockname()[:2])
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@dataclass(slots=True)
class Health:
    """The health of the worker, read from the database at most once a second and cached."""

    database: Database
    status: ConnectionStatus
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _body: dict[str, Any] = field(default_factory=dict)
    _read_at: float = float("-inf")

    async def answer(self) -> dict[str, Any]:
        """Return the body; its `status` is `ready`, or the problem."""
        async with self._lock:
            if monotonic() - self._read_at > CACHE_SECONDS:
                self._body, self._read_at = await self._read(), monotonic()
        return self._body

    async def _read(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                passes = await passes_of(system(self.database, datetime.now(UTC)))
        except Exception as error:  # after any failure, the passes are unknown
            logger.warning("the database does not answer: %s", describe(error))
            return {"status": "the database does not answer", "jobs": {}}
        jobs = {job.name: _status_body(passes.get(job.name), is_late=is_overdue(job, passes.get(job.name))) for job in JOBS}
        if not self.status.is_connected:
            return {"status": "the worker is not connected", "jobs": jobs}
        return {"status": "a pass is overdue" if any(job["is_overdue"] for job in jobs.values()) else "ready", "jobs": jobs}


def _routes(health: Health) -> list[Route]:
    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=HEADERS)

    async def readyz(_: Request) -> Response:
        answer = await health.answer()
        return JSONResponse(answer, 200 if answer["status"] == "ready" else 503, headers=HEADERS)

    return [Route("/livez", livez), Route("/readyz", readyz)]


def _status_body(last: JobPass | None, *, is_late: bool) -> dict[str, Any]:
    """Return the state of a job. Its error is in the log and in the database only, because this endpoint needs no token."""
    times = {name: at.isoformat() if (at := getattr(last, name, None)) else None for name in ("started_at", "finished_at", "succeeded_at")}
    return {**times, "outcome": last.outcome if last else None, "is_overdue": is_late}
