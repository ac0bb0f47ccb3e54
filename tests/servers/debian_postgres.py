"""Debian's Postgres, with an archive of its write-ahead log, a base backup and a recovery to an instant. The built-in one of other tests has no archive."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from db.builtin.embedded import Urls

# Postgres refuses to run as root; then it runs as the user that Debian's package made.
USER = "postgres" if os.geteuid() == 0 else None
DATABASE = "portico"
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{socket}'
max_connections = 60
wal_level = replica
archive_mode = on
archive_timeout = 60s
archive_command = 'test ! -f {archive}/%f && cp %p {archive}/.%f && mv {archive}/.%f {archive}/%f'
"""
RECOVERY = """
restore_command = 'cp {archive}/%f %p'
recovery_target_time = '{instant}'
recovery_target_action = 'promote'
archive_mode = off
"""


def programs() -> Path:
    """Return the folder of the newest version's programs. Without one the test is skipped, or fails where PORTICO_TEST_REQUIRE=all."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup"), key=lambda path: int(path.parts[-3]))
    if not folders:
        reason = "needs Debian's package postgresql"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    return folders[-1].parent


@dataclass(frozen=True)
class DebianPostgres:
    """A data directory, and the folders of its sockets and of the archive."""

    data: Path
    socket: Path
    archive: Path

    @property
    def urls(self) -> Urls:
        place = f"/{DATABASE}?port=5432&host={quote(str(self.socket), safe='')}"
        return Urls(f"postgresql://postgres@{place}", f"postgresql://portico_app@{place}")

    @contextmanager
    def running(self) -> Iterator[Urls]:
        self.run("pg_ctl", "start", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.data / "log"))
        try:
            yield self.urls
        finally:
            self.run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w")

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run([programs() / name, *arguments], check=True, user=USER, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)

    def base_backup(self, target: Path) -> None:
        """Copy the data directory while the server runs. The log that the copy needs comes from the archive."""
        self.run("pg_basebackup", "-h", str(self.socket), "-U", "postgres", "-D", str(target), "-X", "none", "-c", "fast", "--no-password")


def created(folder: Path) -> DebianPostgres:
    """Make an empty data directory with an archive. `folder` is one that the user of Postgres can enter."""
    postgres = DebianPostgres(folder / "data", folder / "socket", folder / "archive")
    for made in (postgres.socket, postgres.archive):
        made.mkdir()
    if USER:
        for path in (folder, postgres.socket, postgres.archive):
            shutil.chown(path, USER)
    postgres.run("initdb", "-D", str(postgres.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")
    with (postgres.data / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION.format(socket=postgres.socket, archive=postgres.archive))
    return postgres


def recovering(backup: Path, primary: DebianPostgres, instant: datetime) -> DebianPostgres:
    """Prepare a base backup for a recovery to an instant. The restored server has the socket of the primary, which has stopped."""
    with (backup / "postgresql.conf").open("a") as file:
        file.write(RECOVERY.format(archive=primary.archive, instant=instant.isoformat()))
    (backup / "recovery.signal").touch()
    if USER:
        shutil.chown(backup / "recovery.signal", USER)
    return DebianPostgres(backup, primary.socket, primary.archive)
