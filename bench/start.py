"""The start times of commands, compared with the import of three libraries: `python -m bench.start`. `--before FOLDER` measures another checkout in turn.

Each round starts every command once, so that ratios are taken within a round. Wall clock and CPU seconds: on a busy machine only the latter are meaningful.
Compile both checkouts and the packages first (`python -m compileall -q .`), or the figures include Python's compiler.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.runner.database import ROOT, portal
from bench.runner.processes import Command, family_cpu_seconds, server
from gateway.cli.commands.console import console

IMPORTS = "import strawberry, starlette, asyncpg"
CUSTOMERS = 0


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one start."""

    wall: float
    cpu: float


Rows = dict[str, list[Took]]


def main() -> None:
    parser = argparse.ArgumentParser(description="How long commands take to start.")
    parser.add_argument("--before", type=Path, help="Another checkout, measured in turn.")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    trees = {"": ROOT} | ({" before": arguments.before.resolve()} if arguments.before else {})
    with portal(CUSTOMERS, console) as place, TemporaryDirectory() as data:
        environment = {"PORTICO_DATABASE_URL": place.admin_url, "PORTICO_DATA_DIR": data}
        starts = starts_of(trees, environment)
        rows: Rows = {name: [] for name in starts}
        for number in range(arguments.rounds + 1):
            for name, start in starts.items():
                took = timed(start)
                if number:  # the first round fills the caches of the disk
                    rows[name].append(took)
    report(rows)


def starts_of(trees: Mapping[str, Path], environment: Mapping[str, str]) -> dict[str, Callable[[], None]]:
    """Return the commands to start, by name."""
    starts: dict[str, Callable[[], None]] = {IMPORTS: lambda: _run(ROOT, "-c", IMPORTS)}
    for suffix, folder in trees.items():
        for name in ("--help", "schema"):
            starts[name + suffix] = lambda folder=folder, name=name: _run(folder, "-m", "gateway", name)  # type: ignore[misc]  # mypy does not infer the defaults of a lambda
        starts["serve" + suffix] = lambda folder=folder: _serve(folder, environment)  # type: ignore[misc]  # as above
    return starts


def _run(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=True)


def _serve(folder: Path, environment: Mapping[str, str]) -> None:
    """Start a server until READY. What it does afterwards, and its end, are not measured."""
    with server(Command((sys.executable, "-m", "gateway", "serve", "--port", "0"), {**environment, "PORTICO_DRAIN_SECONDS": "0"}, folder)) as running:
        _ready.append((time.monotonic(), family_cpu_seconds(running.pid)))


# The monotonic time at which the last server printed READY, and the CPU seconds that it had used.
_ready: list[tuple[float, float]] = []


def timed(start: Callable[[], None]) -> Took:
    _ready.clear()
    before, at = _cpu(), time.monotonic()
    start()
    ended, cpu = _ready[-1] if _ready else (time.monotonic(), _cpu() - before)
    return Took(ended - at, cpu)


def _cpu() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report(rows: Rows) -> None:
    console.print(f"Load {os.getloadavg()[0]:.1f}; seconds, median (smallest to largest); × the imports in the same round")
    for name, times in rows.items():
        wall, cpu = ([getattr(took, part) for took in times] for part in ("wall", "cpu"))
        of_wall, of_cpu = (_ratio(times, rows[IMPORTS], part) for part in ("wall", "cpu"))
        console.print(f"{name:40} {_spread(wall)} ×{of_wall:.2f}   CPU {_spread(cpu)} ×{of_cpu:.2f}")
    for name in rows:
        if f"{name} before" in rows:
            was = rows[f"{name} before"]
            console.print(f"{name}: × before {_ratio(rows[name], was, 'wall'):.2f}, CPU × before {_ratio(rows[name], was, 'cpu'):.2f}")


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _ratio(times: list[Took], others: list[Took], part: str) -> float:
    return median(getattr(took, part) / getattr(other, part) for took, other in zip(times, others, strict=True))


if __name__ == "__main__":
    main()
