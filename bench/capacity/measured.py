"""The figures of docs/performance.md by which the model is checked: pages per second of each server, and the CPU time of its pages."""

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/performance.md"
RATES, COSTS, WORKERS = "Pages/s", "CPU in the server", "Two are"


@dataclass(frozen=True, slots=True)
class Measured:
    """A server of the benchmark. CPU in seconds for a page; `rate` of one process and `rate_of_two` of two, in pages per second; times in milliseconds."""

    name: str
    server: float
    postgres: float
    rate: float
    p50: float
    p99: float
    rate_of_two: float | None


def measured() -> list[Measured]:
    """Return the servers that have all figures. Raises KeyError or ValueError for a page without these tables."""
    tables = _tables(PAGE.read_text(encoding="utf-8"))
    costs, workers = tables[COSTS], tables[WORKERS]
    return [
        Measured(
            name,
            float(costs[name][COSTS]) / 1000,
            float(costs[name]["CPU in Postgres"]) / 1000,
            _number(row[RATES]),
            float(row["p50 ms"]),
            float(row["p99 ms"]),
            _number(workers[name]["Two"]) if name in workers else None,
        )
        for name, row in tables[RATES].items()
        if costs.get(name, {}).get(COSTS)
    ]


def _number(text: str) -> float:
    return float(text.partition(" ")[0].replace(",", ""))


def _tables(text: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the tables by the name of a column: rows by their first cell, and cells by the heads of their columns."""
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for part in text.split("\n\n"):
        lines = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in part.strip().splitlines() if line.startswith("|")]
        if len(lines) > 2:
            head, _, *rows = lines
            rows_by_name = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
            tables |= {name: rows_by_name for name in (RATES, COSTS, WORKERS) if name in head}
    return tables
