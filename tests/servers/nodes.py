"""The nodes of a cluster that runs on this machine, which tests stop and start again as an operator does."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from db.workers.routing import located

NODES = "select nodename, nodeport from pg_dist_node where noderole = 'primary' order by groupid"
PROGRAMS = "select setting from pg_config where name = 'BINDIR'"


@dataclass(frozen=True)
class Node:
    """A Postgres of the cluster: the URL of its administrator, its data directory and the folder of its programs."""

    url: str
    data: Path
    programs: Path

    def stop(self, mode: str) -> None:
        """Stop the node. The mode `fast` ends every connection first; `immediate` is a crash with recovery."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """Start the node with the options that it had: what `restart` does with one that does not run."""
        self._control("restart")

    def _control(self, verb: str, *options: str) -> None:
        command = [self.programs / "pg_ctl", verb, "-D", str(self.data), "-w", "-t", "120", "-l", str(self.data / "log"), *options]
        # Nodes connect to each other without the files of the user who runs this.
        environment = {**os.environ, "HOME": "/"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, check=True, user=self.data.owner(), cwd="/", env=environment, timeout=150, **quiet)  # type: ignore[call-overload]


async def nodes_of(admin_url: str) -> list[Node]:
    """Return the nodes, the coordinator first. Skips the test if they are on another machine."""
    connection = await asyncpg.connect(admin_url)
    try:
        addresses = [(record[0], record[1]) for record in await connection.fetch(NODES)]
    finally:
        await connection.close()
    nodes = [await _node_at(located(admin_url, address)) for address in addresses]
    if not all((node.data / "postmaster.pid").exists() for node in nodes):
        pytest.skip("needs a cluster whose nodes are on this machine")
    return nodes


async def _node_at(url: str) -> Node:
    connection = await asyncpg.connect(url)
    try:
        return Node(url, Path(await connection.fetchval("show data_directory")), Path(await connection.fetchval(PROGRAMS)))
    finally:
        await connection.close()
