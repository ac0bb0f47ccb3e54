"""PgBouncer in transaction mode, between the application and the database of a test."""

import asyncio
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.conftest import needs

# Another PgBouncer than the one that is installed.
PROGRAM = os.environ.get("PORTICO_TEST_PGBOUNCER") or "pgbouncer"
SECONDS = 10
SETTINGS = """[databases]
{database} = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = extra_float_digits,search_path,timezone,role,statement_timeout,lock_timeout,idle_in_transaction_session_timeout,jit
"""


@cache
def can_keep_prepared() -> bool:
    """Return whether the PgBouncer of this machine has the setting max_prepared_statements, as versions from 1.21 on have."""
    program = shutil.which(PROGRAM)
    if program is None:
        return False
    written = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    match = re.match(r"PgBouncer (\d+)\.(\d+)", written)
    return match is not None and (int(match[1]), int(match[2])) >= (1, 21)


@asynccontextmanager
async def pooled(url: str, folder: Path, *, max_prepared: int = 0) -> AsyncIterator[str]:
    """Run a pooler before the database of `url`, a Unix socket; yield the URL through it. The settings of the role apply, start-up settings are ignored.

    `max_prepared` is how many prepared statements it keeps on a server connection; more than 0 needs `can_keep_prepared`, since older versions keep none.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host, database = query["host"][0], parts.path.removeprefix("/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    text = SETTINGS.format(database=database, host=host, port=query["port"][0], user=parts.username, listen_port=port)
    settings.write_text(text + (f"max_prepared_statements = {max_prepared}\n" if can_keep_prepared() else ""))
    process = await asyncio.create_subprocess_exec(needs(PROGRAM), "-q", "-u", _owner(Path(host)), str(settings))
    try:
        await asyncio.wait_for(_listening(port), SECONDS)
        yield f"postgresql://{parts.username}@127.0.0.1:{port}/{database}?sslmode=disable"
    finally:
        process.kill()  # after SIGTERM, versions from 1.23 on wait until every client has disconnected
        await process.wait()


def _owner(folder: Path) -> str:
    """Return the user who runs Postgres, whose socket it is. As root the pooler refuses to run."""
    return pwd.getpwuid(folder.stat().st_uid).pw_name


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
