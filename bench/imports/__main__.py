"""`python -m bench.imports`: lines per second and memory of an import and of its dry run, into an empty database with the demo's catalog.

By default of 1,000 and 5,000 customers, which takes a minute. `--customers 200000` takes ten. Each run is a process of its own, whose greatest memory is that of the whole run.
"""

import asyncio
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import demo
from bench.imports.lines import KINDS, write_folder
from db.builtin import embedded
from db.deployment.migrate import migrate
from imports.running.run import ImportOptions, ImportProgress, run_import

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KINDS_OF_RUN = {"dry": "dry run", "import": "import", "again": "unchanged"}
console = Console()


def main(
    customers: Annotated[list[int] | None, typer.Option(help="How many customers; may be given several times.")] = None,
    connections: Annotated[int, typer.Option(min=1, help="How many connections write.")] = 3,
    runs: Annotated[list[str] | None, typer.Option("--run", help="What is run, in this order: dry, import or again; may be given several times.")] = None,
) -> None:
    """Print the figures of each number of customers: a dry run, an import, and the same import again."""
    kinds = tuple(runs or KINDS_OF_RUN)
    table = Table("customers", "lines", *(f"{KINDS_OF_RUN[kind]}, lines/s" for kind in kinds), "memory, MB", box=None)
    for number in customers or [1000, 5000]:
        with tempfile.TemporaryDirectory(prefix="portico-bench-") as name:
            folder = Path(name) / "files"
            folder.mkdir()
            write_folder(folder, number)
            with embedded.running(Path(name) / "data") as urls:
                asyncio.run(_prepared(urls.admin))
                figures = [_run(urls.admin, folder, kind, connections) for kind in kinds]
        lines = number * len(KINDS)
        table.add_row(f"{number:,}", f"{lines:,}", *(f"{lines / seconds:,.0f}" for seconds, _ in figures), f"{max(memory for _, memory in figures)}")
        console.print(f"{number:,} customers: {', '.join(f'{seconds:.1f} s' for seconds, _ in figures)}")
    console.print(table)


async def _prepared(url: str) -> None:
    await migrate(url)
    await demo.seed(url, customers=0, now=NOW, progress=lambda _: None)


def _run(url: str, folder: Path, kind: str, connections: int) -> tuple[float, int]:
    """Import in another process. Returns its seconds and its greatest memory in MB."""
    output = subprocess.run(
        [sys.executable, "-m", "bench.imports", url, str(folder), kind, str(connections)], check=True, capture_output=True, text=True
    ).stdout
    seconds, memory = output.split()
    return float(seconds), int(memory)


def _import(url: str, folder: str, kind: str, connections: str) -> None:
    """Import in this process, and print seconds and memory."""
    options = ImportOptions(Path(folder), "bench", NOW, is_dry=kind == "dry", connections=int(connections))
    temporary = Path(tempfile.mkdtemp(prefix="portico-bench-"))
    try:
        began = time.perf_counter()
        result = asyncio.run(run_import(url, options, temporary, temporary / "report.jsonl", ImportProgress()))
        seconds = time.perf_counter() - began
    finally:
        shutil.rmtree(temporary)
    assert result.counts.skipped == 0, result.counts.reasons
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[3] in KINDS_OF_RUN:
        _import(*sys.argv[1:])
    else:
        typer.run(main)
