"""`python -m bench.worst_pdfs`: the cost of checking the most expensive PDFs, compared with a scan of 10 MiB. Each gets a new worker process, whose start is included.

CPU time is that of the ended process (wait4). Memory is its VmHWM, read every few milliseconds while it runs, because the maximum of getrusage begins with that of
the parent process. The files are those of the tests; making them takes some time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.reporting.spread import spread
from bench.runner.database import ROOT
from bench.runner.scans import scan
from tests.storage.pdf.bombs import BOMBS

console = Console()
SAMPLE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall clock seconds, CPU seconds, the highest resident memory in MB (10^6 bytes), and the worker's answer or the signal that ended it."""

    seconds: float
    processor: float
    memory: float
    answer: str


def main(rounds: Annotated[int, typer.Option(min=1, help="How often each file is checked.")] = 5) -> None:
    """Print the CPU seconds and memory of the worker for each kind of file."""
    files: dict[str, Callable[[], bytes]] = {"a scan": scan, **BOMBS}
    contents = {name: content() for name, content in files.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in files}
    for _ in range(rounds):
        for name, content in contents.items():
            costs[name].append(judged(content))
    table = Table(title="The worker's cost for a file, its start included", caption="Medians (smallest to largest).")
    for column in ("File", "MB", "answer", "s by the clock", "s of the processor", "MB of memory at most"):
        table.add_column(column, justify="left" if column in ("File", "answer") else "right")
    for name, rows in costs.items():
        answers = ", ".join(sorted({row.answer for row in rows}))
        figures = ([row.seconds for row in rows], [row.processor for row in rows], [row.memory for row in rows])
        table.add_row(name, f"{len(contents[name]) / 1e6:.1f}", answers, *map(spread, figures))
    console.print(table)


def judged(content: bytes) -> Cost:
    """Check a file in a worker that is started for it and ends after it, in the way of `storage/pdf/examiner.py`."""
    file = os.memfd_create("worst.pdf")
    os.write(file, content)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    began = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "storage.pdf.worker"], cwd=ROOT, stdin=theirs.fileno(), start_new_session=True)
    theirs.close()
    with ours:
        socket.send_fds(ours, [b"f"], [file])
        os.close(file)
        answer, memory = _waited(ours, process.pid)
    seconds = perf_counter() - began
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, memory, _answer(answer, process.returncode))


def _waited(connection: socket.socket, pid: int) -> tuple[bytes, float]:
    """Return the answer, empty if the worker has ended, and the highest memory that was read."""
    connection.settimeout(SAMPLE_SECONDS)
    answer, memory = b"", 0.0
    while not answer.endswith(b"\n"):
        memory = max(memory, _highest_mb(pid))
        with suppress(TimeoutError):
            piece = connection.recv(65_536)
            if not piece:
                return b"", memory
            answer += piece
    return answer, max(memory, _highest_mb(pid))


def _highest_mb(pid: int) -> float:
    """Return the highest resident memory of a process; 0 for one that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def _answer(answer: bytes, code: int) -> str:
    if not answer.strip():
        return signal.Signals(-code).name if code < 0 else f"exit {code}"
    verdict = json.loads(answer)
    return str(verdict.get("code") or verdict.get("error") or "accepted")


if __name__ == "__main__":
    typer.run(main)
