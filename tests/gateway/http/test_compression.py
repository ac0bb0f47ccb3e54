"""Answers are compressed for clients that accept it, where no other site could learn a secret from their size."""

import gzip
import logging
import re
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.documents.document_cache import first_party
from gateway.http.negotiation.compression import ENCODERS, MIN_BYTES, coding_of, is_compressible
from gateway.routes.explorer import DIST
from tests.callers.partners import id_of
from tests.conftest import ADA, BIG, token
from tests.waiting import until

LARGE = "{ customer { payments(first: 100) { nodes { id status createdAt amount { amount currency } } } } }"
SMALL = "{ customer { name } }"
DECODERS: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}

# The header, and the coding of the answer.
HEADERS = [
    ("br", "br"),
    ("gzip", "gzip"),
    ("gzip, br", "br"),
    ("GZIP", "gzip"),
    ("gzip;q=1.0, br;q=0.5", "gzip"),
    ("br;q=0, gzip", "gzip"),
    ("br;q=0", None),
    ("br;q=0, gzip;q=0.000", None),
    ("*", "br"),
    ("*;q=0", None),
    ("*;q=0, gzip", "gzip"),
    ("br;q=0, *", "gzip"),
    ("identity", None),
    ("identity;q=1, gzip;q=0.5", None),
    ("identity;q=0, gzip;q=0.1", "gzip"),
    ("deflate, zstd", None),
    ("", None),
    (";;;,,,q=", None),
    ("br;q=2", None),
    ("br;q=high, gzip;q=-1", None),
    ("br\tgzip", None),
    ("gzip;q=0.5;level=9", None),
    ("br" * 4000, None),
    ("gzip" + ",x" * 4000, "gzip"),
]


