"""`python -m bench.workers`: the Summary page from `serve --workers N`, in turns, and the memory of each process after its last turn.

The figures are stored in bench/results/workers.json.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.peers.contestants import PLANNER
from bench.peers.measure import Setting, Turn, rounds, turn_of
from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, portal
from bench.runner.processes import Running, proportional_mb, resident_mb, server, workers

NAME = "workers"
COUNTS = (1, 2, 4)
console = Console()


def main(
    count: Annotated[int, typer.Option("--rounds", min=1, help="How many turns each number of processes has.")] = 8,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 2.0,
    customers: Annotated[int, typer.Option(min=100, help="How many generated customers the database has.")] = 20_000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 16,
) -> None:
    """Measure in turns, then read the memory of the processes."""
    result: dict[str, Any] = {**results.head(), "customers": customers, "rounds": count, "seconds": seconds, "concurrency": concurrency}
    with database.portal(customers, console) as place, portal.signer() as signer, ExitStack() as stack:
        tokens = [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 2000))]
        setting = Setting(place, tokens, seconds, concurrency)
        command = portal.patient(portal.portico(place, signer, planner=True))
        servers = {number: stack.enter_context(server(portal.with_workers(command, number))) for number in COUNTS}
        turns = rounds({str(number): turn_of(PLANNER, [running], setting) for number, running in servers.items()}, count, lambda _: None)
        result["turns"] = {number: [asdict(turn) for turn in seen] for number, seen in turns.items()}
        result["memory"] = {str(number): _memory(running) for number, running in servers.items()}
    results.store(NAME, result)
    console.print(_table(turns, result["memory"]))


def _memory(running: Running) -> dict[str, list[float]]:
    """Return the megabytes of each process that answers, and of the supervisor, if there is one."""
    answering = workers(running.pid)
    others = [] if running.pid in answering else [running.pid]
    return {
        "resident": [resident_mb(pid) for pid in answering],
        "proportional": [proportional_mb(pid) for pid in answering],
        "supervisor_resident": [resident_mb(pid) for pid in others],
        "supervisor_proportional": [proportional_mb(pid) for pid in others],
    }


def _table(turns: dict[str, list[Turn]], memory: dict[str, dict[str, list[float]]]) -> Table:
    table = Table("processes", "pages a second", "of one", "p99 ms", "RSS MB each", "PSS MB each", title="serve --workers N")
    alone = [turn.rate for turn in turns["1"]]
    for number, seen in turns.items():
        rates = [turn.rate for turn in seen]
        sizes = [spread(memory[number][kind]) for kind in ("resident", "proportional")]
        table.add_row(number, spread(rates), ratio(rates, alone), spread([turn.p99 for turn in seen]), *sizes)
    return table


if __name__ == "__main__":
    typer.run(main)
