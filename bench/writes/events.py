"""`python -m bench.writes.events`: what the events cost that triggers write: mutations over two databases of one Postgres, in one of which the triggers are off.

Two servers run at once and take turns with the same requests. The figures are stored in bench/results/events.json.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, portal
from bench.runner.database import Place
from bench.runner.processes import server
from bench.writes import data
from bench.writes.operations import PAUSE_AND_RESUME, PAY_INVOICE, PROFILE
from bench.writes.servers import OURS
from bench.writes.turns import load_of, run_once
from db.deployment.migrate import migrate

NAME = "events"
WITH, WITHOUT = "with events", "without events"
OTHER = "without_events"
TRIGGERS = """
select format('alter table portico.%I disable trigger %I', c.relname, t.tgname)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
 where c.relnamespace = 'portico'::regnamespace and p.proname like 'record\\_%' and not t.tgisinternal and t.tgparentid = 0
"""
console = Console()


def main(
    rounds: Annotated[int, typer.Option(min=1, max=data.INVOICES - 2, help="How many turns each database has.")] = 10,
    each: Annotated[int, typer.Option(min=32, help="How many customers are changed in a turn.")] = 400,
    connections: Annotated[int, typer.Option(min=1, help="How many requests are sent at a time.")] = 16,
) -> None:
    """Print how much of its rate each mutation keeps with the events."""
    result: dict[str, Any] = {**results.head(), "rounds": rounds, "turns": {}}
    with database.copy_of_portal(1000, console) as place, portal.signer() as signer:
        asyncio.run(data.fill(place, each))
        places = {WITH: place, WITHOUT: asyncio.run(_copied(place))}
        keys = data.keys(each)
        with ExitStack() as stack:
            running = {name: stack.enter_context(server(OURS.command(own, signer))) for name, own in places.items()}
            for operation in (PAUSE_AND_RESUME, PROFILE, PAY_INVOICE):
                turns: dict[str, list[dict[str, float]]] = {name: [] for name in places}
                for nth in range(rounds + 1):
                    for name in (WITH, WITHOUT) if nth % 2 else (WITHOUT, WITH):
                        turn = run_once(running[name], places[name], load_of(OURS, running[name], signer, operation.calls(keys, nth), connections))
                        turns[name] += [asdict(turn)] if nth else []
                result["turns"][operation.name] = turns
        asyncio.run(_check(places))
    results.store(NAME, result)
    console.print(_table(result["turns"]))


async def _copied(place: Place) -> Place:
    """Make a second database with the same rows, in which the triggers that write events are off."""
    connection = await asyncpg.connect(place.admin_url.replace("/postgres?", "/template1?"))
    try:
        await connection.execute(f"create database {OTHER} template postgres")
    finally:
        await connection.close()
    other = replace(place, admin_url=place.admin_url.replace("/postgres?", f"/{OTHER}?"), app_url=place.app_url.replace("/postgres?", f"/{OTHER}?"))
    await migrate(other.admin_url)  # nothing but the role's settings, which belong to a database and are not copied
    connection = await asyncpg.connect(other.admin_url)
    try:
        for row in await connection.fetch(TRIGGERS):
            await connection.execute(row[0])
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return other


async def _check(places: dict[str, Place]) -> None:
    """Check that one database has events of the turns, and the other one none."""
    counts = {}
    for name, place in places.items():
        connection = await asyncpg.connect(place.admin_url)
        try:
            counts[name] = await connection.fetchval(
                "select count(*) from portico.event where customer_id like $1 and seq > $2", f"cus_{data.PREFIX}%", data.EARLIER
            )
        finally:
            await connection.close()
    assert counts[WITH], counts
    assert not counts[WITHOUT], counts


def _table(turns_of: dict[str, dict[str, list[dict[str, float]]]]) -> Table:
    table = Table("mutation", "figure", WITH, WITHOUT, "ratio")
    for name, turns in turns_of.items():
        for figure in ("rate", "server_cpu", "postgres_cpu"):
            values = {kind: [turn[figure] for turn in own] for kind, own in turns.items()}
            table.add_row(name, figure, spread(values[WITH]), spread(values[WITHOUT]), ratio(values[WITH], values[WITHOUT]))
    return table


if __name__ == "__main__":
    typer.run(main)
