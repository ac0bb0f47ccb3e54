"""Parts of files, over HTTP: every answer is compared with what RFC 9110 says of the request, read from its grammar."""

import itertools
import random
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.http.ranges import MAX_RANGES
from tests.callers.posting import attach
from tests.samples import pdf
from tests.servers.s3 import rclone, s3rver, store

__all__ = ["rclone", "s3rver", "store"]

CONTENT = pdf(1000)
SIZE = len(CONTENT)
SPEC = r"(?:\d+-\d*|-\d+)"
# https://www.rfc-editor.org/rfc/rfc9110#section-14.2, with the lists of section 5.6.1.2 that a recipient has to take.
VALID = re.compile(rf"(?ai:bytes)=[ \t]*(?:,[ \t]*)*{SPEC}(?:[ \t]*,[ \t]*(?:{SPEC})?)*[ \t]*", re.ASCII)

SPECS = [
    "0-0",
    "0-99",
    "10-19",
    "15-30",
    "20-29",
    "990-",
    "-1",
    "-10",
    "-5000",
    "999-999",
    "999-5000",
    "1000-",
    "1000-2000",
    "5000-",
    "-0",
    "0-",
    f"0-{'9' * 40}",
]
BROKEN = ["5-2", "a-b", "-", "--1", "1--2", "1-2-3", "0x1-2", "1 - 2", "+1-2", "1_0-2_0", "1.0-2", "", "\u0661-\u0662", "*", "0-9;q=1"]
UNITS = ["bytes", "BYTES", "items", "byte", "", "bytes ", "seconds", "bytes=bytes"]


def headers_to_try() -> list[str]:
    made = [f"{unit}={spec}" for unit in UNITS for spec in ("0-0", "10-19")]
    made += [f"bytes={spec}" for spec in SPECS + BROKEN]
    made += [f"bytes={one},{two}" for one, two in itertools.product(SPECS[:12], SPECS + BROKEN[:6])]
    made += ["bytes=,,0-1, ,5-6,", "bytes= 0-1 , 5-6", "bytes 0-1", "0-1", "bytes", "bytes:0-1", "bytes=0-1\t,\t4-5", "none", "bytes=,"]
    made += ["bytes=" + ",".join(f"{at * 10}-{at * 10 + 1}" for at in range(count)) for count in (MAX_RANGES, MAX_RANGES + 1, 200)]
    made += ["bytes=" + ",".join(["0-"] * count) for count in (2, MAX_RANGES, MAX_RANGES + 1, 500)]
    chance = random.Random(9110)
    made += ["bytes=" + "".join(chance.choice("0123456789--,, ab") for _ in range(chance.randrange(1, 14))).rstrip() for _ in range(60)]
    return made


def expected(header: str) -> set[int] | None:
    """The positions of the bytes that are wanted; the whole file is None, and the empty set cannot be satisfied."""
    if not VALID.fullmatch(header):
        return None
    specs = re.findall(SPEC, header.partition("=")[2])
    if len(specs) > MAX_RANGES:
        return None
    wanted: set[int] = set()
    for first, last in (spec.split("-") for spec in specs):
        if first and last and int(last) < int(first):
            return None
        if first:
            wanted |= set(range(int(first), min(int(last) + 1 if last else SIZE, SIZE))) if int(first) < SIZE else set()
        elif int(last):
            wanted |= set(range(max(SIZE - int(last), 0), SIZE))
    return wanted


def sent(answer: httpx.Response) -> dict[int, int]:
    """The bytes of a 206 by their position. Each part says where it stands, and no byte comes twice."""
    kind = answer.headers["content-type"]
    if kind.startswith("multipart/byteranges"):
        parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + answer.content).get_payload()
        pieces = [(part["content-range"], part.get_payload(decode=True).removesuffix(b"\r\n")) for part in parts]
    else:
        pieces = [(answer.headers["content-range"], answer.content)]
    places: dict[int, int] = {}
    for described, content in pieces:
        first, last, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", described).groups())  # type: ignore[union-attr]
        assert (size, last - first + 1) == (SIZE, len(content))
        assert not places.keys() & set(range(first, last + 1))
        places |= dict(zip(range(first, last + 1), content, strict=True))
    return places


