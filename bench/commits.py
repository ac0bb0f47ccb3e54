"""`python -m bench.commits COMMIT`: uploads into this tree's server and into that of another commit, in turns of one run.

First seconds of one group of 30 MiB, then p99 of another customer's Summary page alone and beside 8 connections that each send one PDF of 10 MiB after another.
The request bodies are made beforehand and sent by the kernel, and the client of the load has a low priority, so that mainly the server uses the processors.
The other commit gets a worktree under `.portico/commits` and a database of its own; both servers store their files on this disk.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.reporting.spread import ratio, spread
from bench.runner import load, portal, sender
from bench.runner.database import ROOT
from bench.runner.load import Load
from bench.runner.processes import family_cpu_seconds
from bench.runner.scans import scan
from bench.runner.sender import Sending

console = Console()
COMMITS = ROOT / ".portico" / "commits"
FILES = 3
UPLOADS = 8
THIS = "this tree"


@dataclass(frozen=True, slots=True)
class Served:
    """A server of one commit and its measurements: seconds of an upload, CPU seconds of it, milliseconds of a page alone and beside uploads."""

    pid: int
    port: int
    path: str
    folder: str
    invoice: str
    uploader: str
    other: str
    seconds: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


def main(
    commit: Annotated[str, typer.Argument(help="The commit to compare with; none to measure this tree alone.")] = "",
    python: Annotated[Path, typer.Option(help="The other commit's Python, where it needs packages that this tree does not.")] = Path(sys.executable),
    rounds: Annotated[int, typer.Option(min=1, help="How many groups are uploaded to each.")] = 20,
    turns: Annotated[int, typer.Option(min=1, help="How many turns each has for pages, alone and beside uploads.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long such a turn is: p99 of a shorter one is one or two pages.")] = 15.0,
) -> None:
    """Print the seconds of an upload, and the milliseconds of another customer's page beside uploads."""
    with ExitStack() as stack:
        served = {THIS: stack.enter_context(_served(ROOT, Path(sys.executable)))}
        if commit:
            served[commit] = stack.enter_context(_served(_tree(commit), python))
        folder = Path(next(iter(served.values())).folder)
        sender.form(folder / "group.form", scan(), FILES)
        sender.form(folder / "one.form", scan(), 1)
        for number in range(rounds + 1):
            for one in _in_turn(served, number):
                _upload(one, folder / "group.form", counts=number > 0)
        console.print(_rates(served))
        for number in range(turns):
            for one in _in_turn(served, number):
                _ask(one, folder / "one.form", seconds)
        console.print(_pages(served))


def _in_turn(served: dict[str, Served], number: int) -> list[Served]:
    """Return the servers in an order that alternates between rounds."""
    return list(served.values())[:: -1 if number % 2 else 1]


def _tree(commit: str) -> Path:
    """Return a worktree of the commit. It is made if it is missing."""
    name = subprocess.run(["git", "rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    tree = COMMITS / name
    if not tree.exists():
        subprocess.run(["git", "worktree", "add", "--detach", "--quiet", str(tree), name], cwd=ROOT, check=True)
    return tree


@contextmanager
def _served(tree: Path, python: Path) -> Iterator[Served]:
    text = (ROOT / "bench" / "runner" / "served.py").read_text(encoding="utf-8")
    process = subprocess.Popen([python, "-c", text], cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the server of {tree} did not start")
        values: dict[str, Any] = json.loads(line)
        yield Served(**values)
    finally:
        process.stdin.close()
        process.wait()


def _upload(served: Served, form: Path, *, counts: bool) -> None:
    """Upload a group once. `counts` is false for warming up. The disk is synced first, so that no upload waits for the writes of an earlier one."""
    os.sync()
    before = family_cpu_seconds(served.pid)
    sent = sender.finish(sender.start(Sending(served.port, served.path, served.uploader, served.invoice, str(form), FILES, count=1)))
    if not sent.seconds:
        raise SystemExit(f"{sent.statuses} {sent.example}")
    if counts:
        served.seconds.extend(sent.seconds)
        served.worked.append(family_cpu_seconds(served.pid) - before)
    _forget_files(served)


def _ask(served: Served, form: Path, seconds: float) -> None:
    """Measure pages alone, then beside uploads, which begin earlier and end later."""
    os.sync()
    asking = Load([served.port], served.path, portal.BODY, [served.other], 1, seconds, pause_seconds=0.02)
    served.alone.append(load.put(asking).p99)
    sending = Sending(served.port, served.path, served.uploader, served.invoice, str(form), 1, connections=UPLOADS, seconds=seconds + 1.0)
    uploads = sender.start(sending)
    served.beside.append(load.put(asking).p99)
    sent = sender.finish(uploads)
    served.uploads.append(len(sent.seconds) / sending.seconds)
    for status, count in sent.statuses.items():
        served.statuses[status] = served.statuses.get(status, 0) + count
    _forget_files(served)


def _forget_files(served: Served) -> None:
    """Delete the uploaded files, so that the disk is as full as before. Their rows stay; nothing reads them."""
    for path in Path(served.folder).rglob("*"):
        if path.is_file() and path.suffix != ".form":
            path.unlink()


def _rates(served: dict[str, Served]) -> Table:
    caption = "Medians (smallest to largest); CPU of the server and its workers; rate of this tree divided by the other's of the same round."
    table = Table(title=f"{FILES} files of 10 MiB in one request, {len(served[THIS].seconds)} rounds", caption=caption)
    for name in ("Server", "ms", "MiB/s", "CPU ms", "rate of this tree beside it"):
        table.add_column(name, justify="left" if name == "Server" else "right")
    for name, one in served.items():
        times = [1000 * seconds for seconds in one.seconds]
        share = ratio(one.seconds, served[THIS].seconds)
        table.add_row(name, spread(times), f"{30 / median(one.seconds):.0f}", spread([1000 * seconds for seconds in one.worked]), share)
    return table


def _pages(served: dict[str, Served]) -> Table:
    caption = "Medians of the turns (smallest to largest); p99 divided by that of the same turn alone."
    table = Table(title=f"Summary of one customer beside {UPLOADS} uploads of 10 MiB of another", caption=caption)
    for name in ("Server", "p99 ms alone", "p99 ms beside", "beside alone", "uploads/s", "uploads"):
        table.add_column(name, justify="left" if name == "Server" else "right")
    for name, one in served.items():
        statuses = ", ".join(f"{count} {status}" for status, count in sorted(one.statuses.items()))
        table.add_row(name, spread(one.alone), spread(one.beside), ratio(one.beside, one.alone), spread(one.uploads), statuses)
    return table


if __name__ == "__main__":
    typer.run(main)
