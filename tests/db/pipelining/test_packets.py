"""A page is written to Postgres at once, in one packet, over a socket of the machine, over TCP, and with TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest
import uvloop

from billing.states import Actor
from db.builtin.embedded import Urls
from db.pipelining.transport import JOINED_BYTES
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from tests.conftest import ADA
from tests.servers.certificates import certified
from tests.waiting import until

CALLER = Caller(ADA.customer_id, Actor.CUSTOMER, datetime(2026, 11, 30, tzinfo=UTC))
OWN = "select array(select id from customer)"
SSL_REQUEST_BYTES = 8
PAGES = 20


class CountingTransport:
    """A transport that counts how often something is written to it."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: Any) -> None:
        self.writes += 1
        self._transport.write(data)


@asynccontextmanager
async def over_tcp(socket: str, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Return the port of a relay before Postgres."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(1 << 16):
                writer.write(data)
        writer.close()

    async def link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SSL_REQUEST_BYTES)
        writer.write(b"S" if tls else b"N")
        if tls:
            await writer.start_tls(tls)
        answers, statements = await asyncio.open_unix_connection(socket)
        tasks.update(map(asyncio.create_task, (pump(reader, statements), pump(answers, writer))))

    server = await asyncio.start_server(link, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()


async def writes_of_pages(url: str) -> list[int]:
    """Return how often something was written for each of some pages, after one that prepares the statement."""
    counts = []
    async with Database(url, Pool(1), server_settings={}) as database:
        lease = await database.take(seconds=10)
        joining = lease.raw._transport
        joining.transport = counting = CountingTransport(joining.transport)
        await lease.end(is_sound=True)
        for _ in range(PAGES + 1):
            session = UnitOfWork(database, CALLER)
            counting.writes = 0
            assert [tuple(row) for row in await session.fetch(OWN, ())] == [([ADA.customer_id],)]
            counts.append(counting.writes)
            await session.close()
    return counts[1:]


async def writes_over_tcp(url: str, socket: str, tls: ssl.SSLContext | None) -> list[int]:
    async with over_tcp(socket, tls) as port:
        return await writes_of_pages(url.format(port=port))


@pytest.mark.parametrize("mode", ["prefer", "require"])
@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_a_page_over_tcp_is_one_packet(urls: Urls, tmp_path: Path, mode: str, loop: Any) -> None:
    parts = urlsplit(urls.app)
    url = f"postgresql://{parts.username}@127.0.0.1:{{port}}{parts.path}?sslmode={mode}"
    tls = certified(tmp_path, "127.0.0.1")[0] if mode == "require" else None
    socket = f"{unquote(urls.app.partition('host=')[2])}/.s.PGSQL.5432"
    assert loop.run(writes_over_tcp(url, socket, tls)) == [1] * PAGES


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_a_page_over_a_socket_of_the_machine_is_one_packet(urls: Urls, loop: Any) -> None:
    assert loop.run(writes_of_pages(urls.app)) == [1] * PAGES


async def test_what_was_sent_ahead_waits_for_no_statement(urls: Urls, admin: asyncpg.Connection) -> None:
    """The transaction that another caller left open ends soon, even if nothing is read after it."""
    async with Database(urls.app, Pool(1), server_settings={}) as database:
        lease = await database.take(seconds=10)
        await lease.execute("begin; select 'left open'")
        assert lease.send_ahead("commit; begin; set local app.actor = 'SYSTEM'")

        async def is_sent() -> bool:
            query = await admin.fetchval("select query from pg_stat_activity where pid = $1", lease.raw.get_server_pid())
            return str(query).startswith("commit; begin")

        await until(is_sent)
        assert await lease.raw.fetchval("select current_setting('app.actor')") == "SYSTEM"
        await lease.execute("rollback")
        await lease.end(is_sound=True)


@pytest.mark.parametrize("loop", [asyncio, uvloop])
@pytest.mark.parametrize("size", [1, JOINED_BYTES, 3 * JOINED_BYTES])
def test_a_message_of_any_size_follows_what_was_sent_ahead(urls: Urls, size: int, loop: Any) -> None:
    async def sizes() -> list[int]:
        async with Database(urls.app, Pool(1), server_settings={}) as database:
            lease = await database.take(seconds=10)
            seen = []
            for _ in range(3):
                assert lease.send_ahead("begin; set local app.actor = 'SYSTEM'")
                rows = await lease.fetch("select length($1::text), current_setting('app.actor')", ["x" * size])
                seen += [row[0] for row in rows if row[1] == "SYSTEM"]
                await lease.execute("commit")
            await lease.end(is_sound=True)
            return seen

    assert loop.run(sizes()) == [size] * 3
