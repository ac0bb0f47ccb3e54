"""`python -m bench.report`: write docs/performance.md and its chart from the figures of the last `python -m bench.peers`."""

import json
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from bench.reporting import pages
from bench.reporting.chart import Bar, bars
from bench.runner.database import ROOT

RESULTS = Path(__file__).resolve().parent / "results" / "peers.json"
OURS = (pages.PLANNER, pages.BY_ID, "Portico, executor")
BOUNDS = ("Hand-written handler", "pgbench, the limit")


def main(into: Annotated[Path, typer.Option(help="Where the page and its chart are written.")] = ROOT / "docs") -> None:
    """Write the page and the chart."""
    result = json.loads(RESULTS.read_text(encoding="utf-8"))
    into.mkdir(parents=True, exist_ok=True)
    (into / "performance.svg").write_text(_chart(result), encoding="utf-8")
    (into / "performance.md").write_text(pages.page(result), encoding="utf-8")
    print(f"Written: {into / 'performance.md'} and {into / 'performance.svg'}")


def _chart(result: dict[str, Any]) -> str:
    drawn = [_bar(name, [turn["rate"] for turn in turns]) for name, turns in result["turns"].items()]
    about = f"One process each, {result['concurrency']} requests at a time, {result['customers']:,} customers. Median of {result['rounds']} rounds; the line is smallest to largest."
    return bars("Summary pages per second", about, sorted(drawn, key=lambda bar: -bar.value))


def _bar(name: str, rates: list[float]) -> Bar:
    kind = "ours" if name in OURS else "bound" if name in BOUNDS else "theirs"
    return Bar(name, median(rates), min(rates), max(rates), kind)


if __name__ == "__main__":
    typer.run(main)
