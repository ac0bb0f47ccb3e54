"""What runs in a soak: Postgres, two servers and a worker, as in production but for the machine that they share."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.runner.database import ROOT
from gateway.http.serving.server import listen
from tests import template
from tests.faults.site import Server, Site, administrator
from tests.lifecycle.conftest import fill
from tests.lifecycle.worker.test_worker_outages import Worker, worker_process
from tests.servers.clusters import cluster

# The tests' Postgres does not wait for the disk and hands no file of its log on; this one does both.
AS_IN_PRODUCTION = ("fsync = on", "full_page_writes = on", "wal_recycle = on", "max_connections = 100", "autovacuum_naptime = '10s'")
# As by default, where the tests of faults have shorter or smaller ones.
SETTINGS = {"pool_size": "10", "command_seconds": "8"}


@dataclass(frozen=True)
class Stage:
    """The processes by name, with the port of the metrics of each."""

    site: Site
    worker: Worker
    ports: dict[str, int]

    @property
    def pids(self) -> dict[str, int]:
        servers: list[Server] = self.site.servers
        return {f"server {number}": server.process.pid for number, server in enumerate(servers, 1)} | {"worker": self.worker.process.pid}


@contextmanager
def stage() -> Iterator[Stage]:
    """Start everything on an empty database with a catalogue."""
    templates = template.make_folder()
    try:
        with tempfile.TemporaryDirectory(prefix="portico-soak-") as folder, cluster(Path(folder)) as place:
            asyncio.run(_prepare(place.urls.admin))
            place.restart("fast")
            site = Site(place, Path(folder) / "site", place.urls)
            site.data_dir.mkdir(parents=True)
            with _processes(site) as running:
                yield running
    finally:
        if templates:
            template.remove(templates)


async def _prepare(admin_url: str) -> None:
    await fill(admin_url)
    async with administrator(admin_url) as admin:
        for setting in AS_IN_PRODUCTION:
            await admin.execute(f"alter system set {setting}")


@contextmanager
def _processes(site: Site) -> Iterator[Stage]:
    ports = {name: free_port() for name in ("server 1", "server 2", "worker")}
    with (
        site.server(ROOT, metrics_port=str(ports["server 1"]), **SETTINGS),
        site.server(ROOT, metrics_port=str(ports["server 2"]), **SETTINGS),
        worker_process(ROOT, site.urls, site.data_dir, PORTICO_METRICS_PORT=str(ports["worker"])) as worker,
    ):
        yield Stage(site, worker, ports)


def free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])
