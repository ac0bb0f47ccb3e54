"""`python -m bench.report`: write docs/performance.md and its charts from the stored figures of the last measurements (`bench.performance` runs them)."""

from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from bench.reporting import pages, results, writes
from bench.reporting.chart import Bar, bars
from bench.reporting.growth import of_growth
from bench.reporting.live import of_live
from bench.reporting.payloads import of_payloads
from bench.reporting.revisions import of_revisions
from bench.reporting.workers import of_workers
from bench.runner.database import ROOT

OURS = (pages.PLANNER, pages.BY_ID, "Portico, executor")
BOUNDS = ("Hand-written handler", "pgbench, the limit")


def main(into: Annotated[Path, typer.Option(help="Where the page and its chart are written.")] = ROOT / "docs") -> None:
    """Write the page and the charts."""
    result = results.stored("peers")
    if result is None:
        raise typer.BadParameter("there are no figures: run `python -m bench.peers` first")
    into.mkdir(parents=True, exist_ok=True)
    (into / "performance.svg").write_text(_chart(result), encoding="utf-8")
    if load := results.stored("load"):
        (into / "performance-load.svg").write_text(writes.load_chart(load), encoding="utf-8")
    more = [
        of_growth(results.stored("growth")),
        of_workers(results.stored("workers")),
        writes.of_load(load),
        of_revisions(results.stored("revisions")),
        writes.of_writes(results.stored("writes"), results.stored("events")),
        of_payloads(results.stored("payloads")),
        of_live(results.stored("live")),
    ]
    (into / "performance.md").write_text(pages.page(result, more), encoding="utf-8")
    print(f"Written: {into / 'performance.md'} and its charts")


def _chart(result: dict[str, Any]) -> str:
    drawn = [_bar(name, [turn["rate"] for turn in turns]) for name, turns in result["turns"].items()]
    about = f"One process each, {result['concurrency']} requests at a time, {result['customers']:,} customers. Median of {result['rounds']} rounds; the line is smallest to largest."
    return bars("Summary pages per second", about, sorted(drawn, key=lambda bar: -bar.value))


def _bar(name: str, rates: list[float]) -> Bar:
    kind = "ours" if name in OURS else "bound" if name in BOUNDS else "theirs"
    return Bar(name, median(rates), min(rates), max(rates), kind)


if __name__ == "__main__":
    typer.run(main)
