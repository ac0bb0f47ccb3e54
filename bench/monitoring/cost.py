"""The cost of metrics and traces: `python -m bench.monitoring.cost` measures the Summary page without them, with PORTICO_METRICS_PORT, and with PORTICO_OTEL, in turns.

The server with metrics is scraped meanwhile, as by Prometheus. Of traces one in a hundred is sampled and sent to a sink. Without OpenTelemetry's packages they are left out.
The CPU time of a request varies less than the rate on a machine that others use too.
"""

import asyncio
import http.client
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.runner import database, load, portal
from bench.runner.processes import Running, cpu_seconds, server
from gateway.http.serving.server import listen

console = Console()
WITHOUT, METRICS, TRACES = "without", "metrics", "traces, 1 %"
SCRAPE_SECONDS = 10.0
SAMPLED = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests per second, and the microseconds of CPU time that the server used for each."""

    rate: float
    cpu: float


def main(
    customers: Annotated[int, typer.Option(min=1, help="How many generated customers the database has.")] = 20_000,
    concurrency: Annotated[int, typer.Option(min=1, help="How many requests run at a time.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 15,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 2.0,
) -> None:
    """Print requests per second and CPU time of each, and the ratios within each round."""
    with database.portal(customers, console) as place, portal.signer() as signer, ExitStack() as stack:
        tokens = [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 2000))]
        plain, port = portal.portico(place, signer, planner=True), _free_port()
        added = {WITHOUT: {}, METRICS: {"PORTICO_METRICS_PORT": str(port)}}
        if find_spec("opentelemetry") is not None:
            added[TRACES] = {"PORTICO_OTEL": "true", **SAMPLED, "OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(_sink())}
        commands = {name: replace(plain, environment={**plain.environment, **variables}) for name, variables in added.items()}
        servers = {name: stack.enter_context(server(command)) for name, command in commands.items()}
        loads = {name: load.Load([running.port], running.path, portal.BY_ID, tokens, concurrency, seconds) for name, running in servers.items()}
        turns = _turns(loads, servers, rounds, port)
    _print(turns, f"Summary page by its document id, {customers:,} customers, {concurrency} at a time, {rounds} rounds of {seconds:g} s in turns")


def _turns(loads: dict[str, load.Load], servers: dict[str, Running], rounds: int, port: int) -> dict[str, list[Turn]]:
    """Run all in turn; the one that begins changes from round to round, and the first round does not count."""
    turns: dict[str, list[Turn]] = {name: [] for name in loads}
    stop = threading.Event()
    scraper = threading.Thread(target=_scrape, args=(port, stop))
    scraper.start()
    try:
        for nth in range(rounds + 1):
            for name in list(loads)[:: 1 if nth % 2 else -1]:
                before = cpu_seconds(servers[name].pid)
                figures = load.put(loads[name])
                cpu = (cpu_seconds(servers[name].pid) - before) / max(1, figures.requests) * 1e6
                if nth:
                    turns[name].append(Turn(figures.rate, cpu))
    finally:
        stop.set()
        scraper.join()
    return turns


def _scrape(port: int, stop: threading.Event) -> None:
    while not stop.wait(SCRAPE_SECONDS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        connection.close()


@contextmanager
def _sink() -> Iterator[str]:
    """Yield the address of a collector that reads spans and discards them."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])


def _print(turns: dict[str, list[Turn]], title: str) -> None:
    table = Table(title=title, caption="Medians of the rounds (smallest to largest).")
    table.add_column("Server")
    table.add_column("requests/s", justify="right")
    table.add_column("CPU µs per request", justify="right")
    for name, values in turns.items():
        table.add_row(name, _spread([turn.rate for turn in values], 0), _spread([turn.cpu for turn in values], 0))
    for name in list(turns)[1:]:
        pairs = list(zip(turns[WITHOUT], turns[name], strict=True))
        rates, cpus = [after.rate / before.rate for before, after in pairs], [after.cpu / before.cpu for before, after in pairs]
        table.add_row(f"{name} ÷ without", _spread(rates, 3), _spread(cpus, 3))
    console.print(table)


def _spread(values: list[float], digits: int) -> str:
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


if __name__ == "__main__":
    typer.run(main)
