"""Turns of the mutations: the servers take turns over one database, each with customers of its own."""

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

from bench.peers.measure import Turn, timed
from bench.runner import load, wire
from bench.runner.database import Place
from bench.runner.load import Load
from bench.runner.portal import Signer
from bench.runner.processes import Running, server
from bench.writes import forms
from bench.writes.operations import COUNTER, Call, Operation
from bench.writes.servers import WriteServer

LIMIT_SECONDS = 120
PROBES = 12
SETTLE_SECONDS = 0.05

_tokens: dict[tuple[Path, str], str] = {}

# The turns of each server, by operation.
Figures = dict[str, dict[str, list[dict[str, float]]]]


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """The keys of each server's customers, the number of rounds that count, and what is measured."""

    keys: list[list[str]]
    rounds: int
    operations: tuple[Operation, ...]
    connections: int


def in_turns(writers: list[WriteServer], place: Place, signer: Signer, plan: TurnPlan) -> Figures:
    """Run one round for warming up, which does not count, and those of the plan."""
    figures: Figures = {operation.name: {writer.name: [] for writer in writers if operation in writer.operations} for operation in plan.operations}
    with ExitStack() as stack:
        running = {writer.name: stack.enter_context(server(writer.command(place, signer))) for writer in writers}
        for operation in plan.operations:
            for nth in range(plan.rounds + 1):
                for writer, keys in zip(writers, plan.keys, strict=True):
                    if operation in writer.operations:
                        requests = load_of(writer, running[writer.name], signer, operation.calls(keys, nth), plan.connections)
                        turn = run_once(running[writer.name], place, with_file(requests, operation.file_type))
                        figures[operation.name][writer.name] += [asdict(turn)] if nth else []
    return figures


def load_of(writer: WriteServer, running: Running, signer: Signer, calls: list[Call], connections: int) -> Load:
    """Return the requests of calls, each to be sent once."""
    return Load(
        [running.port], running.path, "", [_token(signer, call.key) for call in calls], connections, LIMIT_SECONDS, len(calls),
        must_contain=writer.must_contain, counter=COUNTER, bodies=[writer.body(call) for call in calls],
    )  # fmt: skip


def with_file(requests: Load, file_type: str) -> Load:
    """Return the same requests as forms with a file of a media type, if there is one."""
    if not file_type:
        return requests
    bodies = [forms.beginning(body, file_type) for body in requests.bodies]
    content_type, preflight = forms.HEADERS.items()
    return replace(requests, bodies=bodies, tail=str(forms.ending(file_type)), content_type=content_type[1], lines=[": ".join(preflight)] * len(bodies))


def _token(signer: Signer, key: str) -> str:
    """Return the same token in each turn, so that servers verify it once."""
    if (signer.folder, key) not in _tokens:
        _tokens[signer.folder, key] = signer.token(f"cus_{key}")
    return _tokens[signer.folder, key]


def run_once(running: Running, place: Place, requests: Load) -> Turn:
    """Run a turn, which is not repeated: its requests cannot be sent twice."""
    return timed(lambda: load.put(requests), [running.pid], place.postmaster, attempts=1)


def traffic(writer: WriteServer, place: Place, signer: Signer, keys: list[str]) -> dict[str, dict[str, float]]:
    """Return the fewest statements and round trips of a call of each mutation, with one request at a time, after as many for warming up: others run while the server
    announces events."""
    tally = wire.Tally()
    result: dict[str, dict[str, float]] = {}
    with wire.counting(place, tally) as through, server(writer.command(through, signer)) as running:

        def counted(calls: list[Call], file_type: str) -> dict[str, float]:
            seen = [_counted(writer, running, signer, (call, file_type), tally) for call in calls]
            return {"statements": min(statements for statements, _ in seen), "round_trips": min(round_trips for _, round_trips in seen)}

        for operation in writer.operations:
            for part in (keys[:PROBES], keys[PROBES : 2 * PROBES]):
                calls = operation.calls(part, 0)
                for mutation in dict.fromkeys(call.mutation for call in calls):
                    result[mutation] = counted([call for call in calls if call.mutation == mutation], operation.file_type)
    return result


def _counted(writer: WriteServer, running: Running, signer: Signer, sent: tuple[Call, str], tally: wire.Tally) -> tuple[int, int]:
    call, file_type = sent
    before = tally.statements, tally.round_trips
    connection = HTTPConnection("127.0.0.1", running.port)
    headers = {"Content-Type": "application/json", **(forms.HEADERS if file_type else {}), "Authorization": f"Bearer {_token(signer, call.key)}"}
    body = writer.body(call).encode()
    if file_type:
        body = forms.beginning(body.decode(), file_type).encode() + forms.ending(file_type).read_bytes()
    connection.request("POST", running.path, body, headers)
    answer = connection.getresponse().read().decode()
    connection.close()
    if writer.must_contain not in answer:
        raise load.WrongAnswers(answer[:600])
    time.sleep(SETTLE_SECONDS)
    return tally.statements - before[0], tally.round_trips - before[1]
