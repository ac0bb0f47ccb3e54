"""`python -m bench`: the Summary page from one Portico worker, once by the planner and once by the executor, in turns."""

import asyncio
import http.client
import re
from contextlib import ExitStack
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.runner import database, load, portal
from bench.runner.processes import Running, server

WAYS = {"planner": True, "executor": False}
console = Console()


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 20_000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 3.0,
) -> None:
    """Print requests per second, p50 and p99 of the Summary page from one worker."""
    with database.portal(customers, console) as place, portal.signer() as signer, ExitStack() as stack:
        tokens = [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 2000))]
        statements = {way: _statements(place, signer, tokens[0], planner=planner) for way, planner in WAYS.items()}
        servers = {way: stack.enter_context(server(portal.portico(place, signer, planner=planner))) for way, planner in WAYS.items()}
        loads = {way: load.Load([running.port], running.path, portal.BODY, tokens, concurrency, seconds) for way, running in servers.items()}
        seen = _turns(loads, rounds)
    console.print(_table(seen, statements, f"Summary page, {customers:,} customers, {concurrency} at a time, {rounds} rounds of {seconds:g} s in turns"))


def _turns(loads: dict[str, load.Load], rounds: int) -> dict[str, list[load.Seen]]:
    """Run all loads in turn. The first round is for warming up and does not count."""
    seen: dict[str, list[load.Seen]] = {way: [] for way in loads}
    for nth in range(rounds + 1):
        for way, requests in loads.items():
            figures = load.put(requests)
            if nth:
                seen[way].append(figures)
    return seen


def _statements(place: database.Place, signer: portal.Signer, token: str, *, planner: bool) -> str:
    """Return the number of statements of the answer, from the Server-Timing header in development. COMMIT, which runs after the answer, is added. The first answer makes the plan."""
    with server(portal.portico(place, signer, planner=planner, environment="development")) as running:
        timing = [_timing(running, token) for _ in range(2)][-1]
    way, _, text = timing.partition(";desc=")
    if (way == "planner") != planner:
        raise SystemExit(f"The Summary page was answered by the {way}.")
    numbers = re.findall(r"\d+", text)
    return f"{int(numbers[0]) + 1}" if numbers else text


def _timing(running: Running, token: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    try:
        connection.request("POST", running.path, portal.BODY, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.headers["Server-Timing"]
    finally:
        connection.close()


def _table(seen: dict[str, list[load.Seen]], statements: dict[str, str], title: str) -> Table:
    table = Table(title=title, caption="Medians of the rounds (smallest to largest). Statements with BEGIN and COMMIT.")
    table.add_column("Answered by")
    for name in ("requests/s", "p50 ms", "p99 ms", "statements"):
        table.add_column(name, justify="right")
    for way, rounds in seen.items():
        figures = [[turn.rate for turn in rounds], [turn.p50 for turn in rounds], [turn.p99 for turn in rounds]]
        table.add_row(way, *(_spread(values, digits) for values, digits in zip(figures, (0, 1, 1), strict=True)), statements[way])
    return table


def _spread(values: list[float], digits: int) -> str:
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


if __name__ == "__main__":
    typer.run(main)
