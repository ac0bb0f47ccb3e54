"""`python -m bench.soak`: two servers, a worker and a Postgres under a mixed load for half an hour. Ends with 1 if something grows, fails or does not agree.

With `--faults-every 60` a fault of Postgres comes every minute, and the table of recoveries is printed. With `--prometheus` the dashboard of the run is drawn.
"""

import asyncio
import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.soak import dashboard
from bench.soak.monitor import prometheus
from bench.soak.sampling import Sample, sampled
from bench.soak.stage import Stage, stage
from bench.soak.verdict import Figure, figures
from tests.faults.checks import assert_effects, is_back
from tests.faults.database_faults import FAULTS
from tests.faults.mixed_load import MixedLoad

console = Console(width=130)
SAMPLE_SECONDS = 5.0
CUSTOMERS = 1_000
VISIT = 40


@dataclass
class Run:
    """The samples of a run, and the seconds until the last failure after each fault."""

    samples: list[Sample] = field(default_factory=list)
    recoveries: list[tuple[str, int, float]] = field(default_factory=list)


def main(
    minutes: Annotated[float, typer.Option(min=0.5, help="How long it takes.")] = 30.0,
    callers: Annotated[int, typer.Option(min=1, help="How many customers call at a time.")] = 8,
    pause: Annotated[float, typer.Option(min=0.0, help="Seconds between two actions of a customer.")] = 0.2,
    faults_every: Annotated[float | None, typer.Option(min=0.0, help="Seconds between two faults of Postgres; left out, there is none.")] = None,
    program: Annotated[Path | None, typer.Option("--prometheus", help="The program of a Prometheus that watches the run.")] = None,
    picture: Annotated[Path, typer.Option(help="Where the dashboard is drawn.")] = Path("docs/dashboard.svg"),
) -> None:
    """Print what was seen, and exit with 1 if something grows, fails or does not agree."""
    with ExitStack() as stack:
        running = stack.enter_context(stage())
        watched = stack.enter_context(prometheus(program, running.ports)) if program else None
        began = time()
        problems = asyncio.run(_soak(running, minutes, callers, pause, faults_every))
        if watched:
            dashboard.draw(watched, began, time(), picture)
            console.print(f"Written: {picture}")
    for problem in problems:
        console.print(f"[red]{problem}[/]")
    raise typer.Exit(bool(problems))


async def _soak(running: Stage, minutes: float, callers: int, pause: float, faults_every: float | None) -> list[str]:
    run = Run()
    async with running.site.load(CUSTOMERS, at_once=callers, visit=VISIT, pause_seconds=pause) as load:
        task = asyncio.create_task(load.run())
        watching = asyncio.create_task(_watch(running, run, minutes))
        disturbing = asyncio.create_task(_disturb(running, load, run, faults_every)) if faults_every is not None else None
        await asyncio.wait({watching, task}, return_when=asyncio.FIRST_COMPLETED)
        if disturbing:
            await _ended(disturbing, load)
        load.over.set()
        await asyncio.gather(task, watching)
        return await _problems(running, load, run)


async def _ended(disturbing: "asyncio.Task[None]", load: MixedLoad) -> None:
    """End the faults. What one of them has failed with is noted."""
    disturbing.cancel()
    await asyncio.wait({disturbing})
    if not disturbing.cancelled() and (error := disturbing.exception()):
        load.seen.wrong.append(f"after a fault: {error!r}")


async def _watch(running: Stage, run: Run, minutes: float) -> None:
    began = monotonic()
    while (minute := (monotonic() - began) / 60) < minutes:
        if sample := await sampled(running, minute):
            run.samples.append(sample)
        await asyncio.sleep(SAMPLE_SECONDS)


async def _disturb(running: Stage, load: MixedLoad, run: Run, pause: float) -> None:
    """Have each fault come in turn, in a random order."""
    while True:
        for name in random.sample(list(FAULTS), len(FAULTS)):
            await asyncio.sleep(pause)
            before = load.seen.count("503")
            await FAULTS[name].come(running.site, load)
            seconds = await is_back(load)
            run.recoveries.append((name, load.seen.count("503") - before, seconds))


async def _problems(running: Stage, load: MixedLoad, run: Run) -> list[str]:
    """Print the tables, and return a line for each thing that is not as it should be."""
    problems = list(load.seen.wrong)
    try:
        await assert_effects(running.site, load)
    except AssertionError as error:
        problems.append(f"rows and answers do not agree: {error}")
    grown = figures(run.samples)
    console.print(_answers(load))
    console.print(_table(grown, f"{len(run.samples)} samples in {run.samples[-1].minute:.0f} minutes"))
    if run.recoveries:
        console.print(_recoveries(run))
    return problems + [f"{figure.name} has grown from {figure.before:,.1f} to {figure.after:,.1f}" for figure in grown if figure.has_grown]


def _answers(load: MixedLoad) -> Table:
    table = Table(
        title="Answers", caption=f"The longest until an answer, with retries: {load.seen.slowest:.1f} s. The audit is clean unless a line below says otherwise."
    )
    outcomes = sorted(load.seen.outcomes)
    for name in ("action", *outcomes):
        table.add_column(name, justify="left" if name == "action" else "right")
    for action in sorted({action for action, _ in load.seen.answers}):
        table.add_row(action, *(f"{load.seen.answers[action, outcome]:,}" for outcome in outcomes))
    return table


def _table(grown: list[Figure], title: str) -> Table:
    table = Table(title=title, caption="Medians of the second and of the last third; event loops: means; tables: at the ends.")
    for name in ("what", "second third", "last third", "at most"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for figure in grown:
        table.add_row(figure.name, *(f"{value:,.1f}" for value in (figure.before, figure.after, figure.limit)), style="red" if figure.has_grown else None)
    return table


def _recoveries(run: Run) -> Table:
    table = Table(title="Faults", caption="Seconds from the end of a fault to the last request that failed.")
    for name in ("fault", "requests that failed", "seconds"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for fault, failed, seconds in run.recoveries:
        table.add_row(fault, f"{failed:,}", f"{seconds:.2f}")
    return table


if __name__ == "__main__":
    typer.run(main)
