"""PgBouncer in transaction mode, between the application and the database of a test."""

import asyncio
import pwd
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.conftest import needs

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


@asynccontextmanager
async def pooled(url: str, folder: Path) -> AsyncIterator[str]:
    """Run a pooler before the database of `url`, a Unix socket; yield the URL through it. The settings of the role apply, start-up settings are ignored."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host, database = query["host"][0], parts.path.removeprefix("/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(database=database, host=host, port=query["port"][0], user=parts.username, listen_port=port))
    process = await asyncio.create_subprocess_exec(needs("pgbouncer"), "-q", "-u", _owner(Path(host)), str(settings))
    try:
        await asyncio.wait_for(_listening(port), SECONDS)
        yield f"postgresql://{parts.username}@127.0.0.1:{port}/{database}?sslmode=disable"
    finally:
        process.terminate()
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
