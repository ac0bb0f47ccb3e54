"""Too slow, too many, gone away, and the end of the process: what becomes of those who wait."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.http.serving import protocol
from tests.conftest import ADA, BIG, token
from tests.servers.preloaded import PreloadedProcess
from tests.servers.processes import process
from tests.waiting import count_lock_waits, locked, until

AS_ADA = {"Authorization": f"Bearer {token(ADA)}"}
NAME = {"query": "{ customer { name } }"}
RIGHT = {"data": {"customer": {"name": "Ada Lovelace"}}}


def assert_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def raw(url: str, sent: bytes, seconds: float = 5) -> bytes:
    """What a server says to these bytes before it closes, or falls silent."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


HEAD = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: {AS_ADA['Authorization']}\r\n".encode()


async def test_a_body_that_does_not_come_is_408_and_the_connection_ends(start_server: Callable[..., str], urls: Urls) -> None:
    url = start_server(urls.app, body_seconds=0.3)
    said = await raw(url, HEAD + b'Content-Length: 100\r\n\r\n{"query"')
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said.lower()
    assert b"REQUEST_TIMEOUT" in said


async def test_a_head_that_does_not_come_is_408_and_one_that_does_not_end_is_431(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = await raw(server, b"GET /graphql HTTP/1.1\r\n" + b"X-A: " + b"a" * 66_000)
    assert endless.startswith(b"HTTP/1.1 431 ")
    assert b"HEADERS_TOO_LARGE" in endless
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    assert (await raw(server, b"GET /graphql HT")).startswith(b"HTTP/1.1 408 ")
    assert (await raw(server, b"")).startswith(b"HTTP/1.1 408 ")


async def test_bytes_that_are_no_http_are_400_as_json(server: str) -> None:
    said = await raw(server, b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_an_operation_beyond_its_deadline_is_503_and_the_next_one_runs(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection) -> None:
    for planner in (True, False):
        url = start_server(urls.app, operation_seconds=0.4, planner=planner)
        async with httpx.AsyncClient(base_url=url, headers=AS_ADA) as client:
            async with locked(urls):
                async with asyncio.timeout(10):
                    assert_unavailable(await client.post("/graphql", json=NAME))
            assert (await client.post("/graphql", json=NAME)).json() == RIGHT


async def test_what_finds_no_place_is_503_the_rest_is_answered_and_health_is_never_queued(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection
) -> None:
    url = start_server(urls.app, max_running=2, max_queued=1, queue_seconds=2)
    async with httpx.AsyncClient(base_url=url, headers=AS_ADA, timeout=20) as client:
        async with locked(urls):
            running = [asyncio.create_task(client.post("/graphql", json=NAME)) for _ in range(2)]

            async def both_run() -> bool:
                return await count_lock_waits(admin) == 2

            await until(both_run)
            more = [asyncio.create_task(client.post("/graphql", json=NAME)) for _ in range(2)]
            (refused,), (queued,) = await asyncio.wait(more, return_when=asyncio.FIRST_COMPLETED)  # whichever came second
            assert_unavailable(await refused)
            assert not queued.done(), "it waited in the queue itself"
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).json() == {"status": "ready"}
            assert_unavailable(await queued)
        assert [(await answer).json() for answer in running] == [RIGHT, RIGHT]
        assert (await client.post("/graphql", json=NAME)).json() == RIGHT


@pytest.mark.parametrize("planner", [True, False], ids=["planner", "executor"])
async def test_the_query_of_a_client_that_leaves_is_canceled(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, planner: bool) -> None:
    url = start_server(urls.app, pool_size=1, max_running=1, planner=planner)

    async def one_waits() -> bool:
        return await count_lock_waits(admin) == 1

    async def nobody_waits() -> bool:
        return await count_lock_waits(admin) == 0

    async with locked(urls):
        async with httpx.AsyncClient(base_url=url, headers=AS_ADA) as client:
            task = asyncio.create_task(client.post("/graphql", json=NAME))
            await until(one_waits)
            task.cancel()
        await until(nobody_waits)
    async with httpx.AsyncClient(base_url=url, headers=AS_ADA) as client:
        answers = [await client.post("/graphql", json=NAME) for _ in range(3)]
        assert [answer.json() for answer in answers] == [RIGHT] * 3


async def test_the_mutation_of_a_client_that_leaves_is_finished(server: str, urls: Urls, admin: asyncpg.Connection) -> None:
    text = "mutation ($name: String!) { updateProfile(input: {name: $name}) { customer { name } userErrors { code } } }"
    before = await admin.fetchrow("select name, version from customer where id = $1", ADA.customer_id)
    other = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})

    async def one_waits() -> bool:
        return await count_lock_waits(admin) == 1

    async def is_done() -> bool:
        return bool(await admin.fetchval("select name = 'Ada King' from customer where id = $1", ADA.customer_id))

    try:
        async with other.transaction():
            await other.execute("select 1 from customer where id = $1 for update", ADA.customer_id)
            async with httpx.AsyncClient(base_url=server, headers=AS_ADA) as client:
                task = asyncio.create_task(client.post("/graphql", json={"query": text, "variables": {"name": "Ada King"}}))
                await until(one_waits)
                task.cancel()
            await asyncio.sleep(0.3)
            assert await count_lock_waits(admin) == 1
        await until(is_done)
    finally:
        await other.close()
        await admin.execute("update customer set name = $2, version = $3 where id = $1", ADA.customer_id, *before)


