"""A Postgres for one test or module, which can be killed and restarted and can have a standby."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from db.builtin import embedded, postmaster
from db.builtin.embedded import Urls
from tests.template import migrated_cluster

# Postgres refuses to run as root; the built-in one then runs as this user.
USER = postmaster.SYSTEM_USER if os.geteuid() == 0 else None
# Files of a running Postgres that a copy of its data directory must not have.
LEFT = (".s.PGSQL.5432.lock", "log")


@dataclass(frozen=True)
class Cluster:
    """A data directory of Postgres and its addresses."""

    data: Path
    urls: Urls

    @property
    def log(self) -> str:
        """Return the log of Postgres."""
        return (self.data / "log").read_text()

    def restart(self, mode: str) -> None:
        """Restart Postgres. The mode `fast` ends every connection first; `immediate` is a crash with recovery."""
        control(self.data, "restart", "-m", mode)

    def require_password(self, role: str) -> None:
        """Require a password of this role only."""
        path = self.data / "pg_hba.conf"
        path.write_text(f"local all {role} scram-sha-256\n{path.read_text()}")
        control(self.data, "reload")

    def promote(self) -> None:
        control(self.data, "promote")

    def kill_backend(self, pid: int) -> None:
        """Kill one backend process as the kernel does if memory is low: Postgres ends all connections and recovers."""
        os.kill(pid, 9)


def control(data: Path, verb: str, *options: str) -> None:
    program("pg_ctl", verb, "-D", str(data), "-w", "-t", "30", "-l", str(data / "log"), *options)


def program(name: str, *arguments: str) -> None:
    command = [postmaster.programs() / name, *arguments]
    # Not its output: the Postgres that it starts would hold the pipe open.
    subprocess.run(command, check=True, user=USER, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run a Postgres with all tables and no rows."""
    data = folder / "data"
    with migrated_cluster(data) as urls:
        yield Cluster(data, urls)


@contextmanager
def standby(primary: Cluster, data: Path) -> Iterator[Cluster]:
    """Run a streaming replica that can be read."""
    data.mkdir(mode=0o700)
    if USER:
        shutil.chown(data, USER, USER)
    socket = unquote(primary.urls.admin.partition("host=")[2])
    program("pg_basebackup", "-h", socket, "-U", "postgres", "-D", str(data), "-R", "-X", "stream", "-c", "fast", "-N")
    for name in LEFT:
        (data / name).unlink(missing_ok=True)
    control(data, "start", "-o", f"-h '' -k {data}")
    try:
        yield Cluster(data, embedded.urls(data))
    finally:
        control(data, "stop", "-m", "immediate")
