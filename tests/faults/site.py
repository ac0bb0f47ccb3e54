"""A Postgres with a catalogue, and servers in processes of their own that share it, the bucket and the sandbox."""

import os
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx

from bench.runner.processes import resident_mb
from db.builtin.embedded import Urls
from tests.faults.mixed_load import MixedLoad, shoppers
from tests.faults.retrying import TIMEOUT_SECONDS, RetryingClient
from tests.lifecycle.conftest import new_life
from tests.servers.clusters import Cluster
from tests.servers.preloaded import PreloadedProcess
from tests.servers.processes import SAID, process

POOL_SIZE = 4
# Shorter than in production, so that the tests are short. Customers here download as many PDFs as they like.
SETTINGS = {"pool_size": "4", "command_seconds": "2", "papers_per_minute": "10000", "downloads_per_minute": "10000", "max_files_per_parent": "10000"}
LOCK_TIMEOUT = "alter role portico_app in database postgres set lock_timeout = '600ms'"
# What a connection of a test fails with whose Postgres goes away.
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
CAUSE = re.compile(r"cause\s*=\s*(?:'([^']*)'|(\S+))")


@dataclass(frozen=True)
class Measured:
    """Open files and resident megabytes of a process."""

    descriptors: int
    megabytes: float


@dataclass
class Server:
    """A server process, its address, and the folder of its log."""

    process: PreloadedProcess
    address: str
    folder: Path
    read: int = 0

    def measure(self) -> Measured:
        return Measured(len(os.listdir(f"/proc/{self.process.pid}/fd")), resident_mb(self.process.pid))

    def new_log(self) -> str:
        """Return what was logged since the last call."""
        text = (self.folder / SAID).read_text()
        new, self.read = text[self.read :], len(text)
        return new


@dataclass
class Site:
    """`place` is the Postgres that the servers use at the moment. `folder` has the bucket and the ledger of the sandbox, which all servers share."""

    place: Cluster
    folder: Path
    urls: Urls
    servers: list[Server] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @contextmanager
    def server(self, root: Path, *, port: int = 0, **settings: str | None) -> Iterator[Server]:
        """Run one more server."""
        folder = self.folder / f"server-{random.getrandbits(32)}"
        folder.mkdir()
        shared = {"app_database_url": self.urls.app, "data_dir": str(self.data_dir)}
        with process(root, self.urls, folder, port=port, **(SETTINGS | shared | settings)) as (running, address):
            server = Server(running, address, folder)
            self.servers.append(server)
            try:
                yield server
            finally:
                self.servers.remove(server)

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        async with administrator(self.place.urls.admin) as connection:
            yield connection

    @asynccontextmanager
    async def load(self, customers: int, *, addresses: list[str] | None = None, **options: Any) -> AsyncIterator[MixedLoad]:
        """Return a load of new customers on all servers, or on those at these addresses."""
        async with self.admin() as connection:
            ids = [await new_customer(connection) for _ in range(customers)]
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as http:
            client = RetryingClient(addresses or [server.address for server in self.servers], http)
            yield MixedLoad(shoppers(ids, client, seed=random.getrandbits(30)), **options)

    def causes(self) -> set[str]:
        """Return the causes of outages in the log lines since the last call."""
        return {quoted or bare for server in self.servers for quoted, bare in CAUSE.findall(server.new_log())}


@asynccontextmanager
async def administrator(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
    try:
        yield connection
    finally:
        connection.terminate()


async def new_customer(admin: asyncpg.Connection, card: str = "visa") -> str:
    """Create a customer who calls by HTTP. Returns the id."""
    nothing: Any = SimpleNamespace(schema=None, documents=None)
    life = await new_life(nothing, nothing, admin)
    if card != "visa":
        await life.card(card)
    return life.customer_id
