"""Traces, as a collector receives them over OTLP by HTTP."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from gateway.documents.document_cache import first_party
from resolvers.documents.manifests import id_of
from tests.conftest import ADA, customer, token
from tests.gateway.live.streaming import add_customer, opened
from tests.gateway.monitoring.collector import CLIENT, SERVER, Collector, collecting
from tests.servers.processes import process
from tests.waiting import locked, until

if find_spec("opentelemetry") is None:
    REASON = "needs OpenTelemetry, the group `otel` of pyproject.toml"
    if os.environ.get("PORTICO_TEST_REQUIRE") == "all":
        pytest.fail(REASON, pytrace=False)
    pytest.skip(REASON, allow_module_level=True)

PUBLISHED = id_of(first_party()["Summary"])
LOST = "{ customer { subscriptions(first: 1) { nodes { plan { name } } } } }"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def start_traced(start_server: Callable[..., str], urls: embedded.Urls, collector: Collector) -> Callable[..., str]:
    """Start a server that sends its spans to the collector; `variables` are those of OpenTelemetry."""

    def start(**variables: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
            patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
            for name, value in variables.items():
                patch.setenv(name, value)
            return start_server(urls.app, otel=True)

    return start


@pytest.fixture(scope="module")
def address(start_traced: Callable[..., str]) -> str:
    return start_traced()


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(ADA)}"}) as opened_client:
        yield opened_client


def new_trace() -> tuple[str, dict[str, str]]:
    """Return the id of a new sampled trace, and the header of a request in it."""
    trace_id = uuid4().hex
    return trace_id, {"traceparent": f"00-{trace_id}-{PARENT}-01"}


async def test_a_page_is_one_span_with_its_phases_and_statements(client: httpx.AsyncClient, collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    trace_id, headers = new_trace()
    with caplog.at_level(logging.INFO, "portico.operation"):
        answer = await client.post("/graphql", json={"documentId": PUBLISHED}, headers=headers)
        span = await collector.server_span(trace_id)
    assert answer.json()["data"]["customer"]
    assert (span["name"], span["parent_id"], span["is_error"]) == ("query", PARENT, False)
    attributes = span["attributes"]
    assert (attributes["graphql.operation.type"], attributes["graphql.operation.name"]) == ("query", "Summary")
    assert attributes["http.request.method"] == "POST"
    assert (attributes["http.route"], attributes["http.response.status_code"]) == ("/graphql", 200)
    assert (attributes["portico.way"], attributes["portico.request_id"]) == ("planner", answer.headers["x-request-id"])
    assert "graphql.document" not in attributes
    children = collector.children(span)
    statements = [child for child in children if child["kind"] == CLIENT]
    assert {"read", "prepare", "send"} <= {child["name"] for child in children}
    assert [child["attributes"]["db.operation.name"] for child in statements] == ["BEGIN", "SELECT"]
    assert all(child["attributes"]["db.system.name"] == "postgresql" for child in statements)
    assert all(span["began"] <= child["began"] <= child["ended"] <= span["ended"] for child in children), children
    assert "db.query.text" not in str(children)
    (line,) = [record for record in caplog.records if getattr(record, "trace_id", "") == trace_id]
    assert (line.span_id, line.parent_span_id) == (span["span_id"], PARENT)  # type: ignore[attr-defined]  # extras of the record
    assert collector.paths == {"/v1/traces"}
    assert collector.resources[0]["service.name"] == "portico"


async def test_no_field_has_a_span_of_its_own(client: httpx.AsyncClient, collector: Collector) -> None:
    numbers = []
    for first in (1, 40):
        trace_id, headers = new_trace()
        text = f'{{ customer {{ invoices(first: {first}) {{ nodes {{ id number total {{ amount formatted }} }} }} }} operation(idempotencyKey: "none") {{ state }} }}'
        assert "errors" not in (await client.post("/graphql", json={"query": text}, headers=headers)).json()
        await collector.server_span(trace_id)
        numbers.append(len(collector.of(trace_id)))
    assert numbers[0] == numbers[1] < 15


async def test_without_a_header_a_request_begins_a_trace_which_is_in_the_log(
    client: httpx.AsyncClient, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "portico.operation"):
        answer = await client.post("/graphql", json={"query": "{ customer { id } }"})

        async def logged() -> bool:
            return any(getattr(record, "request_id", "") == answer.headers["x-request-id"] for record in caplog.records)

        await until(logged)
    (line,) = [record for record in caplog.records if getattr(record, "request_id", "") == answer.headers["x-request-id"]]
    span = await collector.server_span(line.trace_id)  # type: ignore[attr-defined]  # an extra of the record
    assert (span["parent_id"], span["attributes"]["graphql.operation.type"]) == ("", "query")


async def test_a_masked_error_has_the_trace_and_its_span_no_message(client: httpx.AsyncClient, collector: Collector, orphaned: str) -> None:
    trace_id, headers = new_trace()
    answer = await client.post("/graphql", json={"query": LOST}, headers={**headers, "Authorization": f"Bearer {token(customer(orphaned))}"})
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["traceId"]) == ("INTERNAL_SERVER_ERROR", trace_id)
    span = await collector.server_span(trace_id)
    assert (span["events"], span["status_text"]) == (0, "")


async def test_a_statement_that_fails_is_an_error_without_its_message(client: httpx.AsyncClient, collector: Collector, urls: embedded.Urls) -> None:
    trace_id, headers = new_trace()
    async with locked(urls):
        answer = await client.post("/graphql", json={"documentId": PUBLISHED}, headers=headers)
    assert answer.status_code == 503
    span = await collector.server_span(trace_id)
    assert (span["is_error"], span["attributes"]["error.type"]) == (True, "SERVICE_UNAVAILABLE")
    assert span["attributes"]["portico.cause"] == "55P03 lock_not_available"
    (failed,) = [child for child in collector.children(span) if child["is_error"]]
    assert failed["attributes"]["error.type"] == "LockNotAvailableError"
    # The caller is checked with the first statement of the transaction, or by one of its own.
    assert failed["attributes"]["db.operation.name"] in ("BEGIN", "SELECT")
    assert [(child["events"], child["status_text"]) for child in (span, failed)] == [(0, ""), (0, "")]


async def test_a_refused_request_is_a_span_without_an_operation(client: httpx.AsyncClient, collector: Collector) -> None:
    trace_id, headers = new_trace()
    assert (await client.post("/graphql", json={"query": "{"}, headers=headers)).json()["errors"]
    span = await collector.server_span(trace_id)
    assert (span["name"], span["attributes"]["portico.code"]) == ("graphql", "GRAPHQL_PARSE_FAILED")
    assert "graphql.operation.type" not in span["attributes"]


async def test_calls_of_the_processor_and_of_the_bucket_are_spans(address: str, collector: Collector, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    invoice = await admin.fetchval("select id from invoice where customer_id = $1 limit 1", ADA.customer_id)
    uploads = 'mutation { createAttachmentUploads(input: {parentId: "%s", idempotencyKey: "%s", files: [%s]}) { userErrors { code } uploads { url } } }'
    file = '{fileName: "a.pdf", contentType: "application/pdf", sizeBytes: 10, sha256: "%s"}' % ("0" * 64)
    calls = {
        "processor.sandbox.start_setup": (grace, "mutation { startAddPaymentMethod(input: {}) { userErrors { code } } }"),
        "bucket.presigned_post": (ADA, uploads % (invoice, uuid4(), file)),
    }
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        for name, (viewer, text) in calls.items():
            trace_id, headers = new_trace()
            answer = await client.post("/graphql", json={"query": text}, headers={**headers, "Authorization": f"Bearer {token(viewer)}"})
            assert "errors" not in answer.json(), answer.text
            span = await collector.server_span(trace_id)
            children = {child["name"]: child for child in collector.children(span)}
            assert name in children, (answer.text, children)
            assert children[name]["kind"] == CLIENT


async def test_a_span_of_a_stream_ends_with_its_first_message(address: str, collector: Collector, admin: asyncpg.Connection) -> None:
    grace, count = await add_customer(admin), len(collector.spans)

    async with opened(address, grace) as stream:
        await stream.next()
        await asyncio.sleep(0.5)
        closed_at = time.time_ns()

    async def arrived() -> bool:
        return any(span["name"] == "subscription" for span in collector.spans[count:])

    await until(arrived)
    (span,) = [span for span in collector.spans[count:] if span["name"] == "subscription"]
    assert span["ended"] < closed_at, "it is sent at the end of the stream, with the time of the first message"
    assert "send" not in {child["name"] for child in collector.children(span)}


@pytest.mark.parametrize("value", ["", "00", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "00-zz-zz-01", SAMPLED + "-more", "x" * 5000])
async def test_a_wrong_traceparent_begins_a_trace_of_its_own(client: httpx.AsyncClient, collector: Collector, value: str) -> None:
    count = len(collector.spans)
    answer = await client.post("/graphql", json={"query": "{ customer { id } }"}, headers={"traceparent": value, "tracestate": "=,;" * 500})
    assert answer.json()["data"]

    async def arrived() -> bool:
        return any(span["kind"] == SERVER for span in collector.spans[count:])

    await until(arrived)
    assert {span["trace_id"] for span in collector.spans[count:]} & {TRACE} == set()


async def test_the_sampler_is_that_of_the_environment_and_follows_the_caller(start_traced: Callable[..., str], collector: Collector) -> None:
    address = start_traced(OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0", OTEL_SERVICE_NAME="sampled")
    count = len(collector.spans)
    async with httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
        for headers in ({}, {"traceparent": UNSAMPLED}):
            for _ in range(5):
                assert (await client.post("/graphql", json={"query": "{ customer { id } }"}, headers=headers)).json()["data"]
        trace_id, sampled = new_trace()
        assert (await client.post("/graphql", json={"query": "{ customer { id } }"}, headers=sampled)).json()["data"]
    await collector.server_span(trace_id)
    await asyncio.sleep(0.3)
    assert {span["trace_id"] for span in collector.spans[count:]} == {trace_id}
    assert "sampled" in {resource["service.name"] for resource in collector.resources}


async def test_without_the_setting_nothing_is_sent(
    start_server: Callable[..., str], urls: embedded.Urls, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
    address, count = start_server(urls.app), len(collector.spans)
    async with httpx.AsyncClient(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
        assert (await client.post("/graphql", json={"query": "{ customer { id } }"}, headers={"traceparent": SAMPLED})).json()["data"]
    await asyncio.sleep(0.3)
    assert collector.spans[count:] == []


async def test_a_collector_that_is_away_delays_neither_requests_nor_the_end(
    root: Path, urls: embedded.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:  # accepts connections and answers nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with process(root, urls, tmp_path, otel="true", drain_seconds="0") as (server, address):
            async with httpx.AsyncClient(base_url=address, timeout=10, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
                for _ in range(20):
                    assert (await client.post("/graphql", json={"query": "{ customer { id } }"})).json()["data"]
            began = asyncio.get_running_loop().time()
            server.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.wait, 30) == 0
            assert asyncio.get_running_loop().time() - began < 12


def test_without_the_packages_the_start_is_one_line(root: Path, urls: embedded.Urls, tmp_path: Path) -> None:
    package = tmp_path / "opentelemetry"
    package.mkdir()
    (package / "__init__.py").write_text('raise ModuleNotFoundError("No module named \'opentelemetry\'", name="opentelemetry")')
    environment = os.environ | {
        "PORTICO_DATABASE_URL": urls.admin,
        "PORTICO_DATA_DIR": str(tmp_path / "data"),
        "PORTICO_OTEL": "true",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    ended = subprocess.run([sys.executable, "-m", "gateway", "serve", "--port", "0"], cwd=root, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr == "Error: PORTICO_OTEL: needs OpenTelemetry, which is not installed. Install it with `.venv/bin/pip install --group otel`.\n"
    assert json.dumps(ended.stdout) == '""'
