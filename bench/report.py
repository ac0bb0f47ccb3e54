"""`python -m bench.report`: write docs/performance.md and its charts from the figures of the last `python -m bench.peers`, and of the other measurements that were made."""

import json
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from bench.reporting import pages, writes
from bench.reporting.chart import Bar, bars
from bench.runner.database import ROOT

RESULTS = Path(__file__).resolve().parent / "results"
OURS = (pages.PLANNER, pages.BY_ID, "Portico, executor")
BOUNDS = ("Hand-written handler", "pgbench, the limit")


def main(into: Annotated[Path, typer.Option(help="Where the page and its chart are written.")] = ROOT / "docs") -> None:
    """Write the page and the charts."""
    result = _figures("peers")
    if result is None:
        raise typer.BadParameter("there are no figures: run `python -m bench.peers` first")
    into.mkdir(parents=True, exist_ok=True)
    (into / "performance.svg").write_text(_chart(result), encoding="utf-8")
    if load := _figures("load"):
        (into / "performance-load.svg").write_text(writes.load_chart(load), encoding="utf-8")
    more = [writes.of_writes(_figures("writes"), _figures("events")), writes.of_load(load)]
    (into / "performance.md").write_text(pages.page(result, more), encoding="utf-8")
    print(f"Written: {into / 'performance.md'} and its charts")


def _figures(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _chart(result: dict[str, Any]) -> str:
    drawn = [_bar(name, [turn["rate"] for turn in turns]) for name, turns in result["turns"].items()]
    about = f"One process each, {result['concurrency']} requests at a time, {result['customers']:,} customers. Median of {result['rounds']} rounds; the line is smallest to largest."
    return bars("Summary pages per second", about, sorted(drawn, key=lambda bar: -bar.value))


def _bar(name: str, rates: list[float]) -> Bar:
    kind = "ours" if name in OURS else "bound" if name in BOUNDS else "theirs"
    return Bar(name, median(rates), min(rates), max(rates), kind)


if __name__ == "__main__":
    typer.run(main)
