"""A Postgres for one module of tests, which can be killed and restarted, and its standby."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from db.builtin import embedded
from tests.servers.clusters import USER, control, program
from tests.template import migrated_cluster


@dataclass(frozen=True)
class OwnPostgres:
    data: Path
    urls: embedded.Urls

    def control(self, verb: str, *options: str) -> None:
        """Run pg_ctl with a command such as `restart -m fast`, and wait until it is done."""
        control(self.data, verb, *options)

    def require_password(self, role: str) -> None:
        """Require a password of this role only."""
        path = self.data / "pg_hba.conf"
        path.write_text(f"local all {role} scram-sha-256\n{path.read_text()}")
        self.control("reload")

    @contextmanager
    def standby(self) -> Iterator["Standby"]:
        """Run a second server that replicates this one until it is promoted."""
        folder = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
        data, socket = folder / "data", folder
        if USER:
            shutil.chown(folder, USER)
        host = unquote(self.urls.admin.partition("host=")[2])
        source = ("-h", host, "-U", "postgres", "-D", str(data), "--checkpoint=fast", "--write-recovery-conf", "--wal-method=stream")
        program("pg_basebackup", *source)
        try:
            control(data, "start", "-o", f'-h "" -k {socket}')
            try:
                yield Standby(data, embedded.urls(socket))
            finally:
                control(data, "stop", "-m", "immediate")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Standby:
    data: Path
    urls: embedded.Urls

    def promote(self) -> None:
        control(self.data, "promote")


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Run a Postgres with all tables and no rows."""
    with tempfile.TemporaryDirectory(prefix="portico-own-") as folder:
        data = Path(folder) / "data"
        with migrated_cluster(data) as urls:
            yield OwnPostgres(data, urls)
