"""The metrics of a server, as a monitoring system scrapes them while callers send requests."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from gateway.documents.document_cache import first_party
from gateway.http.request_log import RequestLogEntry
from gateway.http.responses import Answer, ResponseFormat
from gateway.http.statuses import JSON
from gateway.monitoring.operations import MAX_COMBINATIONS, OperationMetrics
from resolvers.documents.manifests import id_of
from tests.conftest import ADA, token
from tests.depth import by_depth
from tests.gateway.live.streaming import add_customer, opened, rename
from tests.gateway.monitoring.scraping import SECRET, Scrape, free_port, scrape
from tests.servers import preloaded
from tests.servers.processes import process
from tests.waiting import until

pytestmark = pytest.mark.in_turns(2)

PUBLISHED = id_of(first_party()["Summary"])
# Operations of so many names are sent.
NAMES = by_depth(1_000, 10_000)
EXPORT = 'mutation Export { requestMyData(input: {idempotencyKey: "%s"}) { replayed userErrors { code } } }'


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def address(urls: embedded.Urls, start_server: Callable[..., str], metrics_port: int) -> str:
    return start_server(urls.app, metrics_port=metrics_port)


@pytest.fixture
async def client(address: str) -> Any:
    async with httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(ADA)}"}) as opened_client:
        yield opened_client


async def send(client: httpx.AsyncClient, query: str, **others: Any) -> Any:
    return (await client.post("/graphql", json={"query": query, **others})).json()


async def counted(port: int, name: str, **labels: str) -> float:
    """Return a counter. A request is counted after its client has the response, so tests wait for it."""
    return (await scrape(port)).value(name, **labels)


async def reaches(port: int, expected: float, name: str, **labels: str) -> None:
    async def reached() -> bool:
        return await counted(port, name, **labels) == expected

    await until(reached)


async def test_an_operation_is_counted_by_kind_name_way_and_code(client: httpx.AsyncClient, metrics_port: int) -> None:
    labels = {"kind": "query", "operation": "Summary", "way": "planner"}
    before = await scrape(metrics_port)
    for _ in range(3):
        answer = await client.post("/graphql", json={"documentId": PUBLISHED})
        assert answer.json()["data"]["customer"]
    await reaches(metrics_port, before.value("portico_operations_total", **labels, code="OK") + 3, "portico_operations_total", **labels, code="OK")
    after = await scrape(metrics_port)

    def more(name: str, **named: str) -> float:
        return after.value(name, **named) - before.value(name, **named)

    assert more("portico_operation_seconds_count", **labels) == more("portico_operation_seconds_bucket", **labels, le="+Inf") == 3
    assert 0 < more("portico_operation_seconds_sum", **labels) < 30
    assert more("portico_operation_statements_total", **labels) >= 6
    assert more("portico_operation_cost_total", **labels) > 100
    assert more("portico_http_requests_total", route="/graphql", status="200") == 3
    assert more("portico_documents_total", source="published") == 3
    assert all(more("portico_operation_phase_seconds_count", phase=phase) == 3 for phase in ("read", "prepare", "run", "send"))


async def test_the_name_of_a_text_is_other_and_a_refusal_has_no_kind(client: httpx.AsyncClient, metrics_port: int) -> None:
    before = await scrape(metrics_port)
    await send(client, "query Summary { customer { id } }")
    assert (await client.post("/graphql", json={"query": "query {"})).status_code == 200
    assert (await client.get("/graphql", headers={"Authorization": "Bearer wrong"})).status_code in (400, 401)
    assert (await client.get("/nothing/of/mine")).status_code == 404
    await reaches(metrics_port, before.value("portico_http_requests_total", route="other") + 1, "portico_http_requests_total", route="other")
    # A request is counted when its transaction has ended, which may be after the answer to the next one.
    answered = {"kind": "query", "operation": "other", "code": "OK"}
    await reaches(metrics_port, before.value("portico_operations_total", **answered) + 1, "portico_operations_total", **answered)
    after = await scrape(metrics_port)
    for labels in (answered, {"kind": "none", "operation": "none", "way": "none", "code": "GRAPHQL_PARSE_FAILED"}):
        assert after.value("portico_operations_total", **labels) - before.value("portico_operations_total", **labels) == 1, labels
    assert after.value("portico_operations_total", operation="Summary") == before.value("portico_operations_total", operation="Summary")


async def test_a_replayed_mutation_is_counted_once_for_each_repetition(address: str, metrics_port: int, admin: asyncpg.Connection) -> None:
    before = await counted(metrics_port, "portico_idempotent_replays_total")
    text, grace = EXPORT % uuid4(), await add_customer(admin)
    async with httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(grace)}"}) as client:
        answers = [(await send(client, text))["data"]["requestMyData"]["replayed"] for _ in range(3)]
    assert answers == [False, True, True]
    await reaches(metrics_port, before + 2, "portico_idempotent_replays_total")


async def test_a_stream_its_messages_and_its_lag_are_counted(address: str, metrics_port: int, admin: asyncpg.Connection) -> None:
    before, grace = await scrape(metrics_port), await add_customer(admin)
    async with opened(address, grace) as stream:
        await stream.next()
        assert await counted(metrics_port, "portico_streams") == before.value("portico_streams") + 1
        await rename(admin, grace, "Grace Brewster")
        await stream.next()
        await reaches(metrics_port, before.value("portico_event_lag_seconds_count") + 1, "portico_event_lag_seconds_count")
    await reaches(metrics_port, before.value("portico_streams"), "portico_streams")
    after = await scrape(metrics_port)
    assert (
        after.value("portico_streams_ended_total", reason="CLIENT_CLOSED_REQUEST")
        == before.value("portico_streams_ended_total", reason="CLIENT_CLOSED_REQUEST") + 1
    )
    await reaches(metrics_port, before.value("portico_operations_total", kind="subscription") + 1, "portico_operations_total", kind="subscription")


async def test_the_process_the_pool_and_the_event_loop_are_measured(client: httpx.AsyncClient, metrics_port: int) -> None:
    await send(client, "{ customer { id } }")
    after = await scrape(metrics_port)
    assert after.value("portico_pool_connections_max") == 10
    assert 1 <= after.value("portico_pool_connections") <= 10
    assert after.value("portico_build_info", process="server") == 1
    assert after.value("portico_documents_loaded") == 1
    assert after.value("process_open_fds") > 0
    lag = after.value("portico_event_loop_lag_seconds_count")

    async def measured() -> bool:
        return await counted(metrics_port, "portico_event_loop_lag_seconds_count") > lag

    await until(measured)


async def send_all(address: str, names: list[str]) -> list[str]:
    """Send an operation of each name on one connection, a hundred at a time, and return the names that were not answered with data."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token(ADA)}\r\nContent-Length: "
    refused = []
    for start in range(0, len(names), 100):
        bodies = {name: json.dumps({"query": f"query {name} {{ __typename }}"}) for name in names[start : start + 100]}
        writer.write("".join(f"{head}{len(body)}\r\n\r\n{body}" for body in bodies.values()).encode())
        for name in bodies:
            headers = await reader.readuntil(b"\r\n\r\n")
            match = re.search(rb"content-length: (\d+)", headers)
            assert match, headers
            answer = await reader.readexactly(int(match[1]))
            if answer != b'{"data":{"__typename":"Query"}}':
                assert b'"SERVICE_UNAVAILABLE"' in answer, answer  # on a machine that is busy
                refused.append(name)
    writer.close()
    return refused


