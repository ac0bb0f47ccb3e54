"""The simulation: requests as processes of SimPy, which wait for a process, for a connection and for cores."""

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

# What a turn of one core is. A request that needs more waits again behind the others, as the kernel has processes take turns.
TURN = 0.25e-3
# The spread of CPU times around their mean: the standard deviation over the mean, of a gamma distribution.
VARIATION = 0.8
CONNECTIONS = 10
WARM_UP = 0.2

Steps = Generator[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Result:
    """Requests per second, and milliseconds of half and of 99 in 100 requests."""

    rate: float
    p50: float
    p99: float


@dataclass(slots=True)
class Machine:
    """Cores that programs take turns on."""

    environment: simpy.Environment
    cores: simpy.Resource

    def run(self, seconds: float) -> Steps:
        while seconds > 0:
            with self.cores.request() as core:
                yield core
                yield self.environment.timeout(min(seconds, TURN))
            seconds -= TURN


@dataclass(slots=True)
class Deployment:
    """Processes with an event loop and a pool each, and the machines of the processes and of Postgres, which may be one machine."""

    environment: simpy.Environment
    servers: Machine
    postgres: Machine
    loops: list[simpy.Resource]
    pools: list[simpy.Resource]
    random: random.Random
    times: list[float] = field(default_factory=list)

    def request(self, cpu: tuple[float, float], *, is_timed: bool = True) -> Steps:
        """Run one request: half of the server's time before the statement, half after it."""
        began = self.environment.now
        number = self.random.randrange(len(self.loops))
        python, sql = (mean * self.random.gammavariate(1 / VARIATION**2, VARIATION**2) for mean in cpu)
        yield from self._python(number, python / 2)
        with self.pools[number].request() as connection:
            yield connection
            yield from self.postgres.run(sql)
        yield from self._python(number, python / 2)
        if is_timed:
            self.times.append(self.environment.now - began)

    def _python(self, number: int, seconds: float) -> Steps:
        with self.loops[number].request() as loop:
            yield loop
            yield from self.servers.run(seconds)


def deployment(processes: int, *, server_cores: int, postgres_cores: int | None, seed: int = 1) -> Deployment:
    """Return a deployment. Without cores of its own Postgres runs on those of the processes."""
    environment = simpy.Environment()
    servers = Machine(environment, simpy.Resource(environment, server_cores))
    postgres = servers if postgres_cores is None else Machine(environment, simpy.Resource(environment, postgres_cores))
    loops, pools = ([simpy.Resource(environment, size) for _ in range(processes)] for size in (1, CONNECTIONS))
    return Deployment(environment, servers, postgres, loops, pools, random.Random(seed))


def closed_loop(place: Deployment, cpu: tuple[float, float], *, clients: int, client_cpu: float, seconds: float) -> Result:
    """Return what clients measure that send the next request after each answer, from the machine of the processes."""

    def client() -> Steps:
        while True:
            yield from place.request(cpu)
            yield from place.servers.run(client_cpu)

    for _ in range(clients):
        place.environment.process(client())
    return _result(place, seconds)


def open_loop(place: Deployment, pages: tuple[float, tuple[float, float]], others: list[tuple[float, tuple[float, float]]], *, seconds: float) -> Result:
    """Return what independent clients measure of pages. Both are requests per second and their CPU."""

    def arrivals(rate: float, cpu: tuple[float, float], *, is_timed: bool) -> Steps:
        while True:
            yield place.environment.timeout(place.random.expovariate(rate))
            place.environment.process(place.request(cpu, is_timed=is_timed))

    for operation in (pages, *others):
        place.environment.process(arrivals(*operation, is_timed=operation is pages))
    return _result(place, seconds)


def _result(place: Deployment, seconds: float) -> Result:
    place.environment.run(WARM_UP * seconds)
    place.times.clear()
    place.environment.run((1 + WARM_UP) * seconds)
    times = sorted(place.times)
    at = [times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else float("nan") for share in (0.5, 0.99)]
    return Result(len(times) / seconds, *at)
