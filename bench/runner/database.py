"""The database of all servers in a benchmark: the built-in Postgres with generated customers, stored for the next run."""

import asyncio
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import asyncpg
from rich.console import Console
from rich.progress import Progress

import demo
from db.builtin import embedded
from db.deployment.migrate import migrate

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / ".portico" / "bench"
MADE_BY = ("db/migrations/versions/*/*", "demo/**/*.py", "billing/**/*.py")


@dataclass(frozen=True, slots=True)
class Place:
    """A running database: its URLs as administrator and as the application, the folder of its socket, and the process id of the parent of its backends."""

    admin_url: str
    app_url: str
    socket: str
    postmaster: int


@contextmanager
def portal(customers: int, console: Console) -> Iterator[Place]:
    """Run the portal's database with the demo customers and `customers` generated ones. It is made if it is missing, or if migrations or demo data have changed."""
    folder = STORED / f"{customers}-{_fingerprint()}"
    _forget_old(folder, customers)
    with embedded.running(folder) as urls:
        asyncio.run(_fill(urls.admin, customers, console))
        yield _place(urls, folder)


def _place(urls: embedded.Urls, folder: Path) -> Place:
    pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    return Place(urls.admin, urls.app, unquote(urls.app.partition("host=")[2]), pid)


@contextmanager
def copy_of_portal(customers: int, console: Console) -> Iterator[Place]:
    """Run a copy of the portal's database, which is deleted at the end: for measurements that write."""
    with portal(customers, console):
        pass
    folder = STORED / f"copy-{os.getpid()}"
    try:
        subprocess.run(["cp", "-a", STORED / f"{customers}-{_fingerprint()}", folder], check=True)  # with its owner, who is not root
        with embedded.running(folder) as urls:
            yield _place(urls, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for lock in STORED.glob(f"{folder.name}.*"):
            lock.unlink()


async def customer_ids(place: Place, limit: int) -> list[str]:
    """Return the ids of generated customers in a fixed order that does not depend on where their rows are stored."""
    connection = await asyncpg.connect(place.app_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("set local app.actor = 'STAFF'")
            rows = await connection.fetch(
                "select id from customer where id <> all($2) order by md5(id) limit $1", limit, [person.id for person in demo.PERSONAS]
            )
            return [record["id"] for record in rows]
    finally:
        await connection.close()


async def server_version(place: Place) -> str:
    connection = await asyncpg.connect(place.app_url)
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


def _fingerprint() -> str:
    paths = sorted(path for pattern in MADE_BY for path in ROOT.glob(pattern) if path.is_file())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:8]


def _forget_old(folder: Path, customers: int) -> None:
    for other in STORED.glob(f"{customers}-*"):
        if other.is_dir() and other != folder and not (other / "postmaster.pid").exists():  # next to each folder are files with its locks
            shutil.rmtree(other)


async def _fill(admin_url: str, customers: int, console: Console) -> None:
    await migrate(admin_url)
    if not await demo.is_empty(admin_url):
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"Seeding {customers:,} customers", total=customers)
        await demo.seed(admin_url, customers=customers, now=datetime.now(UTC), progress=lambda done: progress.update(task, completed=done))
    await _settle(admin_url)


async def _settle(admin_url: str) -> None:
    """Vacuum, analyze and checkpoint, so that hint bits, statistics and dirty pages do not cost time during a measurement."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
