"""`python -m bench.events.live`: memory of idle streams, the time from a change to its message, and the Summary page beside the streams.

The page is measured before there are streams; then in rounds beside idle streams, and beside streams on which changes arrive. The figures are stored in
bench/results/live.json.
"""

import asyncio
import json
import re
import resource
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, time_ns
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from rich.console import Console

from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, load, portal
from bench.runner.load import Load
from bench.runner.processes import Command, Running, resident_mb, server

NAME = "live"
console = Console(soft_wrap=True)
SUMMARY = "customer { name summary { balance { amount } totalDue { amount } totalOverdue { amount } activeSubscriptions } }"
DOCUMENT = f"subscription {{ events {{ cursor event {{ id type }} {SUMMARY} }} }}"
RENAMED = re.compile(rb'"name":"change (\d+)"')
OPENED_AT_ONCE = 50


@dataclass
class Streams:
    """The open streams, and for each change when it was made and when its message arrived. `numbers` are of names that no customer has from an earlier run."""

    tokens: list[str]
    open: int = 0
    failed: int = 0
    are_open: asyncio.Event = field(default_factory=asyncio.Event)
    made: dict[int, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(time_ns() // 1_000_000))


@dataclass(frozen=True, slots=True)
class Renames:
    """Whose names are changed, and how many a second for how long."""

    place: database.Place
    ids: list[str]
    changes: int
    seconds: float


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 20_000,
    streams: Annotated[int, typer.Option(min=1, help="How many streams are open.")] = 5000,
    changes: Annotated[int, typer.Option(min=1, help="How many changes there are in a second.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 5.0,
) -> None:
    """Print kilobytes of a stream, milliseconds from the commit of a change to its message, and the rate of the Summary page without and with both."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    result: dict[str, Any] = {**results.head(), "customers": customers, "streams": streams, "changes": changes, "rounds": rounds, "seconds": seconds}
    with database.portal(customers, console) as place, portal.signer() as signer, server(_many_streams(portal.portico(place, signer, planner=True))) as running:
        ids = asyncio.run(database.customer_ids(place, streams))
        tokens = [signer.token(identifier) for identifier in ids]
        page = Load([running.port], running.path, portal.BODY, tokens[:2000], 16, seconds)
        load.put(page)
        result["pages_before"] = [load.put(page).rate for _ in range(rounds)]
        result |= uvloop.run(_measure(running, Streams(tokens), Renames(place, ids, changes, seconds), (page, rounds)))
    results.store(NAME, result)
    _print(result)


def _many_streams(command: Command) -> Command:
    return Command(command.arguments, {**command.environment, "PORTICO_MAX_STREAMS": "10000", "PORTICO_CUSTOMER_BUDGET": "0"}, command.folder)


async def _measure(running: Running, streams: Streams, plan: Renames, pages: tuple[Load, int]) -> dict[str, Any]:
    """Return the memory of the streams, and for each round the rate of the page beside idle streams, the latencies of changes, and both at once."""
    page, rounds = pages
    before = resident_mb(running.pid)
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    readers = [asyncio.create_task(_follow(running, streams, token, gate)) for token in streams.tokens]
    await streams.are_open.wait()
    await asyncio.sleep(2)
    seen: dict[str, Any] = {"open": streams.open, "failed": streams.failed, "kilobytes": (resident_mb(running.pid) - before) * 1000 / max(1, streams.open)}
    seen |= {"pages_idle": [], "messages_alone": [], "pages_changing": [], "messages_beside": []}
    for _ in range(rounds):
        seen["pages_idle"].append((await asyncio.to_thread(load.put, page)).rate)
        seen["messages_alone"].append(await _change(plan, streams))
        beside = load.start(page)
        seen["messages_beside"].append(await _change(plan, streams))
        seen["pages_changing"].append((await asyncio.to_thread(load.finish, beside)).rate)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return seen


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
        for number in RENAMED.findall(text):
            if (made := streams.made.get(int(number))) is not None:
                streams.latencies.append((now - made) * 1000)


async def _change(plan: Renames, streams: Streams) -> dict[str, float]:
    """Rename customers one after another, so many a second, and wait for the last messages. Return the count of changes and messages, and the latencies in milliseconds."""
    streams.made.clear()
    streams.latencies.clear()
    pool: Any = await asyncpg.create_pool(plan.place.admin_url, min_size=4, max_size=4, server_settings={"search_path": "portico"})
    started = perf_counter()
    running: set[asyncio.Task[None]] = set()
    for index in range(int(plan.changes * plan.seconds)):
        await asyncio.sleep(max(0.0, started + index / plan.changes - perf_counter()))
        number = next(streams.numbers)
        task = asyncio.create_task(_rename(pool, plan.ids[number % len(plan.ids)], number, streams))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.sleep(3)
    await pool.close()
    latencies = sorted(streams.latencies) or [0.0]
    p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return {"made": len(streams.made), "messages": len(streams.latencies), "p50": p50, "p99": p99, "slowest": latencies[-1]}


async def _rename(pool: Any, identifier: str, number: int, streams: Streams) -> None:
    await pool.execute("update customer set name = $2 where id = $1", identifier, f"change {number}")
    streams.made[number] = perf_counter()


def _print(result: dict[str, Any]) -> None:
    console.print(f"{result['open']} streams, {result['failed']} failed: {result['kilobytes']:.1f} kB each")
    for name, label in (("messages_alone", "changes"), ("messages_beside", "changes beside the Summary page")):
        turns = result[name]
        figures = ", ".join(f"{figure} {spread([turn[figure] for turn in turns])} ms" for figure in ("p50", "p99", "slowest"))
        counts = f"{sum(turn['messages'] for turn in turns)} of {sum(turn['made'] for turn in turns)} messages"
        console.print(f"{result['changes']} {label} a second: {counts}; {figures}")
    console.print(
        f"pages a second: {spread(result['pages_before'])} without streams, {spread(result['pages_idle'])} beside idle ones, {spread(result['pages_changing'])} beside changes"
    )
    console.print(f"the page beside changes is {ratio(result['pages_changing'], result['pages_idle'])} of that beside idle streams")


if __name__ == "__main__":
    typer.run(main)
