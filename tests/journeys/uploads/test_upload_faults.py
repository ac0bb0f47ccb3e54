"""Uploads while something is wrong: the bucket, the scanner, the database, or simply very much at once."""

import asyncio
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bench.runner.processes import Command, server
from billing.files.attachments import MAX_FILE_BYTES
from billing.states import Actor
from db.builtin.embedded import Urls
from db.unit_of_work import Caller, UnitOfWork
from jobs.attachments import sweep
from storage.local import Local
from storage.s3 import S3
from tests.callers.posting import attach, codes, group, headers, send
from tests.conftest import ADA, SECRET, Portal, token
from tests.samples import pdf
from tests.servers.proxy import proxy_to
from tests.servers.s3 import Store, store
from tests.storage.test_bucket import place

pytestmark = pytest.mark.in_turns(3)

__all__ = ["store"]


@pytest.mark.parametrize("mode", ["refuse", "reset", "hang", "reset later", "hang later"])
async def test_a_bucket_that_is_away_is_503_in_time_and_leaves_nothing_after_the_sweep(
    start_server: Any, urls: Urls, store: Store, invoice: str, portal: Portal, admin: asyncpg.Connection, mode: Any
) -> None:
    store.empty()
    async with proxy_to(store.port) as line:
        url = start_server(urls.app, upload_seconds=8, s3_bytes_per_second=10**8, **store.settings(line.port))
        async with httpx.AsyncClient(base_url=url, timeout=30, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
            line.mode, line.after_bytes = mode, 6_000_000
            began = time.monotonic()
            answer = await send(client, group(invoice, ("first.pdf", pdf(200_000)), ("second.pdf", pdf(8_000_000)), key=f"away {mode}"))
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert time.monotonic() - began < 12
            response = await client.post("/graphql", json={"query": "{ customer { invoices(first: 1) { nodes { attachments { nodes { downloadUrl } } } } } }"})
            assert response.status_code == 200
            line.mode = "open"
            assert codes(await attach(client, invoice, ("first.pdf", pdf(200_000)), key=f"away {mode}")) == []
    bucket = S3(place(store))
    now = datetime.now(UTC)
    await asyncio.sleep(1)
    await sweep(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, now)), bucket, now=now + timedelta(hours=26))
    await bucket.close()
    owned = {row[0] for row in await admin.fetch("select object_key from attachment where customer_id = $1", ADA.customer_id)}
    assert store.keys() <= owned
    assert len(store.keys()) == 1


async def test_a_slow_bucket_is_only_slow(start_server: Any, urls: Urls, store: Store, invoice: str) -> None:
    async with proxy_to(store.port) as line:
        line.mode = "slow"
        async with httpx.AsyncClient(base_url=start_server(urls.app, **store.settings(line.port)), timeout=60) as client:
            assert codes(await attach(client, invoice, ("a.pdf", pdf(1_500_000)))) == []


@asynccontextmanager
async def scanner(answer: bytes, *, wait: float = 0) -> AsyncIterator[tuple[str, bytearray]]:
    """Speaks clamd's INSTREAM; what it was given is the second of the pair."""
    seen = bytearray()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(10) == b"zINSTREAM\0"
            while size := struct.unpack(">I", await reader.readexactly(4))[0]:
                seen.extend(await reader.readexactly(size))
            await asyncio.sleep(wait)
            writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{listening.sockets[0].getsockname()[1]}", seen
    finally:
        listening.close()


ANSWERS = {
    "clean": (b"stream: OK\0", None),
    "infected": (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "UNSAFE_FILE"),
    "too large for it": (b"INSTREAM size limit exceeded. ERROR\0", "NOT_SCANNED"),
    "silence": (b"", "NOT_SCANNED"),
    "rubbish": (b"\xff\0", "NOT_SCANNED"),
    "no end": (b"stream: OK", "NOT_SCANNED"),
}