async def test_thousands_of_names_of_operations_add_no_series(client: httpx.AsyncClient, address: str, metrics_port: int) -> None:
    await send(client, "query Warm { __typename }")
    await asyncio.sleep(0.1)
    before = await scrape(metrics_port)
    names = ["a" * 5000, "operation", "other", "le", *("".join(random.choices(string.ascii_letters, k=12)) for _ in range(NAMES - 4))]
    refused = [name for part in await asyncio.gather(*(send_all(address, names[part::4]) for part in range(4))) for name in part]
    assert len(refused) < NAMES / 10
    expected = before.value("portico_operations_total", operation="other") + NAMES - len(refused)

    async def reached() -> bool:
        return await counted(metrics_port, "portico_operations_total", operation="other") >= expected

    await until(reached)
    after = await scrape(metrics_port)
    assert len(after.samples) - len(before.samples) <= (20 if refused else 0)
    assert after.labels("portico_operations_total", "operation") <= {"other", "none", "Summary", "Follow"}


OK = Answer(b"", "OK", ResponseFormat(JSON, "compat"), {})


def entry_of(name: str) -> RequestLogEntry:
    entry = RequestLogEntry("id", kind="query", operation=name, way="planner", cost=1, is_stored=True)
    entry.end_phase("send")
    return entry


