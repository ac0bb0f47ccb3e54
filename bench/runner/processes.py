"""Server processes, and the CPU time and memory of them and of Postgres, from /proc."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
START_SECONDS = 180
STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Command:
    """The command that starts a server. The server prints `READY http://127.0.0.1:PORT/path` when it accepts requests."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    port: int
    path: str


class DidNotStart(Exception):
    """A server ended before it was ready, or printed nothing until the time limit."""


@contextmanager
def server(command: Command) -> Iterator[Running]:
    """Run a server process while the context is open. Raises DidNotStart."""
    process = subprocess.Popen(command.arguments, cwd=command.folder, env={**os.environ, **command.environment}, stdout=subprocess.PIPE, text=True)
    try:
        url = _ready_url(process, command)
        host, _, path = url.removeprefix("http://").partition("/")
        yield Running(process.pid, int(host.rpartition(":")[2]), f"/{path}")
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready_url(process: "subprocess.Popen[str]", command: Command) -> str:
    lines: Queue[str | None] = Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    output: list[str] = []
    try:
        while (line := lines.get(timeout=START_SECONDS)) is not None:
            output.append(line)
            if line.startswith("READY "):
                return line.split()[1]
    except Empty:
        pass
    raise DidNotStart(f"{' '.join(command.arguments)} printed: {''.join(output)}")


def _read(process: "subprocess.Popen[str]", lines: "Queue[str | None]") -> None:
    """Read all output, so that a server with much output never waits for a full pipe."""
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put(None)


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process until now; 0 for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK_SECONDS


def children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text(encoding="utf-8").split()]


def workers(pid: int) -> list[int]:
    """Return the processes that answer requests: those that a server has forked from itself, or else the server."""
    program = Path(f"/proc/{pid}/cmdline").read_bytes()
    return [child for child in children(pid) if Path(f"/proc/{child}/cmdline").read_bytes() == program] or [pid]


def family_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and its children, including those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) * TICK_SECONDS + sum(cpu_seconds(child) for child in children(pid))


def machine_cpu_seconds() -> float:
    """Return the CPU seconds of all processors until now, including the time that the hypervisor took (steal)."""
    user, nice, system, _idle, _waiting, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq + steal) * TICK_SECONDS


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, shared pages included, in megabytes (10^6 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return _megabytes(status, "VmRSS")


def proportional_mb(pid: int) -> float:
    """Return the proportional memory of a process (PSS), in megabytes: of a page that several processes share, each has its part."""
    return _megabytes(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"), "Pss:")


def _megabytes(text: str, start: str) -> float:
    return int(next(line for line in text.splitlines() if line.startswith(start)).split()[1]) * 1024 / 1e6