@pytest.fixture
async def url(start_server: Any, urls: Urls, invoice: str) -> str:
    async with httpx.AsyncClient(base_url=start_server(urls.app, downloads_per_minute=100_000), timeout=20) as client:
        return (await attach(client, invoice, ("a.pdf", CONTENT)))["attachments"][0]["downloadUrl"]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as opened:
        yield opened


async def test_every_range_header_is_answered_as_the_rfc_says(client: httpx.AsyncClient, url: str) -> None:
    statuses = set()
    for header in headers_to_try():
        answer = await client.get(url, headers=[(b"Range", header.encode())])
        wanted = expected(header)
        statuses.add(answer.status_code)
        if wanted is None:
            assert (answer.status_code, answer.content) == (200, CONTENT), header
        elif not wanted:
            assert (answer.status_code, answer.content, answer.headers["content-range"]) == (416, b"", f"bytes */{SIZE}"), header
        else:
            assert (answer.status_code, sent(answer)) == (206, {place: CONTENT[place] for place in wanted}), header
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["accept-ranges"] == "bytes"
    assert statuses == {200, 206, 416}


async def test_ranges_count_only_for_the_file_that_the_client_has_a_part_of(client: httpx.AsyncClient, url: str) -> None:
    whole = await client.get(url)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    cases = ((etag, 206), (modified, 206), (f"W/{etag}", 200), ('"another"', 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200), ("", 200))
    for validator, status in cases:
        for wanted, answered in (("bytes=10-19", status), ("bytes=5000-", 416 if status == 206 else 200)):
            answer = await client.get(url, headers={"Range": wanted, "If-Range": validator})
            assert answer.status_code == answered, (wanted, validator)
    twice = await client.get(url, headers=[("Range", "bytes=0-1"), ("Range", "bytes=4-5")])
    assert (twice.status_code, twice.content) == (200, CONTENT)


async def test_the_etag_of_a_file_is_of_its_content(client: httpx.AsyncClient, url: str, start_server: Any, urls: Urls, invoice: str) -> None:
    """Not of the time at which this copy was written, which another machine or a restored backup would not have."""
    async with httpx.AsyncClient(base_url=start_server(urls.app), timeout=20) as other:
        again = (await attach(other, invoice, ("b.pdf", CONTENT)))["attachments"][0]
        assert (await client.get(again["downloadUrl"])).headers["etag"] == (await client.get(url)).headers["etag"] == f'"{again["sha256"]}"'


@pytest.mark.parametrize("kind", ["local", "moto", "s3rver", "rclone"])
async def test_head_is_answered_from_the_row_and_never_by_the_bucket(
    request: pytest.FixtureRequest, start_server: Any, urls: Urls, invoice: str, client: httpx.AsyncClient, kind: str
) -> None:
    """What S3 signs is good for one method, so a HEAD that is sent on to it is refused."""
    settings = {} if kind == "local" else request.getfixturevalue("store" if kind == "moto" else kind).settings()
    async with httpx.AsyncClient(base_url=start_server(urls.app, **settings), timeout=20) as portal:
        url = (await attach(portal, invoice, ("Über.pdf", CONTENT)))["attachments"][0]["downloadUrl"]
    for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=5000-"}):
        head = await client.head(url, headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert {name: head.headers[name] for name in ("content-length", "content-type", "accept-ranges", "x-content-type-options", "cache-control")} == {
            "content-length": str(SIZE),
            "content-type": "application/pdf",
            "accept-ranges": "bytes",
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        }
        assert "filename*=UTF-8''%C3%9Cber.pdf" in head.headers["content-disposition"]
    got = await client.get(url, follow_redirects=True)
    assert (got.status_code, got.content) == (200, CONTENT)
    assert got.headers["content-disposition"] == head.headers["content-disposition"]
    assert (await client.head(url.replace("signature=", "signature=0"))).status_code == 403
