"""The capacity model: what a number of customers does in its busiest hour, and the cores, connections and gigabytes that this needs.

A page's CPU time is that of docs/performance.md, of one core of its machine; docs/scaling.md says where the other constants come from.
"""

from dataclasses import dataclass
from math import ceil

DAY = 86_400
MONTH_DAYS = 30.4
# The share of a core that is planned to be used in the busiest hour.
TARGET = 0.6
SMALLEST_CORES, LARGEST_CORES = 2, 48
# Connections of a server and of a worker, with those outside of their pools.
OF_SERVER, OF_WORKER = 14, 9
STREAMS_OF_SERVER = 5000
# Prices of a month, as an example: of a core with its memory, and of a gigabyte on a fast disk, of which a standby and backups take as much again.
CORE_PRICE, GB_PRICE, COPIES = 25.0, 0.12, 2
LARGEST_GB = 2_000.0
# The number of customers of one deployment, from which on another one is planned for the next merchant, region or range of customers.
CUSTOMERS_OF_A_CELL = 20_000_000


# CPU of other operations as multiples of a page's, in Python and in Postgres, measured in one run with pages: `bench.writes`, `bench.events.live`, `bench.clock`,
# `bench.events.webhooks`. What remains on the primary of a read that a replica answers is the check of the caller (`bench.replicas`).
MUTATION, MESSAGE, RENEWAL, DELIVERY = (6.0, 5.0), (1.2, 1.3), (12.0, 12.0), (1.0, 0.7)
CHECK = 0.25


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU in seconds of one operation in the server or worker and in Postgres, and kilobytes on disk: of a new customer with the events that are stored, and of each
    month."""

    page: tuple[float, float]
    mutation: tuple[float, float]
    message: tuple[float, float]
    renewal: tuple[float, float]
    delivery: tuple[float, float]
    check: float
    kb_of_customer: float = 20.0
    kb_of_month: float = 2.6


def costs_of(page: tuple[float, float]) -> Costs:
    """Return the costs on a machine on which a page costs this."""
    mutation, message, renewal, delivery = ((page[0] * times[0], page[1] * times[1]) for times in (MUTATION, MESSAGE, RENEWAL, DELIVERY))
    return Costs(page, mutation, message, renewal, delivery, page[1] * CHECK)


@dataclass(frozen=True, slots=True)
class Use:
    """What customers do. `visits` are those of one customer in a month; `peak` is the busiest hour over the average one.

    `renewals` are due in a month, `first_day` of them on one day, within `hours`. `events` are those of one customer in a month, each delivered to `endpoints`.
    `open_pages` is the share of customers with an open page in the busiest hour.
    """

    name: str
    visits: float
    pages: float
    mutations: float
    peak: float = 4.0
    renewals: float = 1.1
    first_day: float = 0.25
    hours: float = 6.0
    events: float = 8.0
    endpoints: float = 1.0
    open_pages: float = 0.001
    months: int = 36


PORTAL = Use("portal", visits=1.5, pages=6, mutations=0.15)
APP = Use("app", visits=25, pages=8, mutations=0.1, open_pages=0.01)


@dataclass(frozen=True, slots=True)
class Demand:
    """Operations per second in the busiest hour, and gigabytes after `Use.months`."""

    pages: float
    mutations: float
    messages: float
    renewals: float
    deliveries: float
    streams: float
    gigabytes: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. Processes have one core each; `nodes` are the primaries among which customers are distributed, each with `cores` and `replicas`."""

    demand: Demand
    cells: int
    servers: int
    workers: int
    nodes: int
    cores: int
    replicas: int
    connections: int
    gigabytes_of_node: float
    step: str

    @property
    def price(self) -> float:
        """Return the price of a month: each node has a standby of its size."""
        cores = self.servers + self.workers + self.nodes * self.cores * (COPIES + self.replicas)
        return self.cells * (cores * CORE_PRICE + self.nodes * self.gigabytes_of_node * GB_PRICE * (COPIES + self.replicas))


def demand_of(customers: float, use: Use, costs: Costs) -> Demand:
    visits = customers * use.visits / MONTH_DAYS / DAY * use.peak
    renewals = customers * use.renewals * use.first_day / (use.hours * 3600)
    changes = visits * use.mutations + customers * use.events / MONTH_DAYS / DAY
    return Demand(
        pages=visits * use.pages,
        mutations=visits * use.mutations,
        messages=changes * use.open_pages,
        renewals=renewals,
        deliveries=customers * use.events / MONTH_DAYS / DAY * use.endpoints + renewals * use.endpoints,
        streams=customers * use.open_pages,
        gigabytes=customers * (costs.kb_of_customer + costs.kb_of_month * use.months) / 1e6,
    )


def plan_of(customers: float, use: Use, costs: Costs) -> Plan:
    """Return the smallest plan that carries the busiest hour at the target utilisation, with one process more than that."""
    cells = ceil(customers / CUSTOMERS_OF_A_CELL)
    demand = demand_of(customers / cells, use, costs)
    servers = 1 + max(1, ceil(_busy(demand, costs, 0, "serve") / TARGET), ceil(demand.streams / STREAMS_OF_SERVER / TARGET))
    workers = 1 + max(1, ceil(_busy(demand, costs, 0, "work") / TARGET))
    replicas = _replicas(demand, costs)
    primary = _primary(demand, costs, replicas) / TARGET
    nodes = max(1, ceil(primary / LARGEST_CORES), ceil(demand.gigabytes / LARGEST_GB))
    cores = max(SMALLEST_CORES, ceil(primary / nodes))
    return Plan(
        demand,
        cells,
        servers,
        workers,
        nodes,
        cores,
        replicas,
        servers * OF_SERVER + workers * OF_WORKER,
        demand.gigabytes / nodes,
        _step(customers, servers, replicas, nodes, cells),
    )


def _replicas(demand: Demand, costs: Costs) -> int:
    """Return how many replicas each node has: none as long as the largest machine can do all of it."""
    if _primary(demand, costs, 0) / TARGET <= LARGEST_CORES:
        return 0
    return max(1, ceil(demand.pages * costs.page[1] / TARGET / LARGEST_CORES / max(1, ceil(_primary(demand, costs, 1) / TARGET / LARGEST_CORES))))


def _primary(demand: Demand, costs: Costs, replicas: int) -> float:
    """Return the cores that are busy on all primaries together."""
    read = costs.check if replicas else costs.page[1]
    return demand.pages * read + _busy(demand, costs, 1, "write") + _busy(demand, costs, 1, "work")


def _busy(demand: Demand, costs: Costs, part: int, kind: str) -> float:
    """Return busy cores: of `part` 0, Python, or 1, Postgres, for what servers do (`serve`; `write` without pages), or workers (`work`)."""
    write = demand.mutations * costs.mutation[part] + demand.messages * costs.message[part]
    work = demand.renewals * costs.renewal[part] + demand.deliveries * costs.delivery[part]
    return {"serve": demand.pages * costs.page[part] + write, "write": write, "work": work}[kind]


def _step(customers: float, servers: int, replicas: int, nodes: int, cells: int) -> str:
    if cells > 1:
        return "cells"
    if nodes > 1:
        return "shards"
    if replicas:
        return "replicas"
    return "processes and a pooler" if servers > 4 else "processes"
