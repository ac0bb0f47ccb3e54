"""`python -m bench.executor`: the Summary page by the executor and by plain Strawberry, in turns in one process.

What is compared is the processor time of the process for a page, from the request to the response, which other programs on the machine disturb little. Fields that the
schema of the peer does not have are left out. Before it, the answers to all callers are compared.
"""

import asyncio
import gc
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from auth.secret import new_secret
from bench.executor.calls import Called, common, running
from bench.peers.strawberry import server as strawberry_peer
from bench.reporting.spread import ratio
from bench.runner import database, portal
from bench.runner.processes import family_cpu_seconds
from gateway.http import log_format
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration.settings import Settings

CALLERS = 200
WARM_UP = 200
console = Console()


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds for a page: of the process, of Postgres, and of the clock."""

    process: float
    postgres: float
    clock: float


def main(
    customers: Annotated[int, typer.Option(min=CALLERS, help="How many generated customers the database has.")] = 1000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 8,
    pages: Annotated[int, typer.Option(min=1, help="How many pages a turn has.")] = 400,
) -> None:
    """Print what a page costs each, and the ratios within each round."""
    log_format.configure(as_json=True, level="WARNING")
    with database.portal(customers, console) as place, portal.signer() as signer, tempfile.TemporaryDirectory() as folder:
        costs = uvloop.run(_measured(place, signer, Path(folder), (concurrency, rounds, pages)))
    _print(costs, f"Summary page, {customers:,} customers, {concurrency} at a time, {rounds} rounds of {pages} pages")


async def _measured(place: database.Place, signer: portal.Signer, folder: Path, plan: tuple[int, int, int]) -> dict[str, list[Cost]]:
    os.environ |= {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}
    peer = strawberry_peer.application()
    text = common(portal.SUMMARY, peer.routes[0].app.schema._schema)  # type: ignore[attr-defined]  # the routes of an ASGI application of strawberry have no declared types
    body = json.dumps({"query": text, "operationName": "Summary"}).encode()
    tokens = [signer.token(customer_id) for customer_id in await database.customer_ids(place, CALLERS)]
    concurrency, rounds, pages = plan
    async with AsyncExitStack() as stack:
        called = [Called("Executor", _executor(place, signer, folder), body, tokens), Called("Strawberry", peer, body, tokens)]
        for each in called:
            await stack.enter_async_context(running(each.app))
        for number in range(CALLERS):
            ours, theirs = [json.loads(await each.ask(number)) for each in called]
            if ours != theirs:
                raise RuntimeError(f"the answers differ: {ours} is not {theirs}")
        for each in called:
            await _turn(each, place, concurrency, WARM_UP)
        gc.collect()
        gc.freeze()  # the heap of one application must not cost the other
        turns = [[await _turn(each, place, concurrency, pages) for each in called] for _ in range(rounds)]
    return {each.name: list(costs) for each, costs in zip(called, zip(*turns, strict=True), strict=True)}


def _executor(place: database.Place, signer: portal.Signer, folder: Path) -> object:
    values: dict[str, Any] = {"environment": "production", "document_mode": "open", "sandbox": True, "secret": new_secret(), "data_dir": folder}
    settings = Settings(**values, planner=False, pool_size=10, acquire_seconds=30, customer_budget=0)
    return create_app(Setup(settings, place.app_url, signer.issuer, {}, url="http://127.0.0.1"))


async def _turn(called: Called, place: database.Place, concurrency: int, pages: int) -> Cost:
    """Send requests, several at a time, and return what a page costs."""

    async def caller(numbers: Iterator[int]) -> None:
        for number in numbers:
            await called.ask(number)

    numbers = iter(range(pages))
    before = time.process_time(), family_cpu_seconds(place.postmaster), time.perf_counter()
    await asyncio.gather(*(caller(numbers) for _ in range(concurrency)))
    after = time.process_time(), family_cpu_seconds(place.postmaster), time.perf_counter()
    return Cost(*((end - begin) / pages * 1e6 for begin, end in zip(before, after, strict=True)))


def _print(costs: dict[str, list[Cost]], title: str) -> None:
    table = Table(title=title)
    table.add_column("µs a page")
    for name in ("process", "Postgres", "clock", "executor is, by process", "by clock"):
        table.add_column(name, justify="right")
    ours = costs["Executor"]
    for name, turns in costs.items():
        middle = [f"{sorted(getattr(turn, field) for turn in turns)[len(turns) // 2]:,.0f}" for field in ("process", "postgres", "clock")]
        ratios = [ratio([getattr(turn, field) for turn in turns], [getattr(turn, field) for turn in ours]) for field in ("process", "clock")]
        table.add_row(name, *middle, *ratios)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
