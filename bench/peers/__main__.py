"""`python -m bench.peers`: measure the Summary page from Portico and from all other servers in turns, and write bench/results/peers.json."""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from bench.peers import contestants, limit
from bench.peers.contestants import CONTESTANTS, PLANNER, Contestant
from bench.peers.measure import Setting, one_and_two, rounds, traffic, turn_of, turn_of_limit
from bench.peers.same import compare
from bench.reporting import results
from bench.runner import database, machine, portal
from bench.runner.portal import Signer
from bench.runner.processes import resident_mb, server
from demo import PERSONAS

NAME = "peers"
PYTHON = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "asyncpg", "databases", "orjson", "pyjwt")
NODE = ("@apollo/server", "express", "dataloader", "mercurius", "fastify", "graphql-jit", "postgraphile", "grafast", "graphql", "pg", "fast-jwt")
COMPARED = 40
TWO_ROUNDS = 4
console = Console()


def main(
    customers: Annotated[int, typer.Option(min=100, help="How many generated customers the database has.")] = 20_000,
    count: Annotated[int, typer.Option("--rounds", min=1, help="How many turns each has.")] = 8,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 2.0,
    only: Annotated[str, typer.Option(help="Only servers whose name contains this, and Portico's planner.")] = "",
    brief: Annotated[bool, typer.Option("--brief", help="Leave out two processes of each.")] = False,
) -> None:
    """Compare the answers first, then measure all servers in interleaved rounds."""
    contestants.install()
    taking_part = [each for each in CONTESTANTS if each is PLANNER or only.lower() in each.name.lower()]
    result: dict[str, Any] = {**results.head(), "versions": _versions()}
    result |= {"customers": customers, "rounds": count, "seconds": seconds, "concurrency": 16}
    with database.portal(customers, console) as place, portal.signer() as signer:
        result["versions"]["Postgres"] = asyncio.run(database.server_version(place))
        ids = asyncio.run(database.customer_ids(place, 2000))
        setting = Setting(place, [signer.token(customer_id) for customer_id in ids], seconds)
        with console.status("Starting") as status:
            result |= _side_by_side(taking_part, setting, (signer, ids, count), status)
            result["traffic"] = {each.name: traffic(each, place, signer, ids) for each in taking_part}
            if not brief:
                result["workers"] = _two_processes(taking_part, setting, signer, status)
    results.store(NAME, result)
    console.print(_table(result))
    console.print(f"Compared before timing: {result['compared']} customers, all answers equal. The page: python -m bench.report")


def _side_by_side(taking_part: list[Contestant], setting: Setting, measured: tuple[Signer, list[str], int], status: Status) -> dict[str, Any]:
    """Run all servers at once and send requests to one at a time. Raises Different before anything is measured."""
    signer, ids, count = measured
    with ExitStack() as stack:
        running = {command: stack.enter_context(server(command(setting.place, signer))) for command in dict.fromkeys(each.command for each in taking_part)}
        servers = {each: running[each.command] for each in taking_part}
        status.update("comparing answers")
        compared = compare(servers, {customer_id: signer.token(customer_id) for customer_id in [*(person.id for person in PERSONAS), *ids[:COMPARED]]})
        turns = {each.name: turn_of(each, [its], setting) for each, its in servers.items()}
        turns[limit.NAME] = turn_of_limit(limit.prepare(setting.place, ids), setting)
        seen = rounds(turns, count, status.update)
        memory = {each.name: resident_mb(its.pid) for each, its in servers.items()}
    return {"compared": compared, "turns": {name: [asdict(turn) for turn in turns] for name, turns in seen.items()}, "memory_mb": memory}


def _two_processes(taking_part: list[Contestant], setting: Setting, signer: Signer, status: Status) -> dict[str, Any]:
    seen = {}
    for contestant in taking_part:
        status.update(f"one process and two: {contestant.name}")
        seen[contestant.name] = one_and_two(contestant, setting, signer, TWO_ROUNDS)
    return seen


def _versions() -> dict[str, str]:
    return {**machine.python_versions(PYTHON), **machine.node_versions(contestants.NODE, contestants.node_binary(), NODE)}


def _table(result: dict[str, Any]) -> Table:
    table = Table(
        title=f"Summary page, {result['customers']:,} customers, {result['concurrency']} at a time, {result['rounds']} rounds of {result['seconds']:g} s"
    )
    table.add_column("Server")
    for name in ("requests/s", "min–max", "planner is", "p50 ms", "p99 ms", "CPU s/1,000: server", "Postgres"):
        table.add_column(name, justify="right")
    for name, turns in result["turns"].items():
        middle = {key: median(turn[key] for turn in turns) for key in turns[0]}
        rates = [turn["rate"] for turn in turns]
        ratio = median(ours["rate"] / theirs["rate"] for ours, theirs in zip(result["turns"][PLANNER.name], turns, strict=True))
        spread = f"{min(rates):,.0f}–{max(rates):,.0f}"
        figures = (f"{middle['p50']:.1f}", f"{middle['p99']:.1f}", f"{middle['server_cpu']:.2f}", f"{middle['postgres_cpu']:.2f}")
        table.add_row(name, f"{middle['rate']:,.0f}", spread, f"{ratio:.2f} ×", *figures)
    return table


if __name__ == "__main__":
    typer.run(main)
