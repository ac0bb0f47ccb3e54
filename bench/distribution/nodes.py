"""Nodes of Postgres with Citus on 127.0.0.1, each in a new data directory and on processors of its own."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.runner.processes import family_cpu_seconds

# Postgres refuses to run as root; it then runs as this user.
USER = "postgres" if os.geteuid() == 0 else None
DATABASE = "portico"
CONFIGURATION = """
listen_addresses = '127.0.0.1'
shared_preload_libraries = '{libraries}'
wal_level = logical
max_connections = 200
max_prepared_transactions = 300
shared_buffers = 256MB
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A running Postgres, whose roles log in without a password."""

    data: Path
    port: int

    def url(self, user: str, database: str = DATABASE) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])

    @property
    def cpu_seconds(self) -> float:
        return family_cpu_seconds(self.postmaster)


@contextmanager
def node(data: Path, programs: Path, *, cpus: str = "", has_citus: bool = True) -> Iterator[Node]:
    """Run a Postgres of the installation whose `bin` is `programs`. `cpus` are those of taskset, such as `0` or `0,1`; all, if it is empty."""
    data.mkdir(mode=0o700)
    if USER:
        shutil.chown(data, USER, USER)
    made = Node(data, _free_port())
    _run(programs / "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(libraries="citus" if has_citus else ""))
    start = [str(programs / "pg_ctl"), "start", "-D", str(data), "-w", "-l", str(data / "log"), "-o", f"-p {made.port} -k {data}"]
    _run(*(["taskset", "-c", cpus] if cpus else []), *start)
    try:
        asyncio.run(_execute(made.url("postgres", "postgres"), f"create database {DATABASE}"))
        if has_citus:
            asyncio.run(_execute(made.url("postgres"), "create extension citus"))
        yield made
    finally:
        _run(programs / "pg_ctl", "stop", "-D", str(data), "-m", "immediate")


def join(coordinator: Node, workers: list[Node]) -> None:
    """Make the nodes one cluster, whose rows are on the workers."""
    asyncio.run(
        _execute(
            coordinator.url("postgres"),
            f"select citus_set_coordinator_host('127.0.0.1', {coordinator.port})",
            *(f"select citus_add_node('127.0.0.1', {worker.port})" for worker in workers),
        )
    )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _run(*command: str | Path) -> None:
    # Nodes connect to each other without the files of the user who runs this.
    environment = {**os.environ, "HOME": "/"}
    subprocess.run(command, check=True, user=USER, cwd="/", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
