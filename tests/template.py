"""Template data directories of Postgres: created once in a run of tests and copied for each process.

A copy is a separate cluster: changes of roles, settings and connections in one process do not affect the others.
An environment variable has the path of the folder of templates, because all processes of the run share it.
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
# The URL of a database that `tests.db.distribution.prepare` has filled, for tests against a cluster of Citus.
DATABASE = "PORTICO_TEST_DATABASE_URL"
# The demo is seeded once, so all processes have one time of seeding.
NOW = datetime.fromisoformat(os.environ.setdefault("PORTICO_TEST_NOW", datetime.now(UTC).replace(microsecond=123000).isoformat()))
GENERATED = 500
MIGRATED = "migrated"
# Dozens of servers run until the end of the run, each with its own connections. Tests kill processes and not the machine, so data that Postgres
# has written survives without fsync, which would take a good part of the run. A small write-ahead log is copied faster.
CONFIGURATION = """
max_connections = 500
fsync = off
full_page_writes = off
wal_recycle = off
min_wal_size = 32MB
"""


def make_folder() -> Path | None:
    """Create the folder of this run. Returns None if it exists; the creator calls `remove`."""
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
    """Run Postgres on `data`, a new data directory with all tables and no rows. Its database `migrated` is a template for others."""
    copy(made_once("migrated", _make_migrated), data)
    with embedded.running(data) as urls:
        yield urls


@contextmanager
def filled_cluster(data: Path) -> Iterator[embedded.Urls]:
    """Run Postgres on `data`, a new data directory with the demo data as of `NOW`; or use the database that PORTICO_TEST_DATABASE_URL names."""
    if DATABASE in os.environ:
        url = os.environ[DATABASE]
        app = make_url(url).set(username="portico_app", password=None).render_as_string()
        os.environ["PORTICO_APP_DATABASE_URL"] = app  # for tests of commands, which name the other alone
        yield embedded.Urls(url, app)
        return
    copy(made_once("filled", _make_filled), data)
    with embedded.running(data) as urls:
        yield urls


async def create_database(urls: embedded.Urls, name: str) -> embedded.Urls:
    """Create a database with all tables and no rows in one of these clusters. In a cluster of Citus there is one database for all tests."""
    if DATABASE in os.environ:
        return urls
    connection = await asyncpg.connect(urls.admin)
    try:
        await connection.execute(f"create database {name} template {MIGRATED}")
    finally:
        await connection.close()
    created = embedded.Urls(*(str(make_url(url).set(database=name).render_as_string(hide_password=False)) for url in (urls.admin, urls.app)))
    await migrate(created.admin)  # what is set for a role in a database is not part of a template
    return created


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the data directory of this name. The first process creates it under a lock, and the others wait."""
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


def copy(template: Path, data: Path) -> None:
    """Copy a data directory with its owner, because Postgres runs as another user where the tests run as root."""
    subprocess.run(["cp", "-a", str(template), str(data)], check=True)
    (data / "log").unlink(missing_ok=True)
