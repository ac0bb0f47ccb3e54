"""Data directories of Postgres that are made once in a run of tests and copied wherever one is needed.

A copy is a cluster of its own: what one process of tests does to roles, settings and connections is not seen by the others.
The folder of the templates is named by an environment variable, because every process of the run shares it.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

import demo
from db.builtin import embedded
from db.deployment.migrate import migrate

FOLDER = "PORTICO_TEST_TEMPLATES"
# The demo is seeded once for all processes, so that its moment is one for all of them.
NOW = datetime.fromisoformat(os.environ.setdefault("PORTICO_TEST_NOW", datetime.now(UTC).replace(microsecond=123000).isoformat()))
GENERATED = 2000
MIGRATED = "migrated"
# Dozens of servers live until the end of the run, each with connections of its own. Processes are killed here, and the machine is not: what Postgres
# has written outlives them without waiting for the disk, which would take a good part of the run. A small log is copied faster.
CONFIGURATION = """
max_connections = 500
fsync = off
full_page_writes = off
wal_recycle = off
min_wal_size = 32MB
"""


def make_folder() -> Path | None:
    """The folder for this run, where it has none yet; whoever made it calls `remove`."""
    if FOLDER in os.environ:
        return None
    folder = tempfile.mkdtemp(prefix="portico-templates-")
    os.environ[FOLDER] = folder
    return Path(folder)


def remove(folder: Path) -> None:
    del os.environ[FOLDER]
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def migrated_cluster(data: Path) -> Iterator[embedded.Urls]:
    """Postgres on `data`, a new data directory with every table and no rows; and a database like that, `migrated`, to create others from."""
    _copy(_template("migrated", _make_migrated), data)
    with embedded.running(data) as urls:
        yield urls


@contextmanager
def filled_cluster(data: Path) -> Iterator[embedded.Urls]:
    """Postgres on `data`, a new data directory with the demo and its generated customers, as they were at `NOW`."""
    _copy(_template("filled", _make_filled), data)
    with embedded.running(data) as urls:
        yield urls


async def create_database(urls: embedded.Urls, name: str) -> embedded.Urls:
    """A database with every table and no rows in one of these clusters."""
    connection = await asyncpg.connect(urls.admin)
    try:
        await connection.execute(f"create database {name} template {MIGRATED}")
    finally:
        await connection.close()
    created = embedded.Urls(*(str(make_url(url).set(database=name).render_as_string(hide_password=False)) for url in (urls.admin, urls.app)))
    await migrate(created.admin)  # what is set for a role in a database is not part of a template
    return created


def _template(name: str, make: Callable[[Path], None]) -> Path:
    """The data directory of this name, made by the first process that asks for it; the others wait."""
    folder = Path(os.environ[FOLDER])
    data = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            unfinished = folder / f"{name}-unfinished" / "data"
            unfinished.parent.mkdir()
            make(unfinished)
            unfinished.rename(data)
    return data


def _make_migrated(data: Path) -> None:
    with embedded.running(data):
        pass
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(CONFIGURATION)
    with embedded.running(data) as urls:
        asyncio.run(migrate(urls.admin))
        asyncio.run(_execute(urls.admin, f"create database {MIGRATED} template postgres", "checkpoint"))


def _make_filled(data: Path) -> None:
    with migrated_cluster(data) as urls:
        asyncio.run(demo.seed(urls.admin, customers=GENERATED, now=NOW, progress=lambda _: None))
        asyncio.run(_execute(urls.admin, "checkpoint"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _copy(template: Path, data: Path) -> None:
    """With its owner, because Postgres runs as a user of its own where we are root."""
    subprocess.run(["cp", "-a", str(template), str(data)], check=True)
    (data / "log").unlink(missing_ok=True)
