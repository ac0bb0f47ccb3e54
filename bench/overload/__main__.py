"""`python -m bench.overload`: the Summary page with 8 to 256 requests at a time, as shipped: throughput, latencies of what is answered, and how much is refused with 503.

The figures are stored in bench/results/load.json, from which `bench.report` draws docs/performance-load.svg.
"""

import asyncio
from dataclasses import replace
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.reporting import results
from bench.runner import database, load, portal
from bench.runner.load import Load, Seen
from bench.runner.processes import server

NAME = "load"
CONCURRENCY = (8, 16, 32, 64, 128, 256)
console = Console()


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each number of connections has.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 3.0,
    customers: Annotated[int, typer.Option(min=100, help="How many generated customers the database has.")] = 1_000,
) -> None:
    """Measure in turns and print the curve."""
    result: dict[str, Any] = {**results.head(), "rounds": rounds, "seconds": seconds}
    points: dict[int, list[dict[str, float]]] = {number: [] for number in CONCURRENCY}
    with database.portal(customers, console) as place, portal.signer() as signer:
        tokens = [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 800))]
        command = portal.portico(place, signer, planner=True)
        shipped = {name: value for name, value in command.environment.items() if name != "PORTICO_ACQUIRE_SECONDS"}
        with server(replace(command, environment=shipped)) as running:
            for nth in range(rounds + 1):
                for number in CONCURRENCY:
                    seen = load.finish(load.start(Load([running.port], running.path, portal.BODY, tokens, number, seconds)))
                    points[number] += [_point(seen)] if nth else []
    result["points"] = {str(number): turns for number, turns in points.items()}
    results.store(NAME, result)
    console.print(_table(result["points"]))


def _point(seen: Seen) -> dict[str, float]:
    """Return the figures of a turn. Every answer is a page or a refusal with 503. Raises WrongAnswers."""
    answered, refused = seen.statuses.get("200", 0), seen.statuses.get("503", 0)
    if answered + refused != seen.requests or seen.wrong != refused:
        raise load.WrongAnswers(seen.example)
    return {"rate": answered / seen.seconds, "refused": refused / seen.seconds, "p50": seen.accepted_p50, "p99": seen.accepted_p99}


def _table(points: dict[str, list[dict[str, float]]]) -> Table:
    table = Table("at a time", "pages a second", "refused a second", "p50 ms", "p99 ms")
    for number, turns in points.items():
        table.add_row(number, *(f"{median(turn[figure] for turn in turns):,.1f}" for figure in ("rate", "refused", "p50", "p99")))
    return table


if __name__ == "__main__":
    typer.run(main)
