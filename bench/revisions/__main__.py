"""`python -m bench.revisions`: the Summary page by its document id, and the 304 to those who have it already, in turns.

The page is measured by POST, by GET, and by GET with an ETag of another revision, which costs the look-up in addition; the page by POST and the 304 also from a server of two
processes, since a 304 leaves Postgres so little to do that one process is what limits the rate. The CPU time of the server and of Postgres for each request varies less than the
rate on a machine that others use too. The figures are stored in bench/results/revisions.json.
"""

import asyncio
import http.client
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from bench.reporting import results
from bench.reporting.revisions import PAGE, TWO, page_of
from bench.reporting.spread import spread
from bench.runner import database, load, portal
from bench.runner.processes import Command, Running, family_cpu_seconds, server
from resolvers.documents.manifests import id_of

NAME = "revisions"
console = Console()
CALLERS = 500
BY_GET, CHANGED, UNCHANGED = "page by GET", "GET with an old ETag: page", "GET with the ETag: 304"


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests per second, the median latency in milliseconds, and the microseconds of CPU time of the server and of Postgres for each request."""

    rate: float
    p50: float
    server: float
    postgres: float

    @property
    def cpu(self) -> float:
        return self.server + self.postgres


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 2000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 2.0,
) -> None:
    """Print requests per second and CPU time of each, and their ratios to the page within each round."""
    result: dict[str, Any] = {**results.head(), "customers": customers, "concurrency": concurrency, "rounds": rounds, "seconds": seconds}
    with database.portal(customers, console) as place, portal.signer() as signer:
        tokens = [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, CALLERS))]
        command = portal.portico(place, signer, planner=True)
        command = Command(command.arguments, {**portal.patient(command).environment, "PORTICO_CUSTOMER_BUDGET": "0"}, command.folder)
        with server(command) as one, server(portal.with_workers(command, 2)) as two:
            loads = _loads(one, tokens, concurrency, seconds)
            loads |= {name + TWO: each for name, each in _loads(two, tokens, concurrency, seconds).items() if name in (PAGE, UNCHANGED)}
            turns = _turns(loads, rounds, lambda: (family_cpu_seconds(one.pid) + family_cpu_seconds(two.pid), family_cpu_seconds(place.postmaster)))
    results.store(NAME, {**result, "turns": {name: [asdict(turn) for turn in seen] for name, seen in turns.items()}})
    _print(turns, f"Summary page, {customers:,} customers, {concurrency} at a time, {rounds} rounds of {seconds:g} s in turns")


def _loads(running: Running, tokens: list[str], concurrency: int, seconds: float) -> dict[str, load.Load]:
    path = f"{running.path}?documentId={quote(id_of(portal.SUMMARY))}&operationName=Summary"
    tags = [_tag(running, path, token) for token in tokens]
    other = [".".join([tag.split(".")[0], "0" * 24, *tag.split(".")[2:]]) for tag in tags]

    def get(lines: list[str], status: str = "200", contains: str = '"activeSubscriptions"') -> load.Load:
        return load.Load([running.port], path, "", tokens, concurrency, seconds, must_contain=contains, lines=lines, status=status)

    return {
        PAGE: load.Load([running.port], running.path, portal.BY_ID, tokens, concurrency, seconds),
        BY_GET: get([]),
        CHANGED: get([f"If-None-Match: {tag}" for tag in other]),
        UNCHANGED: get([f"If-None-Match: {tag}" for tag in tags], "304", ""),
    }


def _tag(running: Running, path: str, token: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return str(answer.headers["ETag"])


def _turns(loads: dict[str, load.Load], rounds: int, cpu: Callable[[], tuple[float, float]]) -> dict[str, list[Turn]]:
    """Run all in turns; the one that begins changes from round to round, and the first round does not count."""
    turns: dict[str, list[Turn]] = {name: [] for name in loads}
    for nth in range(rounds + 1):
        for name in list(loads)[:: 1 if nth % 2 else -1]:
            before = cpu()
            seen = load.put(loads[name])
            mine, postgres = ((now - then) / seen.requests * 1e6 for now, then in zip(cpu(), before, strict=True))
            if nth:
                turns[name].append(Turn(seen.rate, seen.p50, mine, postgres))
    return turns


def _print(turns: dict[str, list[Turn]], title: str) -> None:
    table = Table(
        title=title, caption="Medians of the rounds (smallest to largest). The ratios are those within a round, to the page by POST of the same server."
    )
    for name in ("", "requests/s", "p50 ms", "server µs", "Postgres µs", "rate ÷ page", "page's CPU ÷ its CPU"):
        table.add_column(name, justify="left" if not name else "right")
    for name, values in turns.items():
        pairs = list(zip(turns[page_of(name)], values, strict=True))
        columns = (
            [turn.rate for turn in values],
            [turn.p50 for turn in values],
            [turn.server for turn in values],
            [turn.postgres for turn in values],
            [after.rate / before.rate for before, after in pairs],
            [before.cpu / after.cpu for before, after in pairs],
        )
        table.add_row(name, *(spread(column) for column in columns))
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