@pytest.mark.parametrize(("answer", "code"), ANSWERS.values(), ids=ANSWERS)
async def test_a_file_is_kept_only_if_the_scanner_says_that_it_is_clean(
    start_server: Any, urls: Urls, invoice: str, admin: asyncpg.Connection, answer: bytes, code: str | None
) -> None:
    before = await admin.fetchval("select count(*) from attachment")
    async with scanner(answer) as (clamd_url, seen), httpx.AsyncClient(base_url=start_server(urls.app, clamd_url=clamd_url), timeout=30) as client:
        payload = await attach(client, invoice, ("a.pdf", pdf(1_300_000)))
    assert codes(payload) == ([code] if code else [])
    assert bytes(seen) == pdf(1_300_000)
    assert await admin.fetchval("select count(*) from attachment") == before + (code is None)


@pytest.mark.usefixtures("left")
async def test_while_the_scanner_is_away_no_file_is_taken(start_server: Any, urls: Urls, invoice: str) -> None:
    for url in ("tcp://127.0.0.1:1", "unix:///nowhere/clamd.sock"):
        async with httpx.AsyncClient(base_url=start_server(urls.app, clamd_url=url), timeout=30) as client:
            assert codes(await attach(client, invoice, ("a.pdf", pdf()))) == ["NOT_SCANNED"]


async def test_a_database_that_goes_away_meanwhile_is_503_and_leaves_nothing_after_the_sweep(
    start_server: Any, urls: Urls, invoice: str, admin: asyncpg.Connection, tmp_path: Path, portal: Portal
) -> None:
    async def body() -> AsyncIterator[bytes]:
        content = group(invoice, ("a.pdf", pdf(1_000_000)), key="cut off")
        yield content[:700_000]
        await asyncio.sleep(0.3)
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portico_app' and application_name = 'portico'")
        await admin.execute("lock table attachment in access exclusive mode")
        yield content[700_000:]

    async with httpx.AsyncClient(base_url=start_server(urls.app, data_dir=tmp_path, command_seconds=1), timeout=30) as client:
        async with admin.transaction():
            answer = await client.post("/graphql", content=body(), headers=headers())
        assert answer.status_code == 503
        assert codes(await attach(client, invoice, ("a.pdf", pdf(1_000_000)), key="cut off")) == []
    await asyncio.sleep(1)
    now = datetime.now(UTC)
    await sweep(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, now)), Local(tmp_path / "bucket", "", b""), now=now + timedelta(hours=26))
    files = [path.name for path in (tmp_path / "bucket").rglob("*") if path.is_file()]
    assert len(files) == 1


async def test_eight_groups_of_thirty_mebibytes_at_once_take_less_than_sixty_four_of_memory(urls: Urls, invoice: str, root: Path, tmp_path: Path) -> None:
    variables = {
        "PORTICO_DATABASE_URL": urls.admin,
        "PORTICO_APP_DATABASE_URL": urls.app,
        "PORTICO_TOKEN_SECRET": SECRET,
        "PORTICO_DATA_DIR": str(tmp_path),
        "PORTICO_PORT": "0",
    }
    with server(Command((sys.executable, "-m", "gateway", "serve"), variables, root)) as running:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}", timeout=120) as client:
            assert codes(await attach(client, invoice, ("warm.pdf", pdf(3_000_000)))) == []
            before = memory(running.pid, "VmRSS")
            await asyncio.to_thread(Path(f"/proc/{running.pid}/clear_refs").write_text, "5")  # the peak is counted from here
            body = group(invoice, *((f"{number}.pdf", pdf(MAX_FILE_BYTES)) for number in range(3)))
            answers = await asyncio.gather(
                *(client.post("/graphql", content=body.replace(b'"idempotencyKey": "', b'"idempotencyKey": "%d' % nth), headers=headers()) for nth in range(8))
            )
            grown = memory(running.pid, "VmHWM") - before
    assert [codes(answer.json()["data"]["uploadAttachments"]) for answer in answers] == [[]] * 8
    assert grown < 64 * 1024**2


def memory(pid: int, name: str) -> int:
    """In bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) * 1024
