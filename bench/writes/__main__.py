"""`python -m bench.writes`: mutations per second beside a hand-written handler with the same guarantees; writes bench/results/writes.json."""

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.peers import contestants
from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, portal
from bench.writes import data
from bench.writes.operations import OPERATIONS
from bench.writes.servers import BY_HAND, OURS, PEERS, PORTICO, of_checkout, storing_in
from bench.writes.turns import PROBES, Figures, TurnPlan, in_turns, traffic

NAME = "writes"
console = Console()


def main(
    rounds: Annotated[int, typer.Option(min=1, max=data.INVOICES - 2, help="How many turns each server has.")] = 6,
    each: Annotated[int, typer.Option(min=32, help="How many customers each server changes in a turn.")] = 400,
    connections: Annotated[int, typer.Option(min=1, help="How many requests are sent at a time.")] = 16,
    only: Annotated[str, typer.Option(help="Only mutations whose name contains this.")] = "",
    before: Annotated[Path | None, typer.Option(help="Another checkout, whose Portico takes part.")] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Also the plain writes of other servers; needs npm and Node 20 or newer.")] = False,
) -> None:
    """Measure in interleaved turns, then count statements and round trips."""
    if peers:
        contestants.install()
    operations = tuple(operation for operation in OPERATIONS if only.lower() in operation.name.lower())
    result: dict[str, Any] = {**results.head(), "rounds": rounds, "connections": connections}
    with database.copy_of_portal(1000, console) as place, portal.signer() as signer, tempfile.TemporaryDirectory(prefix="portico-uploads-") as folder:
        writers = [storing_in(Path(folder), writer) for writer in (OURS, *([of_checkout(before)] if before else []), BY_HAND, *(PEERS if peers else ()))]
        keys = data.keys(each * len(writers) + 2 * PROBES * len(writers))
        asyncio.run(data.fill(place, len(keys)))
        parts = [keys[each * nth : each * (nth + 1)] for nth in range(len(writers))]
        probes = [keys[each * len(writers) + 2 * PROBES * nth :][: 2 * PROBES] for nth in range(len(writers))]
        result["turns"] = in_turns(writers, place, signer, TurnPlan(parts, rounds, operations, connections))
        result["traffic"] = {writer.name: traffic(writer, place, signer, own) for writer, own in zip(writers, probes, strict=True)}
    results.store(NAME, result)
    console.print(_rates(result["turns"]), _traffic(result["traffic"]))


def _rates(turns: Figures) -> Table:
    table = Table("mutation", "server", "a second", "Portico is", "p50 ms", "p99 ms", "CPU s/1,000: server", "Postgres")
    for name, of_servers in turns.items():
        for server_name, seen in of_servers.items():
            values = {figure: [turn[figure] for turn in seen] for figure in seen[0]}
            compared = ratio([turn["rate"] for turn in of_servers[PORTICO]], values["rate"])
            medians = [f"{median(values[figure]):.2f}" for figure in ("p50", "p99", "server_cpu", "postgres_cpu")]
            table.add_row(name, server_name, spread(values["rate"]), compared, *medians)
    return table


def _traffic(counts: dict[str, dict[str, dict[str, float]]]) -> Table:
    table = Table("mutation", "server", "statements", "round trips")
    for server_name, mutations in counts.items():
        for mutation, seen in mutations.items():
            table.add_row(mutation, server_name, f"{seen['statements']:.1f}", f"{seen['round_trips']:.1f}")
    return table


if __name__ == "__main__":
    typer.run(main)
