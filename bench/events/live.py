"""`python -m bench.events.live`: memory of idle streams, the time from a change to its message, and the Summary page beside the streams."""

import asyncio
import json
import re
import resource
import sys
from dataclasses import dataclass, field
from time import perf_counter, time_ns
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from rich.console import Console

from bench.runner import database, load, portal
from bench.runner.load import Load
from bench.runner.processes import Command, Running, cpu_seconds, family_cpu_seconds, resident_mb, server

console = Console(soft_wrap=True)
SUMMARY = "customer { name summary { balance { amount } totalDue { amount } totalOverdue { amount } activeSubscriptions } }"
DOCUMENT = f"subscription {{ events {{ cursor event {{ id type }} {SUMMARY} }} }}"
NAME = re.compile(rb'"name":"change (\d+)"')
OPENED_AT_ONCE = 50


@dataclass
class Streams:
    """The open streams, and for each change when it was made and when its message arrived."""

    tokens: list[str]
    open: int = 0
    failed: int = 0
    are_open: asyncio.Event = field(default_factory=asyncio.Event)
    made: dict[int, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    def clear(self) -> None:
        self.made.clear()
        self.latencies.clear()


@dataclass(frozen=True, slots=True)
class Plan:
    """The load of Summary pages, how many changes there are in a second, and how many seconds a turn has."""

    pages: Load
    changes: int
    seconds: float


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 20_000,
    streams: Annotated[int, typer.Option(min=1, help="How many streams are open.")] = 5000,
    changes: Annotated[int, typer.Option(min=1, help="How many changes there are in a second.")] = 200,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 10.0,
) -> None:
    """Print kilobytes of a stream, milliseconds from the commit of a change to its message, and the rate of the Summary page without and with both."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with database.portal(customers, console) as place, portal.signer() as signer, server(_many_streams(portal.portico(place, signer, planner=True))) as running:
        ids = asyncio.run(database.customer_ids(place, streams))
        tokens = [signer.token(identifier) for identifier in ids]
        asking = Load([running.port], running.path, portal.BODY, tokens[:2000], 16, seconds)
        uvloop.run(_measure(place, running, ids, Streams(tokens), Plan(asking, changes, seconds)))


def _many_streams(command: Command) -> Command:
    return Command(command.arguments, {**command.environment, "PORTICO_MAX_STREAMS": "10000", "PORTICO_CUSTOMER_BUDGET": "0"}, command.folder)


async def _measure(place: database.Place, running: Running, ids: list[str], streams: Streams, plan: Plan) -> None:
    # Names that no customer has from an earlier run: the same name would be no change.
    count, changes = int(plan.changes * plan.seconds), plan.changes
    numbers = iter(range(first, first + count) for first in range(time_ns() // 1_000_000, sys.maxsize, count))
    alone = (await asyncio.to_thread(load.finish, load.start(plan.pages))).rate
    changed = await _pages_beside(place, ids, streams, next(numbers), plan)
    streams.clear()
    before = resident_mb(running.pid)
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    readers = [asyncio.create_task(_follow(running, streams, token, gate)) for token in streams.tokens]
    await streams.are_open.wait()
    await asyncio.sleep(2)
    console.print(f"{streams.open} streams, {streams.failed} failed: {(resident_mb(running.pid) - before) * 1000 / max(1, streams.open):.1f} kB each")
    used = cpu_seconds(running.pid), family_cpu_seconds(place.postmaster)
    await _change(place, ids, streams, next(numbers), changes)
    server, postgres = cpu_seconds(running.pid) - used[0], family_cpu_seconds(place.postmaster) - used[1]
    console.print(
        f"{changes} changes/s: {_summary(streams)}; CPU for a change and its message: {1000 * server / count:.2f} ms in the server, {1000 * postgres / count:.2f} ms in Postgres"
    )
    streams.clear()
    both = await _pages_beside(place, ids, streams, next(numbers), plan)
    console.print(f"the same beside the Summary page: {_summary(streams)}")
    console.print(
        f"Summary pages/s: {alone:.0f} alone; {changed:.0f} ({changed / alone:.2f}) beside the changes; {both:.0f} ({both / alone:.2f}) with the streams too"
    )
    console.print(f"{both / changed:.2f} of the rate without streams")
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


async def _pages_beside(place: database.Place, ids: list[str], streams: Streams, numbers: range, plan: Plan) -> float:
    """Return the rate of the Summary page while customers are renamed."""
    pages = load.start(plan.pages)
    await _change(place, ids, streams, numbers, plan.changes)
    return (await asyncio.to_thread(load.finish, pages)).rate


async def _follow(running: Running, streams: Streams, token: str, gate: asyncio.Semaphore) -> None:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        request = load.request_bytes(running.path, json.dumps({"query": DOCUMENT}), token)
        writer.write(request.replace(b"\r\n", b"\r\naccept: text/event-stream\r\n", 1))
        head = await reader.read(65536)
        streams.open, streams.failed = (streams.open + 1, streams.failed) if b" 200 " in head[:20] else (streams.open, streams.failed + 1)
        if streams.open + streams.failed == len(streams.tokens):
            streams.are_open.set()
    while text := await reader.read(65536):
        now = perf_counter()
        for number in NAME.findall(text):
            if (made := streams.made.get(int(number))) is not None:
                streams.latencies.append((now - made) * 1000)


async def _change(place: database.Place, ids: list[str], streams: Streams, numbers: range, changes: int) -> None:
    """Rename customers one after another, so many a second, and wait for the last messages."""
    pool: Any = await asyncpg.create_pool(place.admin_url, min_size=4, max_size=4, server_settings={"search_path": "portico"})
    started = perf_counter()
    running: set[asyncio.Task[None]] = set()
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, started + index / changes - perf_counter()))
        task = asyncio.create_task(_rename(pool, ids[number % len(ids)], number, streams))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.sleep(3)
    await pool.close()


async def _rename(pool: Any, identifier: str, number: int, streams: Streams) -> None:
    await pool.execute("update customer set name = $2 where id = $1", identifier, f"change {number}")
    streams.made[number] = perf_counter()


def _summary(streams: Streams) -> str:
    latencies = sorted(streams.latencies) or [0.0]
    p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return f"{len(streams.latencies)} of {len(streams.made)} messages, p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {latencies[-1]:.0f} ms"


if __name__ == "__main__":
    typer.run(main)
