"""Multipart requests that stop in the middle hold no connection of the pool, and one without files is an operation like any other."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.documents.document_cache import first_party
from gateway.http import multipart
from tests.callers.posting import BOUNDARY, field, form, headers
from tests.conftest import ADA, BIG, token
from tests.waiting import count_lock_waits, locked, until

QUERY = "{ customer { id name } }"
SUMMARY = {"query": first_party()["Summary"]}


def unfinished(host: str) -> bytes:
    """A whole operation, and the promise of more bytes than come."""
    body = form(field("operations", {"query": QUERY}), field("map", {}))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers(ADA).items())
    return f"POST /graphql HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: {len(body) + 2**20}\r\n\r\n".encode() + body


async def test_requests_that_stop_after_their_operation_cost_another_customer_nothing(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection
) -> None:
    url = start_server(urls.app, pool_size=3)
    place = urlsplit(url)
    others = {"Authorization": f"Bearer {token(BIG)}"}
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=url, headers=others, timeout=20) as other:
        for _ in range(6):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
            stack.callback(writer.close)
            writer.write(unfinished(place.netloc))
            await writer.drain()

        async def nothing_is_open() -> bool:
            """Of this server and the others of the run."""
            return not await admin.fetchval("select count(*) from pg_stat_activity where application_name = 'portico' and state = 'idle in transaction'")

        await asyncio.sleep(0.3)
        await until(nothing_is_open, seconds=2)
        for _ in range(3):
            answer = await other.post("/graphql", json=SUMMARY)
            assert (answer.status_code, "errors" in answer.json()) == (200, False)


async def waits_for_a_lock(admin: asyncpg.Connection) -> bool:
    return await count_lock_waits(admin) == 1


async def test_a_multipart_request_without_files_has_the_deadline_and_the_places_of_other_operations(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection
) -> None:
    """Its one place is taken by an operation that waits for a lock; with files it would have places of its own."""
    url = start_server(urls.app, max_running=1, max_caller_running=1, operation_seconds=1.5, upload_seconds=60, queue_seconds=0.1)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client, locked(urls):
        waiting = asyncio.create_task(client.post("/graphql", content=form(field("operations", {"query": QUERY}), field("map", {})), headers=headers(ADA)))
        await until(lambda: waits_for_a_lock(admin))
        beside = await client.post("/graphql", json={"query": QUERY}, headers={"Authorization": f"Bearer {token(BIG)}"})
        assert beside.status_code == 503
        assert (await waiting).status_code == 503


async def test_a_body_of_which_nothing_comes_any_more_is_given_up(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "IDLE_SECONDS", 0.3)
    place = urlsplit(start_server(urls.app))
    invoice = await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", BIG.customer_id)
    query = "mutation U($input: UploadAttachmentsInput!) { uploadAttachments(input: $input) { userErrors { code } } }"
    variables = {"input": {"parentId": invoice, "files": [None], "idempotencyKey": "a body that stops"}}
    begun = form(field("operations", {"query": query, "variables": variables}), field("map", {"0": ["variables.input.files.0"]}))
    begun = begun.removesuffix(f"--{BOUNDARY}--\r\n".encode())
    begun += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="0"; filename="a.pdf"\r\n\r\n%PDF-1.4\n'.encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers(BIG).items())
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"POST /graphql HTTP/1.1\r\nHost: {place.netloc}\r\n{head}Content-Length: {2**20}\r\n\r\n".encode() + begun)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert answer.split(b" ", 2)[1] == b"408", answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"
