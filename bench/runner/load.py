"""A light load generator: `python -m bench.runner.load` reads a Load as JSON from standard input and writes a Seen as JSON.

It runs in a process of its own, so that it shares no interpreter with the measured server. Requests are bytes made beforehand. Of an answer it reads only the
status and the length, and searches it for the required and the forbidden text.
"""

import asyncio
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

FORBIDDEN = b'"errors"'
HEAD_END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True, slots=True)
class Load:
    """The request, the servers' ports, the number of connections and the duration. Connections are distributed evenly over the ports, and pause for `pause_seconds` after each answer.

    `counter` is a text in the body that each request replaces with its number, filled up with zeros to the same length, so that no two requests are the same.
    With `bodies` there is one for each token, in place of `body`, and the requests are sent in their order, again and again. `tail` is a file whose bytes follow each body.
    """

    ports: list[int]
    path: str
    body: str
    tokens: list[str]
    concurrency: int = 16
    seconds: float = 3.0
    count: int = 0
    pause_seconds: float = 0.0
    must_contain: str = '"activeSubscriptions"'
    seed: int = 1
    counter: str = ""
    bodies: list[str] = field(default_factory=list)
    # A line of the head of each request, by its token; and the status of each answer.
    lines: list[str] = field(default_factory=list)
    status: str = "200"
    tail: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a load: latencies in milliseconds, the count of each status, the first wrong answer, if any, and the generator's own CPU seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: int
    cpu_seconds: float
    example: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0
    # Latencies of the answers with status 200 alone.
    accepted_p50: float = 0.0
    accepted_p99: float = 0.0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0


class WrongAnswers(Exception):
    """A server answered with an error, so that its speed is meaningless."""


def put(load: Load) -> Seen:
    """Run a load in a process of its own and return its result. Raises WrongAnswers."""
    seen = finish(start(load))
    if seen.wrong or not seen.requests:
        raise WrongAnswers(f"{seen.wrong} of {seen.requests} answers are wrong, such as: {seen.example}")
    return seen


def start(load: Load) -> "subprocess.Popen[str]":
    """Start a load in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "bench.runner.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(load)))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: "subprocess.Popen[str]") -> Seen:
    """Wait for the end of a load and return its result. Wrong answers are only counted, because some loads are meant to be refused."""
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Seen(**json.loads(output))


def request_bytes(path: str, body: str, token: str, *more: str, tail_bytes: int = 0, content_type: str = "application/json") -> bytes:
    """Return the bytes of a request: a POST, or a GET if there is no body. `more` are other lines of its head; `tail_bytes` are sent after it."""
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", "Accept: application/json", *more]
    if body:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body.encode()) + tail_bytes}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass(slots=True)
class _Run:
    """The state that the connections of one load share."""

    requests: list[bytes]
    must_contain: bytes
    dice: random.Random
    stop_at: float
    left: int
    pause_seconds: float = 0.0
    counter: bytes = b""
    is_in_order: bool = False
    status: bytes = b"200"
    tail: bytes = b""
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    wrong: list[bytes] = field(default_factory=list)

    def next_request(self) -> bytes | None:
        if self.left == 0 or time.perf_counter() >= self.stop_at:
            return None
        self.left -= 1
        place = self.sent % len(self.requests) if self.is_in_order else int(self.dice.random() * len(self.requests))
        request = self.requests[place]
        self.sent += 1
        if not self.counter:
            return request
        return request.replace(self.counter, str(self.sent).zfill(len(self.counter)).encode())


class _Client(asyncio.Protocol):
    """One keep-alive connection that sends the next request after each answer."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""
        self._needed = 0
        self._sent_at = 0.0
        self._transport: Any = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._run.wrong.append(b"the connection was closed")
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        if not self._needed and not self._read_head():
            return
        if len(self._received) >= self._needed:
            self._judge()
            if self._run.pause_seconds:
                asyncio.get_running_loop().call_later(self._run.pause_seconds, self._ask)
            else:
                self._ask()

    def _ask(self) -> None:
        request = self._run.next_request()
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.writelines([request, self._run.tail])

    def _read_head(self) -> bool:
        end = self._received.find(HEAD_END)
        if end < 0:
            return False
        head = self._received[:end].lower()
        if head[9:12] == b"304":
            self._needed = end + 4
            return True
        at = head.find(LENGTH)
        if at < 0:
            self._run.wrong.append(b"an answer without content-length: " + head)
            self._run.left = 0
            self._needed = len(self._received)
            return True
        stop = head.find(b"\r\n", at + len(LENGTH))
        self._needed = end + 4 + int(head[at + len(LENGTH) : stop if stop > 0 else len(head)])
        return True

    def _judge(self) -> None:
        run, answer = self._run, self._received
        latency = time.perf_counter() - self._sent_at
        run.latencies.append(latency)
        run.statuses[answer[9:12].decode()] += 1
        if answer[9:12] == b"200":
            run.accepted.append(latency)
        if answer[9:12] != run.status or FORBIDDEN in answer or run.must_contain not in answer:
            run.wrong.append(answer[:600])
        self._received, self._needed = b"", 0


async def _drive(load: Load, tail: bytes) -> Seen:
    requests = _requests(load, len(tail))
    started = time.perf_counter()
    run = _Run(
        requests,
        load.must_contain.encode(),
        random.Random(load.seed),
        started + load.seconds,
        load.count or sys.maxsize,
        load.pause_seconds,
        load.counter.encode(),
        bool(load.bodies),
        load.status.encode(),
        tail,
    )
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Client(run), "127.0.0.1", load.ports[n % len(load.ports)]) for n in range(load.concurrency)]
    async with asyncio.timeout(load.seconds + 60):
        await asyncio.gather(*(client.done for _, client in made))
    return _seen(run, time.perf_counter() - started)


def _requests(load: Load, tail_bytes: int) -> list[bytes]:
    bodies = load.bodies or [load.body] * len(load.tokens)
    lines: list[tuple[str, ...]] = [(line,) for line in load.lines] or [()] * len(load.tokens)
    return [
        request_bytes(load.path, body, token, *more, tail_bytes=tail_bytes, content_type=load.content_type)
        for body, token, more in zip(bodies, load.tokens, lines, strict=True)
    ]


def _seen(run: _Run, seconds: float) -> Seen:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    latencies = sorted(run.latencies) or [0.0]
    accepted = sorted(run.accepted) or [0.0]
    example = run.wrong[0].decode("utf-8", "replace") if run.wrong else ""
    return Seen(
        len(run.latencies),
        seconds,
        1000 * median(latencies),
        1000 * _p99(latencies),
        len(run.wrong),
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        example=example,
        statuses=dict(run.statuses),
        slowest=1000 * latencies[-1],
        accepted_p50=1000 * median(accepted),
        accepted_p99=1000 * _p99(accepted),
    )


def _p99(latencies: list[float]) -> float:
    return latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]


if __name__ == "__main__":
    load = Load(**json.load(sys.stdin))
    tail = Path(load.tail).read_bytes() if load.tail else b""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(_drive(load, tail))
    json.dump(asdict(seen), sys.stdout)
