"""`serve --workers 2`: two processes on one socket, of which one is killed, both are replaced under load, and both end under load."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA, token
from tests.gateway.monitoring.scraping import free_port, scrape
from tests.servers import preloaded
from tests.servers.processes import SAID, process
from tests.waiting import until

TASKS = 3
BODY = {"query": "{ customer { id } }"}


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def free_ports() -> int:
    """Return the first of two ports one after the other that are free."""
    while True:
        port = free_port()
        with suppress(OSError, OverflowError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port + 1))
            return port


class Traffic:
    """Requests one after the other, each on a connection of its own, in some tasks, until `stop`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answered = 0
        self.failures: list[str] = []
        self._is_over = False
        self._tasks = [asyncio.create_task(self._send()) for _ in range(TASKS)]

    async def _send(self) -> None:
        while not self._is_over:
            try:
                async with httpx.AsyncClient(timeout=20) as client:
                    answer = await client.post(f"{self.address}/graphql", json=BODY, headers={"Authorization": f"Bearer {token(ADA)}"})
            except httpx.HTTPError as error:
                self.failures.append(type(error).__name__)
                await asyncio.sleep(0.05)
            else:
                self.answered += answer.json()["data"] == {"customer": {"id": ADA.customer_id}}

    async def after(self, count: int) -> None:
        """Wait for that many more answers."""
        goal = self.answered + count
        await until(lambda: _is(lambda: self.answered >= goal))

    async def stop(self) -> None:
        self._is_over = True
        await asyncio.gather(*self._tasks)


async def _is(reached: Callable[[], bool]) -> bool:
    return reached()


def are_others(pid: int, before: set[int]) -> bool:
    """Return whether two processes run, none of which is one of these."""
    return len(now := children(pid)) == 2 and not now & before


async def test_processes_are_started_again_replaced_and_ended(urls: Urls, root: Path, tmp_path: Path) -> None:
    port = free_ports()
    with process(root, urls, tmp_path, workers="2", metrics_port=str(port), drain_seconds="0", log_level="INFO") as (running, address):
        pids = children(running.pid)
        assert len(pids) == 2
        traffic = Traffic(address)
        await traffic.after(10)
        counts = [(await scrape(port + number)).value("portico_operations_total") for number in range(2)]
        assert sum(counts) >= 10

        os.kill(min(pids), signal.SIGKILL)
        await until(lambda: _is(lambda: are_others(running.pid, {min(pids)})))
        assert "a server process ended and is started again" in (tmp_path / SAID).read_text()
        await traffic.after(10)
        # Only what the killed process was answering is lost.
        assert len(traffic.failures) <= TASKS
        traffic.failures.clear()

        pids = children(running.pid)
        running.send_signal(signal.SIGHUP)
        await until(lambda: _is(lambda: are_others(running.pid, pids)), seconds=60)
        await traffic.after(10)
        assert traffic.failures == []

        running.terminate()
        await asyncio.to_thread(running.wait, 30)
        await traffic.stop()
        # A connection that no process had accepted when the socket was closed is reset.
        assert set(traffic.failures) <= {"ConnectError", "ReadError"}
        assert traffic.failures.count("ReadError") <= TASKS
        assert running.returncode == 0


async def test_the_built_in_postgres_is_for_one_process(root: Path, tmp_path: Path) -> None:
    command = ["serve", "--workers", "2", "--port", "0", "--data-dir", str(tmp_path)]
    done = await asyncio.to_thread(preloaded.run, command, cwd=root, env=os.environ, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: PORTICO_WORKERS: several processes need a database of their own.")


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_first_request_of_an_accepted_connection_is_answered_by_a_process_that_ends(urls: Urls, root: Path, tmp_path: Path, workers: str) -> None:
    body = json.dumps(BODY).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {token(ADA)}\r\ncontent-length: {len(body)}\r\n\r\n"
    with process(root, urls, tmp_path, workers=workers, drain_seconds="0", log_level="INFO") as (running, address):
        target = httpx.URL(address)
        late, unused = [socket.create_connection((target.host, target.port or 80), 10) for _ in range(2)]
        await until(lambda: _is(lambda: are_accepted([late, unused])))
        running.terminate()
        await asyncio.sleep(0.1)
        late.sendall(head.encode() + body)
        answer = await asyncio.to_thread(received, late)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert ADA.customer_id.encode() in answer
        assert await asyncio.to_thread(received, unused) == b""
        assert await asyncio.to_thread(running.wait, 10) == 0


def are_accepted(connections: list[socket.socket]) -> bool:
    """Return whether the server has accepted these connections: in the kernel's list, one that waits to be accepted has the inode 0."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    accepted = {(row[1][-4:], row[2][-4:]) for row in rows if row[9] != "0"}
    return all((f"{connection.getpeername()[1]:04X}", f"{connection.getsockname()[1]:04X}") in accepted for connection in connections)


def received(connection: socket.socket) -> bytes:
    """Return what the other side sends until it closes the connection."""
    with connection:
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)
