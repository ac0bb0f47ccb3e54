"""`python -m bench.replicas`: the Summary page of customers in sessions, from one server with 0, 1 and 2 replicas, in turns.

All clusters share this machine, so the requests per second say little. What one of each spends on a read says how far a primary on a machine of its own goes.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from auth.jwt.tokens import sign
from auth.viewer import Viewer
from bench.reporting.spread import spread
from bench.runner import database, load, portal
from bench.runner.processes import Command, family_cpu_seconds, server
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.servers.clusters import Cluster, standby

console = Console()
SESSIONS = """
insert into portico.portal_session (customer_id, id, method, created_at, last_used_at, expires_at)
select id, replace(id, 'cus_', 'ses_'), 'PASSWORD', now(), now(), now() + interval '1 day' from portico.customer where id = any($1)
on conflict do nothing"""
CALLERS = 500
COUNTS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Turn:
    """The figures of one turn, and the CPU milliseconds of the primary and of all replicas for each read."""

    seen: load.Seen
    primary: float
    replicas: float


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 2000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long a turn is.")] = 2.0,
) -> None:
    """Print requests per second and the CPU time of the databases for each number of replicas."""
    with database.portal(customers, console) as place, portal.signer() as signer, ExitStack() as stack:
        tokens = asyncio.run(_tokens(place, signer))
        standbys = stack.enter_context(_standbys(place))
        servers = {count: stack.enter_context(server(_command(place, signer, standbys[:count]))) for count in COUNTS}
        turns: dict[int, list[Turn]] = {count: [] for count in COUNTS}
        for nth in range(rounds + 1):  # the first round is for warming up
            for count, running in servers.items():
                turn = _turn(load.Load([running.port], running.path, portal.BODY, tokens, concurrency, seconds), place, standbys)
                turns[count] += [turn] if nth else []
    console.print(_table(turns))


async def _tokens(place: database.Place, signer: portal.Signer) -> list[str]:
    """Return the tokens of customers, each in a session, as the portal's are."""
    ids = await database.customer_ids(place, CALLERS)
    connection = await asyncpg.connect(place.admin_url)
    await connection.execute(SESSIONS, ids)
    await connection.close()
    viewers = [Viewer(Actor.CUSTOMER, identifier, ("portal",), "bench", identifier.replace("cus_", "ses_")) for identifier in ids]
    return [sign(viewer, signer.issuer, now=datetime.now(UTC), lifetime=timedelta(days=1)) for viewer in viewers]


@contextmanager
def _standbys(place: database.Place) -> Iterator[list[Cluster]]:
    primary = Cluster(Path(place.socket), Urls(place.admin_url, place.app_url))
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        yield [stack.enter_context(standby(primary, Path(folder) / f"standby{number}")) for number in range(max(COUNTS))]


def _command(place: database.Place, signer: portal.Signer, standbys: list[Cluster]) -> Command:
    command = portal.portico(place, signer, planner=True)
    urls = {"PORTICO_REPLICA_URLS": ",".join(standby.urls.app for standby in standbys)} if standbys else {}
    return Command(command.arguments, {**command.environment, **urls, "PORTICO_CUSTOMER_BUDGET": "0"}, command.folder)


def _turn(summary: load.Load, place: database.Place, standbys: list[Cluster]) -> Turn:
    before = _cpu(place, standbys)
    seen = load.put(summary)
    primary, replicas = (1000 * (now - then) / seen.requests for now, then in zip(_cpu(place, standbys), before, strict=True))
    return Turn(seen, primary, replicas)


def _cpu(place: database.Place, standbys: list[Cluster]) -> tuple[float, float]:
    pids = [int((each.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]) for each in standbys]
    return family_cpu_seconds(place.postmaster), sum(map(family_cpu_seconds, pids))


def _table(turns: dict[int, list[Turn]]) -> Table:
    table = Table(
        title="Summary of customers in sessions", caption="Medians of the rounds (smallest to largest). CPU of all processes of Postgres, for each read."
    )
    for name in ("replicas", "requests/s", "p50 ms", "p99 ms", "primary CPU ms", "replicas' CPU ms"):
        table.add_column(name, justify="right")
    for count, figures in turns.items():
        seen = [turn.seen for turn in figures]
        columns = (
            [one.rate for one in seen],
            [one.p50 for one in seen],
            [one.p99 for one in seen],
            [t.primary for t in figures],
            [t.replicas for t in figures],
        )
        table.add_row(str(count), *(spread(values) for values in columns))
    return table


if __name__ == "__main__":
    typer.run(main)
