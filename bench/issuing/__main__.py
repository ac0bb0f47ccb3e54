"""`python -m bench.issuing`: invoices that one service issues per second by `createInvoice`, with 16 connections, beside a hand-written handler that sends the same SQL.

The two servers run at once and take turns. Each request of a turn is of a customer of its own, and has an idempotency key of its own. The invoices
stay in the database of the benchmark, because their numbers have no gaps.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from auth.jwt.tokens import sign
from auth.viewer import Viewer
from bench.runner import database, load, portal
from bench.runner.database import ROOT, Place
from bench.runner.load import Load, Seen
from bench.runner.portal import Signer
from bench.runner.processes import Command, Running, cpu_seconds, family_cpu_seconds, server
from billing.states import Actor

console = Console()
CONNECTIONS = 16
# The number of a request, which is the end of its customer's id.
COUNTER = "@" * 12
PREFIX = "cus_" + "0" * 14
CUSTOMERS = 20_000
CREATE = "mutation Create($input: CreateInvoiceInput!) { createInvoice(input: $input) { invoice { id number status version } userErrors { code path } } }"
LINE = {"description": "Consulting", "quantity": 3, "unitAmount": {"amount": "120.00", "currency": "USD"}, "taxRate": "8.1"}
PORTICO, PEER = "Portico", "handler with the same SQL"


@dataclass(frozen=True, slots=True)
class Turn:
    """A load and the CPU milliseconds of the server and of Postgres for one invoice, which other work on the machine changes less than the rate."""

    seen: Seen
    server_ms: float
    postgres_ms: float


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each server has.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 4.0,
) -> None:
    """Print the invoices per second of both servers, and the milliseconds of one."""
    with database.portal(1000, console) as place, portal.signer() as signer:
        asyncio.run(_with_customers(place))
        with _both(place, signer) as ports:
            token = _service(signer)
            results: dict[str, list[Turn]] = {name: [] for name in ports}
            for _ in range(rounds):
                for name, running in ports.items():
                    results[name].append(_turn(running, place, token, seconds))
    console.print(_table(results))


def _turn(running: Running, place: Place, token: str, seconds: float) -> Turn:
    server_before, postgres_before = cpu_seconds(running.pid), family_cpu_seconds(place.postmaster)
    seen = load.put(Load([running.port], running.path, _body(), [token], CONNECTIONS, seconds, must_contain='"userErrors":[]', counter=COUNTER))
    server_ms, postgres_ms = cpu_seconds(running.pid) - server_before, family_cpu_seconds(place.postmaster) - postgres_before
    return Turn(seen, 1000 * server_ms / seen.requests, 1000 * postgres_ms / seen.requests)


def _body() -> str:
    arguments = {"customerId": PREFIX + COUNTER, "lines": [LINE], "idempotencyKey": f"{secrets.token_hex(6)} {COUNTER}"}
    return json.dumps({"query": CREATE, "operationName": "Create", "variables": {"input": arguments}})


def _service(signer: Signer) -> str:
    viewer = Viewer(Actor.STAFF, None, ("invoices:write",), "bench", subject="bench")
    return sign(viewer, signer.issuer, now=datetime.now(UTC), lifetime=timedelta(days=1))


async def _with_customers(place: Place) -> None:
    """Add the customers of the requests, if they are missing."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        await connection.execute(
            """insert into customer (id, name, email, time_zone, currency, tax_rate_ppm, created_at)
               select $1 || lpad(n::text, 12, '0'), 'Customer', 'issuing-' || n || '@example.com', 'Europe/Zurich', 'USD', 81000, now() from generate_series(1, $2::int) n
                   on conflict do nothing""",
            PREFIX,
            CUSTOMERS,
        )
        await connection.execute("analyze customer")
    finally:
        await connection.close()


@contextmanager
def _both(place: Place, signer: Signer) -> Iterator[dict[str, Running]]:
    """Run both servers."""
    command = portal.portico(place, signer, planner=True)  # the peer waits for a connection without a limit, so there must be no 503 here
    own = replace(command, environment={**command.environment, "PORTICO_STAFF_BUDGET": "0", "PORTICO_SERVICE_BUDGET": "0", "PORTICO_QUEUE_SECONDS": "30"})
    variables = {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}
    peer = Command((sys.executable, "-m", "bench.issuing.handler"), variables, ROOT)
    with server(own) as portico, server(peer) as other:
        yield {PORTICO: portico, PEER: other}


def _table(results: dict[str, list[Turn]]) -> Table:
    table = Table("createInvoice", "a second", "p50 ms", "p99 ms", "CPU ms of the server", "of Postgres")
    for name, turns in results.items():
        rate, p50, p99 = (median(getattr(turn.seen, figure) for turn in turns) for figure in ("rate", "p50", "p99"))
        server_ms, postgres_ms = median(turn.server_ms for turn in turns), median(turn.postgres_ms for turn in turns)
        table.add_row(name, f"{rate:,.0f}", f"{p50:.1f}", f"{p99:.1f}", f"{server_ms:.2f}", f"{postgres_ms:.2f}")
    return table


if __name__ == "__main__":
    typer.run(main)
