"""Slow clients and slow buckets: whoever is slow is told so, and nobody else."""

import asyncio
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.http import multipart
from tests.callers.posting import BOUNDARY, attach, codes, group, headers
from tests.conftest import ADA
from tests.journeys.files.test_direct_uploads import Fleet
from tests.samples import pdf
from tests.servers.proxy import proxy_to
from tests.servers.s3 import Store, store

__all__ = ["store"]

# With upload_seconds=1: a client of 20 kB a second is too slow from the first second on, and one of 100 kB is not.
RATE = 32 * 1024
SIZE = 200_000


class Trickle:
    """A client that sends a body in pieces of 50 ms, until it has sent all or is answered."""

    def __init__(self, url: str, path: str, head: dict[str, str], body: bytes) -> None:
        self._place = urlsplit(url)
        lines = {"Host": self._place.netloc, "Content-Length": str(len(body)), **head}
        self._head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        self._body = body

    async def send(self, piece: int) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the answer."""
        reader, writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        writer.write(self._head.encode())
        sending = asyncio.create_task(self._send(writer, piece))
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode().split("\r\n")
            answered = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            content = await asyncio.wait_for(reader.readexactly(int(answered.get("content-length", 0))), 5)
            return int(head[0].split()[1]), answered, json.loads(content or b"null")
        finally:
            sending.cancel()
            writer.transport.abort()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, writer: asyncio.StreamWriter, piece: int) -> None:
        for at in range(0, len(self._body), piece):
            writer.write(self._body[at : at + piece])
            await writer.drain()
            await asyncio.sleep(0.05)


@pytest.fixture(params=["local", "s3"])
def server_of(request: pytest.FixtureRequest, start_server: Any, urls: Urls, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whatever waits for the rest of a late body before it answers waits for ever."""
    monkeypatch.setattr(multipart, "SKIP_SECONDS", 600)
    settings = request.getfixturevalue("store").settings() if request.param == "s3" else {}
    url: str = start_server(urls.app, upload_seconds=1, upload_bytes_per_second=RATE, **settings)
    return url


async def rows(admin: asyncpg.Connection) -> set[str]:
    return {
        row[0] for row in await admin.fetch("select id from attachment union all select object_key from loose_object union all select key from idempotency_key")
    }


async def until_as_before(admin: asyncpg.Connection, before: set[str]) -> bool:
    """What a refused upload wrote is removed after its answer, on a busy machine seconds later. Rows of earlier tests may go meanwhile."""
    for _ in range(400):
        if await rows(admin) <= before:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_slow_client_is_told_so_at_once_and_nothing_is_left(server_of: str, invoice: str, admin: asyncpg.Connection, store: Store) -> None:
    store.empty()
    before = await rows(admin)
    body = group(invoice, ("a.pdf", pdf(SIZE)))
    status, answered, content = await Trickle(server_of, "/graphql", headers(), body).send(1000)
    assert (status, content["errors"][0]["extensions"]["code"]) == (408, "REQUEST_TIMEOUT")
    assert "too slowly" in content["errors"][0]["message"]
    assert "fewer or smaller files" in content["errors"][0]["message"]
    assert answered["connection"] == "close"
    assert "retry-after" not in answered
    assert await until_as_before(admin, before)
    assert store.keys() == set()


async def test_a_client_that_takes_long_and_goes_on_is_waited_for(server_of: str, invoice: str) -> None:
    body = group(invoice, ("a.pdf", pdf(SIZE)))
    status, _, content = await Trickle(server_of, "/graphql", headers(), body).send(5000)
    assert status == 200
    assert codes(content["data"]["uploadAttachments"]) == []


async def test_a_slow_direct_upload_is_told_so_at_once(start_server: Any, urls: Urls, invoice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "SKIP_SECONDS", 600)
    url = start_server(urls.app, upload_seconds=1, upload_bytes_per_second=RATE)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        upload = (await Fleet(client, invoice).announce(("a.pdf", pdf(SIZE)), key="slow and direct"))["uploads"][0]
    fields = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{item["name"]}"\r\n\r\n{item["value"]}\r\n' for item in upload["fields"])
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = fields.encode() + file.encode() + pdf(SIZE) + f"\r\n--{BOUNDARY}--\r\n".encode()
    trickle = Trickle(url, "/files/uploads", {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, body)
    status, answered, content = await trickle.send(1000)
    assert (status, content["errors"][0]["extensions"]["code"], answered["connection"]) == (408, "REQUEST_TIMEOUT", "close")
    assert (await trickle.send(5000))[0] == 204


async def test_a_client_that_stops_in_the_fields_is_told_so_at_once(start_server: Any, urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "SKIP_SECONDS", 600)
    url = start_server(urls.app, body_seconds=0.3)
    status, answered, _ = await Trickle(url, "/graphql", headers(), group("inv_1", ("a.pdf", pdf()))).send(1)
    assert (status, answered["connection"]) == (408, "close")


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sync takes longer than a client is waited for."""
    fsync = os.fsync

    def slowly(descriptor: int) -> None:
        time.sleep(1.5)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slowly)


@pytest.mark.usefixtures("slow_disk")
async def test_a_slow_disk_is_not_the_clients_fault(start_server: Any, urls: Urls, invoice: str) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, upload_seconds=1), timeout=20) as client:
        assert codes(await attach(client, invoice, ("a.pdf", pdf()))) == []
        fleet = Fleet(client, invoice)
        upload = (await fleet.announce(("a.pdf", pdf()), key="a slow disk"))["uploads"][0]
        assert (await fleet.send(upload, pdf())).status_code == 204


@pytest.mark.parametrize(("mode", "status"), [("slow", 200), ("hang", 503), ("reset", 503)])
async def test_a_slow_bucket_is_not_the_clients_fault(start_server: Any, urls: Urls, store: Store, invoice: str, mode: Any, status: int) -> None:
    """Slow: 1.6 MB at 800 kB a second, where a client would be waited for one second."""
    async with proxy_to(store.port) as line:
        line.mode = mode
        pace = {"s3_bytes_per_second": 256 * 1024 if mode == "slow" else 10**8}
        url = start_server(urls.app, upload_seconds=1, **pace, **store.settings(line.port))
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            answer = await client.post("/graphql", content=group(invoice, ("a.pdf", pdf(1_600_000))), headers=headers(ADA))
    assert answer.status_code == status, answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
