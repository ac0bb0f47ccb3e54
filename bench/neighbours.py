"""`python -m bench.neighbours`: the latency of one customer's Summary page while another customer loads the server, compared with the latency without this load."""

import asyncio
import http.client
import json
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import demo
from bench.runner import database, load, portal
from bench.runner.load import Load, Seen
from bench.runner.processes import Command, Running, server

console = Console()
ALONE = "alone"
PAYMENTS = "customer { payments(first: 49) { nodes { amount { formatted } } } }"
# Each costs 990: ten pages of 49 payments, each with a value that Python computes. The second also has a field that only the executor runs.
BY_PLANNER = "query { " + " ".join(f"a{number}: {PAYMENTS}" for number in range(10)) + " }"
BY_EXECUTOR = BY_PLANNER[:-1] + 'operation(idempotencyKey: "none") { state } }'
STATEMENT = 'query {{ customer {{ statement(currency: "USD", startsOn: "{}", endsOn: "{}") {{ pdfUrl }} }} }}'


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each load has.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long a turn is.")] = 5.0,
) -> None:
    """Print the milliseconds of the Summary page of a customer with a new request 20 ms after each answer."""
    with (
        database.portal(customers, console) as place,
        portal.signer() as signer,
        server(_without_budgets(portal.portico(place, signer, planner=True))) as running,
    ):
        big = signer.token(next(person.id for person in demo.PERSONAS if person.email == "big@example.com"))
        asking = Load(
            [running.port], running.path, portal.BODY, [signer.token(asyncio.run(database.customer_ids(place, 1))[0])], 1, seconds, pause_seconds=0.02
        )
        loads = {
            "48 queries of cost 990, by the planner": _queries(running, big, BY_PLANNER, seconds),
            "48 queries of cost 990, by the executor": _queries(running, big, BY_EXECUTOR, seconds),
        }
        seen = _turns(asking, loads, running, big, rounds)
    console.print(_table(seen))


def _without_budgets(command: Command) -> Command:
    """Return the command with budgets off: the budget would soon refuse the load. Only the fair shares of the executing operations limit it."""
    return Command(command.arguments, {**command.environment, "PORTICO_CUSTOMER_BUDGET": "0"}, command.folder)


def _queries(running: Running, token: str, query: str, seconds: float) -> Load:
    return Load([running.port], running.path, json.dumps({"query": query}), [token], 48, seconds + 1.0, must_contain="")


def _statements(running: Running, token: str, seconds: float) -> Load:
    """Return the load for a new download URL of a statement of three years with 5,000 payments."""
    today = datetime.now(UTC).date()
    query = STATEMENT.format(today - timedelta(days=3 * 365), today)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        connection.request("POST", running.path, json.dumps({"query": query}), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        url = json.loads(connection.getresponse().read())["data"]["customer"]["statement"]["pdfUrl"]
    finally:
        connection.close()
    return Load([running.port], "/papers/" + url.partition("/papers/")[2], "", [token], 12, seconds + 1.0, must_contain="")


def _turns(asking: Load, loads: dict[str, Load], running: Running, big: str, rounds: int) -> dict[str, list[tuple[Seen, Seen | None]]]:
    """Measure the page alone and beside each load, in turns. The first round is for warming up and does not count."""
    seen: dict[str, list[tuple[Seen, Seen | None]]] = {}
    for nth in range(rounds + 1):
        turns: dict[str, Load | None] = {ALONE: None, **loads, "12 GETs of a statement PDF": _statements(running, big, asking.seconds)}
        for name, other in turns.items():
            loading = load.start(other) if other else None
            measured = load.start(asking)
            pair = load.finish(measured), load.finish(loading) if loading else None
            if nth:
                seen.setdefault(name, []).append(pair)
    return seen


def _table(seen: dict[str, list[tuple[Seen, Seen | None]]]) -> Table:
    table = Table(title="Summary of one customer", caption="Medians of the rounds (smallest to largest); p99 divided by that of the same round alone.")
    for name in ("Beside", "p50 ms", "p99 ms", "slowest ms", "p99 beside alone", "statuses", "statuses of the load", "load/s", "load p99 ms"):
        table.add_column(name, justify="left" if name == "Beside" else "right")
    alone = [page.p99 for page, _ in seen[ALONE]]
    for name, pairs in seen.items():
        pages = [pair[0] for pair in pairs]
        others = [pair[1] for pair in pairs if pair[1]]
        ratios = [one.p99 / other for one, other in zip(pages, alone, strict=True)]
        table.add_row(
            name,
            _spread([one.p50 for one in pages]),
            _spread([one.p99 for one in pages]),
            f"{max(one.slowest for one in pages):.1f}",
            _spread(ratios),
            _statuses(pages),
            _statuses(others),
            _spread([one.rate for one in others]) if others else "",
            _spread([one.p99 for one in others]) if others else "",
        )
    return table


def _statuses(seen: list[Seen]) -> str:
    counts: dict[str, int] = {}
    for one in seen:
        for status, count in one.statuses.items():
            counts[status] = counts.get(status, 0) + count
    return ", ".join(f"{count:,} x {status}" for status, count in sorted(counts.items()))


def _spread(values: list[float]) -> str:
    return f"{median(values):,.1f} ({min(values):,.1f}–{max(values):,.1f})"


if __name__ == "__main__":
    typer.run(main)