def test_published_names_beyond_the_limit_are_counted_as_other() -> None:
    metrics = OperationMetrics()
    for number in range(10_000):
        metrics.observe(entry_of(f"Operation{number}"), OK, 2)
        metrics.observe(entry_of("Operation0"), OK, 2)
    readings = list(metrics.readings())
    totals = {reading.labels[1]: reading.value for reading in readings if reading.name == "portico_operations_total"}
    overflow = next(reading.value for reading in readings if reading.name == "portico_metrics_overflow_total")
    assert len(totals) == MAX_COMBINATIONS + 1
    assert totals["other"] == overflow == 10_000 - MAX_COMBINATIONS
    assert totals["Operation0"] == 10_001


def test_an_operation_without_a_published_document_has_no_name_of_its_own() -> None:
    metrics = OperationMetrics()
    entry = entry_of("Hostile")
    entry.is_stored = False
    metrics.observe(entry, OK, 1)
    assert "Hostile" not in str(list(metrics.readings()))


async def test_a_scrape_needs_the_secret_and_is_told_nothing_without_it(urls: embedded.Urls, start_server: Callable[..., str]) -> None:
    port = free_port()
    start_server(urls.app, metrics_port=port, metrics_secret=SECRET)
    wrong = [None, "", "Bearer", f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}", f"Basic {SECRET}", SECRET, "Bearer ü"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        for header in wrong:
            answer = await client.get("/metrics", headers={} if header is None else {"Authorization": header.encode("latin-1")})
            assert (answer.status_code, answer.text) == (401, "unauthorized\n"), header
            assert set(answer.headers) == {"content-type", "content-length", "cache-control", "x-content-type-options", "www-authenticate"}
        assert (await client.post("/metrics", headers={"Authorization": f"Bearer {SECRET}"})).status_code == 405
        assert (await client.get("/", headers={"Authorization": f"Bearer {SECRET}"})).status_code == 404
    assert isinstance(await scrape(port, SECRET), Scrape)


async def test_openmetrics_is_answered_to_those_who_accept_it(metrics_port: int, address: str) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.get(f"http://127.0.0.1:{metrics_port}/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.slow  # starts programs
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]])
def test_a_port_in_use_is_one_line(root: Path, urls: embedded.Urls, tmp_path: Path, command: list[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environment = os.environ | {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_METRICS_PORT": str(port)}
        ended = preloaded.run(command, cwd=root, env=environment, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr == f"Error: Cannot listen on port {port} of 127.0.0.1 (Address already in use). Choose another with PORTICO_METRICS_PORT.\n"


async def test_clients_that_hold_connections_open_delay_neither_scrapes_nor_the_end(root: Path, urls: embedded.Urls, tmp_path: Path) -> None:
    port = free_port()
    with process(root, urls, tmp_path, metrics_port=str(port), drain_seconds="0") as (server, _):
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        for number, connection in enumerate(held):
            connection.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * number)  # none reads its responses
        assert (await scrape(port)).value("portico_build_info") == 1
        began = asyncio.get_running_loop().time()
        server.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.wait, 20) == 0
        assert asyncio.get_running_loop().time() - began < 8
        for connection in held:
            connection.close()
