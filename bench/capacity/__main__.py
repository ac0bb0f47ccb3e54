"""`python -m bench.capacity`: the tables of docs/scaling.md. The simulation against measurements, and what customers of different numbers need."""

from math import ceil
from typing import Annotated

import typer
from rich.console import Console

from bench.capacity.measured import Measured, measured
from bench.capacity.model import APP, PORTAL, Costs, Plan, Use, costs_of, plan_of
from bench.capacity.simulation import Result, closed_loop, deployment, open_loop

console = Console(soft_wrap=True, highlight=False)
CUSTOMERS = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
# The server of the benchmark whose pages customers open.
PAGES = "Portico, document id"
CLIENTS, CORES = 16, 2
# CPU that the load generator needs for a request.
CLIENT_CPU = 0.045e-3
# A node of more requests per second is simulated with a part of its processes and cores, because nodes and processes do not share anything else.
LARGEST_RATE = 4000.0


def main(seconds: Annotated[float, typer.Option(min=1, help="How many seconds each simulation is long.")] = 10.0) -> None:
    """Print Markdown."""
    console.print(
        "| server | pages/s, measured | simulated | p50 ms | simulated | p99 ms | simulated | two processes | simulated |\n|---|---|---|---|---|---|---|---|---|"
    )
    servers = measured()
    for server in servers:
        console.print(_checked(server, seconds))
    (costs,) = [costs_of((server.server, server.postgres)) for server in servers if server.name == PAGES]
    for use in (PORTAL, APP):
        console.print(
            f"\n{use.name}\n\n| customers | step | cells | pages/s | renewals/s | servers | workers | nodes | cores of each | replicas of each |", end=""
        )
        console.print(" connections | GB of a node | a month | p50 ms | p99 ms | p99 ms, one server fewer |\n|" + "---|" * 16)
        for customers in CUSTOMERS:
            console.print(_planned(customers, use, costs, seconds))


def _checked(server: Measured, seconds: float) -> str:
    one, two = (_closed(server, processes, seconds) for processes in (1, 2))
    cells = [server.name, f"{server.rate:,.0f}", f"{one.rate:,.0f}", f"{server.p50:.1f}", f"{one.p50:.1f}", f"{server.p99:.1f}", f"{one.p99:.1f}"]
    return _row([*cells, "" if server.rate_of_two is None else f"{server.rate_of_two:,.0f}", f"{two.rate:,.0f}"])


def _closed(server: Measured, processes: int, seconds: float) -> Result:
    place = deployment(processes, server_cores=CORES, postgres_cores=None)
    return closed_loop(place, (server.server, server.postgres), clients=CLIENTS, client_cpu=CLIENT_CPU, seconds=seconds)


def _planned(customers: int, use: Use, costs: Costs, seconds: float) -> str:
    plan = plan_of(customers, use, costs)
    whole, one_fewer = _open(plan, costs, plan.servers, seconds), _open(plan, costs, plan.servers - 1, seconds)
    demand = plan.demand
    rates = [f"{demand.pages * plan.cells:,.0f}", f"{demand.renewals * plan.cells:,.0f}"]
    sizes = [
        str(plan.servers),
        str(plan.workers),
        str(plan.nodes),
        str(plan.cores),
        str(plan.replicas),
        f"{plan.connections}",
        f"{plan.gigabytes_of_node:,.0f}",
        f"{plan.price:,.0f}",
    ]
    return _row([f"{customers:,}", plan.step, str(plan.cells), *rates, *sizes, f"{whole.p50:.1f}", f"{whole.p99:.1f}", f"{one_fewer.p99:.1f}"])


def _open(plan: Plan, costs: Costs, servers: int, seconds: float) -> Result:
    """Simulate the busiest hour of one node with its part of the processes, or of a part of it; cores of replicas count as cores of the node."""
    demand = plan.demand
    rate = (demand.pages + demand.mutations) / plan.nodes
    part = max(1.0, rate / LARGEST_RATE) * plan.nodes
    processes, cores = max(1, ceil(servers / part)), max(1, ceil(plan.cores * (1 + plan.replicas) * plan.nodes / part))
    part = max(servers / processes, 1.0)
    place = deployment(processes, server_cores=processes, postgres_cores=cores)
    others = [
        (demand.mutations / part, costs.mutation),
        (demand.messages / part, costs.message),
        # Workers have cores of their own.
        (demand.renewals / part, (0.0, costs.renewal[1])),
        (demand.deliveries / part, (0.0, costs.delivery[1])),
    ]
    return open_loop(place, (demand.pages / part, costs.page), others, seconds=seconds)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    typer.run(main)
