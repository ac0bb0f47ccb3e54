"""How streams end: by their token, their session, their age, the end of the process, a slow reader; and how many there may be."""

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from db.builtin import embedded
from gateway.http.responses import ResponseFormat
from gateway.http.serving.protocol import ABORT
from gateway.http.statuses import JSON
from gateway.http.streaming.formats import SSE
from gateway.http.streaming.sending import StreamAnswer
from gateway.live.streams import MAX_WAITING, LiveMessage, LiveStream, StreamEnd, StreamOwner
from tests.conftest import token
from tests.gateway.live.streaming import DOCUMENT, add_customer, add_session, code_of, live, opened, process, rename
from tests.servers.throttling import assert_throttled
from tests.waiting import until


async def test_a_stream_ends_with_its_session_at_once_and_others_go_on(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    first, second = await add_session(admin, grace), await add_session(admin, grace)
    async with opened(server, first) as stream, opened(server, second) as other:
        await stream.next()
        await other.next()
        await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", first.session_id)
        assert code_of(await stream.next(3)) == "UNAUTHENTICATED"
        assert await stream.next() is None
        assert live(await other.next())["event"]["type"] == "SESSION_ENDED"
        await rename(admin, grace, "Changed")
        assert live(await other.next())["customer"]["name"] == "Changed"


async def test_a_stream_that_does_not_listen_for_sessions_ends_with_its_own(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_session(admin, await add_customer(admin))
    async with opened(server, grace, types=["INVOICE_PAID"]) as stream:
        await stream.next()
        await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", grace.session_id)
        assert code_of(await stream.next(3)) == "UNAUTHENTICATED"


async def test_a_stream_ends_with_its_token(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, lifetime=-27) as stream:  # it is accepted for some seconds more, for clocks that differ
        await stream.next()
        message = await stream.next(30)
        assert code_of(message) == "UNAUTHENTICATED"
        assert "token" in message["errors"][0]["message"]


async def test_a_stream_ends_at_its_age_and_goes_on_with_its_cursor(start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, stream_seconds=1.0)
    grace = await add_customer(admin)
    async with opened(server, grace) as stream:
        cursor = live(await stream.next())["cursor"]
        message = await stream.next(5)
        assert code_of(message) == "STREAM_EXPIRED"
        assert message["errors"][0]["extensions"]["reconnects"] is True
    await rename(admin, grace, "Meanwhile")
    async with opened(server, grace, after=cursor) as stream:
        assert len(live(await stream.next())["events"]) == 1


async def refusal(server: str, viewer: Viewer) -> httpx.Response:
    """Try to open a stream, and return the response, which is whole."""
    headers = {"Authorization": f"Bearer {token(viewer)}", "Accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=server, timeout=20) as http:
        return await http.post("/graphql", json={"query": DOCUMENT}, headers=headers)


async def test_a_session_a_customer_and_a_process_have_so_many_streams(
    start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection
) -> None:
    server = start_server(urls.app, max_session_streams=1, max_customer_streams=2, max_streams=3)
    grace, other = await add_customer(admin), await add_customer(admin)
    sessions = [await add_session(admin, grace) for _ in range(3)]
    async with opened(server, sessions[0]) as stream:
        await stream.next()
        assert_throttled(await refusal(server, sessions[0]))
        async with opened(server, sessions[1]) as second:
            await second.next()
            assert_throttled(await refusal(server, sessions[2]))
            async with opened(server, other) as third:
                await third.next()
                async with opened(server, await add_customer(admin)) as fourth:
                    assert fourth.response.status_code == 503

    async def is_free() -> bool:
        async with opened(server, sessions[0]) as stream:
            return stream.response.status_code == 200

    await until(is_free)  # the server hears of a closed stream a little later


async def test_a_process_that_drains_ends_its_streams_with_a_code(urls: embedded.Urls, admin: asyncpg.Connection, tmp_path: Path) -> None:
    grace = await add_customer(admin)
    with process(urls, tmp_path) as (running, address):
        async with opened(address, grace) as stream:
            await stream.next()
            running.send_signal(signal.SIGTERM)
            assert code_of(await stream.next(5)) == "SERVER_CLOSING"
            assert await stream.next() is None
        assert await asyncio.to_thread(running.wait, 20) in (0, -signal.SIGTERM)


async def test_killed_servers_lose_and_repeat_nothing(urls: embedded.Urls, admin: asyncpg.Connection, tmp_path: Path) -> None:
    customers = [await add_customer(admin) for _ in range(5)]
    seen: dict[str, list[str]] = {str(viewer.customer_id): [] for viewer in customers}
    addresses: list[str] = []
    is_over = asyncio.Event()

    async def follow(viewer: Viewer) -> None:
        cursor = f"evt_{str(viewer.customer_id)[4:]}_0"
        while not is_over.is_set():
            try:
                async with opened(random.choice(addresses), viewer, after=cursor) as stream:
                    while not is_over.is_set() and (message := await stream.next()):
                        seen[str(viewer.customer_id)] += [event["id"] for event in live(message)["events"]]
                        cursor = live(message)["cursor"]
            except Exception:  # the server was killed; any error of the connection will do
                await asyncio.sleep(0.1)

    with process(urls, tmp_path / "a") as (first, address), process(urls, tmp_path / "b") as (_, other):
        addresses += [address, other]
        followers = [asyncio.create_task(follow(viewer)) for viewer in customers]
        for number in range(30):
            for viewer in customers:
                await rename(admin, viewer, f"Name {number}")
            await asyncio.sleep(0.05)
            if number == 15:
                first.kill()
                addresses.remove(address)
        await until(lambda: asyncio.sleep(0, all(len(ids) >= 31 for ids in seen.values())), 30)
        is_over.set()
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
    for customer_id, ids in seen.items():
        assert ids == [f"evt_{customer_id[4:]}_{number}" for number in range(1, 32)]


async def test_a_client_that_reads_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.streaming.sending.READ_SECONDS", 0.2)
    stream, aborted, removed = _stream(), asyncio.Event(), asyncio.Event()
    answer = StreamAnswer(stream, ResponseFormat(JSON, "compat"), {}, stream_format=SSE, remove=lambda _: removed.set())
    stream.put(LiveMessage(1, b"{}"))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > 2:  # the buffers are full
            await asyncio.get_running_loop().create_future()

    async def receive() -> Any:
        return await asyncio.get_running_loop().create_future()

    async with asyncio.timeout(5):
        await answer({"type": "http", "extensions": {ABORT: aborted.set}}, receive, send)
    assert aborted.is_set()
    assert removed.is_set()
    assert answer.ended == "SLOW_READER"


def _stream() -> LiveStream:
    async def compute(seq: int) -> LiveMessage:
        return LiveMessage(seq + 1, b"{}")

    return LiveStream(StreamOwner("cus_1", "ses_1"), "key", compute, seq=0)


async def test_a_queue_that_is_full_ends_the_stream_with_resync_required() -> None:
    stream = _stream()
    for seq in range(MAX_WAITING):
        stream.put(LiveMessage(seq, b"{}"))
    assert stream.ending is None
    stream.put(LiveMessage(MAX_WAITING, b"{}"))
    end = await stream.next(1)
    assert isinstance(end, StreamEnd)
    assert end.code == "RESYNC_REQUIRED"
