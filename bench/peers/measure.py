"""Turns, rounds and their figures. All servers are measured in turn, several times, so that a disturbance of the machine affects all of them."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.peers import limit, same
from bench.peers.contestants import Contestant
from bench.runner import load, wire
from bench.runner.database import Place
from bench.runner.portal import Signer
from bench.runner.processes import Running, cpu_seconds, family_cpu_seconds, machine_cpu_seconds, server, workers

WARM_REQUESTS = 50
PROBE_REQUESTS = 50
# How long the COMMIT after an answer may take.
SETTLE_SECONDS = 0.03

# A turn is repeated if other processes used more of the machine than this, up to this number of attempts.
DISTURBED = 0.08
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one server. CPU in seconds per 1,000 requests; `others` is the part of the machine that processes other than server, Postgres and generator used."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float
    others: float


@dataclass(frozen=True, slots=True)
class Setting:
    """The values that all turns have in common."""

    place: Place
    tokens: list[str]
    seconds: float
    concurrency: int = 16


def rounds(turns: Mapping[str, Callable[[], Turn]], count: int, progress: Callable[[str], None]) -> dict[str, list[Turn]]:
    """Run one round for warming up, which does not count, and `count` more."""
    seen: dict[str, list[Turn]] = {name: [] for name in turns}
    for nth in range(count + 1):
        for name, turn in turns.items():
            progress(f"round {nth} of {count}: {name}" if nth else f"warming up: {name}")
            figures = turn()
            if nth:
                seen[name].append(figures)
    return seen


def turn_of(contestant: Contestant, servers: list[Running], setting: Setting) -> Callable[[], Turn]:
    """Return the turn of one server, or of several between which the connections are distributed."""
    requests = load.Load([running.port for running in servers], servers[0].path, contestant.body, setting.tokens, setting.concurrency, setting.seconds)

    def turn() -> Turn:
        return timed(lambda: load.put(requests), [pid for running in servers for pid in workers(running.pid)], setting.place.postmaster)

    return turn


def turn_of_limit(pgbench: limit.Limit, setting: Setting) -> Callable[[], Turn]:
    return lambda: timed(lambda: limit.run(pgbench, setting.seconds), [], setting.place.postmaster)


def traffic(contestant: Contestant, place: Place, signer: Signer, ids: list[str]) -> dict[str, float]:
    """Return the statements and round trips of the median request, counted between a separate server and Postgres, with one request at a time.

    Portico's server looks for events to announce in between, about five times a second, which would be counted in a mean.
    """
    tally = wire.Tally()
    tokens = [signer.token(customer_id) for customer_id in ids[: WARM_REQUESTS + PROBE_REQUESTS]]
    with wire.counting(place, tally) as through, server(contestant.command(through, signer)) as running:
        for token in tokens[:WARM_REQUESTS]:
            same.ask(running, contestant, token)
        time.sleep(SETTLE_SECONDS)
        seen = []
        for token in tokens[WARM_REQUESTS:]:
            before = tally.statements, tally.round_trips
            same.ask(running, contestant, token)
            time.sleep(SETTLE_SECONDS)
            seen.append((tally.statements - before[0], tally.round_trips - before[1]))
    return {"statements": median(statements for statements, _ in seen), "round_trips": median(round_trips for _, round_trips in seen)}


def one_and_two(contestant: Contestant, setting: Setting, signer: Signer, count: int) -> dict[str, list[dict[str, Any]]]:
    """Return the turns of one process and of two: of a server that has two itself, or of two servers."""
    command = contestant.command(setting.place, signer)
    with ExitStack() as stack:
        one = stack.enter_context(server(command))
        other = stack.enter_context(server(contestant.several(command, 2) if contestant.several else command))
        turns = {"one": turn_of(contestant, [one], setting), "two": turn_of(contestant, [other] if contestant.several else [one, other], setting)}
        return {name: [asdict(turn) for turn in seen] for name, seen in rounds(turns, count, lambda _: None).items()}


def timed(ask: Callable[[], load.Seen], pids: list[int], postmaster: int, *, attempts: int = ATTEMPTS) -> Turn:
    """Return the least disturbed attempt. There is no further attempt after one that is hardly disturbed."""
    turns: list[Turn] = []
    while len(turns) < attempts and all(turn.others > DISTURBED for turn in turns):
        turns.append(_attempt(ask, pids, postmaster))
    return min(turns, key=lambda turn: turn.others)


def _attempt(ask: Callable[[], load.Seen], pids: list[int], postmaster: int) -> Turn:
    before, started = _clocks(pids, postmaster), time.perf_counter()
    seen = ask()
    seconds, after = time.perf_counter() - started, _clocks(pids, postmaster)
    spent = {name: after[name] - before[name] for name in after}
    others = (spent["machine"] - spent["server"] - spent["postgres"] - spent["generator"]) / (seconds * (os.cpu_count() or 1))
    per_thousand = 1000 / seen.requests
    return Turn(seen.rate, seen.p50, seen.p99, spent["server"] * per_thousand, spent["postgres"] * per_thousand, max(others, 0.0))


def _clocks(pids: list[int], postmaster: int) -> dict[str, float]:
    """Return the CPU seconds until now. The generator is this process and its ended children."""
    times = os.times()
    return {
        "server": sum(map(cpu_seconds, pids)),
        "postgres": family_cpu_seconds(postmaster),
        "generator": times.user + times.system + times.children_user + times.children_system,
        "machine": machine_cpu_seconds(),
    }