async def raw(http: httpx.AsyncClient, query: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Return the response to a query and its body as it was sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.stream("POST", "/graphql", json={"query": query}, headers={"Accept-Encoding": "br", **named}) as response:
        body = b"".join([chunk async for chunk in response.aiter_raw()])
    return response, body


@pytest.mark.parametrize(("accepted", "coding"), HEADERS)
async def test_the_coding_is_one_that_the_request_accepts(http: httpx.AsyncClient, accepted: str, coding: str | None) -> None:
    access = f"Bearer {token(BIG)}"
    plain = (await raw(http, LARGE, Authorization=access, Accept_Encoding="identity"))[1]
    assert len(plain) > 10 * MIN_BYTES
    response, body = await raw(http, LARGE, Authorization=access, Accept_Encoding=accepted)
    assert response.status_code == 200
    assert response.headers.get("content-encoding") == coding
    assert int(response.headers["content-length"]) == len(body)
    assert "Accept-Encoding" in response.headers["vary"]
    assert (DECODERS[coding](body) if coding else body) == plain
    assert coding is None or len(body) < len(plain) / 3


@given(st.text(alphabet="brgzip*identity;q=.,0123456789 \t", max_size=60))
def test_any_header_is_read(header: str) -> None:
    assert coding_of(header) in {None, *ENCODERS}


@pytest.mark.parametrize(
    ("headers", "is_query", "expected"),
    [
        ({"authorization": "Bearer x"}, True, True),
        ({"authorization": "Bearer x", "cookie": "session=1"}, True, True),
        ({}, True, True),
        ({"cookie": "session=1"}, True, False),
        ({"authorization": "Bearer x"}, False, False),
        ({}, False, False),
    ],
)
def test_only_queries_that_no_cookie_authenticates_are_compressed(headers: dict[str, str], is_query: bool, expected: bool) -> None:
    """A browser sends cookies with requests that another site made. A token it does not send."""
    assert is_compressible(headers, is_query=is_query) is expected


async def test_a_cookie_beside_a_token_changes_nothing(http: httpx.AsyncClient) -> None:
    response, _ = await raw(http, LARGE, Authorization=f"Bearer {token(BIG)}", Cookie="session=1")
    assert response.headers.get("content-encoding") == "br"
    assert "Cookie" in response.headers["vary"]


async def test_a_mutation_and_a_small_answer_are_not_compressed(http: httpx.AsyncClient) -> None:
    """Mutations return tokens and other secrets beside what their input holds."""
    access = f"Bearer {token(ADA)}"
    mutation = 'mutation { endSession(input: { sessionId: "x" }) { customer { payments(first: 100) { nodes { id status createdAt amount { amount } } } } } }'
    response, body = await raw(http, mutation, Authorization=access)
    assert "content-encoding" not in response.headers
    assert len(body) > MIN_BYTES
    response, body = await raw(http, SMALL, Authorization=access)
    assert "content-encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["vary"]


@pytest.mark.parametrize(("name", "prefix"), [("Payments", "W/"), ("Summary", "")], ids=["of its content", "of a revision, which is weak anyway"])
async def test_the_tag_of_a_compressed_answer_is_weak_and_answered_304(http: httpx.AsyncClient, name: str, prefix: str) -> None:
    page = {"documentId": id_of(first_party()[name])}
    headers = {"Authorization": f"Bearer {token(BIG)}"}
    plain = await http.get("/graphql", params=page, headers=headers | {"Accept-Encoding": "identity"})
    small = await http.get("/graphql", params=page, headers=headers | {"Accept-Encoding": "gzip"})
    assert (plain.headers.get("content-encoding"), small.headers["content-encoding"]) == (None, "gzip")
    assert small.headers["etag"] == prefix + plain.headers["etag"]
    assert small.headers["etag"].startswith("W/")
    assert small.json() == plain.json()
    for tag in (plain.headers["etag"], small.headers["etag"]):
        for coding, own in (("identity", plain.headers["etag"]), ("gzip", small.headers["etag"])):
            again = await http.get("/graphql", params=page, headers=headers | {"Accept-Encoding": coding, "If-None-Match": tag})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", own)
            assert "content-encoding" not in again.headers


async def test_files_for_download_are_sent_as_they_are(http: httpx.AsyncClient) -> None:
    text = '{ customer { statement(currency: "USD", startsOn: "2026-01-01", endsOn: "2026-12-31") { csvUrl } } }'
    answer = await http.post("/graphql", json={"query": text}, headers={"Authorization": f"Bearer {token(BIG)}"})
    csv = await http.get(answer.json()["data"]["customer"]["statement"]["csvUrl"], headers={"Accept-Encoding": "br, gzip"})
    assert csv.status_code == 200
    assert len(csv.content) > MIN_BYTES
    assert "content-encoding" not in csv.headers


@pytest.mark.parametrize(("accepted", "coding"), [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0", None), ("rubbish;;", None)])
async def test_assets_are_sent_as_the_build_compressed_them(http: httpx.AsyncClient, accepted: str, coding: str | None) -> None:
    scripts = [path for path in (DIST / "assets").iterdir() if path.suffix == ".js" and path.stat().st_size > MIN_BYTES]
    assert len(scripts) > 5
    for path in scripts:
        url = f"/graphiql/assets/{path.name}"
        async with http.stream("GET", url, headers={"Accept-Encoding": accepted}) as response:
            body = b"".join([chunk async for chunk in response.aiter_raw()])
        assert response.headers.get("content-encoding") == coding, path.name
        assert (DECODERS[coding](body) if coding else body) == path.read_bytes()
        assert response.headers["content-type"].startswith("text/javascript")
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["vary"] == "Accept-Encoding"
        assert "connect-src 'self'" in response.headers["content-security-policy"]
    unknown = await http.get("/graphiql/assets/none.js", headers={"Accept-Encoding": "br"})
    assert unknown.status_code == 404


async def test_timings_have_durations(http: httpx.AsyncClient) -> None:
    """By https://www.w3.org/TR/server-timing/#the-server-timing-header-field."""
    answer = await http.post("/graphql", json={"query": SMALL}, headers={"Authorization": f"Bearer {token(ADA)}"})
    metrics = dict(re.fullmatch(r'([a-z]+)((?:;(?:dur=\d+\.\d\d|desc="[^"]*"))+)', item).groups() for item in answer.headers["server-timing"].split(", "))  # type: ignore[union-attr]
    assert set(metrics) == {"read", "wait", "prepare", "planner"}
    assert all("dur=" in parameters for parameters in metrics.values())
    assert 'desc="3 statements"' in metrics["planner"] or 'desc="2 statements"' in metrics["planner"]


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENTS = [
    (f"00-{TRACE}-{SPAN}-01", True),
    (f"00-{TRACE}-{SPAN}-00", True),
    (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    (f"00-{TRACE}-{SPAN}-01-more", False),
    (f"ff-{TRACE}-{SPAN}-01", False),
    (f"cc-{TRACE}-{SPAN}-01.more", False),
    (f"00-{'0' * 32}-{SPAN}-01", False),
    (f"00-{TRACE}-{'0' * 16}-01", False),
    (f"00-{TRACE.upper()}-{SPAN}-01", False),
    (f"00-{TRACE[:-1]}-{SPAN}-01", False),
    (f"00-{TRACE}-{SPAN}", False),
    (f"00-{TRACE}-{SPAN}-0x", False),
    ("", False),
    ("rubbish" * 500, False),
]


@pytest.mark.parametrize(("value", "is_valid"), TRACEPARENTS)
async def test_the_trace_of_a_request_is_in_its_log_line(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, value: str, is_valid: bool) -> None:
    caplog.set_level(logging.INFO, "portico.operation")
    answer = await http.post("/graphql", json={"query": "{ viewer { kind } }"}, headers={"Authorization": f"Bearer {token(ADA)}", "traceparent": value})
    assert answer.status_code == 200
    line = await line_of(caplog, answer.headers["x-request-id"])
    assert (line.get("trace_id"), line.get("parent_span_id")) == ((TRACE, SPAN) if is_valid else (None, None))


async def test_of_two_traces_none_is_taken(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico.operation")
    headers = [("Authorization", f"Bearer {token(ADA)}"), ("traceparent", f"00-{TRACE}-{SPAN}-01"), ("traceparent", f"00-{TRACE}-{SPAN}-01")]
    answer = await http.post("/graphql", json={"query": "{ viewer { kind } }"}, headers=headers)
    assert "trace_id" not in await line_of(caplog, answer.headers["x-request-id"])


async def line_of(caplog: pytest.LogCaptureFixture, request_id: str) -> dict[str, Any]:
    """Return the log line of a request, which is written after its answer."""

    def lines() -> list[dict[str, Any]]:
        return [vars(record) for record in caplog.records if vars(record).get("request_id") == request_id]

    async def is_written() -> bool:
        return bool(lines())

    await until(is_written)
    (line,) = lines()
    return line
