"""`python -m bench.growth`: the Summary page of customers with few and with many rows, and with few and many customers in the database.

Planner and executor take turns over all databases. The first run seeds 200,000 customers, which takes minutes. The figures are stored in bench/results/growth.json.
"""

import asyncio
from dataclasses import asdict
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.growth import sizes
from bench.growth.sizes import Compared
from bench.peers.measure import Setting
from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, portal

NAME = "growth"
SIZES = (1_000, 20_000, 200_000)
console = Console()


def main(
    customers: Annotated[list[int] | None, typer.Option(min=100, help="How many generated customers a database has; may be repeated.")] = None,
    count: Annotated[int, typer.Option("--rounds", min=1, help="How many turns each has.")] = 8,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 2.0,
) -> None:
    """Measure in turns and print both tables."""
    sizes_of = customers or list(SIZES)
    result: dict[str, Any] = {**results.head(), "rounds": count, "seconds": seconds}
    for size in sizes_of:
        with database.portal(size, console):
            pass
    with portal.signer() as signer:
        with database.portal(sizes_of[0], console) as place:
            tokens = [signer.token(customer_id) for customer_id in asyncio.run(sizes.with_two_subscriptions(place))]
            seen = {"subscriptions": sizes.by_customer(Setting(place, tokens, seconds), signer, count)}
        seen["customers"] = sizes.by_customers(sizes_of, (seconds, count), signer, console)
    results.store(NAME, result | {name: _stored(compared) for name, compared in seen.items()})
    for name, compared in seen.items():
        console.print(_table(name, compared))


def _stored(compared: Compared) -> dict[str, Any]:
    return {kind: {way: [asdict(turn) for turn in turns] for way, turns in ways.items()} for kind, ways in compared.items()}


def _table(name: str, compared: Compared) -> Table:
    table = Table(name, "answered by", "pages a second", "of the first", "p99 ms")
    first = next(iter(compared.values()))
    for kind, ways in compared.items():
        for way, turns in ways.items():
            rates, base = [turn.rate for turn in turns], [turn.rate for turn in first[way]]
            table.add_row(kind, way, spread(rates), ratio(rates, base), f"{median(turn.p99 for turn in turns):.1f}")
    return table


if __name__ == "__main__":
    typer.run(main)
