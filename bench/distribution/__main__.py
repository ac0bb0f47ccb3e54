"""`python -m bench.distribution`: the Summary page and `updateProfile`, on one node of Postgres, and on a coordinator of Citus with 1 and 2 workers, in turns.

The page is read through the coordinator, and on the workers (`direct`).

All nodes share this machine. With --pinned, the single node and the coordinator run on the first processor, and the workers on the others, in turn; without, on all of them. What each
node spends on a request says how far one on a machine of its own goes.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import demo
from bench.distribution.nodes import Node, join, node
from bench.reporting.spread import ratio, spread
from bench.runner import database, load, portal
from bench.runner.processes import Command, Running, cpu_seconds, server
from db.deployment.migrate import migrate
from db.distribution.distribute import distribute

console = Console(width=160)  # also where the output is a file
CALLERS = 500
COUNTER = "@" * 8
WRITE = 'mutation { updateProfile(input: {name: "Grace ' + COUNTER + '"}) { customer { version } userErrors { code } } }'
PAGES, WRITES = "Summary", "updateProfile"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A database on one node, or on a coordinator with workers."""

    name: str
    first: Node
    workers: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A server, and how it reads pages."""

    name: str
    cluster: Cluster
    running: Running


@dataclass(frozen=True, slots=True)
class Turn:
    """The figures of one turn, and the CPU milliseconds of the server, of the first node and of all workers for each request."""

    seen: load.Seen
    server: float
    first: float
    workers: float


def main(
    programs: Annotated[Path, typer.Option(help="The folder `bin` of a Postgres in which Citus is installed.")] = Path("/usr/lib/postgresql/15/bin"),
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers each database has.")] = 2000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long a turn is.")] = 2.0,
    pinned: Annotated[bool, typer.Option("--pinned", help="Give nodes processors of their own.")] = False,
) -> None:
    """Print requests per second and the CPU time of the nodes for each cluster."""
    with tempfile.TemporaryDirectory(prefix="portico-nodes-") as folder, portal.signer() as signer, ExitStack() as stack:
        Path(folder).chmod(0o755)
        clusters = [stack.enter_context(_cluster(Path(folder), programs, count, is_pinned=pinned)) for count in (0, 1, 2)]
        now = datetime.now(UTC)  # the ids of customers follow from it
        for cluster in clusters:
            console.print(f"filling {cluster.name}")
            asyncio.run(_fill(cluster, customers, now))
        subjects = [Subject(name, cluster, stack.enter_context(server(command))) for cluster in clusters for name, command in _commands(cluster, signer)]
        tokens = [signer.token(each) for each in asyncio.run(database.customer_ids(_place(clusters[0]), CALLERS))]
        for name in (PAGES, WRITES):
            turns: dict[str, list[Turn]] = {subject.name: [] for subject in subjects}
            for nth in range(rounds + 1):  # the first round is for warming up
                for subject in subjects:
                    turn = _turn(_load(name, subject.running, tokens, concurrency, seconds), subject)
                    turns[subject.name] += [turn] if nth else []
            console.print(_table(name, turns))


@contextmanager
def _cluster(folder: Path, programs: Path, workers: int, *, is_pinned: bool) -> Iterator[Cluster]:
    with ExitStack() as stack:
        cpus = ["0", "1", "1"] if is_pinned else [""] * 3
        places = [folder / f"{workers}-{number}" for number in range(workers + 1)]
        nodes = [stack.enter_context(node(place, programs, cpus=cpus[number], has_citus=workers > 0)) for number, place in enumerate(places)]
        if workers:
            join(nodes[0], nodes[1:])
        yield Cluster(f"Citus, {workers} workers" if workers else "one node, no Citus", nodes[0], tuple(nodes[1:]))


async def _fill(cluster: Cluster, customers: int, now: datetime) -> None:
    url = cluster.first.url("postgres")
    await migrate(url)
    await demo.seed(url, customers=customers, now=now, progress=lambda _: None)
    if cluster.workers:
        await distribute(url, shards=8)


def _place(cluster: Cluster) -> database.Place:
    return database.Place(cluster.first.url("postgres"), cluster.first.url("portico_app"), "", cluster.first.postmaster)


def _commands(cluster: Cluster, signer: portal.Signer) -> Iterator[tuple[str, Command]]:
    command = portal.portico(_place(cluster), signer, planner=True)
    for name, is_direct in ((cluster.name, False), (f"{cluster.name}, direct", True)) if cluster.workers else ((cluster.name, False),):
        environment = {**command.environment, "PORTICO_CUSTOMER_BUDGET": "0", "PORTICO_DIRECT_READS": str(is_direct)}
        yield name, Command(command.arguments, environment, command.folder)


def _load(name: str, running: Running, tokens: list[str], concurrency: int, seconds: float) -> load.Load:
    if name == PAGES:
        return load.Load([running.port], running.path, portal.BODY, tokens, concurrency, seconds)
    body = json.dumps({"query": WRITE})
    return load.Load([running.port], running.path, body, tokens, concurrency, seconds, must_contain='"version"', counter=COUNTER)


def _turn(request: load.Load, subject: Subject) -> Turn:
    cluster, running = subject.cluster, subject.running
    before = _cpu(cluster, running)
    seen = load.put(request)
    of_server, first, workers = (1000 * (now - then) / seen.requests for now, then in zip(_cpu(cluster, running), before, strict=True))
    return Turn(seen, of_server, first, workers)


def _cpu(cluster: Cluster, running: Running) -> tuple[float, float, float]:
    return cpu_seconds(running.pid), cluster.first.cpu_seconds, sum(worker.cpu_seconds for worker in cluster.workers)


def _table(name: str, turns: dict[str, list[Turn]]) -> Table:
    table = Table(title=name, caption="Medians of the rounds (smallest to largest). CPU of all processes, for each request.")
    for column in ("database", "requests/s", "of one node", "p50 ms", "p99 ms", "server CPU ms", "first node CPU ms", "workers' CPU ms"):
        table.add_column(column, justify="left" if column == "database" else "right")
    single = [turn.seen.rate for turn in next(iter(turns.values()))]
    for cluster, figures in turns.items():
        rates = [turn.seen.rate for turn in figures]
        columns = ([turn.seen.p50 for turn in figures], [turn.seen.p99 for turn in figures], [turn.server for turn in figures])
        nodes = ([turn.first for turn in figures], [turn.workers for turn in figures])
        table.add_row(cluster, spread(rates), ratio(rates, single), *(spread(values) for values in (*columns, *nodes)))
    return table


if __name__ == "__main__":
    typer.run(main)
