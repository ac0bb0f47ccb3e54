"""`python -m bench.performance`: run the measurements of docs/performance.md one after the other, and write the page from their figures.

A measurement that fails does not end the run; the page then has its figures of an earlier run, if there are any, and this program ends with an error.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.reporting import results
from bench.runner.database import ROOT

console = Console()


@dataclass(frozen=True, slots=True)
class Part:
    """A measurement: its module, its options, and those with which it is short. `is_long`: it seeds a database for minutes."""

    module: str
    options: tuple[str, ...]
    short: tuple[str, ...]
    is_long: bool = False


PARTS = (
    Part("bench.peers", (), ("--brief", "--rounds", "1", "--seconds", "1", "--customers", "1000")),
    Part("bench.workers", (), ("--rounds", "1", "--seconds", "1", "--customers", "1000")),
    Part("bench.overload", (), ("--rounds", "1", "--seconds", "1")),
    Part("bench.revisions", ("--customers", "20000"), ("--rounds", "1", "--seconds", "1", "--customers", "1000")),
    Part("bench.writes", ("--peers",), ("--peers", "--rounds", "1", "--each", "32")),
    Part("bench.payloads", (), ("--rounds", "1", "--each", "32")),
    Part("bench.writes.events", (), ("--rounds", "1", "--each", "32")),
    Part("bench.events.live", (), ("--rounds", "1", "--seconds", "1", "--customers", "1000", "--streams", "200")),
    Part("bench.growth", (), ("--rounds", "1", "--seconds", "1", "--customers", "100", "--customers", "1000"), is_long=True),
)


def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="Minutes: see that all runs. Figures are written to bench/results/quick, the page to the folder of temporary files.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also databases of 200,000 customers, whose seeding takes minutes.")] = False,
    only: Annotated[str, typer.Option(help="Only measurements whose name contains this; then the page.")] = "",
) -> None:
    """Run the measurements, and write the page."""
    folder = results.FOLDER / "quick" if quick else results.FOLDER
    environment = {**os.environ, "BENCH_RESULTS": str(folder)}
    failed = []
    for part in PARTS:
        if only in part.module and (quick or everything or not part.is_long or only):
            console.rule(part.module)
            started = time.perf_counter()
            command = [sys.executable, "-m", part.module, *(part.short if quick else part.options)]
            if subprocess.run(command, cwd=ROOT, env=environment).returncode:
                failed.append(part.module)
            console.print(f"{part.module}: {time.perf_counter() - started:.0f} s")
    page = Path(tempfile.gettempdir()) / "portico-performance" if quick else ROOT / "docs"
    subprocess.run([sys.executable, "-m", "bench.report", "--into", str(page)], cwd=ROOT, env=environment, check=True)
    if failed:
        raise SystemExit(f"These did not end as they should: {', '.join(failed)}")


if __name__ == "__main__":
    typer.run(main)
