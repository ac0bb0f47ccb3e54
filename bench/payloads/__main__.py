"""`python -m bench.payloads`: the mutations of the portal with their whole payloads, by the planner, and field by field with dataloaders as plain Strawberry reads them.

Both servers do the same writes by the same statements, so what differs is how the payload is read. The figures are stored in bench/results/payloads.json.
"""

import asyncio
import json
import sys
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.reporting import results
from bench.reporting.spread import ratio, spread
from bench.runner import database, portal
from bench.runner.database import ROOT, Place
from bench.runner.portal import Signer
from bench.runner.processes import Command
from bench.writes import data
from bench.writes.operations import CHANGE_PLAN, PAUSE_AND_RESUME, PAY_INVOICE, PREVIEW, PROFILE, Call
from bench.writes.servers import OURS, WriteServer
from bench.writes.turns import TurnPlan, in_turns

NAME = "payloads"
OPERATIONS = (PAUSE_AND_RESUME, PROFILE, PAY_INVOICE, CHANGE_PLAN, PREVIEW)
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "schema" / "documents" / "actions").glob("*/*.graphql")}
PLANNED, BY_FIELDS = "Portico", "Field by field, with dataloaders"
console = Console()


def body(call: Call) -> str:
    """Return the request of a call with the document of the portal."""
    name = call.mutation[0].upper() + call.mutation[1:]
    return json.dumps({"query": TEXTS[name], "operationName": name, "variables": {"input": call.arguments}})


def _field_by_field(place: Place, signer: Signer) -> Command:
    command = OURS.command(place, signer)
    return Command((sys.executable, "-m", "bench.payloads.field_by_field"), {**command.environment, "PORTICO_PLANNER": "false"}, ROOT)


SERVERS = [replace(OURS, name=PLANNED, body=body), WriteServer(BY_FIELDS, _field_by_field, body)]


def main(
    rounds: Annotated[int, typer.Option(min=1, max=data.INVOICES - 2, help="How many turns each server has.")] = 6,
    each: Annotated[int, typer.Option(min=32, help="How many customers each server changes in a turn.")] = 200,
    connections: Annotated[int, typer.Option(min=1, help="How many requests are sent at a time.")] = 16,
    only: Annotated[str, typer.Option(help="Only mutations whose name contains this.")] = "",
) -> None:
    """Measure in interleaved turns."""
    operations = tuple(operation for operation in OPERATIONS if only.lower() in operation.name.lower())
    result: dict[str, Any] = {**results.head(), "rounds": rounds, "connections": connections}
    with database.copy_of_portal(1000, console) as place, portal.signer() as signer:
        keys = data.keys(each * len(SERVERS))
        asyncio.run(data.fill(place, len(keys)))
        parts = [keys[each * nth : each * (nth + 1)] for nth in range(len(SERVERS))]
        result["turns"] = in_turns(SERVERS, place, signer, TurnPlan(parts, rounds, operations, connections))
    results.store(NAME, result)
    console.print(_table(result["turns"]))


def _table(turns: dict[str, dict[str, list[dict[str, float]]]]) -> Table:
    table = Table("mutation", "figure", PLANNED, BY_FIELDS, "ratio")
    for name, of_servers in turns.items():
        for figure in ("rate", "server_cpu", "postgres_cpu"):
            planned, by_fields = ([turn[figure] for turn in of_servers[server]] for server in (PLANNED, BY_FIELDS))
            table.add_row(name, figure, spread(planned), spread(by_fields), ratio(planned, by_fields))
    return table


if __name__ == "__main__":
    typer.run(main)
