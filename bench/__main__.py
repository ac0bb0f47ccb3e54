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
    rounds: Annotated[int, typer.Option(min=1, help="How often each takes its turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 3.0,
) -> None:
    """Requests per second, p50 and p99 of the Summary page from one worker."""
    with database.portal(customers, console) as place, portal.signer() as signer, ExitStack() as stack:
        tokens = [signer.token(found) for found in asyncio.run(database.customer_ids(place, 2000))]
        statements = {way: _statements(place, signer, tokens[0], planner=planner) for way, planner in WAYS.items()}
        servers = {way: stack.enter_context(server(portal.portico(place, signer, planner=planner))) for way, planner in WAYS.items()}
        loads = {way: load.Load([found.port], found.path, portal.BODY, tokens, concurrency, seconds) for way, found in servers.items()}
        seen = _turns(loads, rounds)
    console.print(_table(seen, statements, f"Summary page, {customers:,} customers, {concurrency} at a time, {rounds} rounds of {seconds:g} s in turns"))


def _turns(loads: dict[str, load.Load], rounds: int) -> dict[str, list[load.Seen]]:
    """One round to warm up that does not count, then everybody in turn."""
    seen: dict[str, list[load.Seen]] = {way: [] for way in loads}
    for nth in range(rounds + 1):
        for way, asked in loads.items():
            found = load.put(asked)
            if nth:
                seen[way].append(found)
    return seen


def _statements(place: database.Place, signer: portal.Signer, token: str, *, planner: bool) -> str:
    """How many statements the answer takes, as Portico says in development (the last one, COMMIT, runs after the answer). The first answer makes the plan."""
    with server(portal.portico(place, signer, planner=planner, environment="development")) as found:
        timing = [_timing(found, token) for _ in range(2)][-1]
    way, _, text = timing.partition(";desc=")
    if (way == "planner") != planner:
        raise SystemExit(f"The Summary page was answered by the {way}.")
    numbers = re.findall(r"\d+", text)
    return f"{int(numbers[0]) + 1}" if numbers else text


def _timing(found: Running, token: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=30)
    try:
        connection.request("POST", found.path, portal.BODY, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
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
        figures = [[found.rate for found in rounds], [found.p50 for found in rounds], [found.p99 for found in rounds]]
        table.add_row(way, *(_spread(values, digits) for values, digits in zip(figures, (0, 1, 1), strict=True)), statements[way])
    return table


def _spread(values: list[float], digits: int) -> str:
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


if __name__ == "__main__":
    typer.run(main)
