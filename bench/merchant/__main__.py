"""`python -m bench.merchant`: mutations of the merchant's programs per second, by one service with 16 connections, beside a hand-written handler that sends the same SQL.

The two servers run at once and take turns. What was created is deleted at the end, except the audit trail.
"""

import asyncio
import json
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
from bench.runner.processes import Command, server
from billing.states import Actor

console = Console()
CONNECTIONS = 16
COUNTER = "@" * 12
SAVE = "mutation Save($input: SaveCustomerInput!) { saveCustomer(input: $input) { outcome customer { id version } userErrors { code path } } }"
PORTICO, PEER = "Portico", "handler with the same SQL"


@dataclass(frozen=True, slots=True)
class MerchantCall:
    """A mutation that is sent again and again: its request, and the text that each answer has."""

    name: str
    body: str
    must_contain: str


def save_call(name: str, outcome: str, prefix: str, *, company: str | None = None) -> MerchantCall:
    external_id = f"bench-{prefix}-{COUNTER}"
    fields = {"externalId": external_id, "email": f"{external_id}@example.org", "name": "Grace Hopper", "currency": "EUR"}
    arguments = fields | ({"companyName": company} if company else {})
    return MerchantCall(name, json.dumps({"query": SAVE, "operationName": "Save", "variables": {"input": arguments}}), f'"outcome":"{outcome}"')


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each server has.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 4.0,
) -> None:
    """Print the mutations per second of both servers, and the milliseconds of one."""
    with database.portal(1000, console) as place, portal.signer() as signer, _both(place, signer) as ports:
        token = _service(signer)
        try:
            created = _turns([save_call("saveCustomer, CREATED", "CREATED", str(turn)) for turn in range(rounds)], ports, token, seconds)
            stored = min(turns[0].requests for turns in created.values())  # by each server in its first turn
            unchanged = _turns([save_call("saveCustomer, UNCHANGED", "UNCHANGED", "0")] * rounds, ports, token, seconds, count=stored)
        finally:
            asyncio.run(_forget(place))
    console.print(_table({"saveCustomer, CREATED": created, "saveCustomer, UNCHANGED": unchanged}))


def _service(signer: Signer) -> str:
    viewer = Viewer(Actor.STAFF, None, ("customers:write",), "bench", subject="bench")
    return sign(viewer, signer.issuer, now=datetime.now(UTC), lifetime=timedelta(days=1))


@contextmanager
def _both(place: Place, signer: Signer) -> Iterator[dict[str, tuple[int, str]]]:
    """Run both servers; give the port and the path of each."""
    command = portal.portico(place, signer, planner=True)  # the peer waits for a connection without a limit, so there must be no 503 here
    own = replace(command, environment={**command.environment, "PORTICO_STAFF_BUDGET": "0", "PORTICO_SERVICE_BUDGET": "0", "PORTICO_QUEUE_SECONDS": "30"})
    variables = {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}
    peer = Command((sys.executable, "-m", "bench.peers.merchant"), variables, ROOT)
    with server(own) as portico, server(peer) as other:
        yield {PORTICO: (portico.port, portico.path), PEER: (other.port, other.path)}


def _turns(calls: list[MerchantCall], ports: dict[str, tuple[int, str]], token: str, seconds: float, *, count: int = 0) -> dict[str, list[Seen]]:
    """Send each call to each server. Both have external ids of their own, so that what one has created is new to the other."""
    results: dict[str, list[Seen]] = {name: [] for name in ports}
    for call in calls:
        for name, (port, path) in ports.items():
            body = call.body.replace("bench-", f"bench-{'own' if name == PORTICO else 'peer'}-")
            asking = Load([port], path, body, [token], CONNECTIONS, seconds, must_contain=call.must_contain, counter=COUNTER, count=count)
            results[name].append(load.put(asking))
    return results


async def _forget(place: Place) -> None:
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        await connection.execute("delete from customer where external_id like 'bench-%'")
    finally:
        await connection.close()


def _table(results: dict[str, dict[str, list[Seen]]]) -> Table:
    table = Table("mutation", "server", "a second", "p50 ms", "p99 ms")
    for name, of_servers in results.items():
        for server_name, turns in of_servers.items():
            rate, p50, p99 = (median(getattr(seen, figure) for seen in turns) for figure in ("rate", "p50", "p99"))
            table.add_row(name, server_name, f"{rate:,.0f}", f"{p50:.1f}", f"{p99:.1f}")
    return table


if __name__ == "__main__":
    typer.run(main)