async def test_readiness_tells_of_the_database_and_of_missing_migrations(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection) -> None:
    async def readiness(url: str) -> tuple[int, str]:
        async with httpx.AsyncClient(base_url=url) as client:
            answer = await client.get("/readyz")
            assert ("retry-after" in answer.headers) == (answer.status_code == 503)
            return answer.status_code, answer.json()["status"]

    assert await readiness(start_server("postgresql://portico_app@127.0.0.1:1/postgres")) == (503, "the database does not answer")
    assert await readiness(start_server(urls.app)) == (200, "ready")
    current = await admin.fetchval("select version_num from alembic_version")
    try:
        for revision, expected in (("0001", (503, "migrations are missing")), ("9999", (200, "ready"))):
            await admin.execute("update alembic_version set version_num = $1", revision)
            assert await readiness(start_server(urls.app)) == expected
    finally:
        await admin.execute("update alembic_version set version_num = $1", current)


async def ended(running: PreloadedProcess, seconds: float) -> int:
    return await asyncio.to_thread(running.wait, seconds)


async def test_sigterm_under_load_loses_no_request(root: Path, urls: Urls, tmp_path: Path, admin: asyncpg.Connection) -> None:
    """Twenty clients ask on and on, as behind a balancer that looks at /readyz. Whatever they asked before it said no is answered right."""
    with process(root, urls, tmp_path, drain_seconds="3") as (running, url):
        stop = asyncio.Event()
        answers: list[httpx.Response] = []

        async def ask() -> None:
            async with httpx.AsyncClient(base_url=url, headers=AS_ADA, timeout=20) as client:
                while not stop.is_set():
                    answers.append(await client.post("/graphql", json=NAME))

        async with asyncio.TaskGroup() as group, httpx.AsyncClient(base_url=url, timeout=20) as balancer:
            for _ in range(20):
                group.create_task(ask())

            async def is_under_load() -> bool:
                return len(answers) > 100

            await until(is_under_load)
            assert (await balancer.get("/readyz")).status_code == 200
            before = len(answers)
            running.send_signal(signal.SIGTERM)

            async def is_draining() -> bool:
                return (await balancer.get("/readyz")).json() == {"status": "draining"}

            await until(is_draining)
            await asyncio.sleep(0.5)
            draining = await balancer.post("/graphql", json=NAME, headers=AS_ADA)
            assert draining.headers["connection"] == "close"
            stop.set()
        assert len(answers) > before
        assert all(answer.json() == RIGHT for answer in answers)
        assert await ended(running, 10) == 0


async def test_what_runs_at_sigterm_is_finished_and_what_takes_too_long_is_503(root: Path, urls: Urls, tmp_path: Path, admin: asyncpg.Connection) -> None:
    async def one_waits() -> bool:
        return await count_lock_waits(admin) == 1

    for shutdown_seconds, expected in (("10", 200), ("1", 503)):
        with process(root, urls, tmp_path, drain_seconds="0", shutdown_seconds=shutdown_seconds) as (running, url):
            async with httpx.AsyncClient(base_url=url, headers=AS_ADA, timeout=20) as client:
                async with locked(urls):
                    task = asyncio.create_task(client.post("/graphql", json=NAME))
                    await until(one_waits)
                    running.send_signal(signal.SIGTERM)
                    # What takes too long is answered while the lock is still held.
                    await asyncio.wait({task}, timeout=0.5 if expected == 200 else 10)
                    assert task.done() == (expected == 503)
                answer = await task
                assert answer.status_code == expected
                assert_unavailable(answer) if expected == 503 else None
            assert await ended(running, 15) == 0


async def test_a_client_that_does_not_take_its_answers_keeps_no_connection_to_the_database(start_server: Callable[..., str], urls: Urls) -> None:
    url = start_server(urls.app, pool_size=1, acquire_seconds=0.5)
    fields = (
        "id number status issuedAt dueOn total { amount formatted } amountRemaining { amount formatted } availableActions { action allowed reason message }"
    )
    body = json.dumps({"query": f"{{ customer {{ invoices(first: 100) {{ nodes {{ {fields} }} }} }} }}"}).encode()
    request = HEAD.replace(token(ADA).encode(), token(BIG).encode()) + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        greedy.setblocking(False)
        for _ in range(300):
            try:
                greedy.send(request)
            except BlockingIOError:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        async with httpx.AsyncClient(base_url=url, headers=AS_ADA, timeout=20) as client:
            answers = [await client.post("/graphql", json=NAME) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
